"""From a mount in the data to the arguments of a relay or receiver factory: the same for every host."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from paylera.relay import PayleraCsrfOptions, PayleraCustomerIdentity

TOKEN = "pl_test_conformance_secret"
IDENTITY_HEADER = "x-test-identity"
BINDING_HEADER = "x-test-binding"
_COPIED = (
    "auto_create_customer", "tenant_id", "timeout", "allowed_redirect_origins", "extra_fields", "disabled_routes",
    "trackable_features", "api_version",
)  # fmt: skip


@dataclass
class Journal:
    """What the merchant's callables were told, until the test reads it."""

    entries: list[str] = field(default_factory=list)

    def drain(self) -> list[str]:
        """Return the entries and forget them."""
        found, self.entries = self.entries, []
        return found


def relay_options(mount: dict[str, Any], *, base_url: str, nobody_url: str, journal: Journal) -> dict[str, Any]:
    """Return the keyword arguments of `paylera_relay` and `paylera_relay_urls`."""
    colour = _awaited if mount.get("callables") == "async" else _plain
    copied = {name: mount[name] for name in _COPIED if name in mount}
    return copied | {
        "api_token": TOKEN,
        "base_url": nobody_url if mount.get("upstream") == "nobody" else base_url,
        "identify": colour(_identify(mount.get("identify", "header"))),
        "csrf": _csrf(mount.get("csrf", True), colour),
        "authorize": colour(_authorize(mount["authorize"])) if "authorize" in mount else None,
        "on_customer_created": colour(_created(mount.get("on_customer_created", "records"), journal)),
    }


def webhook_options(mount: dict[str, Any], *, journal: Journal) -> dict[str, Any]:
    """Return the keyword arguments of `paylera_webhooks` and `paylera_webhook_urls`."""
    colour = _awaited if mount.get("callables") == "async" else _plain
    copied = {
        name: mount[name] for name in ("signing_secret", "accepted_secrets", "tolerance_seconds") if name in mount
    }
    handlers = {key: colour(_handler(key, does, journal)) for key, does in mount["handlers"].items()}
    return copied | {"handlers": handlers}


def _plain(function: Callable[..., Any]) -> Callable[..., Any]:
    return function


def _awaited(function: Callable[..., Any]) -> Callable[..., Any]:
    async def wrapper(*args: Any) -> Any:
        await asyncio.sleep(0)
        return function(*args)

    return wrapper


def _identify(how: str) -> Callable[[Any], Any]:
    def from_header(request: Any) -> PayleraCustomerIdentity:
        sent = request.headers.get(IDENTITY_HEADER)
        return PayleraCustomerIdentity(**json.loads(sent)) if sent else PayleraCustomerIdentity()

    def raises(_request: Any) -> PayleraCustomerIdentity:
        raise RuntimeError("the identity provider leaks pl_live_secret and alice@example.com")

    return {"header": from_header, "raises": raises, "none": lambda _: None, "text": lambda _: "alice"}[how]


def _csrf(csrf: Any, colour: Callable[..., Any]) -> Any:
    if not isinstance(csrf, dict):
        return csrf
    binding = colour(lambda request: request.headers.get(BINDING_HEADER)) if csrf.get("binding") == "header" else None
    return PayleraCsrfOptions(**csrf | {"binding": binding})


def _authorize(rules: dict[str, Any]) -> Callable[..., Any]:
    def authorize(action: str, identity: PayleraCustomerIdentity, resource: str | None) -> Any:
        rule = rules.get(action, True)
        if rule == "raises":
            raise RuntimeError("the policy service leaks alice@example.com")
        if isinstance(rule, dict):
            return rule == {"customer_id": identity.customer_id, "resource": resource}
        return rule

    return authorize


def _created(does: str, journal: Journal) -> Callable[..., Any]:
    def created(_request: Any, _identity: PayleraCustomerIdentity, customer: dict[str, Any]) -> None:
        journal.entries.append(f"created {customer['id']}")
        if does == "raises":
            raise RuntimeError("the merchant's function failed")

    return created


def _handler(key: str, does: str, journal: Journal) -> Callable[[Any], Any]:
    failed: set[str] = set()

    def handle(event: Any) -> None:
        journal.entries.append(f"{key} {type(event).__name__} {event.id}")
        if does == "raises" or (does == "raises once" and event.id not in failed):
            failed.add(event.id)
            raise RuntimeError("the handler leaks whsec_secret")

    return handle
