"""Dunning: what happens when the payment of a period fails. It is tried again on the days that the policy names, and at
once when the customer has a new payment method; after the last day the policy says what becomes of it."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from datetime import timedelta

from paylera_sandbox.billing import agenda, beginnings, collection, invoices, subscriptions
from paylera_sandbox.billing.timetable import LIVE
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

RETRY_DAYS = (3, 8, 15, 21)  # after the first attempt: +3, +5, +7 days, and the last on day 21
_OWED = ("open", "partially_paid")


def policy(unit: Unit) -> Doc:
    """Return the policy of the sandbox."""
    text = unit.store.setting("dunning_policy")
    default = {"retry_days": list(RETRY_DAYS), "on_exhaustion": "cancel_subscription", "updated_at": None}
    return {"object": "dunning_policy", **(json.loads(text) if text else default)}


def set_policy(unit: Unit, *, retry_days: list[int], on_exhaustion: str) -> Doc:
    """Change the policy. It counts for the next attempt of cases that are under way, too."""
    value = {"retry_days": retry_days, "on_exhaustion": on_exhaustion, "updated_at": unit.stamp}
    unit.store.set("dunning_policy", json.dumps(value))
    return policy(unit)


def judge(unit: Unit, subscription: Doc, invoice: Doc) -> Doc:
    """Go by what came of an attempt to collect the invoice of a period."""
    if invoice["status"] == "paid":
        return recover(unit, subscription)
    if subscription["dunning"] and subscription["dunning"]["next_attempt_at"]:
        return subscription
    case = {"invoice_id": invoice["id"], "attempts": 1, "started_at": unit.stamp}
    case |= {"next_attempt_at": None, "exhausted_at": None}
    case["next_attempt_at"] = _next(unit, subscription, case)
    begun = subscriptions.change(unit, subscription, "subscription.past_due", status="past_due", dunning=case)
    return begun if case["next_attempt_at"] else _exhaust(unit, begun)


def retry(unit: Unit, identifier: str) -> None:
    """Try again to collect what a subscription owes."""
    subscription = subscriptions.get(unit, identifier)
    if not is_open(subscription):
        return
    for invoice in _owed(unit, subscription):
        collection.collect(unit, invoice, subscription)
    agenda.unschedule(unit, identifier, "subscription.settle")  # that is done here
    case = subscription["dunning"]
    owes = bool(_owed(unit, subscription))
    following = _next(unit, subscription, case) if owes else None
    case = {**case, "attempts": case["attempts"] + 1, "next_attempt_at": following}
    tried = subscriptions.change(unit, subscription, "subscription.dunning_attempt", dunning=case)
    if not owes:
        recover(unit, tried)
    elif following is None and tried["status"] == "past_due":
        _exhaust(unit, tried)


def is_open(subscription: Doc) -> bool:
    """Tell whether there is a case of dunning. A pause that dunning began keeps its case, any other pause has none."""
    return subscription["dunning"] is not None and subscription["status"] in _HOW_IT_GOES_ON


def recover(unit: Unit, subscription: Doc) -> Doc:
    """Let a subscription go on that owes nothing any more."""
    goes_on = _HOW_IT_GOES_ON.get(subscription["status"]) if is_open(subscription) else None
    if goes_on is None or _owed(unit, subscription):
        return subscription
    event = "subscription.dunning_recovered"
    return subscriptions.change(unit, subscription, event, dunning=None, **goes_on(unit))


def take_up(unit: Unit, subscription: Doc) -> Doc:
    """Try to collect what an active subscription owes from before; what fails is a new case."""
    if subscription["status"] != "active":
        return subscription
    for invoice in _owed(unit, subscription):
        if collection.collect(unit, invoice, subscription)["status"] != "paid":
            return judge(unit, subscription, invoice)
    return subscription


def settle(unit: Unit, identifier: str) -> None:
    """Take note that an invoice was paid in another way than by an attempt of ours."""
    subscription = subscriptions.get(unit, identifier)
    if subscription["status"] == "pending_activation":
        beginnings.activate(unit, subscription)
    recover(unit, subscription)


def take_method(unit: Unit, customer_id: str) -> None:
    """Charge a customer's new default method from now on, and at once what is owed. Subscriptions that were given a
    method of their own keep it."""
    chosen = unit.customer(customer_id)["default_payment_method_id"]
    if chosen is None:
        return
    for held in unit.store.newest("subscriptions", {"customer_id": customer_id, "status": LIVE}):
        if not held["_own_method"]:
            subscriptions.change(unit, held, "subscription.updated", default_payment_method_id=chosen)
        if is_open(held) and _owed(unit, held):
            retry(unit, held["id"])


def owes(unit: Unit, subscription: Doc) -> bool:
    """Tell whether a subscription has invoices to pay."""
    return bool(_owed(unit, subscription))


def _owed(unit: Unit, subscription: Doc) -> list[Doc]:
    """Return the invoices of a subscription that are not paid, oldest first."""
    return unit.store.newest("invoices", {"subscription_id": subscription["id"], "status": _OWED})[::-1]


def _next(unit: Unit, subscription: Doc, case: Doc) -> str | None:
    """Return when the next attempt is: on the first of the policy's days that is still to come."""
    begun = moment(case["started_at"])
    days = (begun + timedelta(days=day) for day in _policy_for(unit, subscription)["retry_days"])
    return next((stamp(day) for day in days if day > unit.now), None)


def _policy_for(unit: Unit, subscription: Doc) -> Doc:
    """Return the sandbox's policy with what the plan says otherwise."""
    plan = unit.need("plans", subscription["plan_id"], "plan.not_found")
    return {**policy(unit), **(plan.get("dunning_policy") or {})}


def _exhaust(unit: Unit, subscription: Doc) -> Doc:
    """Give up, in the way that the policy names."""
    subscription = subscriptions.change(
        unit,
        subscription,
        "subscription.dunning_exhausted",
        dunning={**subscription["dunning"], "exhausted_at": unit.stamp},
    )
    return ON_EXHAUSTION[_policy_for(unit, subscription)["on_exhaustion"]](unit, subscription)


def _cancel(unit: Unit, subscription: Doc) -> Doc:
    return _write_off(unit, subscriptions.end(unit, subscription, "payment_failed"))


def _pause(unit: Unit, subscription: Doc) -> Doc:
    return subscriptions.pause(unit, subscription, reason="payment_failed", case=subscription["dunning"])


def _write_off(unit: Unit, subscription: Doc) -> Doc:
    for invoice in _owed(unit, subscription):
        invoices.write_off(unit, invoice)
    return subscription


def _only_tell(_unit: Unit, subscription: Doc) -> Doc:
    return subscription


# A state with a case of dunning -> what its end changes. A pause then ends by a job of its own (`pauses.end`).
_HOW_IT_GOES_ON: Mapping[str, Callable[[Unit], Doc]] = {
    "past_due": lambda _: {"status": "active"},
    "paused": lambda unit: {"resumes_at": unit.stamp},
}
ON_EXHAUSTION: Mapping[str, Callable[[Unit, Doc], Doc]] = {
    "cancel_subscription": _cancel,
    "pause_subscription": _pause,
    "mark_uncollectible_only": _write_off,
    "notify_only": _only_tell,
}
