"""Flows: decisions as generators that yield what they need from the outside world.

A flow yields an *effect* (`Send` an HTTP request, `Invoke` a user's callable, `Pause`) and is sent its answer, or has
the error thrown in. `run` and `arun` are the only two drivers; `Blocking` and `Awaiting` are the only two performers.
So every flow exists once and runs with and without an event loop. A test steps a flow by hand: `next(flow) ==
Send(...)`.
"""

from __future__ import annotations

import asyncio
import inspect
import time
from collections.abc import Awaitable, Callable, Generator
from dataclasses import dataclass
from typing import Any, Protocol, TypeVar, assert_never

from paylera.http import SAFE_METHODS, Request, Response

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Callee:
    """A user's callable with its colour, which is decided once, when it is registered."""

    function: Callable[..., Any]
    is_async: bool

    @classmethod
    def of(cls, function: Callable[..., Any]) -> Callee:
        """Wrap `function`; an object whose `__call__` is `async def` counts as async."""
        is_async = inspect.iscoroutinefunction(function) or inspect.iscoroutinefunction(
            getattr(function, "__call__", None)  # noqa: B004 - asked for its colour, not for its presence
        )
        return cls(function, is_async)


@dataclass(frozen=True, slots=True)
class Send:
    """Send a request upstream; answered with a `Response`, or a `TransportError` is thrown in.

    `timeout` is the total number of seconds from now until the last byte of the answer; `max_bytes` caps the answer's
    body.
    """

    request: Request
    timeout: float
    max_bytes: int


@dataclass(frozen=True, slots=True)
class Invoke:
    """Call a user's callable; answered with its result, or what it raised is thrown in."""

    callee: Callee
    args: tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait some seconds; answered with None."""

    seconds: float


_CANCELLED = "what was awaited is cancelled, though this call is not"

Effect = Send | Invoke | Pause
Flow = Generator[Effect, Any, T]


def send(request: Request, *, timeout: float, max_bytes: int) -> Flow[Response]:
    """Yield a `Send` and return its answer, typed."""
    response: Response = yield Send(request, timeout, max_bytes)
    return response


def invoke(callee: Callee, *args: Any) -> Flow[Any]:
    """Yield an `Invoke` and return its answer."""
    return (yield Invoke(callee, args))


def pause(seconds: float) -> Flow[None]:
    """Yield a `Pause`."""
    yield Pause(seconds)


def rest(seconds: float, *, until: Callable[[], bool]) -> Flow[None]:
    """Pause a second at a time, until it is time or `until` says so: no signal cuts a sleep short."""
    while seconds > 0 and not until():
        yield Pause(min(seconds, 1.0))
        seconds -= 1.0


class Answer(Protocol):
    """Answers one inbound call: `native` is the host's request object, `sub_id` the id in the path."""

    def __call__(self, request: Request, *, native: Any, sub_id: str | None) -> Flow[Response]:
        """Return the flow."""
        ...


class SyncTransport(Protocol):
    """Sends requests without an event loop; one instance serves all threads and survives a fork."""

    def send(self, request: Request, *, timeout: float, max_bytes: int) -> Response:
        """Return the answer, or raise `TransportError`; see `Send`."""
        ...

    def close(self) -> None:
        """Close the idle connections."""
        ...


class AsyncTransport(Protocol):
    """Sends requests on the running event loop; one instance serves several loops and survives a fork."""

    async def send(self, request: Request, *, timeout: float, max_bytes: int) -> Response:  # noqa: ASYNC109
        """Return the answer, or raise `TransportError`; see `Send`."""
        ...

    async def aclose(self) -> None:
        """Close the connections of the running loop."""
        ...


@dataclass(frozen=True, slots=True)
class Blocking:
    """Performs effects on the calling thread; `wait_for` runs an async callable to its end (the host's bridge)."""

    transport: SyncTransport
    wait_for: Callable[[Callable[[], Awaitable[Any]]], Any] | None = None

    def __call__(self, effect: Effect) -> Any:
        """Perform one effect."""
        match effect:
            case Send(request, timeout, max_bytes):
                return self.transport.send(request, timeout=timeout, max_bytes=max_bytes)
            case Invoke(callee, args):
                return self._invoke(callee, args)
            case Pause(seconds):
                return time.sleep(seconds)
        assert_never(effect)

    def _invoke(self, callee: Callee, args: tuple[Any, ...]) -> Any:
        if callee.is_async:
            return self._wait(lambda: callee.function(*args))
        result = callee.function(*args)
        # A plain function may still hand back an awaitable (a lambda over an `async def`): it must not be dropped.
        return self._wait(lambda: result) if inspect.isawaitable(result) else result

    def _wait(self, start: Callable[[], Awaitable[Any]]) -> Any:
        if self.wait_for is None:
            msg = "an async callable was registered with a host that has no event loop"
            raise TypeError(msg)
        try:
            return self.wait_for(start)
        except asyncio.CancelledError as error:  # no `Exception`: it would end the worker
            raise RuntimeError(_CANCELLED) from error


@dataclass(frozen=True, slots=True)
class Awaiting:
    """Performs effects on the running event loop; `in_thread` runs a plain callable off the loop (the host's
    bridge)."""

    transport: AsyncTransport
    in_thread: Callable[..., Awaitable[Any]] | None = None

    async def __call__(self, effect: Effect) -> Any:
        """Perform one effect."""
        match effect:
            case Send(request, timeout, max_bytes):
                return await self.transport.send(request, timeout=timeout, max_bytes=max_bytes)
            case Invoke(callee, args):
                return await self._invoke(callee, args)
            case Pause(seconds):
                return await asyncio.sleep(seconds)
        assert_never(effect)

    async def _invoke(self, callee: Callee, args: tuple[Any, ...]) -> Any:
        if callee.is_async or self.in_thread is None:
            result = callee.function(*args)
        else:
            result, error = await self.in_thread(_outcome, callee.function, args)
            if error is not None:
                raise error
        return await result if inspect.isawaitable(result) else result


def _outcome(function: Callable[..., Any], args: tuple[Any, ...]) -> tuple[Any, Exception | None]:
    # What is raised crosses to the loop as a value: a future that is given a `StopIteration` (`next()` of nothing) is
    # never done, and makes a cancellation of the loop's of a `CancelledError` that was the user's.
    try:
        return function(*args), None
    except Exception as error:  # noqa: BLE001 - raised again on the loop
        return None, error


def run(flow: Flow[T], perform: Callable[[Effect], Any]) -> T:
    """Drive a flow to its end on the calling thread."""
    try:
        effect = next(flow)
        while True:
            try:
                answer = perform(effect)
            except Exception as error:  # noqa: BLE001 - the flow decides what an error means
                effect = flow.throw(error)
            else:
                effect = flow.send(answer)
                answer = None  # it may be a secret, and no local of what fails next
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        flow.close()


async def arun(flow: Flow[T], perform: Callable[[Effect], Awaitable[Any]]) -> T:
    """Drive a flow to its end on the running event loop; a cancellation closes the flow."""
    try:
        effect = next(flow)
        while True:
            try:
                answer = await perform(effect)
            except asyncio.CancelledError:
                if _is_given_up():
                    raise
                effect = flow.throw(RuntimeError(_CANCELLED))
            except Exception as error:  # noqa: BLE001 - the flow decides what an error means
                effect = flow.throw(error)
            else:
                effect = flow.send(answer)
                answer = None  # it may be a secret, and no local of what fails next
    except StopIteration as stop:
        result: T = stop.value
        return result
    finally:
        flow.close()


def _is_given_up() -> bool:
    # A user's `await task` of a task that was cancelled raises the same error: it is theirs, and no end of the call.
    task = asyncio.current_task()
    return task is None or task.cancelling() > 0


async def arun_call(flow: Flow[Response], perform: Callable[[Effect], Awaitable[Any]], *, method: str) -> Response:
    """Drive the flow of one inbound call; what has begun to change something is never cut in half.

    A browser that disconnects makes some hosts cancel the request. A read then ends, but not once it has written
    upstream: the first `GET` of a user creates a customer, whom the merchant must hear of. Source: contract section 8.
    """
    has_begun = method not in SAFE_METHODS

    async def noting(effect: Effect) -> Any:
        nonlocal has_begun
        has_begun = has_begun or (isinstance(effect, Send) and effect.request.method not in SAFE_METHODS)
        return await perform(effect)

    task = asyncio.ensure_future(arun(flow, noting))
    _unfinished.add(task)  # the loop itself holds tasks only weakly
    task.add_done_callback(_unfinished.discard)
    try:
        return await asyncio.shield(task)
    except asyncio.CancelledError:
        if not has_begun:
            task.cancel()
        raise


_unfinished: set[asyncio.Task[Response]] = set()
