"""Renewals: a period ends, the next one begins and is billed."""

from __future__ import annotations

from paylera_sandbox.billing import collection, cycles, dunning, invoices, subscriptions
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit


def renew(unit: Unit, identifier: str) -> None:
    """Begin the next period of a subscription and bill it."""
    subscription = subscriptions.get(unit, identifier)
    plan = unit.need("plans", subscription["plan_id"], "plan.not_found")
    used = (subscription["current_period_start"], subscription["current_period_end"])
    begin(unit, subscription, plan, "subscription.updated", used=used, **cycles.following(subscription, plan))


def begin(
    unit: Unit,
    subscription: Doc,
    plan: Doc,
    event: str,
    *,
    used: tuple[str, str] | None = None,
    **members: object,
) -> Doc:
    """Begin a period (`members` tell which), bill it with what was `used` before it, and tell of it; what cannot be
    collected becomes a case of dunning."""
    after = {**subscription, **members}
    items = subscriptions.items(unit, plan, after, used=used)
    if not items:
        return dunning.recover(unit, subscriptions.change(unit, subscription, event, **members))
    invoice = invoices.draft(unit, after, items)
    invoices.issue(unit, invoice)
    subscription = subscriptions.change(unit, subscription, event, **members, latest_invoice_id=invoice["id"])
    collection.collect(unit, invoice, subscription)
    return dunning.judge(unit, subscription, invoice)
