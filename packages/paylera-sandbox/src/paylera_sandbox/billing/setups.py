"""Setup intents: permission to store one payment method, for ten minutes."""

from __future__ import annotations

import hmac
import secrets
from datetime import timedelta

from paylera_sandbox.billing import methods
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.problems import Problem, fault
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

LIFETIME = timedelta(minutes=10)


def create(unit: Unit, customer: Doc, *, provider: str, kinds: list[str]) -> Doc:
    """Begin a setup."""
    identifier = unit.new_id("si")
    intent = {
        "id": identifier,
        "object": "setup_intent",
        "customer_id": customer["id"],
        "provider": provider,
        "payment_method_types": kinds,
        "status": "open",
        "client_secret": f"{identifier}_secret_{secrets.token_urlsafe(18)}",
        "payment_method_id": None,
        "expires_at": stamp(unit.now + LIFETIME),
        "created_at": unit.stamp,
    }
    unit.store.insert("setup_intents", intent)
    return intent


def seen(unit: Unit, intent: Doc) -> Doc:
    """Return a setup with the status that it has now: `open`, `complete` or `expired`."""
    over = intent["status"] == "open" and moment(intent["expires_at"]) <= unit.now
    return {**intent, "status": "expired"} if over else intent


def confirm(unit: Unit, intent: Doc, secret: str, *, kind: str, token: str, default: bool | None) -> Doc:
    """Store what a token stands for and return the payment method. It works once."""
    status = seen(unit, intent)["status"]
    if status != "open":
        raise Problem(f"setup_intent.{_CLOSED[status]}", "Create a new setup intent and confirm that one.")
    if not hmac.compare_digest(secret.encode(), intent["client_secret"].encode()):
        raise fault("client_secret", "setup_intent.wrong_secret", "is not the secret of this setup intent")
    if kind not in intent["payment_method_types"]:
        raise fault("type", "choice.invalid", f"must be one of {', '.join(intent['payment_method_types'])}")
    method = methods.attach_token(unit, unit.customer(intent["customer_id"]), kind, token, default=default)
    unit.store.save("setup_intents", {**intent, "status": "complete", "payment_method_id": method["id"]})
    return method


_CLOSED = {"complete": "used", "expired": "expired"}
