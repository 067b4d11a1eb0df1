"""Subscriptions: how they begin, what they may become. Every change raises `version` and tells of itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from paylera_sandbox.billing import agenda, collection, coupons, invoices, payments, pricing
from paylera_sandbox.billing.periods import later
from paylera_sandbox.clock import stamp
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


def current(unit: Unit, customer_id: str) -> Doc | None:
    """Return the customer's newest current subscription."""
    return unit.store.first("subscriptions", customer_id=customer_id, status=CURRENT)


def refuse_archived(plan: Doc) -> None:
    """Refuse a plan that is not sold any more."""
    if plan["status"] != "active":
        raise Problem(
            "plan.archived", f"The plan '{plan['code']}' is archived: its subscribers keep it, nobody gets it."
        )


def refuse_second(unit: Unit, customer: Doc, plan: Doc) -> None:
    """Refuse a second subscription beside a current or paused one, and a plan that is not sold any more."""
    refuse_archived(plan)
    held = unit.store.first("subscriptions", customer_id=customer["id"], status=(*CURRENT, "paused"))
    if held is None:
        return
    if held["plan_id"] == plan["id"]:
        raise Problem("subscription.already_active", f"The customer has the plan '{plan['code']}' already.")
    raise Problem(
        "subscription.exists",
        f"The customer has the subscription {held['id']}. Change its plan with "
        f"POST /v1/subscriptions/{held['id']}/change-plan.",
    )


def build(unit: Unit, customer: Doc, plan: Doc, terms: Terms) -> Doc:
    """Build a subscription that waits for its activation, without storing it."""
    end = later(unit.now, interval=plan["interval"], count=plan["interval_count"])
    return {
        "id": unit.new_id("sub"),
        "object": "subscription",
        "customer_id": customer["id"],
        "plan_id": plan["id"],
        "plan_code": plan["code"],
        "status": "pending_activation",
        "version": 1,
        "currency": plan["currency"],
        "quantities": pricing.quantities(plan, terms.quantities),
        "coupons": list(terms.coupons),
        "metadata": terms.metadata,
        "current_period_start": unit.stamp,
        "current_period_end": stamp(end),
        "trial_end": None,
        "cancel_at_period_end": False,
        "cancel_at": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "ended_at": None,
        "latest_invoice_id": None,
        "default_payment_method_id": customer["default_payment_method_id"],
        "created_at": unit.stamp,
        "updated_at": unit.stamp,
        "_discounts": coupons.promised(unit, terms.coupons, plan["currency"]),
        "_charged_at": unit.stamp,
        "_usage_from": unit.stamp,
    }


def first_items(unit: Unit, plan: Doc, subscription: Doc) -> list[invoices.Item]:
    """Return what the first period costs: nothing is billed for a free plan."""
    period = (subscription["current_period_start"], subscription["current_period_end"])
    return pricing.period_items(unit, plan, subscription, *period)


def begins_free(unit: Unit, customer: Doc, plan: Doc, terms: Terms) -> bool:
    """Tell whether a subscription could begin without a payment method: a free plan, or coupons for all of it."""
    if pricing.is_free(plan):
        return True
    subscription = build(unit, customer, plan, terms)
    first = invoices.draft(unit, subscription, first_items(unit, plan, subscription))
    return Decimal(first["total"]) == 0 and not pricing.meters_usage(plan)


def start(
    unit: Unit, customer: Doc, plan: Doc, terms: Terms, *, method: Doc | None = None, payment: Doc | None = None
) -> Doc:
    """Begin a subscription and bill its first period. `payment` is one that the payer has just confirmed."""
    subscription = build(unit, customer, plan, terms)
    subscription["default_payment_method_id"] = method["id"] if method else None
    unit.store.insert("subscriptions", subscription)
    emit(unit, "subscription.created", subscription)
    coupons.redeem(unit, terms.coupons)
    items = first_items(unit, plan, subscription)
    invoice_id = bill(unit, invoices.draft(unit, subscription, items), method, payment=payment) if items else None
    return change(unit, subscription, "subscription.activated", status="active", latest_invoice_id=invoice_id)


def bill(unit: Unit, invoice: Doc, method: Doc | None, *, payment: Doc | None = None) -> str:
    """Issue an invoice and have it paid at once; return its id. Whoever calls has made sure that it can be paid."""
    invoices.issue(unit, invoice)
    if payment is not None and payments.is_due(invoice):
        collection.settle(unit, invoice, payment, method)
        return str(invoice["id"])
    collection.collect(unit, invoice, method=method)
    if payment is not None:
        payments.cancel(unit, payment)
    return str(invoice["id"])


def change(unit: Unit, subscription: Doc, event: str, **members: object) -> Doc:
    """Write changed members, raise the version, and emit. No difference: no version, no event."""
    changed = {**subscription, **members}
    if changed == subscription:
        return subscription
    changed.update(version=subscription["version"] + 1, updated_at=unit.stamp)
    unit.store.save("subscriptions", changed)
    emit(unit, event, changed, before=subscription if event.endswith(".updated") else None)
    return changed


def expect_version(subscription: Doc, version: int | None) -> None:
    """Refuse if the caller has seen another version than the present one."""
    if version is not None and version != subscription["version"]:
        detail = f"You sent version {version}, the subscription has {subscription['version']}. Read it again first."
        raise Problem("subscription.version_mismatch", detail)


def expect_status(subscription: Doc, *allowed: str) -> None:
    """Refuse a transition that the state machine does not have."""
    if subscription["status"] not in allowed:
        detail = f"The subscription is {subscription['status']}; this needs {' or '.join(allowed)}."
        raise Problem("subscription.invalid_transition", detail)


def cancel(unit: Unit, subscription: Doc, *, at_period_end: bool, reason: str | None) -> Doc:
    """Cancel at the end of the paid period, or now and without a refund."""
    expect_status(subscription, *CURRENT, "paused")
    if at_period_end:
        end = subscription["current_period_end"]
        members = {"cancel_at_period_end": True, "cancel_at": end, "cancellation_reason": reason}
        agenda.schedule(unit, "subscription.cancel", subscription["id"], end)
        return change(unit, subscription, "subscription.updated", **members)
    return _end(unit, subscription, unit.stamp, reason)


def resume(unit: Unit, subscription: Doc) -> Doc:
    """Take back a cancellation that has not come into effect, or end a pause."""
    expect_status(subscription, *CURRENT, "paused")
    if subscription["status"] == "paused":
        return change(unit, subscription, "subscription.resumed", status="active")
    members = {"cancel_at_period_end": False, "cancel_at": None, "cancellation_reason": None}
    agenda.unschedule(unit, subscription["id"], "subscription.cancel")
    return change(unit, subscription, "subscription.updated", **members)


def pause(unit: Unit, subscription: Doc) -> Doc:
    """Pause: entitlements rest, the subscription stays."""
    expect_status(subscription, "active", "past_due")
    return change(unit, subscription, "subscription.paused", status="paused")


def end_announced(unit: Unit, identifier: str) -> None:
    """End a subscription whose announced end has come."""
    subscription = unit.need("subscriptions", identifier, "subscription.not_found")
    _end(unit, subscription, unit.stamp, subscription["cancellation_reason"])


def _end(unit: Unit, subscription: Doc, moment: str, reason: str | None) -> Doc:
    agenda.unschedule(unit, subscription["id"])
    members = {"canceled_at": moment, "ended_at": moment, "cancel_at": None, "cancellation_reason": reason}
    return change(unit, subscription, "subscription.canceled", status="canceled", **members)
