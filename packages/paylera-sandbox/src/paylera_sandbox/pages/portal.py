"""The portal: a customer's subscription, usage, invoices and card."""

from __future__ import annotations

from paylera_sandbox.billing import checkout, invoices, portal, proration, subscriptions
from paylera_sandbox.billing.subscriptions import Terms
from paylera_sandbox.pages.acting import perform
from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.rendering import Page, Redirect
from paylera_sandbox.pages.terms import meters, renewal
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

COOKIE = "paylera_portal"
_DONE = {
    "cancel": "The subscription ends with its period.",
    "cancel-now": "The subscription has ended.",
    "resume": "The subscription goes on.",
    "change-plan": "The plan is changed.",
    "card": "The card is saved and will be used from now on.",
    "pay": "The invoice is paid.",
}
_NOTHING: Doc = {"plan": None, "renewal": None, "others": [], "meters": []}
_HELD = (*subscriptions.CURRENT, "paused")
_INVOICES = 50


def show(visit: Visit) -> Answer:
    """Show the portal; the first visit gets the cookie that the later ones need."""
    session = _session(visit)
    if portal.knows(session, visit.cookies.get(COOKIE, "")):
        return _page(visit, session, done=_DONE.get(visit.query.get("done", "")))
    ticket = portal.admit(visit.unit, session)
    if ticket is None:
        raise Problem("portal_session.used", "A link to the portal opens once. Ask for a new one where you got it.")
    home = f"/portal/{session['id']}"
    return Redirect(home, cookies={COOKIE: ticket}, path=home)


def cancel(visit: Visit) -> Answer:
    """Cancel at the end of the period, or at once."""
    session, subscription = _admitted(visit)
    now = visit.form.get("when") == "now"
    body = {"at_period_end": not now, "reason": "canceled in the portal"}
    perform(visit, "POST", "/v1/subscriptions/{id}/cancel", body, id=subscription["id"])
    return _back(session, "cancel-now" if now else "cancel")


def resume(visit: Visit) -> Answer:
    """Take the cancellation back, or end a pause."""
    session, subscription = _admitted(visit)
    perform(visit, "POST", "/v1/subscriptions/{id}/resume", id=subscription["id"])
    return _back(session, "resume")


def preview(visit: Visit) -> Answer:
    """Show what a change of the plan costs now and later, before it is made."""
    session, subscription = _admitted(visit)
    unit = visit.unit
    try:
        plan = unit.plan(visit.query.get("plan", ""))
        changed, items = proration.prepare(unit, subscription, plan, Terms())
    except Problem as problem:
        return _page(visit, session, error=problem.detail, status=problem.status)
    values = {
        "session": session,
        "old": unit.need("plans", subscription["plan_id"], "plan.not_found"),
        "plan": plan,
        "invoice": invoices.draft(unit, subscription, items),
        "renewal": renewal(unit, changed),
        "method": _method(unit, unit.customer(session["customer_id"])),
    }
    return Page("portal/change.html", values)


def change_plan(visit: Visit) -> Answer:
    """Change the plan; without a card, the way leads over a checkout page and back."""
    session, subscription = _admitted(visit)
    unit, customer = visit.unit, visit.unit.customer(session["customer_id"])
    try:
        plan = unit.plan(visit.form.get("plan", ""))
        proration.apply(unit, subscription, plan, Terms(), method=_method(unit, customer))
    except Problem as problem:
        if problem.code != "payment_method.required":
            return _page(visit, session, error=problem.detail, status=problem.status)
        links = _links(visit, session, "change-plan")
        paying = checkout.open_session(unit, customer, plan, Terms(), subscription_id=subscription["id"], **links)
        return Redirect(f"/checkout/{paying['id']}")
    return _back(session, "change-plan")


def change_card(visit: Visit) -> Answer:
    """Go to a page that stores a card, and back."""
    session = _visitors(visit)
    return _store_card(visit, session, "card")


def pay(visit: Visit) -> Answer:
    """Pay an open invoice with the stored card; the bank may ask first, and without a card one is taken first."""
    session = _visitors(visit)
    unit, home = visit.unit, f"/portal/{session['id']}"
    invoice = unit.store.find("invoices", visit.form.get("invoice", ""))
    if invoice is None or invoice["customer_id"] != session["customer_id"]:
        raise Problem("invoice.not_found", "This invoice is not yours.")
    try:
        body = {"return_url": f"{unit.base_url}{home}"}
        payment = perform(visit, "POST", "/v1/invoices/{id}/pay", body, id=invoice["id"])
    except Problem as problem:
        if problem.code == "payment_method.required":
            return _store_card(visit, session, "card")
        return _page(visit, session, error=problem.detail, status=problem.status)
    if payment["status"] == "requires_action":
        return Redirect(payment["next_action"]["url"])
    return _back(session, "pay")


def _store_card(visit: Visit, session: Doc, done: str) -> Redirect:
    customer = visit.unit.customer(session["customer_id"])
    return Redirect(checkout.open_setup(visit.unit, customer, **_links(visit, session, done))["url"])


def _links(visit: Visit, session: Doc, done: str) -> dict[str, str]:
    home = f"{visit.unit.base_url}/portal/{session['id']}"
    return {"success_url": f"{home}?done={done}", "cancel_url": home}


def _session(visit: Visit) -> Doc:
    session = visit.unit.store.find("portal_sessions", visit.ids["id"])
    if session is None:
        raise Problem("portal_session.not_found", "This link is not valid. Ask for a new one where you got it.")
    if portal.expired(visit.unit, session):
        raise Problem("portal_session.expired", "The link was valid for 60 minutes. Ask for a new one.")
    return session


def _visitors(visit: Visit) -> Doc:
    """Return the session of a visitor who has the cookie."""
    session = _session(visit)
    if not portal.knows(session, visit.cookies.get(COOKIE, "")):
        raise Problem("portal_session.used", "Open the portal with a fresh link first.")
    return session


def _admitted(visit: Visit) -> tuple[Doc, Doc]:
    """Return the session of a visitor who has the cookie, and the subscription that it is about."""
    session = _visitors(visit)
    subscription = _held(visit.unit, session["customer_id"])
    if subscription is None:
        raise Problem("usage.no_subscription", "There is no subscription to change.")
    return session, subscription


def _held(unit: Unit, customer_id: str) -> Doc | None:
    return unit.store.first("subscriptions", customer_id=customer_id, status=_HELD)


def _method(unit: Unit, customer: Doc) -> Doc | None:
    identifier = customer["default_payment_method_id"]
    return unit.store.find("payment_methods", identifier) if identifier else None


def _back(session: Doc, done: str) -> Redirect:
    return Redirect(f"/portal/{session['id']}?done={done}")


def _page(visit: Visit, session: Doc, *, done: str | None = None, error: str | None = None, status: int = 200) -> Page:
    unit, customer = visit.unit, visit.unit.customer(session["customer_id"])
    subscription = _held(unit, customer["id"])
    values = {
        "session": session,
        "customer": customer,
        "subscription": subscription,
        "method": _method(unit, customer),
        "invoices": unit.store.newest("invoices", {"customer_id": customer["id"]}, limit=_INVOICES),
        "done": done,
        "error": error,
        **(_about(unit, subscription) if subscription else _NOTHING),
    }
    return Page("portal/home.html", values, status)


def _about(unit: Unit, subscription: Doc) -> Doc:
    """Return what there is to tell of a subscription."""
    plan = unit.need("plans", subscription["plan_id"], "plan.not_found")
    listed = unit.store.newest("plans", {"status": "active"})
    current = subscription["status"] in subscriptions.CURRENT
    return {
        "plan": plan,
        "renewal": renewal(unit, subscription),
        "others": [other for other in listed if other["id"] != plan["id"] and _fits(other, plan)] if current else [],
        "meters": meters(unit, subscription, plan) if current else [],
    }


def _fits(other: Doc, plan: Doc) -> bool:
    return bool(other["currency"] == plan["currency"])
