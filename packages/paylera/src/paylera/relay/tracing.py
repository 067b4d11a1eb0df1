"""Spans of relay calls, when the merchant hands over an OpenTelemetry tracer; without one nothing is loaded or done.

Source: contract section 10.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

Note = Callable[[str, Any], None]
"""Sets one attribute of the call's span."""


class Trace:
    """The span of one relay call. It is never made the current one: a flow may be resumed in another context."""

    __slots__ = ("_span",)

    def __init__(self, tracer: Any, action: str, method: str) -> None:
        self._span: Any = None
        if tracer is not None:
            name = f"Paylera.Relay.{action.replace('-', ' ').title().replace(' ', '')}"
            self._span = tracer.start_span(name, attributes={"http.method": method}, **_kind())

    def note(self, name: str, value: Any) -> None:
        """Set one attribute; None is left out, and of an idempotency key only the first 8 characters are shown."""
        if self._span is not None and value is not None:
            self._span.set_attribute(name, value[:8] if name == "paylera.idempotency_key" else value)

    def end(self) -> None:
        """End the span."""
        if self._span is not None:
            self._span.end()


def _kind() -> dict[str, Any]:
    try:
        from opentelemetry.trace import SpanKind
    except ImportError:  # a tracer of the merchant's own making
        return {}
    return {"kind": SpanKind.SERVER}
