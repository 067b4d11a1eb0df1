"""Portal sessions: a hosted page on which a customer looks after the subscription. The link opens once, and what it
opened lasts 60 minutes."""

from __future__ import annotations

import hashlib
import hmac
import secrets
from datetime import timedelta

from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

LIFETIME = timedelta(minutes=60)


def open_session(unit: Unit, customer: Doc, *, return_url: str | None, locale: str | None) -> Doc:
    """Open a session."""
    identifier = unit.new_id("ps")
    session = {
        "id": identifier,
        "object": "billing_portal_session",
        "customer_id": customer["id"],
        "url": f"{unit.base_url}/portal/{identifier}",
        "return_url": return_url,
        "locale": locale,
        "expires_at": stamp(unit.now + LIFETIME),
        "created_at": unit.stamp,
        "_visitor": None,
    }
    unit.store.insert("portal_sessions", session)
    return session


def expired(unit: Unit, session: Doc) -> bool:
    """Tell whether the session's time is over."""
    return moment(session["expires_at"]) <= unit.now


def admit(unit: Unit, session: Doc) -> str | None:
    """Return a pass for the first visitor, and None for everyone after."""
    if session["_visitor"] is not None:
        return None
    ticket = secrets.token_urlsafe(24)
    session["_visitor"] = _digest(ticket)
    unit.store.save("portal_sessions", session)
    return ticket


def knows(session: Doc, ticket: str) -> bool:
    """Tell whether a pass is the one that the first visitor got."""
    return session["_visitor"] is not None and hmac.compare_digest(session["_visitor"], _digest(ticket))


def _digest(ticket: str) -> str:
    return hashlib.sha256(ticket.encode()).hexdigest()
