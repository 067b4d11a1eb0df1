"""Reconcile: what the API delivered, or tried to, against what is in the inbox; what is missing is pulled.

Source: docs/api-objects.md, webhook deliveries.
"""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING, Any

from paylera.errors import NotFoundError, SignatureVerificationError
from paylera.flow import Callee, Flow, invoke
from paylera.system import new_idempotency_key
from paylera.webhooks.lanes import InboxRecord
from paylera.webhooks.stores import InboxQuery

if TYPE_CHECKING:
    from paylera.webhooks.inbox import Inbox
    from paylera.webhooks.refetch import Api

_ALL = "/v1/admin/webhook-endpoints"
_CHUNK = 200

log = logging.getLogger("paylera.webhooks")


@dataclass(frozen=True, slots=True)
class Drift:
    """What was found: `deliveries` looked at; ids of events that were `pulled` into the inbox, `asked_for` again where
    the API does not show their body, or are `unfinished` in the inbox (failed, dead, quarantined)."""

    endpoint_id: str
    deliveries: int
    pulled: tuple[str, ...] = ()
    asked_for: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()

    @property
    def missing(self) -> int:
        """Return how many events were not in the inbox."""
        return len(self.pulled) + len(self.asked_for)

    def __bool__(self) -> bool:
        return bool(self.pulled or self.asked_for or self.unfinished)


def reconcile(inbox: Inbox, api: Api, *, since: datetime, endpoint_id: str | None = None) -> Flow[Drift]:
    """Compare the deliveries to an endpoint since a moment with the inbox, and pull what is missing, oldest first.

    `endpoint_id` may be left out if there is one endpoint only; else a `ValueError` that names them all.
    """
    desk = _Desk(inbox, Callee.of(api.request), endpoint_id or (yield from _only_endpoint(api)))
    deliveries = list(reversed((yield from desk.deliveries(since))))
    known = yield from desk.known(deliveries)
    missing = {one["event_id"]: one for one in deliveries if one["event_id"] not in known}
    pulled: list[str] = []
    asked_for: list[str] = []
    for event_id, delivery in missing.items():
        is_pulled = yield from desk.pull(delivery)
        (pulled if is_pulled else asked_for).append(event_id)
    unfinished = (one.event_id for one in known.values() if one.state in ("failed", "dead", "quarantined"))
    return Drift(desk.endpoint_id, len(deliveries), tuple(pulled), tuple(asked_for), tuple(unfinished))


@dataclass(frozen=True, slots=True)
class _Desk:
    inbox: Inbox
    request: Callee
    endpoint_id: str

    @property
    def path(self) -> str:
        return f"{_ALL}/{self.endpoint_id}/deliveries"

    def deliveries(self, since: datetime) -> Flow[list[Mapping[str, Any]]]:
        """Return the deliveries since a moment, newest first, as the API lists them."""
        found: list[Mapping[str, Any]] = []
        cursors: list[str] = []
        while True:
            params = {"limit": 100} | ({"cursor": cursors[-1]} if cursors else {})
            page = yield from _ask(self.request, "GET", self.path, params=params)
            recent = [one for one in page["data"] if _moment(one["created_at"]) >= since]
            found += recent
            following = page.get("next_cursor") if page.get("has_more") else None
            if not following or following in cursors or len(recent) < len(page["data"]):
                return found
            cursors.append(following)

    def known(self, deliveries: Iterable[Mapping[str, Any]]) -> Flow[dict[str, InboxRecord]]:
        """Return the records of these events that are in the inbox."""
        records: dict[str, InboxRecord] = {}
        for ids in _chunks(dict.fromkeys(one["event_id"] for one in deliveries)):
            for record in (yield from self.inbox.find(InboxQuery(event_ids=ids, limit=len(ids)))):
                records[record.event_id] = record
        return records

    def pull(self, delivery: Mapping[str, Any]) -> Flow[bool]:
        """Take a missing event from the API itself; False if it was asked to send it again instead."""
        from paylera.webhooks.parsing import read_event

        path = f"{self.path}/{delivery['id']}"
        try:
            shown = yield from _ask(self.request, "GET", path)
            body = shown["request"]["body"].encode()
            event, _ = read_event(body)
        except (NotFoundError, KeyError, TypeError, AttributeError, SignatureVerificationError):
            yield from _ask(self.request, "POST", f"{path}/retry", idempotency_key=new_idempotency_key())
            log.warning("event %s is missing; the API was asked to send it again", delivery["event_id"])
            return False
        log.warning("event %s is missing; it is pulled", event.id)
        yield from self.inbox.receive(event, payload=body)
        return True


def _only_endpoint(api: Api) -> Flow[str]:
    page = yield from _ask(Callee.of(api.request), "GET", _ALL)
    ids = [one["id"] for one in page["data"]]
    if not ids:
        raise ValueError("there is no webhook endpoint: make one with create_webhook_endpoint, or in the dashboard")
    if len(ids) > 1:
        msg = f"there are several webhook endpoints; name one with --endpoint (endpoint_id=): {', '.join(ids)}"
        raise ValueError(msg)
    return str(ids[0])


def _ask(request: Callee, *args: Any, **options: Any) -> Flow[Any]:
    return (yield from invoke(Callee(partial(request.function, **options), request.is_async), *args))


def _moment(text: str) -> datetime:
    moment = datetime.fromisoformat(text)
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _chunks(ids: Iterable[str]) -> Iterator[tuple[str, ...]]:
    remaining = iter(ids)
    while chunk := tuple(islice(remaining, _CHUNK)):
        yield chunk
