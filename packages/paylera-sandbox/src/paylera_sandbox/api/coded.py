"""What has a code: products, plans and coupons. They are found by id or code, revised, and archived, never deleted."""

from __future__ import annotations

from typing import Any

from paylera_sandbox import fields
from paylera_sandbox.api.listing import filters, page
from paylera_sandbox.api.patches import merged
from paylera_sandbox.fields import Rules
from paylera_sandbox.kinds import Kind
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit

STATUSES = ("active", "archived")
_SORTS = ("updated_at", "code", "name")


def list_filters(**kinds: Kind[Any]) -> Rules:
    """Return the rules of a list of what has a code."""
    own = {"code": fields.identifier, "name": fields.text(), "status": fields.choice(*STATUSES)}
    return filters(sort=_SORTS, **own, updated_at=fields.timestamp, **kinds)


def listed(call: Call, table: str) -> Doc:
    """List what matches, and unless asked otherwise only what is active."""
    return page(call, table, status=None if "status" in call.query else "active")


def found(unit: Unit, table: str, name: str) -> Doc:
    """Return what is active under a code, else what has the id, or refuse."""
    doc = unit.store.first(table, code=name, status="active") or unit.store.find(table, name)
    if doc is None:
        raise Problem(
            f"{table[:-1]}.not_found", f"There is no {table[:-1]} '{name[:128]}'. GET /v1/{table} lists them."
        )
    return doc


def added(unit: Unit, table: str, doc: Doc, *, event: str | None = None) -> Doc:
    """Store something new; its code must be free."""
    if unit.store.first(table, code=doc["code"], status="active"):
        detail = f"There is a {table[:-1]} '{doc['code']}' already. Archive it first, or take another code."
        raise Problem(f"{table[:-1]}.code_taken", detail)
    stored = {**doc, "created_at": unit.stamp, "updated_at": unit.stamp, "_written": False}
    unit.store.insert(table, stored)
    if event:
        emit(unit, event, stored)
    return stored


def revised(unit: Unit, table: str, doc: Doc, given: dict[str, Any], *, event: str | None = None) -> Doc:
    """Change what was sent. Metadata is merged: null removes a key, and empty or null metadata all of them."""
    changed = {**doc, **given}
    if "metadata" in given:
        changed["metadata"] = merged(doc["metadata"], given["metadata"])
    if changed == doc:
        return doc
    changed["updated_at"] = unit.stamp
    unit.store.save(table, changed)
    if event:
        emit(unit, event, changed, before=doc)
    return changed


def archived(call: Call, table: str, *, event: str | None = None) -> Doc:
    """Take from the shelf: who has it keeps it, nobody else gets it, and its code is free again."""
    return revised(call.unit, table, found(call.unit, table, call.ids["id"]), {"status": "archived"}, event=event)
