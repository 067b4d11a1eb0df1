from __future__ import annotations

from collections.abc import Iterator

import pytest

from paylera_sandbox import Sandbox
from sandbox.support import Api, ManualClock, Receiver


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
