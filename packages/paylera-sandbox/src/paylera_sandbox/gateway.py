"""The gateway: the life of one API request, from its head to its answer. Every refusal is a problem document."""

from __future__ import annotations

import logging
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import cast
from urllib.parse import parse_qsl

from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from paylera_sandbox import fields, idempotency, jsonbody, limits, modes
from paylera_sandbox.clock import stamp
from paylera_sandbox.control.commands import Command, Order
from paylera_sandbox.dialects import Dialect, generation, spoken
from paylera_sandbox.faults.registry import any_for
from paylera_sandbox.faults.requests import HEADER, NONE, Trouble, meet
from paylera_sandbox.idempotency import Answer, InFlight
from paylera_sandbox.namespaces import Namespace, Namespaces
from paylera_sandbox.operations import Call, File, Operation
from paylera_sandbox.pieces import InPieces
from paylera_sandbox.problems import Problem, fault
from paylera_sandbox.recorder import MOST_OF_ANSWER, RecordedRequest
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit, public

MAX_BODY = 1024 * 1024
PROBLEM_JSON = "application/problem+json"
NOTHING = Answer(0, b"")  # the connection is cut
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{8,64}")
log = logging.getLogger("paylera_sandbox")


@dataclass(slots=True)
class Exchange:
    """One request on its way: what is known of it so far."""

    request: Request
    request_id: str
    namespace: Namespace
    dialect: Dialect
    share: limits.Share | None = None
    body: bytes = b""
    ids: dict[str, str] = field(default_factory=dict)
    key: str | None = None
    trouble: Trouble = NONE
    began: float = field(default_factory=time.perf_counter)

    @property
    def fault(self) -> str | None:
        """Return the names of the faults that were made on demand."""
        return self.trouble.name


def _nowhere(path: str) -> Problem:
    return Problem("route.not_found", f"There is no route {path[:200]!r}.")


class Gateway:
    """All methods of one path, as an ASGI application. Without operations it refuses every one as `absent` says: by
    default, as the route that does not exist."""

    def __init__(
        self,
        namespaces: Namespaces,
        in_flight: InFlight,
        operations: Mapping[str, Operation | Command],
        *,
        absent: Callable[[str], Problem] = _nowhere,
    ) -> None:
        self._absent = absent
        self._namespaces = namespaces
        self._in_flight = in_flight
        self._operations = operations
        self._allow = ", ".join(sorted({*operations, "HEAD"} if "GET" in operations else operations))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        request = Request(scope, receive)
        ids = scope.get("path_params", {})
        default, dialect = self._namespaces.default, generation(request.headers)
        exchange = Exchange(request, _request_id(request), default, dialect, ids=ids)
        try:
            answer = await self._answer(exchange)
        except Problem as problem:
            answer = _problem_answer(problem, exchange)
        except ClientDisconnect:
            return
        except Exception:
            log.exception("request %s failed", exchange.request_id)
            answer = _problem_answer(
                Problem("internal", "This is a fault of the sandbox; its log says more."), exchange
            )
        if not request.scope["path"].startswith("/sandbox") and not exchange.namespace.engine.retired:
            _record(exchange, answer)
        await exchange.trouble.send(_response(exchange, answer), scope, receive, send)

    async def _answer(self, exchange: Exchange) -> Answer:
        request = exchange.request
        exchange.namespace = _authenticate(request, self._namespaces)
        exchange.dialect = spoken(request.headers)
        operation = self._operation(request)
        if isinstance(operation, Command):
            return await self._obey(exchange, operation)
        if not operation.needs_key and not (operation.may_have_key and "idempotency-key" in request.headers):
            exchange.body = b"" if operation.method == "GET" else await _read(request)
            return await self._try(exchange, operation, place=None)
        return await self._run_once(exchange, operation)

    def _operation(self, request: Request) -> Operation | Command:
        method = "GET" if request.method == "HEAD" else request.method
        if not self._operations:
            raise self._absent(request.scope["path"])
        if method not in self._operations:
            headers = {"Allow": self._allow}
            raise Problem("route.method_not_allowed", f"This route takes {self._allow}.", headers=headers)
        return self._operations[method]

    async def _obey(self, exchange: Exchange, command: Command) -> Answer:
        """Run a command of the control API, which begins its own units of work."""
        exchange.body = await _read(exchange.request, most=command.file or MAX_BODY, json=not command.file)
        exchange.namespace.engine.expect_there()
        sent = {} if command.file else jsonbody.parse(exchange.body)
        query, body = fields.read_query(_query(exchange.request), command.query), fields.read(sent, command.body)
        order = Order(self._namespaces, exchange.namespace, exchange.ids, query, body, exchange.body)
        return _success(await command.handler(order), command.status)

    async def _run_once(self, exchange: Exchange, operation: Operation) -> Answer:
        """Run an operation under its idempotency key."""
        request = exchange.request
        keys = request.headers.getlist("idempotency-key")
        if not keys and "dedup_key" in operation.body:  # the alias stands in the body, so that must come first
            exchange.body = await _read(request)
            keys = _alias(exchange.body)
        exchange.key = idempotency.check_key(keys)
        place = idempotency.scope(exchange.namespace.engine.token, request.method, request.scope["path"], exchange.key)
        self._in_flight.enter(place)
        try:
            exchange.body = exchange.body or await _read(request)
            return await self._try(exchange, operation, place=place)
        finally:
            self._in_flight.leave(place)

    async def _try(self, exchange: Exchange, operation: Operation, *, place: bytes | None) -> Answer:
        """Run an operation unless a fault that was asked for prevents it."""
        exchange.namespace.engine.expect_there()
        exchange.trouble = _meet_faults(exchange)
        await exchange.trouble.before()
        return NOTHING if exchange.trouble.prevents else self._run(exchange, operation, place=place)

    def _run(self, exchange: Exchange, operation: Operation, *, place: bytes | None) -> Answer:
        """Run an operation as one transaction; the answer to a keyed call is kept in the same one."""
        sent = jsonbody.parse(exchange.body)
        exchange.share = exchange.namespace.engine.limits.take(operation, limits.cost_of(operation, sent))
        mark = idempotency.fingerprint(sent) if place is not None else b""
        try:
            with exchange.namespace.engine.unit() as unit:
                answer = idempotency.replay(unit, place, mark) if place is not None else None
                if answer is not None:
                    return answer
                try:
                    answer = _perform(unit, exchange, operation, sent)
                except Problem as problem:
                    if not problem.keep:
                        raise
                    answer = _problem_answer(problem, exchange)
                if place is not None:
                    idempotency.keep(unit, place, mark, _spoken_as(answer, exchange))
                return answer
        except Problem as problem:
            twin = self._namespaces.twin(exchange.namespace)
            explained = modes.explain(problem, twin, exchange.ids, sent, _query(exchange.request))
            return self._keep_refusal(exchange, explained, place, mark)

    def _keep_refusal(self, exchange: Exchange, problem: Problem, place: bytes | None, mark: bytes) -> Answer:
        """Keep a refusal under its key, once the work it ended is rolled back. A conflict of keys is not an answer to
        the key."""
        answer = _problem_answer(problem, exchange)
        if place is not None and problem.code != "paylera.idempotency_conflict":
            with exchange.namespace.engine.unit() as unit:
                idempotency.keep(unit, place, mark, _spoken_as(answer, exchange))
        return answer


def _record(exchange: Exchange, answer: Answer) -> None:
    request, engine = exchange.request, exchange.namespace.engine
    engine.recorder.add(
        RecordedRequest(
            method=request.method,
            path=request.scope["path"],
            query=request.scope["query_string"].decode("latin-1"),
            headers={name.lower(): value for name, value in request.headers.items()},
            body=exchange.body,
            status=answer.status,
            number=engine.recorder.next_number(),
            at=stamp(engine.clock.now()),
            duration_ms=(time.perf_counter() - exchange.began) * 1000,
            request_id=exchange.request_id,
            idempotency_key=exchange.key,
            replayed="Idempotent-Replayed" in answer.headers,
            fault=exchange.fault,
            answer=answer.body[:MOST_OF_ANSWER],
        )
    )


def _meet_faults(exchange: Exchange) -> Trouble:
    request, engine = exchange.request, exchange.namespace.engine
    if not any_for(engine.store):
        return NONE
    method, path = request.method, request.scope["path"]
    sent = {**_query(request), **jsonbody.parse(exchange.body)}
    subject = {"method": method, "path": path, "idempotency_key": exchange.key}
    return meet(engine, subject, ids=exchange.ids, sent=sent, name=f"{method} {path} {exchange.request_id}")


def _request_id(request: Request) -> str:
    given = request.headers.get("x-request-id", "")
    return given if _REQUEST_ID.fullmatch(given) else f"req_{os.urandom(16).hex()}"


def _authenticate(request: Request, namespaces: Namespaces) -> Namespace:
    """Return the namespace that the token opens."""
    scheme, _, given = request.headers.get("authorization", "").partition(" ")
    found = namespaces.by_token(given.strip()) if scheme.lower() == "bearer" else None
    if found is None:
        detail = "Send 'Authorization: Bearer <token>' with the token that the sandbox was started with."
        raise Problem("auth.invalid_token", detail, headers={"WWW-Authenticate": "Bearer"})
    return found


async def _read(request: Request, *, most: int = MAX_BODY, json: bool = True) -> bytes:
    """Read the body, and stop as soon as it is too large."""
    chunks = bytearray()
    async for chunk in request.stream():
        chunks += chunk
        if len(chunks) > most:
            raise Problem("request.too_large", f"A body has at most {most} bytes.")
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if json and chunks and media_type != "application/json":
        raise Problem("request.unsupported_media_type", "Send Content-Type: application/json.")
    return bytes(chunks) if json else cast("bytes", chunks)  # a copy of a large file would hold up the others


def _alias(body: bytes) -> list[str]:
    alias = jsonbody.parse(body).get("dedup_key")
    return [alias] if isinstance(alias, str) else []


def _perform(unit: Unit, exchange: Exchange, operation: Operation, sent: Doc) -> Answer:
    query = fields.read_query(_query(exchange.request), operation.query)
    body = fields.read(sent, operation.body)
    return _success(operation.handler(Call(unit, exchange.ids, query, body)), operation.status)


def _success(result: Doc | File | None, status: int) -> Answer:
    if isinstance(result, File):
        headers = {"Content-Type": result.media_type, "Content-Disposition": f'inline; filename="{result.name}"'}
        return Answer(status, result.content, headers)
    content = b"" if result is None else jsonbody.dump(public(result))
    return Answer(status, content, {"Content-Type": "application/json"} if content else {})


def _query(request: Request) -> dict[str, str]:
    """Read the query. A parameter that is given twice says two things, so it is refused."""
    pairs = parse_qsl(request.scope["query_string"].decode("latin-1"), keep_blank_values=True)
    found = dict(pairs)
    for name, value in pairs:
        if found[name] != value:
            raise fault(name[:128], "field.repeated", "is given twice, with different values")
    return found


def _problem_answer(problem: Problem, exchange: Exchange) -> Answer:
    dialect, path = exchange.dialect, exchange.request.scope["path"]
    document = dialect.document(problem, request_id=exchange.request_id, path=path)
    headers = {**problem.headers, "Content-Type": PROBLEM_JSON}
    return Answer(dialect.status(problem), jsonbody.dump(document), headers)


def _spoken_as(answer: Answer, exchange: Exchange) -> Answer:
    """Return an answer with the headers that tell its version: they are repeated with it."""
    return Answer(answer.status, answer.body, {**exchange.dialect.headers(), **answer.headers})


def _response(exchange: Exchange, answer: Answer) -> Response:
    headers = {
        **(exchange.share.headers() if exchange.share else {}),
        **_spoken_as(answer, exchange).headers,
        **({HEADER: exchange.fault} if exchange.fault else {}),
        "X-Request-Id": exchange.request_id,
        "Cache-Control": "no-store",
    }
    return InPieces(answer.body, status_code=answer.status, headers=headers)
