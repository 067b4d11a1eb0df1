"""Paylera for Python: the typed client, its errors, and the framework-neutral relay and webhook receiver.

Names are imported when they are first asked for: `import paylera` loads no HTTP library, no models and no framework.
The typed events are in `paylera.webhooks`, helpers for your tests in `paylera.testing`.
"""

from typing import TYPE_CHECKING

from paylera._lazy import resolver

if TYPE_CHECKING:
    from paylera.client import AsyncPage, AsyncPayleraClient, Page, PayleraClient
    from paylera.errors import (
        AuthenticationError,
        AuthorizationError,
        IdempotencyConflictError,
        IdempotencyInProgressError,
        NotFoundError,
        PayleraError,
        PreconditionFailedError,
        RateLimitError,
        ServerError,
        SignatureVerificationError,
        TransportError,
        ValidationError,
    )
    from paylera.relay import PayleraCsrfOptions, PayleraCustomerIdentity, RelayCore, RelayOptions
    from paylera.system import new_idempotency_key
    from paylera.webhooks import PayleraWebhookEvent, WebhookReceiver, construct_event, sign, verify_signature

_NAMES_BY_MODULE = {
    "paylera.client": ["AsyncPage", "AsyncPayleraClient", "Page", "PayleraClient"],
    "paylera.errors": [
        "AuthenticationError",
        "AuthorizationError",
        "IdempotencyConflictError",
        "IdempotencyInProgressError",
        "NotFoundError",
        "PayleraError",
        "PreconditionFailedError",
        "RateLimitError",
        "ServerError",
        "SignatureVerificationError",
        "TransportError",
        "ValidationError",
    ],
    "paylera.relay": ["PayleraCsrfOptions", "PayleraCustomerIdentity", "RelayCore", "RelayOptions"],
    "paylera.system": ["new_idempotency_key"],
    "paylera.webhooks": ["PayleraWebhookEvent", "WebhookReceiver", "construct_event", "sign", "verify_signature"],
}

__all__ = [
    "AsyncPage",
    "AsyncPayleraClient",
    "AuthenticationError",
    "AuthorizationError",
    "IdempotencyConflictError",
    "IdempotencyInProgressError",
    "NotFoundError",
    "Page",
    "PayleraClient",
    "PayleraCsrfOptions",
    "PayleraCustomerIdentity",
    "PayleraError",
    "PayleraWebhookEvent",
    "PreconditionFailedError",
    "RateLimitError",
    "RelayCore",
    "RelayOptions",
    "ServerError",
    "SignatureVerificationError",
    "TransportError",
    "ValidationError",
    "WebhookReceiver",
    "construct_event",
    "new_idempotency_key",
    "sign",
    "verify_signature",
]

if not TYPE_CHECKING:
    __getattr__ = resolver(__name__, {name: module for module, names in _NAMES_BY_MODULE.items() for name in names})
