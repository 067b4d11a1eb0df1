"""The request log: `/sandbox/requests`."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.control.commands import Order
from paylera_sandbox.fields import Rule
from paylera_sandbox.recorder import RecordedRequest
from paylera_sandbox.store import Doc

_SECRET_HEADERS = {"authorization", "cookie"}
FILTERS = {
    "limit": Rule(fields.integer(1, 1000), default=100),
    "method": Rule(fields.choice("GET", "HEAD", "POST", "PATCH", "PUT", "DELETE", "OPTIONS")),
    "path": Rule(fields.text(longest=500)),
    "idempotency_key": Rule(fields.text()),
}


async def listing(order: Order) -> Doc:
    """List the latest requests to the API, newest first. Those to `/sandbox` are not kept."""
    wanted = {name: value for name, value in order.query.items() if name != "limit"}
    found = [request for request in reversed(order.engine.recorder.requests()) if _fits(request, wanted)]
    limit = order.query["limit"]
    return {"data": [shown(request) for request in found[:limit]], "has_more": len(found) > limit, "next_cursor": None}


async def clear(order: Order) -> None:
    """Forget the requests so far."""
    order.engine.recorder.clear()


def shown(request: RecordedRequest) -> Doc:
    """Return a request as the API shows it, without the token; bodies are texts."""
    return {
        "object": "request",
        "number": request.number,
        "at": request.at,
        "method": request.method,
        "path": request.path,
        "query": request.query,
        "headers": {name: value for name, value in request.headers.items() if name not in _SECRET_HEADERS},
        "body": request.body.decode("utf-8", "replace"),
        "idempotency_key": request.idempotency_key,
        "request_id": request.request_id,
        "status": request.status,
        "answer": request.answer.decode("utf-8", "replace"),
        "replayed": request.replayed,
        "fault": request.fault,
        "duration_ms": round(request.duration_ms, 3),
    }


def _fits(request: RecordedRequest, wanted: Doc) -> bool:
    return all(getattr(request, name) == value for name, value in wanted.items())
