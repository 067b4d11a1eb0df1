"""`events` and `trigger`: what happened, sending it again, and making something happen."""

from __future__ import annotations

import json
from typing import Annotated, Any

from paylera_sandbox.cli.connection import Doc, segment
from paylera_sandbox.cli.exits import misused
from paylera_sandbox.cli.parameters import Argument, Option
from paylera_sandbox.cli.session import Session, talks

_COLUMNS = ("occurred_at", "type", "id", "aggregate_id")


@talks
def listing(
    session: Session,
    *,
    type_: Annotated[str | None, Option("--type", help="Only events of this type.")] = None,
    aggregate: Annotated[str | None, Option(help="Only those of this object, by its id.")] = None,
    limit: Annotated[int, Option(min=1, max=10_000, help="At most so many.")] = 25,
) -> None:
    """List the latest events, newest first."""
    found = session.sandbox.all("/v1/admin/events", limit=limit, type=type_, aggregate_id=aggregate)
    session.out.table(found, _COLUMNS, empty="Nothing has happened yet.")


@talks
def show(session: Session, event_id: Annotated[str, Argument(metavar="ID", help="The id of an event.")]) -> None:
    """Show one event as it is delivered."""
    found = session.sandbox.get(f"/v1/admin/events/{segment(event_id)}")
    session.out.result(found, json.dumps(found, indent=2, ensure_ascii=False))


@talks
def resend(
    session: Session,
    event_id: Annotated[str, Argument(metavar="ID", help="The id of an event.")],
    *,
    endpoint: Annotated[str | None, Option(help="Only to this endpoint; else to all that want the type.")] = None,
) -> None:
    """Send an event again, with the same id and the same bytes."""
    body = {} if endpoint is None else {"endpoint_id": endpoint}
    found = session.sandbox.post(f"/sandbox/events/{segment(event_id)}/resend", body)
    session.out.result(found, f"Queued {_deliveries(found)} of {event_id}.")


@talks
def trigger(
    session: Session,
    event_type: Annotated[str, Argument(metavar="TYPE", help="An event type, for example invoice.paid.")],
    *,
    settings: Annotated[
        list[str] | None,
        Option("--set", metavar="PATH=VALUE", help="Set a member of the data, for example metadata.order=7."),
    ] = None,
    object_id: Annotated[
        str | None,
        Option("--object", metavar="ID", help="Tell of this object; else of the newest, or a made-up one."),
    ] = None,
) -> None:
    """Make an event of any type and send it to all endpoints that want it. No object changes."""
    body: Doc = {"type": event_type, "set": _settings(settings or [])}
    if object_id is not None:
        body["object_id"] = object_id
    found = session.sandbox.post("/sandbox/trigger", body)
    session.out.result(found, f"{found['event']['id']} {event_type}: queued {_deliveries(found)}.")


def _deliveries(found: Doc) -> str:
    number = len(found["deliveries"])
    return "1 delivery" if number == 1 else f"{number} deliveries"


def _settings(given: list[str]) -> dict[str, Any]:
    """Read PATH=VALUE; a value that is JSON counts as such, all others are texts."""
    read: dict[str, Any] = {}
    for setting in given:
        path, equals, value = setting.partition("=")
        if not equals or not path or not all(path.split(".")):
            misused(f"'{setting}' is not of the form a.b=value", "--set")
        read[path] = _value(value)
    return read


def _value(text: str) -> Any:
    """Read a value. Amounts are texts in this API, so a number with a point stays one."""
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return text if isinstance(value, float) else value
