"""The two drivers and performers agree on every effect and every failure."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import Any

import pytest

from paylera.flow import Awaiting, Blocking, Callee, Flow, arun, arun_call, invoke, pause, run, send
from paylera.http import Request, Response

REQUEST = Request("GET", "http://127.0.0.1/")


class Echo:
    """A transport of both colours that answers with the request's URL."""

    def send(self, request: Request, *, timeout: float, max_bytes: int) -> Response:
        return Response(200, body=f"{request.url} {timeout} {max_bytes}".encode())

    def close(self) -> None: ...


class AsyncEcho(Echo):
    async def send(self, request: Request, *, timeout: float, max_bytes: int) -> Response:  # type: ignore[override]
        return Echo.send(self, request, timeout=timeout, max_bytes=max_bytes)

    async def aclose(self) -> None: ...


def drive_sync(flow: Flow[Any]) -> Any:
    return run(flow, Blocking(Echo(), wait_for=lambda start: asyncio.run(_await(start))))


def drive_async(flow: Flow[Any]) -> Any:
    return asyncio.run(arun(flow, Awaiting(AsyncEcho(), in_thread=asyncio.to_thread)))


async def _await(start: Callable[[], Any]) -> Any:
    return await start()


@pytest.fixture(params=[drive_sync, drive_async], ids=["sync", "async"])
def drive(request: pytest.FixtureRequest) -> Callable[[Flow[Any]], Any]:
    return request.param  # type: ignore[no-any-return]


def test_effects_are_answered(drive: Callable[[Flow[Any]], Any]) -> None:
    """Send and Pause come back with their answers, and the flow's value is the result."""

    def flow() -> Flow[bytes]:
        yield from pause(0)
        response = yield from send(REQUEST, timeout=2.5, max_bytes=7)
        return response.body

    assert drive(flow()) == b"http://127.0.0.1/ 2.5 7"


async def _double_async(value: int) -> int:
    return value * 2


class _AsyncObject:
    async def __call__(self, value: int) -> int:
        return value * 2


@pytest.mark.parametrize(
    "function", [lambda value: value * 2, _double_async, _AsyncObject(), lambda value, run=_double_async: run(value)]
)
def test_callables_of_every_colour_run_to_their_end(drive: Callable[[Flow[Any]], Any], function: Any) -> None:
    """A def, an async def, an object and a lambda over an async def give the same result: none is left unawaited."""

    def flow() -> Flow[int]:
        return (yield from invoke(Callee.of(function), 21))

    assert drive(flow()) == 42


def test_errors_are_thrown_into_the_flow(drive: Callable[[Flow[Any]], Any]) -> None:
    """What a callable raises arrives at the yield, and the flow decides."""

    def fail() -> None:
        raise LookupError("gone")

    def flow() -> Flow[str]:
        try:
            yield from invoke(Callee.of(fail))
        except LookupError as error:
            return str(error)
        return "not reached"

    assert drive(flow()) == "gone"


def test_a_cancellation_of_the_user_s_own_is_an_error(drive: Callable[[Flow[Any]], Any]) -> None:
    """What a callable cancelled and awaited ends neither the call nor the process."""

    async def cancelled() -> None:
        task = asyncio.ensure_future(asyncio.sleep(60))
        task.cancel()
        await task

    def flow() -> Flow[str]:
        try:
            yield from invoke(Callee.of(cancelled))
        except RuntimeError as error:
            return str(error)
        return "not reached"

    assert drive(flow()) == "what was awaited is cancelled, though this call is not"


def test_an_unhandled_error_leaves_the_driver_and_closes_the_flow(drive: Callable[[Flow[Any]], Any]) -> None:
    """The clean-up of a flow runs even when nobody handles the error."""
    closed: list[bool] = []

    def flow() -> Flow[None]:
        try:
            yield from invoke(Callee.of(int), "not a number")
        finally:
            closed.append(True)

    with pytest.raises(ValueError, match="invalid literal"):
        drive(flow())
    assert closed == [True]


def test_an_async_callable_without_a_bridge_is_refused() -> None:
    """A host with no event loop says so; it does not drop the work."""

    def flow() -> Flow[Any]:
        return (yield from invoke(Callee.of(_double_async), 1))

    with pytest.raises(TypeError, match="no event loop"):
        run(flow(), Blocking(Echo()))


def test_a_cancelled_change_still_ends_and_a_cancelled_read_does_not() -> None:
    """The browser's going away cancels the awaiting, never a POST that has begun."""

    async def scenario(method: str) -> bool:
        release, begun, done = asyncio.Event(), asyncio.Event(), asyncio.Event()

        async def work() -> None:
            begun.set()
            await release.wait()
            done.set()

        def flow() -> Flow[Response]:
            yield from invoke(Callee.of(work))
            return Response(200)

        task = asyncio.ensure_future(arun_call(flow(), Awaiting(AsyncEcho()), method=method))
        await begun.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        release.set()
        for _ in range(5):
            await asyncio.sleep(0)
        return done.is_set()

    assert asyncio.run(scenario("POST")) is True
    assert asyncio.run(scenario("GET")) is False
