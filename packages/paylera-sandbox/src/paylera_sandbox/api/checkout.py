"""Checkout and portal sessions: `/v1/checkout/sessions`, `/v1/portal/sessions`."""

from __future__ import annotations

from typing import Any

from paylera_sandbox import fields
from paylera_sandbox.api.attach import PLAN, TERMS, plan_name, terms_of
from paylera_sandbox.api.lines import LINES, items
from paylera_sandbox.api.patches import merged
from paylera_sandbox.billing import beginnings, checkout, portal
from paylera_sandbox.fields import Rule
from paylera_sandbox.forms.plans import currency as currency_code
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import fault
from paylera_sandbox.store import Doc

MODES = ("subscription", "setup", "payment")
_LINKS = {"success_url": Rule(fields.url), "cancel_url": Rule(fields.url), "locale": Rule(fields.text(longest=35))}
_OF_A_PLAN = {
    **PLAN,
    **TERMS,
    "trial_days": Rule(fields.integer(0, 730)),
    "allow_promotion_codes": Rule(fields.boolean),
}
_OF_ITEMS = {"line_items": Rule(LINES), "currency": Rule(currency_code)}
CREATE = {
    "mode": Rule(fields.choice(*MODES), default="subscription"),
    "customer_id": Rule(fields.identifier, required=True),
    **_LINKS,
    **_OF_A_PLAN,
    **_OF_ITEMS,
    "metadata": Rule(fields.metadata),
}
PORTAL = {
    "customer_id": Rule(fields.identifier, required=True),
    "return_url": Rule(fields.url),
    "locale": Rule(fields.text(longest=35)),
}
# Fields that only make sense in one mode.
_ONLY = {"subscription": _OF_A_PLAN, "payment": _OF_ITEMS, "setup": {}}


def create(call: Call) -> Doc:
    """Open a checkout page: for a plan (`subscription`), for items paid once (`payment`), or to store a card
    (`setup`)."""
    unit, given = call.unit, call.body
    mode, customer = given["mode"], unit.customer(given["customer_id"])
    for other, only in _ONLY.items():
        for name in only:
            if other != mode and given.get(name) is not None:
                raise fault(name, "checkout.not_in_mode", f"goes with mode {other}, not with {mode}")
    more = {name: given.get(name) for name in _LINKS}
    return checkout.seen(unit, _OPEN[mode](call, customer, more))


def get(call: Call) -> Doc:
    """Return a checkout session."""
    found = call.unit.need("checkout_sessions", call.ids["id"], "checkout_session.not_found")
    return checkout.seen(call.unit, found)


def create_portal(call: Call) -> Doc:
    """Open a portal session and return its link, which opens once and lasts 60 minutes."""
    unit, given = call.unit, call.body
    customer = unit.customer(given["customer_id"])
    return portal.open_session(unit, customer, return_url=given.get("return_url"), locale=given.get("locale"))


def _subscription(call: Call, customer: Doc, more: dict[str, Any]) -> Doc:
    unit, given = call.unit, call.body
    plan = unit.plan(plan_name(given))
    beginnings.refuse_second(unit, customer, plan)
    more["trial_days"] = given.get("trial_days")
    more["allow_promotion_codes"] = bool(given.get("allow_promotion_codes"))
    session = checkout.open_session(unit, customer, plan, terms_of(given), **more)
    checkout.quote(unit, session)  # refuses coupons that do not exist
    return session


def _payment(call: Call, customer: Doc, more: dict[str, Any]) -> Doc:
    given = call.body
    for name in _OF_ITEMS:
        if not given.get(name):
            raise fault(name, "field.required", "is required in mode payment")
    wanted = items(given["line_items"], given["currency"], "line_items")
    if sum(item.amount - item.discount for item in wanted) < 0:
        raise fault("line_items", "checkout.negative_total", "must not add up to less than nothing")
    metadata = merged({}, given.get("metadata"))
    return checkout.open_payment(call.unit, customer, given["currency"], wanted, metadata=metadata, **more)


def _setup(call: Call, customer: Doc, more: dict[str, Any]) -> Doc:
    return checkout.open_setup(call.unit, customer, metadata=merged({}, call.body.get("metadata")), **more)


_OPEN = {"subscription": _subscription, "payment": _payment, "setup": _setup}
