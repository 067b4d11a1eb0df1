"""The receiver: the status table, one handler per event, and nothing in an answer or a log that must not be there."""

from __future__ import annotations

import json
import logging
import traceback
from dataclasses import replace
from typing import Any

import pytest

from paylera.errors import SignatureVerificationError
from paylera.flow import Invoke, run
from paylera.http import Request, Response
from paylera.problems import TITLES
from paylera.system import System
from paylera.webhooks import MAX_BODY, InvoicePaidEvent, PayleraWebhookEvent, SubscriptionCanceledEvent
from paylera.webhooks import signatures as signatures_module
from support.stepping import Script

from .deliveries import CLOCK, SECRET, answer, delivery, receiver


def problem(response: Response, type_: str) -> dict[str, Any]:
    """Check that an answer is this problem, and return it."""
    document: dict[str, Any] = json.loads(response.body)
    status, title = TITLES[type_]
    assert response.status == document["status"] == status
    assert (document["type"], document["title"]) == (type_, title)
    assert response.header("content-type") == "application/problem+json"
    assert response.header("x-request-id") == document["request_id"]
    assert set(document) == {"type", "title", "status", "detail", "request_id"}
    return document


def test_a_handled_event_is_acknowledged() -> None:
    """200, the documented body, and the headers every answer has."""
    seen: list[PayleraWebhookEvent] = []
    response = answer(receiver(handlers={"invoice.paid": seen.append}), delivery(data={"amount_paid": "5.00"}))
    assert (response.status, response.body) == (200, b'{"received": true}')
    assert dict(response.headers) | {"x-request-id": ""} == {
        "content-type": "application/json",
        "content-length": "18",
        "cache-control": "private, no-store",
        "x-content-type-options": "nosniff",
        "x-request-id": "",
    }
    (event,) = seen
    assert isinstance(event, InvoicePaidEvent)
    assert str(event.data.amount_paid) == "5.00"


def test_an_event_without_a_handler_is_acknowledged() -> None:
    """Paylera sends new types to old receivers."""
    seen: list[Any] = []
    target = receiver(handlers={"invoice.paid": seen.append})
    assert answer(target, delivery("galaxy.collided")).status == 200
    assert not seen


@pytest.mark.parametrize("method", ["GET", "HEAD", "OPTIONS", "PUT", "DELETE", "PATCH", "post", "BREW"])
def test_only_post_is_answered(method: str) -> None:
    """405 with `Allow`; a HEAD has the headers of its GET and no body."""
    response = answer(receiver(), replace(delivery(), method=method))
    assert response.header("allow") == "POST"
    if method == "HEAD":
        assert (response.status, response.body) == (405, b"")
        assert int(response.header("content-length") or 0) > 0
    else:
        problem(response, "paylera.method_not_allowed")


def test_a_body_over_the_cap_is_refused() -> None:
    """The host stops reading and says so; a host that does not stop is caught as well."""
    assert MAX_BODY == 1024 * 1024
    problem(answer(receiver(), replace(delivery(), truncated=True)), "paylera.payload_too_large")
    problem(answer(receiver(), replace(delivery(), body=b"x" * (MAX_BODY + 1))), "paylera.payload_too_large")
    problem(answer(receiver(), replace(delivery(), body=b"x" * MAX_BODY)), "paylera.webhook_signature_invalid")


@pytest.mark.parametrize(
    ("headers", "detail"),
    [
        ((), "there is no Paylera-Signature header"),
        ((("paylera-signature", "junk"),), "is not `t="),
        ((("paylera-signature", f"t={int(CLOCK.time)},v1={'0' * 64}"),), "matches no accepted secret"),
    ],
)
def test_a_stranger_gets_401(headers: Any, detail: str, caplog: pytest.LogCaptureFixture) -> None:
    """With the reason in words, which the log has too: a wrong secret must be findable."""
    refused = problem(answer(receiver(), replace(delivery(), headers=headers)), "paylera.webhook_signature_invalid")
    assert detail in refused["detail"]
    assert detail in caplog.text


def test_a_repeated_header_is_refused() -> None:
    """Two parties must not be able to read two different headers."""
    request = delivery()
    repeated = replace(request, headers=request.headers + request.headers)
    refused = problem(answer(receiver(), repeated), "paylera.webhook_signature_invalid")
    assert "sent once" in refused["detail"]


def test_a_signed_body_without_an_event_gets_400() -> None:
    """It is Paylera's, but there is nothing to dispatch."""
    header = signatures_module.sign(b"{}", SECRET, timestamp=int(CLOCK.time))
    request = Request("POST", "http://localhost/", (("paylera-signature", header),), b"{}")
    problem(answer(receiver(), request), "paylera.webhook_malformed")


def test_the_window_is_that_of_the_setting() -> None:
    """On both sides of the clock that was handed in."""
    target = receiver(tolerance_seconds=10)
    early, late = (System(now=lambda shift=shift: CLOCK.time + shift) for shift in (-11, 11))
    for system, reason in ((early, "in the future"), (late, "older than")):
        target = receiver(tolerance_seconds=10, system=system)
        refused = problem(answer(target, delivery()), "paylera.webhook_signature_invalid")
        assert reason in refused["detail"]


def test_rotation() -> None:
    """Deliveries signed with the old or the new secret are accepted, those with a third are not."""
    target = receiver(accepted_secrets=["whsec_old", "", None])
    assert answer(target, delivery(secret="whsec_old")).status == 200
    assert answer(target, delivery()).status == 200
    assert answer(target, delivery(secret="whsec_third")).status == 401


def test_a_request_id_is_kept_if_it_is_one() -> None:
    """A caller's id is repeated, a hostile or a double one is replaced."""
    request = delivery()
    for sent, kept in (("trace-123.A_b", True), ("short", False), ("a b c d e f g", False), ("x" * 65, False)):
        named = replace(request, headers=(*request.headers, ("x-request-id", sent)))
        assert (answer(receiver(), named).header("x-request-id") == sent) is kept
    twice = replace(request, headers=(*request.headers, *[("x-request-id", "trace-1234")] * 2))
    assert answer(receiver(), twice).header("x-request-id") != "trace-1234"


HANDLERS = ("subscription.canceled", "subscription.*", "payment.deep.*", "payment.*", "*")


@pytest.mark.parametrize(
    ("event_type", "keys", "chosen"),
    [
        ("subscription.canceled", HANDLERS, "subscription.canceled"),
        ("subscription.updated", HANDLERS, "subscription.*"),
        ("subscription_schedule.created", HANDLERS, "*"),
        ("payment.deep.sea", HANDLERS, "payment.deep.*"),
        ("payment.deep.sea.fish", HANDLERS, "payment.deep.*"),
        ("payment.deepest.sea", HANDLERS, "payment.*"),
        ("payment", HANDLERS, "*"),
        ("payment", HANDLERS[:-1], None),
        ("usage.recorded", HANDLERS[:-1], None),
        ("usage.recorded", ("usage.*",), "usage.*"),
    ],
)
def test_the_most_specific_handler_runs_alone(event_type: str, keys: Any, chosen: str | None) -> None:
    """The exact type, else the longest prefix, else the star."""
    seen: list[str] = []
    handlers = {key: lambda _event, key=key: seen.append(key) for key in keys}
    assert answer(receiver(handlers=handlers), delivery(event_type)).status == 200
    assert seen == ([chosen] if chosen else [])


def test_a_handler_is_invoked_with_the_event_and_its_colour() -> None:
    """The flow asks its host for the call; it never runs the function itself."""

    async def on_canceled(event: SubscriptionCanceledEvent) -> None:
        raise AssertionError

    flow = receiver(handlers={"subscription.canceled": on_canceled}).handle(delivery("subscription.canceled"))
    effect = next(flow)
    assert isinstance(effect, Invoke)
    assert effect.callee.function is on_canceled
    assert effect.callee.is_async
    assert isinstance(effect.args[0], SubscriptionCanceledEvent)
    with pytest.raises(StopIteration) as stop:
        flow.send(None)
    assert stop.value.value.status == 200


def test_a_handler_that_fails_gets_500_and_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """The answer has nothing of the exception; the log has its traceback, the event's id and type, no payload."""

    def on_paid(_event: Any) -> None:
        raise RuntimeError("the database password is hunter2")

    request = delivery(id="evt_77", data={"number": "INV-SECRET"})
    response = answer(receiver(handlers={"*": on_paid}), request)
    refused = problem(response, "paylera.internal")
    assert b"hunter2" not in response.body
    assert "on_paid" not in json.dumps(refused)
    record = next(record for record in caplog.records if record.levelno == logging.ERROR)
    assert "evt_77" in record.getMessage()
    assert "invoice.paid" in record.getMessage()
    assert "hunter2" in caplog.text
    assert "INV-SECRET" not in caplog.text
    assert SECRET not in caplog.text


def test_a_fault_of_the_receiver_itself_is_an_answer_too(caplog: pytest.LogCaptureFixture) -> None:
    """And no frame of it shows the secret to an error tracker."""
    broken = System(now=lambda: 1 / 0)
    target = receiver(accepted_secrets=["whsec_old"])
    target._system = broken
    request = replace(delivery(), headers=(*delivery().headers, ("x-request-id", "trace-1234")))
    problem(answer(target, request), "paylera.internal")
    error = next(record for record in caplog.records if record.exc_info).exc_info[1]
    frames = traceback.StackSummary.extract(traceback.walk_tb(error.__traceback__), capture_locals=True)
    assert len(frames) >= 3
    assert "whsec" not in "".join(frames.format())


def test_an_event_type_with_hostile_characters_never_reaches_a_log() -> None:
    """Ids and types are visible ASCII, or there is no event."""
    for changes in ({"id": "evt_1\nfake line"}, {"id": "evt_1\n"}, {"id": ""}, {"id": "x" * 256}):
        problem(answer(receiver(), delivery(**changes)), "paylera.webhook_malformed")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"signing_secret": ""}, "signing_secret must be"),
        ({"signing_secret": "  "}, "signing_secret must be"),
        ({"signing_secret": None}, "signing_secret must be"),
        ({"accepted_secrets": "whsec_test_2"}, "accepted_secrets must be a list"),
        ({"tolerance_seconds": 0}, "tolerance_seconds must be"),
        ({"tolerance_seconds": float("nan")}, "tolerance_seconds must be"),
        ({"handlers": None}, "handlers must map"),
        ({"handlers": [print]}, "handlers must map"),
        ({"handlers": {"invoice": print}}, "handlers: 'invoice' is no event type"),
        ({"handlers": {"Invoice.Paid": print}}, "handlers: 'Invoice.Paid'"),
        ({"handlers": {"invoice.": print}}, "handlers: 'invoice.'"),
        ({"handlers": {".paid": print}}, "handlers: '.paid'"),
        ({"handlers": {"invoice.*.x": print}}, "handlers: "),
        ({"handlers": {"*.paid": print}}, "handlers: "),
        ({"handlers": {"**": print}}, "handlers: "),
        ({"handlers": {"": print}}, "handlers: ''"),
        ({"handlers": {"invoice.paid\n": print}}, "handlers: "),
        ({"handlers": {None: print}}, "handlers: None"),
        ({"handlers": {"invoice.paid": None}}, r"handlers\['invoice.paid'\] must be a function"),
        ({"handlers": {"invoice.*": "on_paid"}}, "not str"),
    ],
)
def test_a_bad_setting_is_named_at_once(options: dict[str, Any], message: str) -> None:
    """When the receiver is made, without the secret."""
    with pytest.raises(ValueError, match=message) as caught:
        receiver(**options)
    assert "whsec_test" not in str(caught.value)


def test_a_misspelt_type_is_hinted_at(caplog: pytest.LogCaptureFixture) -> None:
    """It may be new, so it is no error."""
    receiver(handlers={"invoice.payed": print, "galaxy.collided": print, "invoice.paid": print, "usage.*": print})
    assert "'invoice.payed' is not an event type that this version knows; did you mean 'invoice.paid'?" in caplog.text
    assert caplog.text.count("is not an event type") == 2


def test_white_space_around_the_secret_is_pointed_out(caplog: pytest.LogCaptureFixture) -> None:
    """It is part of the key, and hardly meant."""
    assert answer(receiver(signing_secret=f"{SECRET}\n"), delivery(secret=f"{SECRET}\n")).status == 200
    assert "signing_secret begins or ends with white space" in caplog.text
    assert SECRET not in caplog.text


def test_secrets_hide_themselves() -> None:
    """Whatever prints the receiver or what it holds."""
    target = receiver(accepted_secrets=["whsec_test_2"])
    shown = f"{target!r} {vars(target)} {vars(target._secrets)} {target._secrets._fixed._secrets}"
    assert "whsec_test" not in shown


def test_the_errors_of_both_doors_read_alike() -> None:
    """What `construct_event` says is what the answer's detail says."""
    with pytest.raises(SignatureVerificationError) as caught:
        signatures_module.construct_event(b"{}", None, SECRET)
    response = run(receiver().handle(Request("POST", "http://localhost/")), Script())
    assert json.loads(response.body)["detail"] == str(caught.value)
