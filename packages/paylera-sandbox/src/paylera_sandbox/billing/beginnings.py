"""Beginnings: how a subscription comes to be. It is built, waits for its first payment if there is one to make, and is
activated by that, or given up without it. A customer has one subscription at most: of several that wait, the one that
is paid first stays."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

from paylera_sandbox.billing import (
    agenda,
    collection,
    commitments,
    coupons,
    creditnotes,
    cycles,
    invoices,
    payments,
    pricing,
    subscriptions,
    timetable,
)
from paylera_sandbox.billing.subscriptions import CURRENT, Terms
from paylera_sandbox.clock import stamp
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit


def refuse_second(unit: Unit, customer: Doc, plan: Doc) -> None:
    """Refuse a second subscription beside a current or paused one, and a plan that is not sold any more."""
    subscriptions.refuse_archived(plan)
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
    """Build a subscription that waits for its activation, without storing it. `trial_days` of the terms beat the
    plan's."""
    days = plan["trial_days"] if terms.trial_days is None else terms.trial_days
    trial_end = stamp(unit.now + timedelta(days=days)) if days else None
    period = cycles.first(unit.now, plan, terms.commitment, terms.anchor)
    if trial_end:
        period.update(current_period_end=trial_end, billing_cycle_anchor=terms.anchor or trial_end)
    built = {
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
        **period,
        "trial_end": trial_end,
        "commitment": {**terms.commitment, "starts_at": None, "ends_at": None} if terms.commitment else None,
        "dunning": None,
        "paused_at": None,
        "resumes_at": None,
        "pause_reason": None,
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
        "_own_method": terms.own_method,
    }
    return {**built, "_price_key": subscriptions.price_key(built)}


def begins_free(unit: Unit, customer: Doc, plan: Doc, terms: Terms) -> bool:
    """Tell whether a subscription could begin without a payment method: a free plan, or coupons for all of it. What
    follows a trial counts, too."""
    if pricing.is_free(plan):
        return True
    subscription = build(unit, customer, plan, replace(terms, trial_days=0))
    first = invoices.draft(unit, subscription, subscriptions.items(unit, plan, subscription))
    return Decimal(first["total"]) == 0 and not pricing.meters_usage(plan)


def start(
    unit: Unit, customer: Doc, plan: Doc, terms: Terms, *, method: Doc | None = None, payment: Doc | None = None
) -> Doc:
    """Begin a subscription: with a trial, or with a first period that is billed at once. Until that is paid, it waits
    for its activation. `payment` is one that the payer has just confirmed."""
    subscription = build(unit, customer, plan, terms)
    subscription["default_payment_method_id"] = method["id"] if method else None
    unit.store.insert("subscriptions", subscription)
    emit(unit, "subscription.created", subscription)
    coupons.redeem(unit, terms.coupons)
    if subscription["trial_end"]:
        collection.release(unit, payment)
        trial = subscriptions.change(unit, subscription, "subscription.trial_started", status="trialing")
        _prevail(unit, trial)
        return trial
    billed = subscriptions.items(unit, plan, subscription)
    if not billed:
        return activate(unit, subscription)
    invoice = invoices.draft(unit, subscription, billed)
    collection.bill(unit, invoice, method, payment=payment)
    if invoice["status"] == "paid":
        return activate(unit, subscription, latest_invoice_id=invoice["id"])
    timetable.follow(unit, None, subscription)
    return subscriptions.change(unit, subscription, "subscription.updated", latest_invoice_id=invoice["id"])


def activate(unit: Unit, subscription: Doc, **members: object) -> Doc:
    """Make a subscription active whose first period is paid; a commitment counts from here."""
    agenda.unschedule(unit, subscription["id"], "subscription.settle")
    active = subscriptions.change(unit, subscription, "subscription.activated", status="active", **members)
    _prevail(unit, active)
    return commitments.begin(unit, active)


def expire(unit: Unit, identifier: str) -> None:
    """Give up a subscription whose first period was not paid in time."""
    _give_up(unit, subscriptions.get(unit, identifier))


def _prevail(unit: Unit, subscription: Doc) -> None:
    """Give up what else the customer was about to begin: other subscriptions, and checkouts whose payment waits."""
    customer_id = subscription["customer_id"]
    for rival in unit.store.newest("subscriptions", {"customer_id": customer_id, "status": "pending_activation"}):
        _give_up(unit, rival)
    if unit.store.first("payments", customer_id=customer_id, status="requires_action"):
        agenda.schedule(unit, "checkout.withdraw", customer_id, unit.stamp)


def _give_up(unit: Unit, subscription: Doc) -> None:
    """End a subscription that never began. What was paid for it goes back."""
    members = {"status": "incomplete_expired", "ended_at": unit.stamp}
    subscriptions.change(unit, subscription, "subscription.updated", **members)
    invoice = unit.store.find("invoices", subscription["latest_invoice_id"] or "")
    if invoice is None or invoice["status"] not in {"open", "partially_paid", "paid"}:
        return
    payments.cancel_waiting(unit, invoice)
    if invoice["status"] == "open":
        invoices.void(unit, invoice)
        return
    creditnotes.give_back(unit, invoice)
    if invoice["status"] == "partially_paid":
        invoices.write_off(unit, invoice)
