"""How the data of an event differs from its family's sample: a canceled subscription is canceled, and so on.

Source: the state machines of Paylera's documentation; docs/api-objects.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from paylera.testing.samples import sample_id, stamp

NOW, SOON = "<now>", "<in three days>"
"""Values that stand for the moment of the event, and for one three days later."""

_CANCELED = {"status": "canceled", "canceled_at": NOW, "ended_at": NOW}
_TRIALING = {"status": "trialing", "trial_end": SOON, "current_period_end": SOON}
_PAID = {"status": "paid", "amount_paid": "31.32", "amount_due": "0.00", "payments": [sample_id("pay")]}
_DRAFT = {"status": "draft", "number": None, "issued_at": None, "due_at": None, "pdf_url": None}
_DECLINED = {
    "code": "card_declined",
    "decline_code": "generic_decline",
    "provider_message": "Your card was declined.",
    "user_message": "The card was declined. Please use another one.",
    "is_retriable": False,
    "retriable_after": None,
}
_REDIRECT = {"type": "redirect_to_url", "url": "https://checkout.test.paylera.dev/3ds/sample"}

CHANGES: Mapping[str, Mapping[str, Any]] = {
    "commission.eligible": {"status": "eligible"},
    "commission.reversed": {"status": "reversed"},
    "coupon.redeemed": {"times_redeemed": 1},
    "invoice.created": _DRAFT,
    "invoice.deleted": _DRAFT,
    "invoice.fx_rate_locked": {
        "presentment_currency": "USD",
        "settlement_currency": "EUR",
        "fx_rate": "0.92415000",
        "fx_rate_source": "ecb",
        "fx_rate_locked_at": NOW,
    },
    "invoice.marked_uncollectible": {"status": "uncollectible"},
    "invoice.paid": _PAID,
    "invoice.payment_failed": {"payments": [sample_id("pay")]},
    "invoice.updated": _DRAFT,
    "invoice.voided": {"status": "void", "amount_due": "0.00"},
    "payment.action_completed": {"status": "processing"},
    "payment.canceled": {"status": "canceled"},
    "payment.charged_back": {"status": "charged_back", "amount_settled": "31.32", "settlement_currency": "USD"},
    "payment.dispute_won": {"status": "succeeded", "captured_at": NOW},
    "payment.failed": {"status": "failed", "last_error": _DECLINED},
    "payment.refunded": {"status": "refunded", "captured_at": NOW, "amount_refunded": "31.32"},
    "payment.requires_action": {"status": "requires_action", "next_action": _REDIRECT},
    "payment.succeeded": {"status": "succeeded", "captured_at": NOW},
    "payment_method.attached": {"verified": False},
    "payout_batch.failed": {"status": "failed"},
    "payout_batch.settled": {"status": "settled"},
    "subscription.canceled": {**_CANCELED, "cancellation_reason": "too_expensive"},
    "subscription.created": {"version": 1},
    "subscription.dunning_attempt": {"status": "past_due"},
    "subscription.dunning_exhausted": {**_CANCELED, "cancellation_reason": "payment_failed"},
    "subscription.past_due": {"status": "past_due"},
    "subscription.paused": {"status": "paused"},
    "subscription.trial_ended": {"trial_end": NOW},
    "subscription.trial_extended": _TRIALING,
    "subscription.trial_started": _TRIALING,
    "subscription.trial_will_end": _TRIALING,
    "webhook_endpoint.disabled": {"status": "disabled"},
}

PREVIOUS: Mapping[str, Mapping[str, Any]] = {
    "coupon.updated": {"metadata": {"campaign": "spring"}},
    "customer.updated": {"name": "Ada"},
    "invoice.updated": {"total": "0.00"},
    "payment_method.updated": {"is_default": False},
    "subscription.updated": {"plan_code": "starter", "version": 1},
    "wallet.updated": {"balance": "14.20"},
    "webhook_endpoint.updated": {"events": ["invoice.*"]},
}
"""The `previous_attributes` of the types that have them."""


def changes(event_type: str, at: datetime) -> dict[str, Any]:
    """Return the members in which this type's data differs, at this moment."""
    moments = {NOW: stamp(at), SOON: stamp(at, days=3)}
    found = CHANGES.get(event_type, {})
    return {name: moments.get(value, value) if isinstance(value, str) else value for name, value in found.items()}
