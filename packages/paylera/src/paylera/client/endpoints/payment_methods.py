"""Payment methods and the intents that store them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from paylera.client.bodies import UNSET, Unset, changed, given
from paylera.client.calls import Call, ListCall, fetch, listing, remove, write
from paylera.client.documents import PaymentMethod, SetupIntent

_ONE = "/v1/payment-methods/{payment_method_id}"


def create_payment_method(
    customer_id: str,
    *,
    type: str,  # noqa: A002 - the API's word
    token: str,
    set_as_default: bool | None = None,
    idempotency_key: str | None = None,
) -> Call[PaymentMethod]:
    """Store a payment method that the provider's script turned into a token."""
    body = given(type=type, token=token, set_as_default=set_as_default)
    target = "POST /v1/customers/{customer_id}/payment-methods"
    return write("CreatePaymentMethod", target, body, idempotency_key, customer_id=customer_id)


def list_payment_methods(
    customer_id: str, *, limit: int | None = None, cursor: str | None = None
) -> ListCall[PaymentMethod]:
    """List a customer's payment methods."""
    template = "/v1/customers/{customer_id}/payment-methods"
    return listing("ListPaymentMethods", template, limit=limit, cursor=cursor, customer_id=customer_id)


def get_payment_method(payment_method_id: str) -> Call[PaymentMethod]:
    """Read a payment method."""
    return fetch("GetPaymentMethod", _ONE, payment_method_id=payment_method_id)


def update_payment_method(
    payment_method_id: str,
    *,
    is_default: bool | Unset = UNSET,
    billing_address: Mapping[str, Any] | Unset | None = UNSET,
    metadata: Mapping[str, str] | Unset | None = UNSET,
    idempotency_key: str | None = None,
) -> Call[PaymentMethod]:
    """Change what is given; None clears."""
    body = changed(is_default=is_default, billing_address=billing_address, metadata=metadata)
    return write("UpdatePaymentMethod", f"PATCH {_ONE}", body, idempotency_key, payment_method_id=payment_method_id)


def delete_payment_method(payment_method_id: str, *, idempotency_key: str | None = None) -> Call[None]:
    """Remove a payment method."""
    return remove("DeletePaymentMethod", _ONE, idempotency_key, payment_method_id=payment_method_id)


def verify_payment_method(
    payment_method_id: str, *, amounts: Iterable[str] | None = None, idempotency_key: str | None = None
) -> Call[PaymentMethod]:
    """Confirm a payment method, a bank account with the small `amounts` that arrived on it."""
    body = given(amounts=None if amounts is None else list(amounts))
    target = f"POST {_ONE}/verify"
    return write("VerifyPaymentMethod", target, body, idempotency_key, payment_method_id=payment_method_id)


def create_setup_intent(
    *,
    customer_id: str,
    provider: str | None = None,
    payment_method_types: Iterable[str] | None = None,
    idempotency_key: str | None = None,
) -> Call[SetupIntent]:
    """Get the client secret with which a browser stores a payment method: ten minutes, once."""
    types = None if payment_method_types is None else list(payment_method_types)
    body = given(customer_id=customer_id, provider=provider, payment_method_types=types)
    return write("CreateSetupIntent", "POST /v1/setup-intents", body, idempotency_key)


def get_setup_intent(setup_intent_id: str) -> Call[SetupIntent]:
    """Read a setup intent, without its client secret."""
    return fetch("GetSetupIntent", "/v1/setup-intents/{setup_intent_id}", setup_intent_id=setup_intent_id)


def confirm_setup_intent(
    setup_intent_id: str,
    *,
    client_secret: str,
    type: str,  # noqa: A002 - the API's word
    token: str,
    set_as_default: bool | None = None,
    idempotency_key: str | None = None,
) -> Call[PaymentMethod]:
    """Store the payment method that a token stands for, and use the setup intent up."""
    body = given(client_secret=client_secret, type=type, token=token, set_as_default=set_as_default)
    target = "POST /v1/setup-intents/{setup_intent_id}/confirm"
    return write("ConfirmSetupIntent", target, body, idempotency_key, setup_intent_id=setup_intent_id)
