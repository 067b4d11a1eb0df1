"""The catalogue of event types: one table, and the classes it leads to.

The modules of a family are imported when its first event arrives or its first handler is registered, because building
pydantic models is most of what importing this package could cost. Source: Paylera's event catalogue, as far as it is
public, and docs/api-objects.md.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paylera.webhooks.event import PayleraWebhookEvent

FAMILIES: dict[str, tuple[str, ...]] = {
    "subscriptions": (
        "dunning.exhausted",
        "subscription.activated",
        "subscription.canceled",
        "subscription.commitment_ended",
        "subscription.commitment_ending",
        "subscription.commitment_renewed",
        "subscription.commitment_started",
        "subscription.created",
        "subscription.dunning_attempt",
        "subscription.dunning_exhausted",
        "subscription.dunning_recovered",
        "subscription.past_due",
        "subscription.paused",
        "subscription.reactivated",
        "subscription.refund_processed",
        "subscription.resumed",
        "subscription.trial_ended",
        "subscription.trial_extended",
        "subscription.trial_started",
        "subscription.trial_will_end",
        "subscription.updated",
        "subscription.usage_threshold_crossed",
    ),
    "invoices": (
        "invoice.created",
        "invoice.deleted",
        "invoice.finalized",
        "invoice.fx_rate_locked",
        "invoice.marked_uncollectible",
        "invoice.paid",
        "invoice.payment_failed",
        "invoice.updated",
        "invoice.voided",
    ),
    "payments": (
        "payment.action_completed",
        "payment.canceled",
        "payment.charged_back",
        "payment.created",
        "payment.dispute_won",
        "payment.failed",
        "payment.refunded",
        "payment.requires_action",
        "payment.succeeded",
        "payment_method.attached",
        "payment_method.detached",
        "payment_method.updated",
        "payment_method.verified",
    ),
    "accounts": (
        "commission.accrued",
        "commission.eligible",
        "commission.reversed",
        "customer.created",
        "customer.tax_id_invalidated",
        "customer.updated",
        "payout_batch.created",
        "payout_batch.failed",
        "payout_batch.settled",
        "wallet.auto_topup_failed",
        "wallet.created",
        "wallet.updated",
        "webhook_endpoint.created",
        "webhook_endpoint.delivery_failed",
        "webhook_endpoint.disabled",
        "webhook_endpoint.ping",
        "webhook_endpoint.updated",
    ),
    "coupons": ("coupon.created", "coupon.redeemed", "coupon.updated"),
    "usage": ("usage.recorded",),
}
"""Every type that has a class of its own, by the module that defines it."""

PATTERNS = ("*", *sorted({f"{item.partition('.')[0]}.*" for types in FAMILIES.values() for item in types}))
"""Every pattern that a known type matches."""


def stem(event_type: str) -> str:
    """Return what the names of a type's classes begin with: `invoice.paid` gives `InvoicePaid`."""
    return "".join(word.capitalize() for word in event_type.replace(".", "_").split("_"))


def names_of(event_type: str) -> tuple[str, str]:
    """Return the names of a type's two classes: the event and its data."""
    return f"{stem(event_type)}Event", f"{stem(event_type)}EventData"


class _EventTypes(Mapping[str, "type[PayleraWebhookEvent]"]):
    # A mapping that imports a family when one of its classes is asked for.
    def __init__(self) -> None:
        self._modules = {event_type: module for module, types in FAMILIES.items() for event_type in types}
        self._classes: dict[str, type[PayleraWebhookEvent]] = {}

    def __getitem__(self, event_type: str) -> type[PayleraWebhookEvent]:
        if event_type not in self._classes:
            module = import_module(f"paylera.webhooks.{self._modules[event_type]}")
            self._classes[event_type] = getattr(module, names_of(event_type)[0])
        return self._classes[event_type]

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(self._modules))

    def __len__(self) -> int:
        return len(self._modules)

    def __contains__(self, event_type: object) -> bool:
        return event_type in self._modules


EVENT_TYPES: Mapping[str, type[PayleraWebhookEvent]] = _EventTypes()
"""The class of every type in the catalogue; a type that is not in it has `PayleraWebhookEvent`."""
