"""The catalogue of event types: when each is sent. Source: Paylera's event catalogue, as far as it is public."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches

EVENT_TYPES: Mapping[str, str] = {
    "customer.created": "A customer was created.",
    "customer.updated": "A customer changed.",
    "customer.tax_id_invalidated": "A tax id of a customer turned out to be invalid.",
    "payment_method.attached": "A customer has a new payment method.",
    "payment_method.updated": "A payment method changed.",
    "payment_method.verified": "A payment method was verified.",
    "payment_method.detached": "A payment method was removed.",
    "subscription.created": "A subscription was created.",
    "subscription.activated": "A subscription became active.",
    "subscription.trial_started": "A trial began.",
    "subscription.trial_will_end": "A trial ends in three days.",
    "subscription.trial_ended": "A trial ended.",
    "subscription.trial_extended": "A trial's end was moved.",
    "subscription.updated": "A subscription changed.",
    "subscription.paused": "A subscription was paused.",
    "subscription.resumed": "A paused subscription goes on.",
    "subscription.past_due": "A renewal could not be collected.",
    "subscription.dunning_attempt": "Dunning tried to collect and failed.",
    "subscription.dunning_recovered": "Dunning collected what was due.",
    "subscription.dunning_exhausted": "The last attempt of dunning failed.",
    "subscription.canceled": "A subscription was canceled.",
    "subscription.reactivated": "An announced cancellation was taken back.",
    "subscription.commitment_started": "A commitment began.",
    "subscription.commitment_renewed": "A commitment was renewed.",
    "subscription.commitment_ending": "A commitment ends in thirty days.",
    "subscription.commitment_ended": "A commitment ended.",
    "subscription.usage_threshold_crossed": "Usage of a feature crossed a threshold.",
    "subscription.refund_processed": "A payment for a subscription was refunded.",
    "dunning.exhausted": "The last attempt of dunning failed.",
    "usage.recorded": "Usage of a feature was recorded.",
    "invoice.created": "An invoice was created.",
    "invoice.updated": "A draft invoice changed.",
    "invoice.finalized": "An invoice has its number and is open.",
    "invoice.paid": "An invoice is paid in full.",
    "invoice.payment_failed": "A payment of an invoice failed.",
    "invoice.deleted": "A draft invoice was deleted.",
    "invoice.voided": "An invoice was taken back.",
    "invoice.marked_uncollectible": "An invoice is given up.",
    "invoice.fx_rate_locked": "The exchange rate of an invoice is fixed.",
    "payment.created": "A payment began.",
    "payment.requires_action": "The payer's bank wants a confirmation.",
    "payment.action_completed": "The payer confirmed.",
    "payment.succeeded": "A payment succeeded.",
    "payment.failed": "A payment failed.",
    "payment.canceled": "A payment was given up before it was made.",
    "payment.charged_back": "The payer's bank took a payment back.",
    "payment.refunded": "A payment was refunded.",
    "payment.dispute_won": "A payment that was taken back is the merchant's again.",
    "wallet.created": "A wallet was opened.",
    "wallet.updated": "A wallet changed.",
    "wallet.auto_topup_failed": "A wallet could not be topped up.",
    "webhook_endpoint.created": "A webhook endpoint was registered.",
    "webhook_endpoint.updated": "A webhook endpoint changed.",
    "webhook_endpoint.disabled": "A webhook endpoint was disabled.",
    "webhook_endpoint.delivery_failed": "A delivery to another endpoint was given up.",
    "webhook_endpoint.ping": "An endpoint is tried out; only that endpoint is told.",
    "coupon.redeemed": "A coupon was redeemed.",
    "payout_batch.created": "A batch of payouts was created.",
    "payout_batch.settled": "A batch of payouts is settled.",
    "payout_batch.failed": "A batch of payouts failed.",
    "commission.accrued": "An affiliate has earned a commission.",
    "commission.eligible": "A commission may be paid out.",
    "commission.reversed": "A commission was taken back.",
}


def nearest(name: str) -> str | None:
    """Return the type that a misspelt one is most like, if there is one."""
    found = get_close_matches(name, EVENT_TYPES, n=1, cutoff=0.5)
    return found[0] if found else None
