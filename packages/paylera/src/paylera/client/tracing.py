"""Spans, when the user hands over an OpenTelemetry tracer; without one nothing is loaded and nothing is done.

Source: contract section 10.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any

from paylera.client.calls import Call

Note = Callable[[str, Any], None]
"""Sets one attribute of the running span."""


@contextmanager
def span(tracer: Any, call: Call[Any], *, mode: str, key: str | None) -> Iterator[Note]:
    """Run the body of a `with` inside the span of one call."""
    if tracer is None:
        yield _ignore
        return
    with tracer.start_as_current_span(
        f"Paylera.{call.operation}", attributes=_attributes(call, mode, key), **_kind()
    ) as running:
        yield running.set_attribute


def _ignore(_name: str, _value: Any) -> None:
    pass


def _kind() -> Mapping[str, Any]:
    try:
        from opentelemetry.trace import SpanKind
    except ImportError:  # a tracer of the user's own making
        return {}
    return {"kind": SpanKind.CLIENT}


def _attributes(call: Call[Any], mode: str, key: str | None) -> dict[str, str]:
    known = {**call.params, **(call.body if isinstance(call.body, Mapping) else {}), **call.ids}
    found = {
        "paylera.endpoint": None if call.is_raw else call.template,  # a raw path holds ids
        "paylera.api_mode": mode,
        "http.method": call.method,
        "paylera.idempotency_key": key and key[:8],
        "paylera.customer_id": known.get("customer_id"),
        "paylera.subscription_id": known.get("subscription_id"),
    }
    return {name: value for name, value in found.items() if isinstance(value, str)}
