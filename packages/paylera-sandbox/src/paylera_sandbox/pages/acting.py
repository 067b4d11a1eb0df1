"""Doing what the API does, from a form: the operation of the route table runs, in the page's own transaction."""

from __future__ import annotations

import re

from paylera_sandbox import fields
from paylera_sandbox.control.commands import Order
from paylera_sandbox.control.routes import COMMANDS
from paylera_sandbox.operations import Call, Operation
from paylera_sandbox.pages.endpoint import Errand, Visit
from paylera_sandbox.routes import OPERATIONS
from paylera_sandbox.store import Doc

_COMMANDS = {(command.method, command.path): command for command in COMMANDS}
_BY_ROUTE = {(operation.method, operation.path): operation for operation in OPERATIONS}


def operation(method: str, path: str) -> Operation:
    """Return an operation of the API by its method and its path with placeholders."""
    return _BY_ROUTE[method, path]


def perform(visit: Visit, method: str, path: str, body: Doc | None = None, **ids: str) -> Doc:
    """Run an operation and return its answer. Refusals are the same problems that the API answers."""
    found = operation(method, path)
    query, read = fields.read({}, found.query), fields.read(body or {}, found.body)
    answer = found.handler(Call(visit.unit, ids, query, read))
    return answer if isinstance(answer, dict) else {}


async def command(errand: Errand, method: str, path: str, body: Doc | None = None, **ids: str) -> Doc:
    """Run a command of the control API and return its answer."""
    found = _COMMANDS[method, path]
    query, read = fields.read({}, found.query), fields.read(body or {}, found.body)
    answer = await found.handler(Order(errand.namespaces, errand.namespace, ids, query, read))
    return answer if isinstance(answer, dict) else {}


def given(visit: Visit | Errand, *names: str) -> Doc:
    """Return the fields of the form that are not blank."""
    return {name: visit.form[name].strip() for name in names if visit.form.get(name, "").strip()}


def dated(fields: Doc, name: str) -> Doc:
    """Read what a browser's date field gives, which has no offset and perhaps no seconds, as UTC."""
    found = re.fullmatch(r"(\d{4}-\d\d-\d\dT\d\d:\d\d)(:\d\d)?", fields.get(name, ""), re.ASCII)
    return {**fields, name: f"{found[1]}{found[2] or ':00'}.000Z"} if found else fields
