"""`faults`: what is to go wrong, on demand."""

from __future__ import annotations

import json
from typing import Annotated

from paylera_sandbox.cli.connection import Doc, segment
from paylera_sandbox.cli.exits import misused
from paylera_sandbox.cli.parameters import Argument
from paylera_sandbox.cli.session import Session, talks

_COLUMNS = ("id", "action", "limits", "matched", "fired")
_NUMBERS = {"skip", "times", "seed", "milliseconds", "seconds", "retry_after", "status"}  # all else are texts
_SCHEDULE = {"id", "object", "number", "action", "matched", "fired", "recent", "created_at"}


@talks
def listing(session: Session) -> None:
    """List the faults, and how often each has matched and fired."""
    found = session.sandbox.get("/sandbox/faults")["data"]
    rows = found if session.out.as_json else [{**fault, "limits": _limits(fault)} for fault in found]
    session.out.table(rows, _COLUMNS, empty="No faults: everything works.")


@talks
def add(
    session: Session,
    action: Annotated[str, Argument(help="What goes wrong; `faults actions` lists it.")],
    settings: Annotated[
        list[str] | None,
        Argument(metavar="[NAME=VALUE]...", help="path=/v1/track times=3, for example."),
    ] = None,
) -> None:
    """Let something go wrong: faults add latency milliseconds=500 path=/v1/attach times=3."""
    body: Doc = {"action": action}
    for setting in settings or []:
        name, equals, value = setting.partition("=")
        if not equals or not name:
            misused(f"'{setting}' is not of the form name=value", "NAME=VALUE")
        body[name] = int(value) if name in _NUMBERS and value.isascii() and value.isdigit() else value
    found = session.sandbox.post("/sandbox/faults", body)
    session.out.result(found, f"{found['id']}: {action} {_limits(found)}".rstrip())


@talks
def remove(session: Session, fault_id: Annotated[str, Argument(metavar="ID", help="The id of a fault.")]) -> None:
    """Take one fault away."""
    session.sandbox.delete(f"/sandbox/faults/{segment(fault_id)}")
    session.out.result({"id": fault_id, "deleted": True}, f"{fault_id} is gone.")


@talks
def clear(session: Session) -> None:
    """Take all faults away."""
    session.sandbox.delete("/sandbox/faults")
    session.out.result({"cleared": True}, "No faults: everything works.")


@talks
def actions(session: Session) -> None:
    """List what can go wrong, and what each takes."""
    found = session.sandbox.get("/sandbox/fault-actions")["data"]
    names = ("matches_by", "parameters")
    rows = [{**action, **{name: ", ".join(action[name]) for name in names}} for action in found]
    session.out.table(found if session.out.as_json else rows, ("action", "description", *names), empty="There is none.")


def _limits(fault: Doc) -> str:
    """Write the settings of a fault as `add` takes them."""
    told = {name: value for name, value in fault.items() if name not in _SCHEDULE and value not in {None, 0}}
    return " ".join(f"{name}={value if isinstance(value, str) else json.dumps(value)}" for name, value in told.items())
