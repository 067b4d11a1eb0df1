"""Spans: the names and attributes that the contract lists, with a tracer of OpenTelemetry's shape."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import Any
from unittest import mock

import pytest
from opentelemetry.trace import SpanKind

from paylera import errors
from support.peers import always, json_reply, listening


class Recorder:
    """Records spans as (name, kind, attributes, error)."""

    def __init__(self) -> None:
        self.spans: list[tuple[str, Any, dict[str, Any], str | None]] = []

    @contextmanager
    def start_as_current_span(self, name: str, *, attributes: dict[str, Any], kind: Any = None) -> Any:
        found = dict(attributes)
        try:
            yield mock.Mock(set_attribute=found.__setitem__)
        except BaseException as error:
            self.spans.append((name, kind, found, type(error).__name__))
            raise
        self.spans.append((name, kind, found, None))


def test_span_of_a_write(face: Any) -> None:
    recorder = Recorder()
    with listening(always(json_reply({}))) as peer:
        face.connect(peer.url, tracer=recorder).track(
            customer_id="cus_1", feature_code="f", subscription_id="sub_1", idempotency_key="0123456789abc"
        )
    assert recorder.spans == [
        (
            "Paylera.Track",
            SpanKind.CLIENT,
            {
                "paylera.endpoint": "/v1/track",
                "paylera.api_mode": "custom",
                "paylera.idempotency_key": "01234567",
                "paylera.customer_id": "cus_1",
                "paylera.subscription_id": "sub_1",
                "http.method": "POST",
                "http.status_code": 200,
            },
            None,
        )
    ]


def test_span_of_a_refused_read(face: Any) -> None:
    recorder = Recorder()
    missing = always(json_reply({"type": "paylera.not_found"}, status="404 Not Found"))
    with listening(missing) as peer, pytest.raises(errors.NotFoundError):
        face.connect(peer.url, tracer=recorder).get_subscription("sub_1")
    ((name, _, attributes, error),) = recorder.spans
    assert (name, error) == ("Paylera.GetSubscription", "NotFoundError")
    assert attributes["paylera.endpoint"] == "/v1/subscriptions/{subscription_id}"
    assert attributes["http.status_code"] == 404
    assert attributes["paylera.problem.type"] == "paylera.not_found"
    assert "paylera.idempotency_key" not in attributes


def test_span_of_a_call_without_an_answer(face: Any) -> None:
    recorder = Recorder()
    with pytest.raises(errors.TransportError):
        face.connect("http://127.0.0.1:1", tracer=recorder, max_retries=0).list_customers(email="a@b.c")
    ((name, _, attributes, _),) = recorder.spans
    assert (name, attributes["paylera.problem.type"]) == ("Paylera.ListCustomers", "TransportError")
    assert "a@b.c" not in repr(attributes)


def test_span_of_a_raw_call_holds_no_path(face: Any) -> None:
    recorder = Recorder()
    with listening(always(json_reply({}))) as peer:
        face.connect(peer.url, tracer=recorder).request("POST", "/v1/customers/cus_secret", json=[1])
    ((name, _, attributes, _),) = recorder.spans
    assert name == "Paylera.Request"
    assert "cus_secret" not in repr(attributes)


def test_tracer_without_opentelemetry_installed(face: Any) -> None:
    recorder = Recorder()
    with listening(always(json_reply({}))) as peer, mock.patch.dict(sys.modules, {"opentelemetry.trace": None}):
        face.connect(peer.url, tracer=recorder).get_plan("pro")
    assert recorder.spans[0][1] is None
