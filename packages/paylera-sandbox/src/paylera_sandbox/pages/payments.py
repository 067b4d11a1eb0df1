"""The bank's question about a payment that nobody made on a checkout page: a charge of a stored card (3-D Secure)."""

from __future__ import annotations

from paylera_sandbox.billing import collection
from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.rendering import Page, Redirect, notice
from paylera_sandbox.store import Doc

_ENDS = {"succeeded": "This is paid", "failed": "The payment did not go through", "canceled": "This is not needed"}


def ask(visit: Visit) -> Answer:
    """Show the bank's question, or what came of it."""
    payment = _payment(visit)
    if payment["status"] != "requires_action":
        return _over(payment)
    if payment["_session_id"]:
        return Redirect(payment["next_action"]["url"])
    return Page("confirm.html", {"payment": payment, "card": _card(visit, payment)})


def answer(visit: Visit) -> Answer:
    """Take the answer to the bank's question. A second click finds the payment finished."""
    payment = _payment(visit)
    if payment["status"] == "requires_action" and not payment["_session_id"]:
        approved = visit.form.get("answer") == "approve"
        payment = collection.confirm(visit.unit, payment, approved=approved)
    return Redirect(payment["_return_url"]) if payment["_return_url"] else _over(payment)


def _payment(visit: Visit) -> Doc:
    return visit.unit.need("payments", visit.ids["id"], "payment.not_found")


def _card(visit: Visit, payment: Doc) -> Doc | None:
    """Return what the page says of the card."""
    method = visit.unit.store.find("payment_methods", payment["payment_method_id"])
    card = method["card"] if method else None
    return {"brand": card["brand"], "number": card["last4"]} if card else None


def _over(payment: Doc) -> Page:
    title = _ENDS.get(payment["status"], "There is nothing to confirm")
    text = f"{payment['amount']} {payment['currency']}: {payment['status'].replace('_', ' ')}. You can close this page."
    return notice(200, title, text, link=payment["_return_url"], link_text="Continue")
