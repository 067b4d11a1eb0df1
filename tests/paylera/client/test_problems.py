"""Both documented problem forms, and answers that are no problem document at all."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paylera import errors
from paylera.client.problems import error_from, is_in_progress, is_worth_repeating, retry_after
from paylera.http import Response


def answer(status: int, problem: Any = None, **headers: str) -> Response:
    body = problem if isinstance(problem, bytes) else b"" if problem is None else json.dumps(problem).encode()
    return Response(status, tuple((name.replace("_", "-"), value) for name, value in headers.items()), body)


@pytest.mark.parametrize(
    ("status", "problem", "cls"),
    [
        (400, {"type": "paylera.invalid_request"}, errors.ValidationError),
        (401, {"type": "paylera.unauthenticated"}, errors.AuthenticationError),
        (403, {"problem": "auth.aal2_required"}, errors.AuthorizationError),
        (404, {"type": "paylera.not_found"}, errors.NotFoundError),
        (409, {"type": "paylera.idempotency_conflict"}, errors.IdempotencyConflictError),
        (
            409,
            {"type": "https://errors.paylera.io/x", "problem": "idempotency.body_mismatch"},
            errors.IdempotencyConflictError,
        ),
        (
            422,
            {"type": "https://errors.paylera.io/x", "problem": "idempotency.body_mismatch"},
            errors.IdempotencyConflictError,
        ),
        (422, {"type": "https://errors.paylera.io/idempotency.body_mismatch"}, errors.IdempotencyConflictError),
        (409, {"code": "idempotency_conflict"}, errors.IdempotencyConflictError),
        (409, {"type": "paylera.idempotency_in_progress"}, errors.IdempotencyInProgressError),
        (409, {"problem": "idempotency.in_progress"}, errors.IdempotencyInProgressError),
        (409, {"code": "subscription.already_active"}, errors.PayleraError),
        (410, {}, errors.PayleraError),
        (412, {"code": "subscription.version_mismatch"}, errors.PreconditionFailedError),
        (418, None, errors.PayleraError),
        (422, {"problem": "validation.failed"}, errors.ValidationError),
        (429, {"problem": "rate_limit.exceeded"}, errors.RateLimitError),
        (500, {"type": "paylera.internal"}, errors.ServerError),
        (503, None, errors.ServerError),
        (599, b"<html>", errors.ServerError),
        (302, None, errors.TransportError),
    ],
)
def test_status_and_code_decide_the_class(status: int, problem: Any, cls: type[errors.PayleraError]) -> None:
    error = error_from(answer(status, problem))
    assert type(error) is cls
    assert error.status == status


def test_short_form_is_read() -> None:
    problem = {
        "type": "paylera.validation_failed", "title": "Unprocessable", "status": 422, "detail": "currency is unknown",
        "request_id": "in-body", "errors": [{"field": "currency", "code": "currency.invalid", "message": "unknown"}],
    }  # fmt: skip
    error = error_from(answer(422, problem, x_request_id="in-header"))
    assert (error.type, error.code, error.request_id) == (
        "paylera.validation_failed",
        "paylera.validation_failed",
        "in-header",
    )
    assert error.problem == problem
    assert error.errors[0]["field"] == "currency"
    assert str(error) == "422: paylera.validation_failed: currency is unknown [request in-header]"


def test_url_form_is_read() -> None:
    problem = {
        "type": "https://errors.paylera.io/subscription/commitment", "title": "Commitment active", "status": 422,
        "problem": "subscription.commitment_active", "trace_id": "t-1",
    }  # fmt: skip
    error = error_from(answer(422, problem))
    assert (error.type, error.code, error.request_id) == ("subscription.commitment_active",) * 2 + ("t-1",)


def test_most_specific_code_wins() -> None:
    error = error_from(answer(409, {"type": "paylera.conflict", "code": "subscription.exists"}))
    assert (error.type, error.code) == ("paylera.conflict", "subscription.exists")


@pytest.mark.parametrize(
    "body", [b"", b"<html><h1>502</h1></html>", b"\xff\xfe", b'{"a":NaN}', b"[1]", b'"x"', b"[" * 100_000]
)
def test_answers_without_a_problem_still_say_what_is_known(body: bytes) -> None:
    error = error_from(answer(502, body), request_id="sent")
    assert (error.problem, error.type, error.code, error.request_id) == (None, None, None, "sent")
    assert str(error) == "502: Bad Gateway [request sent]"
    assert error.retryable


def test_odd_status_needs_no_name() -> None:
    assert str(error_from(answer(499))) == "499: no explanation"


def test_message_is_one_bounded_line() -> None:
    text = str(error_from(answer(400, {"detail": "line\r\nbreak\x00" + "x" * 5000})))
    assert "\n" not in text
    assert len(text) < 400


@pytest.mark.parametrize(
    ("status", "problem", "worth"),
    [
        (200, None, False), (400, None, False), (401, None, False), (404, None, False), (422, None, False),
        (409, {"type": "paylera.idempotency_conflict"}, False), (409, None, False),
        (409, {"type": "paylera.idempotency_in_progress"}, True),
        (408, None, True), (429, None, True), (500, None, True), (503, None, True), (599, None, True),
        (400, {"retryable": True}, False),
    ],
)  # fmt: skip
def test_only_passing_faults_are_worth_repeating(status: int, problem: Any, worth: bool) -> None:
    assert is_worth_repeating(answer(status, problem)) is worth
    assert error_from(answer(status if status >= 300 else 500, problem)).retryable is (worth or status == 200)


def test_in_progress_is_a_409_alone() -> None:
    assert not is_in_progress(answer(400, {"type": "paylera.idempotency_in_progress"}))


@pytest.mark.parametrize(
    ("value", "seconds"),
    [
        ("0", 0.0), ("3", 3.0), (" 1.5 ", 1.5), ("Thu, 01 Jan 1970 00:01:40 GMT", 40.0),
        ("Thu, 01 Jan 1970 00:01:40", 40.0),
        ("Thu, 01 Jan 1970 00:00:00 GMT", 0.0), ("", None), ("soon", None), ("-1", None), ("1e3", None), ("inf", None),
        ("١", None), ("9" * 400, None), ("1.2.3", None), ("Thu, 99 Jan 1970 00:00:00 GMT", None),
    ],
)  # fmt: skip
def test_retry_after_in_both_forms(value: str, seconds: float | None) -> None:
    assert retry_after(answer(429, retry_after=value), now=60.0) == seconds


def test_rate_limit_error_carries_the_wait() -> None:
    error = error_from(answer(429, retry_after="7"))
    assert isinstance(error, errors.RateLimitError)
    assert error.retry_after == 7.0
    bare = error_from(answer(429))
    assert isinstance(bare, errors.RateLimitError)
    assert bare.retry_after is None


@given(st.integers(300, 599), st.binary(max_size=80), st.text(st.characters(codec="latin-1"), max_size=40))
def test_any_answer_becomes_one_of_our_errors(status: int, body: bytes, wait: str) -> None:
    error = error_from(Response(status, (("retry-after", wait),), body))
    assert isinstance(error, errors.PayleraError)
    assert error.status == status


SCALARS = st.none() | st.booleans() | st.floats() | st.text(max_size=10)
JSON = SCALARS | st.lists(SCALARS, max_size=3) | st.dictionaries(st.text(max_size=5), SCALARS, max_size=3)
MEMBERS = st.sampled_from(["type", "title", "detail", "code", "problem", "request_id", "trace_id", "errors", "status"])


@given(st.integers(400, 599), st.dictionaries(MEMBERS, JSON, max_size=5))
def test_any_problem_document_becomes_one_of_our_errors(status: int, problem: dict[str, Any]) -> None:
    error = error_from(answer(status, problem))
    assert isinstance(error.errors, list)
    assert error.type is None or isinstance(error.type, str)
