"""The portal: a customer's subscription, invoices and card."""

from __future__ import annotations

from paylera_sandbox.billing import checkout, portal, proration, subscriptions
from paylera_sandbox.billing.subscriptions import Terms
from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.rendering import Page, Redirect
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc

COOKIE = "paylera_portal"
_DONE = {
    "cancel": "The subscription ends with its period.",
    "resume": "The subscription goes on.",
    "change-plan": "The plan is changed.",
}


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
    """Cancel at the end of the period."""
    session, subscription = _admitted(visit)
    subscriptions.cancel(visit.unit, subscription, at_period_end=True, reason="canceled in the portal")
    return _back(session, "cancel")


def resume(visit: Visit) -> Answer:
    """Take the cancellation back."""
    session, subscription = _admitted(visit)
    subscriptions.resume(visit.unit, subscription)
    return _back(session, "resume")


def change_plan(visit: Visit) -> Answer:
    """Change the plan; without a card, the way leads over a checkout page and back."""
    session, subscription = _admitted(visit)
    unit, customer = visit.unit, visit.unit.customer(session["customer_id"])
    method_id = customer["default_payment_method_id"]
    method = unit.store.find("payment_methods", method_id) if method_id else None
    try:
        plan = unit.plan(visit.form.get("plan", ""))
        proration.apply(unit, subscription, plan, Terms(), method=method)
    except Problem as problem:
        if problem.code != "payment_method.required":
            return _page(visit, session, error=problem.detail, status=problem.status)
        home = f"{unit.base_url}/portal/{session['id']}"
        links = {"success_url": f"{home}?done=change-plan", "cancel_url": home}
        paying = checkout.open_session(unit, customer, plan, Terms(), subscription_id=subscription["id"], **links)
        return Redirect(f"/checkout/{paying['id']}")
    return _back(session, "change-plan")


def _session(visit: Visit) -> Doc:
    session = visit.unit.store.find("portal_sessions", visit.ids["id"])
    if session is None:
        raise Problem("portal_session.not_found", "This link is not valid. Ask for a new one where you got it.")
    if portal.expired(visit.unit, session):
        raise Problem("portal_session.expired", "The link was valid for 60 minutes. Ask for a new one.")
    return session


def _admitted(visit: Visit) -> tuple[Doc, Doc]:
    """Return the session and the current subscription of a visitor who has the cookie."""
    session = _session(visit)
    if not portal.knows(session, visit.cookies.get(COOKIE, "")):
        raise Problem("portal_session.used", "Open the portal with a fresh link first.")
    subscription = subscriptions.current(visit.unit, session["customer_id"])
    if subscription is None:
        raise Problem("usage.no_subscription", "There is no subscription to change.")
    return session, subscription


def _back(session: Doc, done: str) -> Redirect:
    return Redirect(f"/portal/{session['id']}?done={done}")


def _page(visit: Visit, session: Doc, *, done: str | None = None, error: str | None = None, status: int = 200) -> Page:
    unit, customer = visit.unit, visit.unit.customer(session["customer_id"])
    subscription = subscriptions.current(unit, customer["id"])
    plan = unit.need("plans", subscription["plan_id"], "plan.not_found") if subscription else None
    listed = unit.store.newest("plans", {"status": "active"})
    method_id = customer["default_payment_method_id"]
    values = {
        "session": session,
        "customer": customer,
        "subscription": subscription,
        "plan": plan,
        "others": [other for other in listed if plan and other["id"] != plan["id"] and _fits(other, plan)],
        "method": unit.store.find("payment_methods", method_id) if method_id else None,
        "invoices": unit.store.newest("invoices", {"customer_id": customer["id"]}, limit=50),
        "done": done,
        "error": error,
    }
    return Page("portal.html", values, status)


def _fits(other: Doc, plan: Doc) -> bool:
    return bool(other["currency"] == plan["currency"])
