"""One page as an ASGI application: reads the form, runs in a unit of work, answers with HTML whatever happens."""

from __future__ import annotations

import inspect
import ipaddress
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from typing import cast
from urllib.parse import parse_qsl, urlsplit

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from paylera_sandbox.clock import stamp
from paylera_sandbox.engine import Engine
from paylera_sandbox.namespaces import Namespace, Namespaces
from paylera_sandbox.pages.rendering import Page, Redirect, Site, notice
from paylera_sandbox.problems import Problem
from paylera_sandbox.unit import Unit

MAX_FORM = 64 * 1024
log = logging.getLogger("paylera_sandbox")


@dataclass(frozen=True, slots=True)
class Visit:
    """What a page is given."""

    unit: Unit
    engine: Engine
    ids: dict[str, str]
    query: dict[str, str]
    form: dict[str, str]
    cookies: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Errand:
    """What a view is given that commands the sandbox itself: no unit of work, because commands begin their own."""

    namespaces: Namespaces
    namespace: Namespace
    ids: dict[str, str]
    form: dict[str, str]

    @property
    def engine(self) -> Engine:
        """Return the engine of the namespace."""
        return self.namespace.engine


Answer = Page | Redirect | Response
PageView = Callable[[Visit], Answer]
CommandView = Callable[[Errand], Awaitable[Answer]]
View = PageView | CommandView


class PageEndpoint:
    """All methods of one page. `frame` is the layout that its refusals have too."""

    def __init__(
        self, namespaces: Namespaces, namespace: Namespace, views: Mapping[str, View], *, frame: str = "layout.html"
    ) -> None:
        self._namespaces = namespaces
        self._namespace = namespace
        self._views = views
        self._frame = frame

    @property
    def _engine(self) -> Engine:
        return self._namespace.engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        try:
            response = await self._response(request)
        except ClientDisconnect:
            return
        except Exception:
            log.exception("page %s failed", request.scope["path"])
            failure = self._notice(500, "The sandbox failed", "This is a fault of the sandbox. Its log says more.")
            response = failure.response(self._site())
        await response(scope, receive, send)

    async def _response(self, request: Request) -> Response:
        """Answer; a page that a script asks for again, and that nothing has changed since, is not made again."""
        engine, version = self._engine, self._version()
        if request.method == "GET" and request.headers.get("if-none-match") == version and _is_local(request, engine):
            return Response(status_code=304, headers={"ETag": version})
        answer = await self._answer(request)
        response = answer if isinstance(answer, Response) else answer.response(self._site())
        if request.method == "GET" and response.status_code == 200:
            response.headers["ETag"] = version
        return response

    def _version(self) -> str:
        """Return what is another whenever a page may have changed: by what is stored or logged, or by the minute."""
        engine = self._engine
        minute = stamp(engine.time.now())[:16]
        return f'W/"{engine.store.changes}-{engine.recorder.total}-{engine.recorder.kept}-{minute}"'

    async def _answer(self, request: Request) -> Answer:
        view = self._views.get("GET" if request.method == "HEAD" else request.method)
        if view is None:
            return self._method_not_allowed()
        if not _is_local(request, self._engine):
            return notice(421, "Not this address", "The sandbox answers to loopback addresses only.")
        if request.method == "POST" and not _same_origin(request):
            return self._notice(403, "Not from here", "The form was sent from another site.")
        form = await _form(request) if request.method == "POST" else {}
        if form is None:
            return self._notice(413, "Too much", "The form is too large.")
        if inspect.iscoroutinefunction(view):
            return await self._command(cast("CommandView", view), request, form)
        return self._view(cast("PageView", view), request, form)

    async def _command(self, view: CommandView, request: Request, form: dict[str, str]) -> Answer:
        try:
            return await view(Errand(self._namespaces, self._namespace, dict(request.path_params), form))
        except Problem as problem:
            return self._refusal(problem)

    def _view(self, view: PageView, request: Request, form: dict[str, str]) -> Answer:
        """Run a view as one transaction. A refusal that is a fact (a declined payment) is kept, others are undone."""
        try:
            with self._engine.unit() as unit:
                visit = Visit(
                    unit=unit,
                    engine=self._engine,
                    ids=dict(request.path_params),
                    query=dict(parse_qsl(request.scope["query_string"].decode("latin-1"))),
                    form=form,
                    cookies=request.cookies,
                )
                try:
                    return view(visit)
                except Problem as problem:
                    if not problem.keep:
                        raise
                    return self._refusal(problem)
        except Problem as problem:
            return self._refusal(problem)

    def _refusal(self, problem: Problem) -> Page:
        """Say why not, with the way that leads on, if the problem names one."""
        action = cast("dict[str, str]", problem.members.get("next_action") or {})
        words = (problem.status, problem.title, problem.detail)
        return notice(*words, link=action.get("url"), link_text="Open that page", frame=self._frame)

    def _notice(self, status: int, title: str, text: str) -> Page:
        return notice(status, title, text, frame=self._frame)

    def _site(self) -> Site:
        engine, state = self._engine, self._engine.time.state()
        mode = "advancing" if state.running else "pinned" if state.pinned else "moved" if state.offset else "real"
        consoles = {each.name: f"{each.engine.base_url}/console" for each in self._namespaces}
        base = urlsplit(engine.base_url).path.rstrip("/")
        return Site(base, stamp(engine.time.now()), mode, self._namespace.name, consoles)

    def _method_not_allowed(self) -> Response:
        allow = ", ".join(sorted({*self._views, *({"HEAD"} if "GET" in self._views else ())}))
        page = self._notice(405, "Not like this", "This page does not take that method.")
        response = page.response(self._site())
        response.headers["Allow"] = allow
        return response


async def _form(request: Request) -> dict[str, str] | None:
    """Read a form; None if it is too large. What is not a form has no fields."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > MAX_FORM:
            return None
    return dict(parse_qsl(body.decode("utf-8", "replace"), keep_blank_values=True))


def _is_local(request: Request, engine: Engine) -> bool:
    """Refuse names that a stranger's DNS points here (DNS rebinding): a page shows the token."""
    try:
        host = urlsplit(f"//{request.headers.get('host', '')}").hostname or ""
        own = host in {"localhost", "testserver", urlsplit(engine.base_url).hostname} or host.endswith(".localhost")
        return own or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _same_origin(request: Request) -> bool:
    if request.headers.get("sec-fetch-site", "same-origin") not in {"same-origin", "none"}:
        return False
    origin = request.headers.get("origin")
    return origin is None or origin == f"http://{request.headers.get('host', '')}"
