"""Endpoints: where events are delivered, and the secrets that sign."""

from __future__ import annotations

import re

from paylera_sandbox.dialects import CURRENT
from paylera_sandbox.kinds import Invalid, accepts, matching
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit, public
from paylera_sandbox.webhooks import outbox
from paylera_sandbox.webhooks.events import emit
from paylera_sandbox.webhooks.signing import new_secret, rotated

REFUSALS = 100  # 4xx answers in a row that disable an endpoint
_SECRET = re.compile(r"whsec_[\x21-\x7e]{1,200}")


@accepts(matching(_SECRET, examples=["whsec_5f2c7d"]))
def secret(value: object) -> str:
    """Take a signing secret that the caller chose."""
    if not isinstance(value, str) or not _SECRET.fullmatch(value):
        raise Invalid("secret.invalid", "must be 'whsec_' and 1 to 200 visible ASCII characters")
    return value


def register(
    unit: Unit,
    *,
    url: str,
    events: list[str],
    description: str | None = None,
    secret: str | None = None,
    api_version: str | None = None,
) -> Doc:
    """Add an endpoint."""
    chosen = secret or new_secret()
    endpoint = {
        "id": unit.new_id("we"),
        "object": "webhook_endpoint",
        "url": url,
        "events": events,
        "description": description,
        "status": "enabled",
        "api_version": api_version or CURRENT,
        "secret_last4": chosen[-4:],
        "created_at": unit.stamp,
        "updated_at": unit.stamp,
        "_secrets": [{"secret": chosen, "expires_at": None}],
        "_refusals": 0,
    }
    unit.store.insert("webhook_endpoints", endpoint)
    emit(unit, "webhook_endpoint.created", endpoint)
    return endpoint


def ensure(unit: Unit, *, url: str, secret: str | None) -> Doc:
    """Return the endpoint with this URL, registered if need be, with this secret as its only one. One that was disabled
    for its refusals gets another chance."""
    endpoint = unit.store.first("webhook_endpoints", url=url) or register(unit, url=url, events=["*"], secret=secret)
    wanted: Doc = {"_configured": True}  # it stays when the sandbox is reset
    if secret is not None and endpoint["_secrets"] != [{"secret": secret, "expires_at": None}]:
        wanted = {"_secrets": [{"secret": secret, "expires_at": None}], "secret_last4": secret[-4:]}
    if endpoint["status"] == "auto_disabled":
        wanted["status"] = "enabled"
    return change(unit, endpoint, **wanted)


def rotate(unit: Unit, endpoint: Doc, *, secret: str | None) -> Doc:
    """Put a new secret in force beside the old."""
    chosen = secret or new_secret()
    entries = rotated(endpoint["_secrets"], chosen, unit.now)
    return change(unit, endpoint, _secrets=entries, secret_last4=chosen[-4:])


def shown(endpoint: Doc, *, with_secret: bool) -> Doc:
    """Return an endpoint as the API shows it."""
    return {**public(endpoint), **({"secret": endpoint["_secrets"][0]["secret"]} if with_secret else {})}


def change(unit: Unit, endpoint: Doc, **values: object) -> Doc:
    """Change an endpoint and tell the others of it. One that is no longer enabled loses what waits for it: the first of
    it here, the rest in the background (`Engine.sweep`), and at the latest when the endpoint is enabled again."""
    changed = {**endpoint, **values}
    if changed == endpoint:
        return endpoint
    if changed["status"] != endpoint["status"]:
        changed["_refusals"] = 0
    changed["updated_at"] = unit.stamp
    unit.store.save("webhook_endpoints", changed)
    if changed["status"] != "enabled":
        outbox.drop(unit, endpoint["id"], most=outbox.BATCH)
    elif endpoint["status"] != "enabled":
        outbox.drop(unit, endpoint["id"])
    emit(unit, "webhook_endpoint.updated", changed, before=endpoint)
    if endpoint["status"] == "enabled" != changed["status"]:
        emit(unit, "webhook_endpoint.disabled", changed)
    return changed


def remove(unit: Unit, endpoint: Doc) -> None:
    """Remove an endpoint with what waits for it: the first of it here, the rest in the background."""
    outbox.drop(unit, endpoint["id"], most=outbox.BATCH)
    unit.store.delete("webhook_endpoints", endpoint["id"])


def note_answer(unit: Unit, endpoint_id: str, *, refused: bool) -> None:
    """Count the 4xx answers in a row; the hundredth disables the endpoint."""
    endpoint = unit.store.find("webhook_endpoints", endpoint_id)
    if endpoint is None or (not refused and not endpoint["_refusals"]):
        return
    endpoint["_refusals"] = endpoint["_refusals"] + 1 if refused else 0
    unit.store.save("webhook_endpoints", endpoint)
    if endpoint["_refusals"] >= REFUSALS:
        change(unit, endpoint, status="auto_disabled")


def tell_of_failure(unit: Unit, delivery: Doc) -> None:
    """Tell the other endpoints that a delivery was given up. A failed delivery of such news is no news: two endpoints
    that are both down would otherwise tell each other for ever."""
    if delivery["aggregate_type"] == "webhook_endpoint":
        return
    endpoint = unit.need("webhook_endpoints", delivery["endpoint_id"], "webhook_endpoint.not_found")
    last = delivery["attempts"][-1]
    failed = {name: delivery[name] for name in ("id", "event_id", "event_type", "aggregate_type", "aggregate_id")}
    failed.update(attempts=len(delivery["attempts"]), last_status=last["status"], last_error=last["error"])
    emit(unit, "webhook_endpoint.delivery_failed", {**endpoint, "delivery": failed})
