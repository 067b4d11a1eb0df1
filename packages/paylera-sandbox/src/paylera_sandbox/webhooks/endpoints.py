"""Endpoints: where events are delivered, and the secrets that sign."""

from __future__ import annotations

import re

from paylera_sandbox.kinds import Invalid, accepts, matching
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit, public
from paylera_sandbox.webhooks.signing import new_secret, rotated

API_VERSION = "2026-05-01"
_SECRET = re.compile(r"whsec_[\x21-\x7e]{1,200}")


@accepts(matching(_SECRET))
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
        "api_version": api_version or API_VERSION,
        "secret_last4": chosen[-4:],
        "created_at": unit.stamp,
        "updated_at": unit.stamp,
        "_secrets": [{"secret": chosen, "expires_at": None}],
    }
    unit.store.insert("webhook_endpoints", endpoint)
    return endpoint


def ensure(unit: Unit, *, url: str, secret: str | None) -> Doc:
    """Return the endpoint with this URL, registered if need be, with this secret as its only one."""
    endpoint = unit.store.first("webhook_endpoints", url=url) or register(unit, url=url, events=["*"], secret=secret)
    if secret is not None and endpoint["_secrets"] != [{"secret": secret, "expires_at": None}]:
        endpoint.update(_secrets=[{"secret": secret, "expires_at": None}], secret_last4=secret[-4:])
        unit.store.save("webhook_endpoints", endpoint)
    return endpoint


def rotate(unit: Unit, endpoint: Doc, *, secret: str | None) -> Doc:
    """Put a new secret in force beside the old."""
    chosen = secret or new_secret()
    entries = rotated(endpoint["_secrets"], chosen, unit.now)
    changed = {**endpoint, "_secrets": entries, "secret_last4": chosen[-4:], "updated_at": unit.stamp}
    unit.store.save("webhook_endpoints", changed)
    return changed


def shown(endpoint: Doc, *, with_secret: bool) -> Doc:
    """Return an endpoint as the API shows it."""
    return {**public(endpoint), **({"secret": endpoint["_secrets"][0]["secret"]} if with_secret else {})}


def drop_pending(unit: Unit, endpoint_id: str) -> None:
    """Give up the deliveries that wait for an endpoint."""
    for (identifier,) in unit.store.execute("SELECT delivery_id FROM outbox WHERE endpoint_id = ?", (endpoint_id,)):
        delivery = unit.need("deliveries", identifier, "webhook_delivery.not_found")
        unit.store.save("deliveries", {**delivery, "status": "dropped", "next_attempt_at": None})
    unit.store.execute("DELETE FROM outbox WHERE endpoint_id = ?", (endpoint_id,))
