"""Checkout sessions: a hosted page on which a person pays for a plan or for some items, or stores a card. Single use,
24 hours.

A page asks `status` first, shows `quote`, then calls `pay` and, when the bank asks, `confirm`; `return_url` is where
the person goes on. `promote` takes a promotion code."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from typing import Any

from paylera_sandbox.billing import beginnings, collection, invoices, methods, payments, proration, subscriptions
from paylera_sandbox.billing.cards import BY_NAME, DECLINES, Card, Decline
from paylera_sandbox.billing.subscriptions import Terms
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.faults import charges
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

LIFETIME = timedelta(hours=24)
PLACEHOLDER = "{CHECKOUT_SESSION_ID}"


def open_session(unit: Unit, customer: Doc, plan: Doc, terms: Terms, **more: object) -> Doc:
    """Open a session for a plan. `more` may hold `success_url`, `cancel_url`, `locale`, `allow_promotion_codes` and, to
    change the plan of a subscription instead of beginning one, `subscription_id`."""
    wanted = {
        "plan_id": plan["id"],
        "plan_code": plan["code"],
        "currency": plan["currency"],
        "quantities": terms.quantities,
        "coupons": list(terms.coupons),
        "metadata": terms.metadata,
        "_changes": more.get("subscription_id"),
    }
    return _open(unit, customer, "subscription", **wanted, **more)


def open_payment(unit: Unit, customer: Doc, currency: str, items: Sequence[invoices.Item], **more: object) -> Doc:
    """Open a session in which some items are paid once."""
    draft = invoices.build(unit, customer["id"], currency, items)
    return _open(unit, customer, "payment", currency=currency, line_items=draft["lines"], _draft=draft, **more)


def open_setup(unit: Unit, customer: Doc, **more: object) -> Doc:
    """Open a session in which a payment method is stored and nothing is paid."""
    return _open(unit, customer, "setup", **more)


def _open(unit: Unit, customer: Doc, mode: str, **more: object) -> Doc:
    identifier = unit.new_id("cs")
    session: Doc = {
        "id": identifier,
        "object": "checkout_session",
        "mode": mode,
        "status": "open",
        "customer_id": customer["id"],
        "plan_id": None,
        "plan_code": None,
        "currency": None,
        "quantities": {},
        "coupons": [],
        "trial_days": None,
        "allow_promotion_codes": False,
        "line_items": [],
        "metadata": {},
        "success_url": None,
        "cancel_url": None,
        "locale": None,
        "url": f"{unit.base_url}/checkout/{identifier}",
        "subscription_id": None,
        "invoice_id": None,
        "payment_method_id": None,
        "_changes": None,
        "_draft": None,
        **more,
        "expires_at": stamp(unit.now + LIFETIME),
        "created_at": unit.stamp,
        "_waiting": None,
    }
    unit.store.insert("checkout_sessions", session)
    return session


def seen(unit: Unit, session: Doc) -> Doc:
    """Return a session with the status that it has now."""
    return {**session, "status": status(unit, session)}


def forget(unit: Unit, payment: Doc) -> None:
    """Let the session go on that waited for a payment which was canceled."""
    session = unit.store.find("checkout_sessions", payment["_session_id"]) if payment["_session_id"] else None
    if session is not None and session["_waiting"]:
        unit.store.save("checkout_sessions", {**session, "_waiting": None})


def withdraw(unit: Unit, customer_id: str) -> None:
    """Give up the payments of a customer's checkouts that can no longer be completed."""
    for session in unit.store.newest("checkout_sessions", {"customer_id": customer_id}):
        if session["_waiting"] and session["status"] == "open" and not _can_go_on(unit, session):
            _forget_waiting(unit, session)


def _can_go_on(unit: Unit, session: Doc) -> bool:
    try:
        quote(unit, session)
    except Problem:
        return False
    return True


def promote(unit: Unit, session: Doc, code: str) -> Doc:
    """Use a promotion code that the payer typed in, and return the session. The page may call this before `pay`."""
    if not session["allow_promotion_codes"] or session["mode"] != "subscription":
        raise Problem("coupon.not_found", "This checkout takes no promotion codes.")
    if code in session["coupons"]:
        return session
    changed = {**session, "coupons": [*session["coupons"], code]}
    quote(unit, changed)  # refuses a code that does not exist
    unit.store.save("checkout_sessions", changed)
    return changed


def url(unit: Unit, session: Doc) -> str:
    """Return the address of the page."""
    return f"{unit.base_url}/checkout/{session['id']}"


def status(unit: Unit, session: Doc) -> str:
    """Return `open`, `complete` or `expired`."""
    over = session["status"] == "open" and moment(session["expires_at"]) <= unit.now
    return "expired" if over else str(session["status"])


def quote(unit: Unit, session: Doc) -> Doc:
    """Return the invoice that paying would make, not stored; in mode `setup` it is empty. Raises the problem that
    stands in the way, if any."""
    if session["mode"] == "payment":
        return invoices.total_up(unit, {**session["_draft"], "created_at": unit.stamp, "updated_at": unit.stamp})
    if session["mode"] == "setup":
        return invoices.build(unit, session["customer_id"], session["currency"] or "USD")
    customer, plan = unit.customer(session["customer_id"]), unit.plan(session["plan_id"])
    if session["_changes"]:
        subscription = unit.need("subscriptions", session["_changes"], "subscription.not_found")
        return invoices.draft(unit, subscription, proration.prepare(unit, subscription, plan, _terms(session))[1])
    beginnings.refuse_second(unit, customer, plan)
    subscription = beginnings.build(unit, customer, plan, _terms(session))
    return invoices.draft(unit, subscription, subscriptions.items(unit, plan, subscription))


def planned(unit: Unit, session: Doc) -> Doc | None:
    """Return the subscription that paying would make or change, not stored; None if it is not about one."""
    if session["plan_id"] is None:
        return None
    customer, plan = unit.customer(session["customer_id"]), unit.plan(session["plan_id"])
    if session["_changes"]:
        held = unit.need("subscriptions", session["_changes"], "subscription.not_found")
        return proration.prepare(unit, held, plan, _terms(session))[0]
    return beginnings.build(unit, customer, plan, _terms(session))


def pay(unit: Unit, session: Doc, card: Card, *, exp_month: int, exp_year: int) -> Doc | None:
    """Charge a card and return the payment, whose status tells what came of it: `succeeded`, `failed`, or
    `requires_action` (the bank asks for confirmation). None: nothing is due (a trial, credit, a card that is only
    stored); the bank may ask about the card all the same, then the session waits (`_waiting`). A card that it declines
    is refused."""
    invoice = quote(unit, session)
    _forget_waiting(unit, session)
    payment = payments.create(unit, invoice) if payments.is_due(invoice) else None
    on_demand = charges.decline(unit, session["customer_id"], card=card.number[-4:])
    if decline := on_demand or DECLINES.get(card.behaviour):
        return _declined(unit, payment, decline)
    expiry = {"exp_month": exp_month, "exp_year": exp_year}
    if card.behaviour == "requires_action":
        return _ask(unit, session, payment, {"card": card.number, **expiry})
    return _complete(unit, session, card, payment, expiry)


def confirm(unit: Unit, session: Doc, *, approved: bool) -> Doc | None:
    """Finish a payment, or the storing of a card, that waited for the payer's confirmation. Returns the payment."""
    waiting = session["_waiting"]
    if waiting is None:
        raise Problem("payment.not_found", "No payment of this session waits for a confirmation.")
    session["_waiting"] = None
    payment = _awaited(unit, waiting)
    if not approved:
        unit.store.save("checkout_sessions", session)
        return _declined(unit, payment, DECLINES["authentication_failed"])
    quote(unit, session)  # what stands in the way may have come up meanwhile
    expiry = {"exp_month": waiting["exp_month"], "exp_year": waiting["exp_year"]}
    return _complete(unit, session, BY_NAME[waiting["card"]], payment, expiry)


def _ask(unit: Unit, session: Doc, payment: Doc | None, card: Doc) -> Doc | None:
    """Let the session wait for the payer's confirmation."""
    session["_waiting"] = {"payment_id": payment["id"] if payment else None, **card}
    unit.store.save("checkout_sessions", session)
    if payment is None:
        return None
    payment["_session_id"] = session["id"]
    return payments.ask_payer(unit, payment, f"{url(unit, session)}/confirm")


def _declined(unit: Unit, payment: Doc | None, decline: Decline) -> Doc:
    """Record that a payment failed; without one, refuse."""
    if payment is None:
        raise Problem("payment.declined", decline.message, keep=True, decline_code=decline.code)
    return payments.fail(unit, payment, decline)


def _awaited(unit: Unit, waiting: Doc) -> Doc | None:
    """Return the payment that a confirmation is about; None if it is about the card alone."""
    return unit.need("payments", waiting["payment_id"], "payment.not_found") if waiting["payment_id"] else None


def return_url(session: Doc) -> str | None:
    """Return where the payer goes after paying."""
    address = session["success_url"]
    return address.replace(PLACEHOLDER, session["id"]) if address else None


def _complete(unit: Unit, session: Doc, card: Card, payment: Doc | None, expiry: dict[str, Any]) -> Doc | None:
    """Store the card, do what the session is for, and use the session up."""
    invoice = quote(unit, session)
    method = methods.attach_card(unit, unit.customer(session["customer_id"]), card, **expiry)
    made = _MODES[session["mode"]](unit, session, invoice, method, payment)
    done = {"status": "complete", "payment_method_id": method["id"], **made}
    unit.store.save("checkout_sessions", {**session, **done})
    return unit.store.find("payments", payment["id"]) if payment else None


def _subscribe(unit: Unit, session: Doc, _: Doc, method: Doc, payment: Doc | None) -> Doc:
    customer, plan, terms = unit.customer(session["customer_id"]), unit.plan(session["plan_id"]), _terms(session)
    if session["_changes"]:
        held = unit.need("subscriptions", session["_changes"], "subscription.not_found")
        subscription = proration.apply(unit, held, plan, terms, method=method, payment=payment)
    else:
        subscription = beginnings.start(unit, customer, plan, terms, method=method, payment=payment)
    return {"subscription_id": subscription["id"], "invoice_id": subscription["latest_invoice_id"]}


def _pay_once(unit: Unit, _: Doc, invoice: Doc, method: Doc, payment: Doc | None) -> Doc:
    return {"invoice_id": collection.bill(unit, invoice, method, payment=payment)}


def _set_up(*_: object) -> Doc:
    return {}


_MODES: Mapping[str, Callable[..., Doc]] = {"subscription": _subscribe, "payment": _pay_once, "setup": _set_up}


def _forget_waiting(unit: Unit, session: Doc) -> None:
    """Give up a payment that waits for the payer, who has come back with another card instead."""
    waiting, session["_waiting"] = session["_waiting"], None
    if waiting:
        if payment := _awaited(unit, waiting):
            payments.cancel(unit, payment)
        unit.store.save("checkout_sessions", session)


def _terms(session: Doc) -> Terms:
    return Terms(session["quantities"], session["coupons"], session["metadata"], trial_days=session["trial_days"])
