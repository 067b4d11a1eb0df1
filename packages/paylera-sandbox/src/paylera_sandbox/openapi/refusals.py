"""Which problems an operation can answer with: those that every route has, those that its path and fields imply, and
those that the route table names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import pairwise

from paylera_sandbox.dialects import api_name, api_status
from paylera_sandbox.operations import Row
from paylera_sandbox.problems import CODES

ALWAYS = (
    "auth.invalid_token",
    "version.invalid",
    "version.unsupported",
    "validation.failed",
    "internal",
)
OF_API = ("rate_limit.exceeded",)
WITH_BODY = ("request.invalid_json", "request.unsupported_media_type", "request.too_large")
KEYED = (
    "idempotency.invalid_key",
    "paylera.idempotency_conflict",
    "paylera.idempotency_in_progress",
)
# A collection in the path, with an id behind it -> the refusal of an id that is not there.
COLLECTIONS: Mapping[str, str] = {
    "customers": "customer.not_found",
    "tax-ids": "tax_id.not_found",
    "products": "product.not_found",
    "plans": "plan.not_found",
    "coupons": "coupon.not_found",
    "subscriptions": "subscription.not_found",
    "invoices": "invoice.not_found",
    "payments": "payment.not_found",
    "payment-methods": "payment_method.not_found",
    "credit-notes": "credit_note.not_found",
    "wallets": "wallet.not_found",
    "setup-intents": "setup_intent.not_found",
    "sessions": "checkout_session.not_found",
    "webhook-endpoints": "webhook_endpoint.not_found",
    "deliveries": "webhook_delivery.not_found",
    "events": "event.not_found",
    "namespaces": "namespace.not_found",
    "listeners": "listener.not_found",
    "faults": "fault.not_found",
}
# A field -> the refusals of what it names.
FIELDS: Mapping[str, tuple[str, ...]] = {
    "customer_id": ("customer.not_found",),
    "subscription_id": ("subscription.not_found",),
    "plan_id": ("plan.not_found", "plan.archived"),
    "plan_code": ("plan.not_found", "plan.archived"),
    "coupons": ("coupon.not_found", "coupon.expired", "coupon.spent", "coupon.currency_mismatch"),
    "product_code": ("product.not_found",),
    "feature_code": ("feature.not_found",),
    "payment_method_id": ("payment_method.not_found",),
    "default_payment_method_id": ("payment_method.not_found",),
    "version": ("subscription.version_mismatch",),
}


def codes(operation: Row) -> list[str]:
    """Return the codes of all problems of an operation, each once. Whatever is not found may be in the other mode."""
    found = list(dict.fromkeys(_codes(operation)))
    elsewhere = not operation.control and any(code.endswith(".not_found") for code in found)
    return [*found, "auth.wrong_environment"] if elsewhere else found


def by_status(operation: Row, *, of_api: bool = False) -> dict[int, list[str]]:
    """Return the codes by the status that each has, in the SDKs' form of problems or in the API generation's."""
    statuses: dict[int, list[str]] = {}
    for code in codes(operation):
        status, name = (api_status(code), api_name(code)) if of_api else (CODES[code][0], code)
        statuses.setdefault(status, []).append(name)
    return statuses


def _codes(operation: Row) -> Iterator[str]:
    yield from ALWAYS
    if not operation.control:
        yield from OF_API
    if operation.control or operation.method != "GET":  # a command reads whatever body there is
        yield from WITH_BODY
    if operation.needs_key:
        yield "idempotency.required"
    if operation.may_have_key:
        yield from KEYED
    yield from _of_path(operation.path)
    for name in () if operation.control else operation.body:
        yield from FIELDS.get(name, ())
    yield from operation.problems


def _of_path(path: str) -> Iterator[str]:
    parts = path.split("/")
    for collection, following in pairwise(parts):
        if following.startswith("{") and collection in COLLECTIONS:
            yield COLLECTIONS[collection]
