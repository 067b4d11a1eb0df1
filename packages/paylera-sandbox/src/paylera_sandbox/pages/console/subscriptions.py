"""Subscriptions: the list, and one with its whole story."""

from __future__ import annotations

from paylera_sandbox.billing import subscriptions
from paylera_sandbox.pages.acting import dated, given, perform
from paylera_sandbox.pages.console.listing import list_of_customers
from paylera_sandbox.pages.console.timeline import timeline
from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.rendering import Page, Redirect
from paylera_sandbox.pages.terms import meters
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import public

_PATH = "/v1/subscriptions/{id}"
# What the form's button says -> the operation and its body.
_ACTIONS: dict[str, tuple[str, Doc]] = {
    "pause": ("/pause", {}),
    "resume": ("/resume", {}),
    "cancel": ("/cancel", {"at_period_end": True, "reason": "canceled in the console"}),
    "cancel_now": ("/cancel", {"at_period_end": False, "reason": "canceled in the console"}),
}


def show(visit: Visit) -> Answer:
    """List subscriptions."""
    values = {"statuses": subscriptions.STATUSES, "plans": visit.unit.store.newest("plans")}
    return list_of_customers(visit, "subscriptions", filters=("status", "plan_id"), **values)


def detail(visit: Visit) -> Answer:
    """Show one subscription and its timeline."""
    unit = visit.unit
    subscription = unit.need("subscriptions", visit.ids["id"], "subscription.not_found")
    plan = unit.need("plans", subscription["plan_id"], "plan.not_found")
    current = subscription["status"] in subscriptions.CURRENT
    values = {
        "here": "subscriptions",
        "subscription": subscription,
        "customer": unit.customer(subscription["customer_id"]),
        "plan": plan,
        "plans": [other for other in unit.store.newest("plans", {"status": "active"}) if other["id"] != plan["id"]],
        "current": current,
        "meters": meters(unit, subscription, plan) if current else [],
        "timeline": timeline(visit, subscription),
        "data": public(subscription),
    }
    return Page("console/subscription.html", values)


def act(visit: Visit) -> Answer:
    """Pause, resume or cancel."""
    path, body = _ACTIONS.get(visit.form.get("action", ""), ("/resume", {}))
    perform(visit, "POST", _PATH + path, body, id=visit.ids["id"])
    return _back(visit)


def change_plan(visit: Visit) -> Answer:
    """Change the plan now."""
    perform(visit, "POST", f"{_PATH}/change-plan", given(visit, "plan_code"), id=visit.ids["id"])
    return _back(visit)


def extend_trial(visit: Visit) -> Answer:
    """Let the trial end later."""
    body = dated(given(visit, "trial_end"), "trial_end")
    perform(visit, "POST", f"{_PATH}/extend-trial", body, id=visit.ids["id"])
    return _back(visit)


def _back(visit: Visit) -> Redirect:
    return Redirect(f"/console/subscriptions/{visit.ids['id']}")
