"""Attach: `/v1/attach`, from "this customer wants this plan" to a checkout page or, for a free plan, to done."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.api.patches import merged
from paylera_sandbox.billing import beginnings, checkout
from paylera_sandbox.billing.subscriptions import Terms
from paylera_sandbox.fields import Rule
from paylera_sandbox.idempotency import dedup_key
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import fault
from paylera_sandbox.store import Doc

PLAN = {"plan_id": Rule(fields.identifier), "plan_code": Rule(fields.identifier)}
TERMS = {"quantities": Rule(fields.quantities), "coupons": Rule(fields.codes)}
BODY = {
    "customer_id": Rule(fields.identifier, required=True),
    **PLAN,
    **TERMS,
    "success_url": Rule(fields.url),
    "cancel_url": Rule(fields.url),
    "payment_provider": Rule(fields.identifier),
    "locale": Rule(fields.text(longest=35)),
    "metadata": Rule(fields.metadata),
    "dedup_key": Rule(dedup_key),
}


def attach(call: Call) -> Doc:
    """Open a checkout session, or begin the subscription at once if there is nothing to pay."""
    unit, given = call.unit, call.body
    customer = unit.customer(given["customer_id"])
    plan, terms = unit.plan(plan_name(given)), terms_of(given)
    beginnings.refuse_second(unit, customer, plan)
    if beginnings.begins_free(unit, customer, plan, terms):
        subscription = beginnings.start(unit, customer, plan, terms)
        return _answer(customer, plan, subscription=subscription)
    links = {name: given.get(name) for name in ("success_url", "cancel_url", "locale")}
    session = checkout.open_session(unit, customer, plan, terms, **links)
    return _answer(customer, plan, session=session, url=checkout.url(unit, session))


def plan_name(given: Doc) -> str:
    """Return the plan that `plan_id` or `plan_code` names; sending both is fine when they agree."""
    names = {given[name] for name in PLAN if given.get(name)}
    if not names:
        raise fault("plan_id", "field.required", "is required, or plan_code")
    if len(names) > 1:
        raise fault("plan_code", "plan.ambiguous", "names another plan than plan_id; send one of them")
    return str(names.pop())


def terms_of(given: Doc) -> Terms:
    """Return the terms among the fields."""
    return Terms(given.get("quantities") or {}, given.get("coupons") or [], merged({}, given.get("metadata")))


def _answer(
    customer: Doc, plan: Doc, *, session: Doc | None = None, url: str | None = None, subscription: Doc | None = None
) -> Doc:
    return {
        "object": "attach",
        "status": "active" if subscription else "checkout_required",
        "customer_id": customer["id"],
        "plan_id": plan["id"],
        "plan_code": plan["code"],
        "checkout_session_id": session["id"] if session else None,
        "checkout_url": url,
        "subscription_id": subscription["id"] if subscription else None,
    }
