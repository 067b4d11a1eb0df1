"""Checkout sessions: a hosted page on which a person pays for a plan. Single use, 24 hours."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from paylera_sandbox.billing import invoices, methods, payments, proration, subscriptions
from paylera_sandbox.billing.cards import BY_NAME, DECLINES, Card
from paylera_sandbox.billing.subscriptions import Terms
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.faults import charges
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

LIFETIME = timedelta(hours=24)
PLACEHOLDER = "{CHECKOUT_SESSION_ID}"


def open_session(unit: Unit, customer: Doc, plan: Doc, terms: Terms, **more: object) -> Doc:
    """Open a session. `more` may hold `success_url`, `cancel_url`, `locale` and, to change the plan of a subscription
    instead of beginning one, `subscription_id`."""
    session = {
        "id": unit.new_id("cs"),
        "object": "checkout_session",
        "status": "open",
        "customer_id": customer["id"],
        "plan_id": plan["id"],
        "quantities": terms.quantities,
        "coupons": list(terms.coupons),
        "metadata": terms.metadata,
        "success_url": None,
        "cancel_url": None,
        "locale": None,
        "subscription_id": None,
        **more,
        "expires_at": stamp(unit.now + LIFETIME),
        "created_at": unit.stamp,
        "_waiting": None,
        "_changes": more.get("subscription_id"),
    }
    unit.store.insert("checkout_sessions", session)
    return session


def url(unit: Unit, session: Doc) -> str:
    """Return the address of the page."""
    return f"{unit.base_url}/checkout/{session['id']}"


def status(unit: Unit, session: Doc) -> str:
    """Return `open`, `complete` or `expired`."""
    over = session["status"] == "open" and moment(session["expires_at"]) <= unit.now
    return "expired" if over else str(session["status"])


def quote(unit: Unit, session: Doc) -> Doc:
    """Return the invoice that paying would make, not stored. Raises the problem that stands in the way, if any."""
    customer, plan = unit.customer(session["customer_id"]), unit.plan(session["plan_id"])
    if session["_changes"]:
        subscription = unit.need("subscriptions", session["_changes"], "subscription.not_found")
        return invoices.draft(unit, subscription, proration.prepare(unit, subscription, plan, _terms(session))[1])
    subscriptions.refuse_second(unit, customer, plan)
    subscription = subscriptions.build(unit, customer, plan, _terms(session))
    return invoices.draft(unit, subscription, subscriptions.first_items(unit, plan, subscription))


def planned(unit: Unit, session: Doc) -> Doc | None:
    """Return the subscription that paying would make or change, not stored; None if it is not about one."""
    if session["plan_id"] is None:
        return None
    customer, plan = unit.customer(session["customer_id"]), unit.plan(session["plan_id"])
    if session["_changes"]:
        held = unit.need("subscriptions", session["_changes"], "subscription.not_found")
        return proration.prepare(unit, held, plan, _terms(session))[0]
    return subscriptions.build(unit, customer, plan, _terms(session))


def pay(unit: Unit, session: Doc, card: Card, *, exp_month: int, exp_year: int) -> Doc | None:
    """Charge a card and return the payment, whose status tells what came of it: `succeeded`, `failed`, or
    `requires_action` (the bank asks for confirmation). None: credit covered everything."""
    invoice = quote(unit, session)
    _forget_waiting(unit, session)
    expiry = {"exp_month": exp_month, "exp_year": exp_year}
    if not payments.is_due(invoice):
        return _complete(unit, session, card, None, expiry)
    payment = payments.create(unit, invoice)
    on_demand = charges.decline(unit, session["customer_id"], card=card.number[-4:])
    if decline := on_demand or DECLINES.get(card.behaviour):
        return payments.fail(unit, payment, decline)
    if card.behaviour == "requires_action":
        session["_waiting"] = {"payment_id": payment["id"], "card": card.number, **expiry}
        unit.store.save("checkout_sessions", session)
        payment["_session_id"] = session["id"]
        return payments.ask_payer(unit, payment, f"{url(unit, session)}/confirm")
    return _complete(unit, session, card, payment, expiry)


def confirm(unit: Unit, session: Doc, *, approved: bool) -> Doc | None:
    """Finish a payment that waited for the payer's confirmation. Returns the payment."""
    waiting = session["_waiting"]
    if waiting is None:
        raise Problem("payment.not_found", "No payment of this session waits for a confirmation.")
    session["_waiting"] = None
    payment = unit.need("payments", waiting["payment_id"], "payment.not_found")
    if not approved:
        unit.store.save("checkout_sessions", session)
        return payments.fail(unit, payment, DECLINES["authentication_failed"])
    quote(unit, session)  # what stands in the way may have come up meanwhile
    expiry = {"exp_month": waiting["exp_month"], "exp_year": waiting["exp_year"]}
    return _complete(unit, session, BY_NAME[waiting["card"]], payment, expiry)


def return_url(session: Doc) -> str | None:
    """Return where the payer goes after paying."""
    address = session["success_url"]
    return address.replace(PLACEHOLDER, session["id"]) if address else None


def _complete(unit: Unit, session: Doc, card: Card, payment: Doc | None, expiry: dict[str, Any]) -> Doc | None:
    customer, plan = unit.customer(session["customer_id"]), unit.plan(session["plan_id"])
    method = methods.attach_card(unit, customer, card, **expiry)
    terms = _terms(session)
    if session["_changes"]:
        held = unit.need("subscriptions", session["_changes"], "subscription.not_found")
        subscription = proration.apply(unit, held, plan, terms, method=method, payment=payment)
    else:
        subscription = subscriptions.start(unit, customer, plan, terms, method=method, payment=payment)
    unit.store.save("checkout_sessions", {**session, "status": "complete", "subscription_id": subscription["id"]})
    return unit.store.find("payments", payment["id"]) if payment else None


def _forget_waiting(unit: Unit, session: Doc) -> None:
    """Give up a payment that waits for the payer, who has come back with another card instead."""
    waiting, session["_waiting"] = session["_waiting"], None
    if waiting:
        payments.cancel(unit, unit.need("payments", waiting["payment_id"], "payment.not_found"))
        unit.store.save("checkout_sessions", session)


def _terms(session: Doc) -> Terms:
    return Terms(session["quantities"], session["coupons"], session["metadata"])
