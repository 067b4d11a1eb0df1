from __future__ import annotations

import traceback
from collections.abc import Iterator

import pytest

from paylera_sandbox import Sandbox, gateway
from sandbox.conformity import complaints
from sandbox.support import Api, ManualClock, Receiver

JUDGED: list[str] = []


@pytest.fixture(scope="session", autouse=True)
def judge() -> Iterator[None]:
    """Hold every answer of every sandbox of this process against the OpenAPI document."""
    respond = gateway._response

    def judged(exchange: gateway.Exchange, answer: gateway.Answer) -> object:
        response = respond(exchange, answer)
        if exchange.fault is None:  # one that a test asked for
            told = {"status": answer.status, "headers": response.headers, "body": answer.body}
            try:
                JUDGED.extend(complaints(exchange.request.method, exchange.request.scope["path"], **told))
            except Exception:
                JUDGED.append(traceback.format_exc())
        return response

    gateway._response = judged
    yield
    gateway._response = respond


@pytest.fixture(autouse=True)
def as_documented(judge: None) -> Iterator[None]:
    """Fail a test in which an answer was not as documented."""
    JUDGED.clear()
    yield
    assert not JUDGED, "\n".join(dict.fromkeys(JUDGED))


@pytest.fixture(scope="session")
def shared() -> Iterator[Api]:
    """One sandbox for the tests that only need customers of their own."""
    with Sandbox() as sandbox:
        api = Api(sandbox)
        yield api
        api.close()


@pytest.fixture
def clock() -> ManualClock:
    return ManualClock()


@pytest.fixture
def api(clock: ManualClock) -> Iterator[Api]:
    """A sandbox of its own, whose clock the test moves."""
    with Sandbox(clock=clock) as sandbox:
        api = Api(sandbox)
        yield api
        api.close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    receiver = Receiver()
    yield receiver
    receiver.close()
