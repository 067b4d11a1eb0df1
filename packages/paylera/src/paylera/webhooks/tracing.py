"""Spans of handled deliveries, when the merchant hands over an OpenTelemetry tracer; without one nothing is done.

Source: contract section 10. Attributes hold ids and codes, never payloads, nor what a handler raised.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from paylera.problems import Problem

if TYPE_CHECKING:
    from paylera.webhooks.event import PayleraWebhookEvent


@contextmanager
def span(tracer: Any, event: PayleraWebhookEvent, *, position: int | None = 0) -> Iterator[None]:
    """Run the body of a `with` inside the span of one event, so that the handler's own spans lie within it.

    `position` is that of the secret which signed it; told when it is not the first, which is then still needed.
    """
    if tracer is None:
        yield
        return
    with tracer.start_as_current_span(
        f"Paylera.Webhook.{event.type}",
        attributes={"http.method": "POST", **_ids(event), **_position(position)},
        record_exception=False,
        set_status_on_exception=False,
        **_kind(),
    ) as running:
        try:
            yield
        except Problem as refused:
            running.set_attribute("http.status_code", refused.status)
            running.set_attribute("paylera.problem.type", refused.type)
            raise
        running.set_attribute("http.status_code", 200)


def _position(position: int | None) -> dict[str, int]:
    return {"paylera.webhook.secret_position": position} if position else {}


def _kind() -> Mapping[str, Any]:
    try:
        from opentelemetry.trace import SpanKind
    except ImportError:  # a tracer of the merchant's own making
        return {}
    return {"kind": SpanKind.SERVER}


def _ids(event: PayleraWebhookEvent) -> dict[str, str]:
    data = event.data if isinstance(event.data, dict) else dict(event.data)
    found = {name: data.get(f"{name}_id") for name in ("customer", "subscription")}
    if event.aggregate_type in found:
        found[event.aggregate_type] = event.aggregate_id
    return {f"paylera.{name}_id": value for name, value in found.items() if isinstance(value, str) and value}
