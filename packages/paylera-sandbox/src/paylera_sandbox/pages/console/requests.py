"""The request log: what apps asked of the API, and what they got."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from paylera_sandbox.pages.console.listing import PAGE, Listing, place
from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.rendering import Page, Redirect, notice
from paylera_sandbox.pages.words import query
from paylera_sandbox.recorder import RecordedRequest

METHODS = ("GET", "POST", "PATCH", "DELETE")
# What may be asked of the log, beside the method and words in the path.
OUTCOMES: Mapping[str, Callable[[RecordedRequest], bool]] = {
    "succeeded": lambda request: request.status < 400,
    "refused": lambda request: 400 <= request.status < 500,
    "failed": lambda request: request.status >= 500,
    "replayed": lambda request: request.replayed,
    "fault_made": lambda request: request.fault is not None,
}
_FILTERS = ("q", "method", "outcome")
_SHOWN_OF_TOKEN = 12


def show(visit: Visit) -> Answer:
    """List requests, the newest first."""
    chosen = {name: visit.query[name] for name in _FILTERS if visit.query.get(name)}
    found = _page(_matching(visit.engine.recorder.requests(), chosen), chosen, place(visit.query.get("after")))
    values = {"here": "requests", "listing": found, "methods": METHODS, "outcomes": tuple(OUTCOMES)}
    return Page("console/requests.html", values)


def detail(visit: Visit) -> Answer:
    """Show one request."""
    number = place(visit.ids["number"])
    request = visit.engine.recorder.find(number) if number is not None else None
    if request is None:
        text = "The log keeps the latest requests only, and begins anew with the sandbox."
        return notice(404, "The log does not hold this request", text, frame="console/layout.html")
    headers = {**request.headers, **_hidden(request.headers)}
    return Page("console/request.html", {"here": "requests", "request": request, "headers": headers})


def clear(visit: Visit) -> Answer:
    """Forget all requests."""
    visit.engine.recorder.clear()
    return Redirect("/console/requests")


def _matching(requests: list[RecordedRequest], chosen: Mapping[str, str]) -> list[RecordedRequest]:
    words, method = chosen.get("q", "").strip(), chosen.get("method")
    outcome = OUTCOMES.get(chosen.get("outcome", ""))
    return [
        request
        for request in reversed(requests)
        if (not method or request.method == method)
        and (outcome is None or outcome(request))
        and (not words or words in _text(request))
    ]


def _text(request: RecordedRequest) -> str:
    return "\n".join((request.path, request.query, request.request_id, request.idempotency_key or ""))


def _page(found: list[RecordedRequest], chosen: Mapping[str, str], after: int | None) -> Listing:
    rest = [request for request in found if after is None or request.number < after]
    rows = rest[:PAGE]
    older = query({**chosen, "after": rows[-1].number}) if len(rest) > PAGE else None
    return Listing(rows, newer=(query(chosen) or "?") if after else None, older=older, filters=chosen)


def _hidden(headers: Mapping[str, str]) -> dict[str, str]:
    """Return the authorization without its end: whoever looks at a log over a shoulder needs no token."""
    token = headers.get("authorization")
    return {"authorization": f"{token[:_SHOWN_OF_TOKEN]}…"} if token else {}
