"""Spans: one per handled event, with ids and codes and nothing else."""

from __future__ import annotations

import builtins
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from .deliveries import answer, delivery, receiver


class Tracer:
    """Records spans as an OpenTelemetry tracer would be asked for them."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, dict[str, Any]]] = []
        self.options: dict[str, Any] = {}
        self.is_open = False

    @contextmanager
    def start_as_current_span(self, name: str, *, attributes: dict[str, Any], **options: Any) -> Iterator[Any]:
        """Open a span."""
        self.spans.append((name, dict(attributes)))
        self.options = options
        self.is_open = True
        try:
            yield self
        finally:
            self.is_open = False

    def set_attribute(self, name: str, value: Any) -> None:
        """Set an attribute of the running span."""
        self.spans[-1][1][name] = value


@pytest.mark.parametrize(
    ("event_type", "ids"),
    [
        ("invoice.paid", {"customer", "subscription"}),
        ("subscription.canceled", {"customer", "subscription"}),
        ("customer.created", {"customer"}),
        ("webhook_endpoint.created", set()),
        ("usage.recorded", {"customer", "subscription"}),
        ("galaxy.collided", set()),
    ],
)
def test_a_handled_event_has_a_span(event_type: str, ids: set[str]) -> None:
    """It is open while the handler runs, and named after the type."""
    tracer, seen = Tracer(), []
    target = receiver(handlers={"*": lambda _event: seen.append(tracer.is_open)}, tracer=tracer)
    assert answer(target, delivery(event_type)).status == 200
    ((name, attributes),) = tracer.spans
    assert name == f"Paylera.Webhook.{event_type}"
    assert attributes.keys() == {"http.method", "http.status_code"} | {f"paylera.{key}_id" for key in ids}
    assert attributes["http.status_code"] == 200
    assert seen == [True]
    assert tracer.options["kind"].name == "SERVER"


def test_a_failure_is_noted_without_what_was_raised() -> None:
    """The code and the status; exception messages stay in the log."""
    tracer = Tracer()
    target = receiver(handlers={"*": lambda _event: 1 / 0}, tracer=tracer)
    assert answer(target, delivery()).status == 500
    attributes = tracer.spans[0][1]
    assert (attributes["http.status_code"], attributes["paylera.problem.type"]) == (500, "paylera.internal")
    assert tracer.options["record_exception"] is False
    assert not tracer.is_open


def test_what_is_not_handled_has_no_span() -> None:
    """Strangers do not fill the traces."""
    tracer = Tracer()
    target = receiver(handlers={"invoice.paid": print}, tracer=tracer)
    assert answer(target, delivery("invoice.voided")).status == 200
    assert answer(target, delivery(secret="whsec_other")).status == 401
    assert not tracer.spans


def test_a_tracer_of_ones_own_works_without_opentelemetry(monkeypatch: pytest.MonkeyPatch) -> None:
    """Then the span has no kind."""
    real = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name.startswith("opentelemetry"):
            raise ImportError(name)
        return real(name, *args)

    tracer = Tracer()
    target = receiver(handlers={"*": lambda _event: None}, tracer=tracer)
    monkeypatch.setattr(builtins, "__import__", without)
    assert answer(target, delivery()).status == 200
    assert "kind" not in tracer.options
