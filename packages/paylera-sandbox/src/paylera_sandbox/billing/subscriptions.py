"""Subscriptions: how they begin, what they may become. Every change raises `version` and tells of itself."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from paylera_sandbox.billing import collection, cycles, invoices, pricing, timetable
from paylera_sandbox.billing.machines import SUBSCRIPTION
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit

CURRENT = ("active", "trialing", "past_due")
STATUSES = (*CURRENT, "pending_activation", "paused", "canceled", "ended", "incomplete_expired")


@dataclass(frozen=True, slots=True)
class Terms:
    """What a customer asks for beside the plan."""

    quantities: dict[str, str] = field(default_factory=dict)
    coupons: Sequence[str] = ()
    metadata: dict[str, Any] = field(default_factory=dict)
    trial_days: int | None = None
    anchor: str | None = None
    commitment: Doc | None = None
    own_method: bool = False


def get(unit: Unit, identifier: str) -> Doc:
    """Return a subscription or refuse."""
    return unit.need("subscriptions", identifier, "subscription.not_found")


def current(unit: Unit, customer_id: str) -> Doc | None:
    """Return the customer's newest current subscription."""
    return unit.store.first("subscriptions", customer_id=customer_id, status=CURRENT)


def refuse_archived(plan: Doc) -> None:
    """Refuse a plan that is not sold any more."""
    if plan["status"] != "active":
        raise Problem(
            "plan.archived", f"The plan '{plan['code']}' is archived: its subscribers keep it, nobody gets it."
        )


def items(unit: Unit, plan: Doc, subscription: Doc, *, used: tuple[str, str] | None = None) -> list[invoices.Item]:
    """Return what the present period costs, and what was `used` in the one before. A trial costs nothing."""
    if cycles.in_trial(subscription):
        return []
    found: list[invoices.Item] = []
    for part in cycles.parts(subscription, plan):
        priced = pricing.period_items(unit, plan, subscription, part.start, part.end, used=used)
        found += priced if part.share == 1 else [_share(item, part) for item in priced]
        used = None
    return found


def _share(item: invoices.Item, part: cycles.Part) -> invoices.Item:
    period = (part.start, part.end)
    return pricing.share_of(item, part.share, period=period, description=item.description)


def price_key(subscription: Doc) -> str:
    """Return what subscriptions of one plan have in common if their next periods cost the same: quantities, discounts
    that still count then, and how much is billed at once."""
    lasting = [discount for discount in subscription["_discounts"] if discount["duration"] != "once"]
    repeating = any(discount["duration"] == "repeating" for discount in lasting)
    counted = lasting if repeating else [{**discount, "redeemed_at": None} for discount in lasting]
    commitment = subscription["commitment"] or {}
    begun = subscription["trial_end"] if repeating else None
    return json.dumps([subscription["quantities"], counted, begun, commitment.get("billing")], sort_keys=True)


def change(unit: Unit, subscription: Doc, event: str, **members: object) -> Doc:
    """Write changed members, raise the version, and emit. No difference: no version, no event. What is planned for the
    subscription follows the change."""
    changed = {**subscription, **members}
    if changed == subscription:
        return subscription
    if changed["status"] != subscription["status"]:
        SUBSCRIPTION.expect(subscription, changed["status"])
    changed.update(version=subscription["version"] + 1, updated_at=unit.stamp, _price_key=price_key(changed))
    unit.store.save("subscriptions", changed)
    timetable.follow(unit, subscription, changed)
    emit(unit, event, changed, before=subscription if event.endswith(".updated") else None)
    return changed


def expect_version(subscription: Doc, version: int | None) -> None:
    """Refuse if the caller has seen another version than the present one."""
    if version is not None and version != subscription["version"]:
        detail = f"You sent version {version}, the subscription has {subscription['version']}. Read it again first."
        raise Problem("subscription.version_mismatch", detail)


def expect_status(subscription: Doc, *allowed: str) -> None:
    """Refuse what is not for a subscription in this state."""
    if subscription["status"] not in allowed:
        detail = f"The subscription is {subscription['status']}; this needs {' or '.join(allowed)}."
        raise Problem("subscription.invalid_transition", detail)


def cancel(unit: Unit, subscription: Doc, *, at_period_end: bool, reason: str | None) -> Doc:
    """Cancel at the end of the paid period, or now and without a refund. A commitment is kept: a cancellation takes
    effect at its end."""
    SUBSCRIPTION.expect(subscription, "canceled")
    committed = _committed_until(subscription)
    if at_period_end:
        until = committed or subscription["current_period_end"]
        members = {"cancel_at_period_end": True, "cancel_at": until, "cancellation_reason": reason}
        return change(unit, subscription, "subscription.updated", **members)
    if committed:
        detail = f"The customer is committed until {committed}. Cancel at the period's end: it takes effect then."
        raise Problem("subscription.commitment_active", detail)
    return end(unit, subscription, reason)


def resume(unit: Unit, subscription: Doc) -> Doc:
    """Take back a cancellation that has not come into effect."""
    expect_status(subscription, *CURRENT, "paused")
    members = {"cancel_at_period_end": False, "cancel_at": None, "cancellation_reason": None}
    return change(unit, subscription, "subscription.reactivated", **members)


def pause(
    unit: Unit,
    subscription: Doc,
    *,
    resumes_at: str | None = None,
    reason: str | None = None,
    case: Doc | None = None,
) -> Doc:
    """Pause, until a moment if one is given: entitlements rest and nothing is billed; the subscription stays. A pause
    that dunning begins keeps its `case`, and ends when what is owed is paid."""
    members = {"paused_at": unit.stamp, "resumes_at": resumes_at, "pause_reason": reason, "dunning": case}
    return change(unit, subscription, "subscription.paused", status="paused", **members)


def end_announced(unit: Unit, identifier: str) -> None:
    """End a subscription whose announced end has come."""
    subscription = get(unit, identifier)
    end(unit, subscription, subscription["cancellation_reason"])


def end(unit: Unit, subscription: Doc, reason: str | None) -> Doc:
    """End a subscription now; what was used and not billed yet is billed."""
    members = {"canceled_at": unit.stamp, "ended_at": unit.stamp, "cancel_at": None, "cancellation_reason": reason}
    members["latest_invoice_id"] = bill_usage(unit, subscription)
    return change(unit, subscription, "subscription.canceled", status="canceled", dunning=None, **members)


def bill_usage(unit: Unit, subscription: Doc) -> str | None:
    """Bill what was used since the period began, at the end of a subscription. Returns its latest invoice's id."""
    plan = unit.need("plans", subscription["plan_id"], "plan.not_found")
    used = (subscription["current_period_start"], unit.stamp)
    billed = pricing.usage_items(unit, plan, subscription, used) if pricing.meters_usage(plan) else []
    if not billed or cycles.in_trial(subscription):
        latest: str | None = subscription["latest_invoice_id"]
        return latest
    invoice = invoices.draft(unit, subscription, billed)
    invoices.issue(unit, invoice)
    return str(collection.collect(unit, invoice, subscription)["id"])


def _committed_until(subscription: Doc) -> str | None:
    commitment = subscription["commitment"]
    return commitment["ends_at"] if commitment and commitment["early_cancel"] == "forbid" else None
