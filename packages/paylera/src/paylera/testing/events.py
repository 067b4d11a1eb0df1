"""Events for tests: an envelope around the sample data of any type, with what the test cares about put in."""

from __future__ import annotations

from collections.abc import Mapping
from copy import deepcopy
from datetime import UTC, datetime
from typing import Any, TypeVar, overload

from paylera.system import REAL, uuid7
from paylera.testing.changes import PREVIOUS, changes
from paylera.testing.samples import FAMILIES, sample_id, stamp
from paylera.webhooks.catalogue import EVENT_TYPES
from paylera.webhooks.event import PayleraWebhookEvent

E = TypeVar("E", bound=PayleraWebhookEvent)


def event_payload(event_type: str, *, data: Mapping[str, Any] | None = None, **envelope: Any) -> dict[str, Any]:
    """Return the JSON object of one event as Paylera would send it.

    `data` replaces members of the sample data, `envelope` those of the envelope (`id`, `occurred_at`, ...). The event
    id is fresh every time, so that no receiver takes the event for a repeated one. A type outside the catalogue has the
    data of its family, or none.
    """
    at = datetime.fromtimestamp(REAL.now(), UTC)
    family = event_type.partition(".")[0]
    content, aggregate = _content(family, event_type, data or {}, at)
    payload: dict[str, Any] = {
        "id": f"evt_{uuid7().replace('-', '')}",
        "type": event_type,
        "occurred_at": stamp(at),
        "schema_version": 1,
        "tenant_id": sample_id("ten"),
        **aggregate,
        "data": content,
    }
    if event_type in PREVIOUS:
        payload["previous_attributes"] = dict(PREVIOUS[event_type])
    return payload | envelope


@overload
def make_event(event: type[E], *, data: Mapping[str, Any] | None = None, **envelope: Any) -> E: ...


@overload
def make_event(event: str, *, data: Mapping[str, Any] | None = None, **envelope: Any) -> PayleraWebhookEvent: ...


def make_event(
    event: type[PayleraWebhookEvent] | str, *, data: Mapping[str, Any] | None = None, **envelope: Any
) -> PayleraWebhookEvent:
    """Return one event, typed: `make_event(InvoicePaidEvent, data={"amount_paid": "5.00"})`.

    `event` is a class of `paylera.webhooks` or a type (`"invoice.paid"`). Unlike a receiver, this raises pydantic's
    `ValidationError` when `data` does not fit the class: a test should not go on with something else.
    """
    event_type = event if isinstance(event, str) else _type_of(event)
    cls = EVENT_TYPES.get(event_type, PayleraWebhookEvent)
    return cls.model_validate(event_payload(event_type, data=data, **envelope))


def _content(
    family: str, event_type: str, data: Mapping[str, Any], at: datetime
) -> tuple[dict[str, Any], dict[str, str]]:
    if family not in FAMILIES:
        return dict(data), {"aggregate_type": family, "aggregate_id": str(data.get("id", ""))}
    sample, aggregate_type, member = FAMILIES[family]
    content = deepcopy({**sample(at), **changes(event_type, at), **data})
    return content, {"aggregate_type": aggregate_type, "aggregate_id": str(content.get(member, ""))}


def _type_of(cls: type[PayleraWebhookEvent]) -> str:
    for event_type, known in EVENT_TYPES.items():
        if known is cls:
            return event_type
    msg = f"{cls.__name__} stands for no single type; name one, for example 'invoice.paid'"
    raise ValueError(msg)
