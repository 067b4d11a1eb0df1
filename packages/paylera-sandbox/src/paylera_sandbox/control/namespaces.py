"""Namespaces: `/sandbox/namespaces`. The token of any of them reaches all: this is a tool, not a wall."""

from __future__ import annotations

from paylera_sandbox.control.commands import Order
from paylera_sandbox.kinds import Invalid, accepts, matching
from paylera_sandbox.namespaces import NAME, Namespace
from paylera_sandbox.rules import Rule
from paylera_sandbox.store import Doc


@accepts({**matching(NAME), "examples": ["ada"]})
def name(value: object) -> str:
    """Take the name of a namespace, which becomes part of its token, its file and its pages' paths."""
    if not isinstance(value, str) or not NAME.fullmatch(value):
        raise Invalid("namespace.invalid_name", "must be 1 to 40 lower-case letters, digits or '-', not '-' first")
    return value


CREATE = {"name": Rule(name, required=True)}


async def create(order: Order) -> Doc:
    """Make a namespace."""
    return shown(order.namespaces.create(order.body["name"]))


async def listing(order: Order) -> Doc:
    """List all namespaces, the default one first."""
    return {"data": [shown(namespace) for namespace in order.namespaces], "has_more": False, "next_cursor": None}


async def get(order: Order) -> Doc:
    """Return a namespace."""
    return shown(order.namespaces.need(order.ids["name"]))


async def delete(order: Order) -> None:
    """Delete a namespace with all its data."""
    await order.namespaces.delete(order.ids["name"])


def shown(namespace: Namespace) -> Doc:
    """Return a namespace as the API shows it. `url` is where its pages begin; the API has one URL for all."""
    return {
        "object": "namespace",
        "name": namespace.name,
        "mode": namespace.mode,
        "token": namespace.engine.token,
        "url": namespace.engine.base_url,
    }
