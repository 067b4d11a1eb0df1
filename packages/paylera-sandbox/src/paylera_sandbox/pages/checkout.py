"""The checkout page, and the bank's question that some cards bring."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from paylera_sandbox.billing import checkout
from paylera_sandbox.billing.cards import BY_NAME, CARDS, Card, spaced
from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.rendering import Page, Redirect, notice
from paylera_sandbox.pages.terms import renewal
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc

_FIELDS = ("card_number", "expiry", "cvc", "name")


def show(visit: Visit) -> Answer:
    """Show what there is to pay, and the form."""
    session = _session(visit)
    closed = _closed(visit, session)
    if closed is not None:
        return closed
    if session["_waiting"]:
        return Redirect(f"/checkout/{session['id']}/confirm")
    return _form(visit, session)


def pay(visit: Visit) -> Answer:
    """Charge the card that was typed in. A second click finds the session complete and is sent on like the first."""
    session = _session(visit)
    if session["status"] == "complete":
        return _onward(session)
    closed = _closed(visit, session)
    if closed is not None:
        return closed
    card, expiry, faults = _read(visit)
    if card is None or expiry is None or faults:
        return _form(visit, session, faults=faults, status=422)
    month, year = expiry
    return _after(visit, session, lambda: checkout.pay(visit.unit, session, card, exp_month=month, exp_year=year))


def promote(visit: Visit) -> Answer:
    """Use a promotion code."""
    session = _session(visit)
    closed = _closed(visit, session)
    if closed is not None:
        return closed
    try:
        checkout.promote(visit.unit, session, visit.form.get("code", "").strip())
    except Problem as problem:
        return _form(visit, session, refused=problem.detail, status=422)
    return Redirect(f"/checkout/{session['id']}")


def ask(visit: Visit) -> Answer:
    """Show the bank's question."""
    session = _session(visit)
    closed = _closed(visit, session)
    if closed is not None or not session["_waiting"]:
        return closed or Redirect(f"/checkout/{session['id']}")
    waiting = session["_waiting"]
    payment = visit.unit.store.find("payments", waiting["payment_id"] or "")
    return Page("confirm.html", {"payment": payment, "card": BY_NAME[waiting["card"]]})


def answer(visit: Visit) -> Answer:
    """Take the answer to the bank's question."""
    session = _session(visit)
    if session["status"] == "complete":
        return _onward(session)
    closed = _closed(visit, session)
    if closed is not None or not session["_waiting"]:
        return closed or Redirect(f"/checkout/{session['id']}")
    approved = visit.form.get("answer") == "approve"
    return _after(visit, session, lambda: checkout.confirm(visit.unit, session, approved=approved))


def _session(visit: Visit) -> Doc:
    found = visit.unit.store.find("checkout_sessions", visit.ids["id"])
    if found is None:
        raise Problem("checkout_session.not_found", "This link is not valid. Start again from where you came from.")
    return found


def _closed(visit: Visit, session: Doc) -> Page | None:
    """Return the page that says why there is nothing to pay here, or None if there is."""
    status = checkout.status(visit.unit, session)
    if status == "complete":
        link = checkout.return_url(session)
        title = {"setup": "The card is saved"}.get(session["mode"], "This is paid")
        return notice(200, title, "Thank you. You can close this page.", link=link, link_text="Continue")
    if status == "expired":
        text = "The link was valid for 24 hours. Start again from where you came from."
        return notice(410, "This link has expired", text, link=session["cancel_url"])
    try:
        checkout.quote(visit.unit, session)
    except Problem as problem:
        return notice(409, "There is nothing to pay here", problem.detail, link=session["cancel_url"])
    return None


def _form(
    visit: Visit,
    session: Doc,
    *,
    faults: dict[str, str] | None = None,
    declined: str | None = None,
    refused: str | None = None,
    status: int = 200,
) -> Page:
    unit = visit.unit
    customer = unit.customer(session["customer_id"])
    planned = checkout.planned(unit, session)
    values: dict[str, Any] = {
        "session": session,
        "mode": session["mode"],
        "plan": unit.plan(session["plan_id"]) if planned else None,
        "planned": planned,
        "renewal": renewal(unit, planned) if planned else None,
        "customer": customer,
        "invoice": checkout.quote(unit, session),
        "cards": [(card, _filled(visit, customer, card)) for card in CARDS],
        "values": _typed(visit, customer, mistaken=bool(faults or declined)),
        "faults": {name: (faults or {}).get(name) for name in _FIELDS},
        "declined": declined,
        "refused": refused,
    }
    return Page("checkout.html", values, status)


def _typed(visit: Visit, customer: Doc, *, mistaken: bool) -> dict[str, str]:
    """Return what the form begins with: what was typed, or the test card of the link that was followed."""
    if mistaken:
        return {name: visit.form.get(name, "") for name in _FIELDS}
    card = BY_NAME.get(visit.query.get("card", ""))
    return _filled(visit, customer, card) if card else {**dict.fromkeys(_FIELDS, ""), "name": customer["name"] or ""}


def _filled(visit: Visit, customer: Doc, card: Card) -> dict[str, str]:
    year = (visit.unit.now.year + 3) % 100
    name = customer["name"] or "Ada Lovelace"
    return {"card_number": spaced(card.number), "expiry": f"12/{year:02}", "cvc": "123", "name": name}


def _read(visit: Visit) -> tuple[Card | None, tuple[int, int] | None, dict[str, str]]:
    """Read the card, its expiry and what is wrong with the form."""
    faults = {}
    card = BY_NAME.get(re.sub(r"[\s-]", "", visit.form.get("card_number", "")))
    if card is None:
        faults["card_number"] = "This is not a test card. Take one from the list."
    expiry = _expiry(visit)
    if expiry is None:
        faults["expiry"] = "Write month and year, for example 12/34, not in the past."
    if not re.fullmatch(r"[0-9]{3,4}", visit.form.get("cvc", "").strip(), re.ASCII):
        faults["cvc"] = "Write the 3 or 4 digits from the card."
    if not 1 <= len(visit.form.get("name", "").strip()) <= 200:
        faults["name"] = "Write the name on the card."
    return card, expiry, faults


def _expiry(visit: Visit) -> tuple[int, int] | None:
    found = re.fullmatch(r"\s*([0-9]{1,2})\s*[/-]?\s*(?:20)?([0-9]{2})\s*", visit.form.get("expiry", ""), re.ASCII)
    if not found:
        return None
    month, year = int(found[1]), 2000 + int(found[2])
    now = visit.unit.now
    return (month, year) if 1 <= month <= 12 and (year, month) >= (now.year, now.month) else None


def _after(visit: Visit, session: Doc, charge: Callable[[], Doc | None]) -> Answer:
    """Do what a click asks for, and show what comes of it."""
    try:
        payment = charge()
    except Problem as problem:
        if problem.code != "payment.declined":
            raise
        return _form(visit, session, declined=problem.detail, status=402)
    if payment is not None and payment["status"] == "failed":
        return _form(visit, session, declined=payment["last_error"]["user_message"], status=402)
    return Redirect(f"/checkout/{session['id']}/confirm") if session["_waiting"] else _onward(session)


def _onward(session: Doc) -> Redirect:
    return Redirect(checkout.return_url(session) or f"/checkout/{session['id']}")
