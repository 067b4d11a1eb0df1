"""Subscriptions: `/v1/subscriptions`."""

from __future__ import annotations

from datetime import timedelta

from paylera_sandbox import fields
from paylera_sandbox.api import terms as conditions
from paylera_sandbox.api.attach import PLAN, TERMS, plan_name, terms_of
from paylera_sandbox.api.listing import filters, page
from paylera_sandbox.billing import beginnings, checkout, methods, pauses, proration, subscriptions, trials
from paylera_sandbox.billing.subscriptions import Terms
from paylera_sandbox.clock import stamp
from paylera_sandbox.fields import Rule
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import Problem, fault
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

FILTERS = filters(
    customer_id=fields.identifier,
    status=fields.choice(*subscriptions.STATUSES),
    plan_id=fields.identifier,
    plan_code=fields.identifier,
    current_period_end=fields.timestamp,
    trial_end=fields.timestamp,
    cancel_at=fields.timestamp,
    canceled_at=fields.timestamp,
    sort=("updated_at", "current_period_end"),
)
CREATE = {
    "customer_id": Rule(fields.identifier, required=True),
    **PLAN,
    **TERMS,
    "default_payment_method_id": Rule(fields.identifier),
    "metadata": Rule(fields.metadata),
    **conditions.FIELDS,
}
_LONGEST_PAUSE = timedelta(days=3650)
VERSION = {"version": Rule(fields.integer(0, 10**15))}
CHANGE_PLAN = {**PLAN, **TERMS, **VERSION}
EXTEND_TRIAL = {"trial_end": Rule(fields.timestamp, required=True), **VERSION}
PAUSE = {"resumes_at": Rule(fields.timestamp), "reason": Rule(fields.text(longest=500)), **VERSION}
CANCEL = {
    "at_period_end": Rule(fields.boolean, default=True),
    "reason": Rule(fields.text(longest=500)),
    "feedback": Rule(fields.text(longest=5000)),
    **VERSION,
}


def create(call: Call) -> Doc:
    """Begin a subscription without a checkout page, on a stored payment method if there is something to pay. What needs
    no method yet (a trial), or is told to need none, begins without; a first payment that does not go through leaves
    the subscription waiting for its activation."""
    unit, given = call.unit, call.body
    customer = unit.customer(given["customer_id"])
    plan = unit.plan(plan_name(given))
    terms = conditions.read(unit, plan, given)
    beginnings.refuse_second(unit, customer, plan)
    method = _method(unit, customer, given.get("default_payment_method_id"))
    wanted, pays = given.get("require_payment_method"), _pays_now(unit, customer, plan, terms)
    if wanted or (wanted is None and pays):
        methods.expect_chargeable(unit, method, now=pays)
    return beginnings.start(unit, customer, plan, terms, method=method)


def _pays_now(unit: Unit, customer: Doc, plan: Doc, terms: Terms) -> bool:
    """Tell whether there is something to pay at once: not in a trial, and not when all of it is free."""
    return not conditions.has_trial(plan, terms) and not beginnings.begins_free(unit, customer, plan, terms)


def listing(call: Call) -> Doc:
    """List subscriptions."""
    return page(call, "subscriptions")


def get(call: Call) -> Doc:
    """Return a subscription."""
    return call.unit.need("subscriptions", call.ids["id"], "subscription.not_found")


def change_plan(call: Call) -> Doc:
    """Change the plan now, with proration. Without a payment method: 402 whose `next_action` is a checkout page that
    finishes the change."""
    unit, subscription = call.unit, _at_version(call)
    customer, plan = unit.customer(subscription["customer_id"]), unit.plan(plan_name(call.body))
    method = _method(unit, customer, None)
    try:
        return proration.apply(unit, subscription, plan, terms_of(call.body), method=method)
    except Problem as problem:
        if problem.code != "payment_method.required":
            raise
        why = problem.detail
    more = {"subscription_id": subscription["id"]}
    session = checkout.open_session(unit, customer, plan, terms_of(call.body), **more)
    detail = f"{why} Send the customer to next_action.url to pay and finish."
    action = {"type": "redirect_to_url", "url": checkout.url(unit, session)}
    raise Problem("payment_method.required", detail, keep=True, next_action=action)


def cancel(call: Call) -> Doc:
    """Cancel at the end of the period, unless `at_period_end` is false."""
    subscription, given = _at_version(call), call.body
    reason = given.get("reason") or given.get("feedback")
    return subscriptions.cancel(call.unit, subscription, at_period_end=given["at_period_end"], reason=reason)


def pause(call: Call) -> Doc:
    """Pause. With `resumes_at`, the subscription goes on by itself then."""
    subscription, until = _at_version(call), call.body.get("resumes_at")
    latest = stamp(call.unit.now + _LONGEST_PAUSE)
    if until is not None and not call.unit.stamp < until <= latest:
        raise fault("resumes_at", "resumes_at.range", f"must be in the future, and at most {latest}")
    return subscriptions.pause(call.unit, subscription, resumes_at=until, reason=call.body.get("reason"))


def resume(call: Call) -> Doc:
    """End a pause, or take back a cancellation that is not in effect yet."""
    subscription = _at_version(call)
    how = pauses.resume if subscription["status"] == "paused" else subscriptions.resume
    return how(call.unit, subscription)


def extend_trial(call: Call) -> Doc:
    """Let a trial end later."""
    return trials.extend(call.unit, _at_version(call), call.body["trial_end"])


def _at_version(call: Call) -> Doc:
    """Return the subscription if it has the version that the query or the body expects."""
    subscription = get(call)
    versions = {given["version"] for given in (call.query, call.body) if given.get("version") is not None}
    if len(versions) > 1:
        raise fault("version", "version.ambiguous", "differs between the query and the body; send one of them")
    for version in versions:
        subscriptions.expect_version(subscription, version)
    return subscription


def _method(unit: Unit, customer: Doc, identifier: str | None) -> Doc | None:
    wanted = identifier or customer["default_payment_method_id"]
    if wanted is None:
        return None
    method = unit.need("payment_methods", wanted, "payment_method.not_found")
    if method["customer_id"] != customer["id"]:
        raise Problem("payment_method.not_found", f"The customer has no payment method '{wanted}'.")
    return method
