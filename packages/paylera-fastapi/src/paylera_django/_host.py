"""One view object that serves WSGI without an event loop and ASGI on the server's own.

Source: contract section 8.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from asgiref.sync import async_to_sync, markcoroutinefunction, sync_to_async
from django.db import connections
from django.http import HttpRequest, HttpResponse

from paylera.flow import Answer, Awaiting, Blocking, Flow, arun_call, run
from paylera.http import Response
from paylera_django._translate import to_request, to_response


class Performers:
    """What performs a flow's effects here: without an event loop, and on the running one."""

    @cached_property
    def blocking(self) -> Blocking:
        """Return the performer of WSGI."""
        from paylera.transport import HttpTransport

        return Blocking(HttpTransport(), wait_for=wait_for)

    @cached_property
    def awaiting(self) -> Awaiting:
        """Return the performer of ASGI; made on first use: WSGI never loads its HTTP library."""
        from paylera.transport import AsyncHttpTransport

        return Awaiting(AsyncHttpTransport(), in_thread=_in_thread)


def wait_for(start: Callable[[], Awaitable[Any]]) -> Any:
    """Run an async callable to its end from a thread: on the server's loop under ASGI, else on one of its own."""

    async def to_its_end() -> Any:
        return await start()

    return async_to_sync(to_its_end)()


async def _in_thread(function: Callable[..., Any], *args: Any) -> Any:
    # Thread-sensitive, so that the ORM sees one thread per request.
    return await sync_to_async(function)(*args)


def _coroutine_marks() -> dict[str, Any]:
    def probe() -> None: ...

    return dict(vars(markcoroutinefunction(probe)))


class _EveryDatabase:
    # ATOMIC_REQUESTS refuses async views, and would hold a transaction open during calls to Paylera.
    def __contains__(self, _alias: object) -> bool:
        return True


EVERY_DATABASE = _EveryDatabase()


class View:
    """A Django view that looks like a coroutine function only when it is asked from a running event loop.

    Django asks its handler's question, "is this view async?", in the place where the view will run: so under ASGI it
    awaits the view, and under WSGI it calls it.
    """

    _marks = _coroutine_marks()
    _non_atomic_requests = EVERY_DATABASE
    login_required = False  # for LoginRequiredMiddleware: callers get our 401, not a redirect to a login page

    def __init__(self, name: str, answer: Answer, performers: Performers, *, max_bytes: int, csrf_exempt: bool) -> None:
        self.__name__ = self.__qualname__ = name.replace("-", "_")
        self.csrf_exempt = csrf_exempt
        self._answer = answer
        self._performers = performers
        self._max_bytes = max_bytes

    def __getattr__(self, name: str) -> Any:
        """Show the marks of a coroutine function on a running event loop only."""
        if name in View._marks and _on_event_loop():
            return View._marks[name]
        raise AttributeError(name)

    def __call__(self, request: HttpRequest, *_mount: Any, sub_id: str | None = None, **_named: Any) -> Any:
        """Answer a request, or on a running event loop return the coroutine that does.

        What the project's own patterns captured before our mount point comes along; `identify` finds it in
        `request.resolver_match`.
        """
        translated = to_request(request, max_bytes=self._max_bytes)
        flow = self._answer(translated, native=request, sub_id=sub_id)
        if _on_event_loop():
            return self._awaited(flow, translated.method)
        return to_response(run(flow, self._performers.blocking))

    async def _awaited(self, flow: Flow[Response], method: str) -> HttpResponse:
        thread = _Thread()
        perform = replace(self._performers.awaiting, in_thread=thread)
        try:
            return to_response(await arun_call(flow, perform, method=method))
        except asyncio.CancelledError:
            thread.is_given_up = True
            raise


@dataclass
class _Thread:
    """The thread of a call; once its client is gone, Django has ended the request, and nobody but us closes what the
    rest of the call opens."""

    is_given_up: bool = False

    async def __call__(self, function: Callable[..., Any], *args: Any) -> Any:
        """Run a function there."""
        return await _in_thread(self._run, function, *args)

    def _run(self, function: Callable[..., Any], *args: Any) -> Any:
        try:
            return function(*args)
        finally:
            if self.is_given_up:
                connections.close_all()


def _on_event_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
