"""The retry policy, stepped by hand: a scripted performer, a clock that moves only in pauses."""

from __future__ import annotations

from contextlib import suppress
from typing import Any

import pytest

from paylera.client.budget import CAPACITY, COST, RetryBudget
from paylera.client.retry import Retries
from paylera.errors import TransportError, TransportFault
from paylera.flow import run
from paylera.http import Request, Response
from support.stepping import Clock, Script, answer

GET = Request("GET", "https://x/v1/plans")
POST = Request("POST", "https://x/v1/track", (("idempotency-key", "k-1"),), b"{}")
KEYLESS = Request("POST", "https://x/v1/track", (), b"{}")


def broken(fault: TransportFault = "connection", *, retryable: bool = True) -> TransportError:
    return TransportError("x:1 broke", fault=fault, retryable=retryable)


def attempt(
    script: Script,
    request: Request = POST,
    *,
    timeout: float = 10.0,
    max_retries: int = 2,
    budget: RetryBudget | None = None,
) -> Response:
    retries = Retries(max_retries, budget or RetryBudget(), script.clock.system())
    return run(retries.answer(request, timeout=timeout), script)


def attempts(*answers: Response | TransportError, **options: Any) -> Script:
    script = Script([*answers])
    with suppress(TransportError):
        attempt(script, **options)
    return script


@pytest.mark.parametrize(
    "first",
    [
        broken(), broken("protocol"), answer(408), answer(429), answer(500), answer(502), answer(503), answer(504),
        answer(409, {"type": "paylera.idempotency_in_progress"}),
    ],
)  # fmt: skip
def test_passing_faults_are_tried_again_with_the_same_request(first: Response | TransportError) -> None:
    script = attempts(first, answer(200))
    assert script.sent == [POST, POST]
    assert len(script.pauses) == 1


@pytest.mark.parametrize(
    "first",
    [
        answer(200), answer(201), answer(302), answer(400), answer(401), answer(403), answer(404), answer(409),
        answer(409, {"type": "paylera.idempotency_conflict"}), answer(412), answer(422),
        answer(422, {"problem": "idempotency.body_mismatch"}),
        broken("timeout"), broken("too_large", retryable=False), broken("protocol", retryable=False),
        broken("connection", retryable=False), broken("closed", retryable=False),
    ],
)  # fmt: skip
def test_lasting_faults_are_not(first: Response | TransportError) -> None:
    assert attempts(first).sent == [POST]


def test_post_without_a_key_is_sent_once() -> None:
    assert attempts(answer(503), request=KEYLESS).sent == [KEYLESS]
    assert attempts(broken(), request=KEYLESS).sent == [KEYLESS]
    assert attempts(answer(503), request=Request("PATCH", "https://x/")).pauses == []


@pytest.mark.parametrize("method", ["GET", "HEAD", "PUT", "DELETE"])
def test_idempotent_methods_need_no_key(method: str) -> None:
    assert len(attempts(answer(503), answer(200), request=Request(method, "https://x/")).sent) == 2


@pytest.mark.parametrize("max_retries", [0, 1, 2, 5])
def test_attempts_are_counted(max_retries: int) -> None:
    script = Script([answer(503)] * 9)
    assert attempt(script, timeout=100.0, max_retries=max_retries).status == 503
    assert len(script.sent) == max_retries + 1


def test_last_error_is_raised() -> None:
    script = Script([broken(), answer(500), broken("protocol")])
    with pytest.raises(TransportError) as caught:
        attempt(script)
    assert caught.value.fault == "protocol"


def test_one_deadline_spans_all_attempts() -> None:
    script = attempts(answer(503, retry_after="2"), answer(503, retry_after="3"), answer(200), timeout=10.0)
    assert script.timeouts == pytest.approx([10.0, 8.0, 5.0], abs=0.01)


def test_wait_beyond_the_deadline_ends_the_call_at_once() -> None:
    script = attempts(answer(503, retry_after="11"), timeout=10.0)
    assert (len(script.sent), script.pauses) == (1, [])


def test_wait_longer_than_a_minute_is_never_taken() -> None:
    script = attempts(answer(429, retry_after="61"), timeout=1000.0)
    assert (len(script.sent), script.pauses) == (1, [])


def test_retry_after_is_the_least_wait() -> None:
    script = attempts(answer(429, retry_after="3"), answer(200))
    assert 3.0 <= script.pauses[0] <= 3.0 + 0.05


def test_retry_after_as_a_date() -> None:
    clock = Clock(time=1_800_000_000.0)
    script = Script([answer(503, retry_after="Fri, 15 Jan 2027 08:00:04 GMT"), answer(200)], clock=clock)
    attempt(script)
    assert 4.0 <= script.pauses[0] <= 4.05


def test_jitter_is_full_and_grows_to_a_ceiling() -> None:
    def waits(byte: bytes) -> list[float]:
        script = Script([answer(503)] * 8)
        system = script.clock.system()
        drawn = type(system)(now=system.now, monotonic=system.monotonic, random_bytes=lambda n: byte * n)
        run(Retries(7, RetryBudget(), drawn).answer(GET, timeout=1000.0), script)
        return script.pauses

    assert waits(b"\x00") == [0.0] * 7
    assert waits(b"\xff") == pytest.approx([0.5, 1, 2, 4, 8, 8, 8], rel=1e-6)


def test_outage_is_not_multiplied() -> None:
    budget, sent = RetryBudget(), 0
    for _ in range(1000):
        script = Script([answer(503)] * 3)
        attempt(script, budget=budget)
        sent += len(script.sent)
    assert sent == 1000 + CAPACITY // COST


def test_budget_comes_back_with_successes() -> None:
    budget = RetryBudget()
    while budget.take():
        pass
    assert len(attempts(answer(503), budget=budget).sent) == 1
    for _ in range(COST):
        attempts(answer(200), budget=budget)
    assert len(attempts(answer(503), answer(200), budget=budget).sent) == 2
    assert len(attempts(answer(503), answer(200), budget=budget).sent) == 2, "a retry that worked costs nothing"


def test_budget_never_exceeds_its_capacity() -> None:
    budget = RetryBudget()
    budget.give(10_000)
    assert sum(1 for _ in iter(budget.take, False)) == CAPACITY // COST
    assert not budget.take()
    budget.give(COST - 1)
    assert not budget.take()
    budget.give(1)
    assert budget.take(), "what did not suffice was put back"
