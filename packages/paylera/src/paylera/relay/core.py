"""The relay: one call from top to bottom, with every decision in its place.

Nothing here performs I/O, knows a framework or reads a clock; see `paylera.flow`. Source: contract sections 2 to 5.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from paylera.endpoint import ID
from paylera.flow import Callee, Flow, invoke
from paylera.http import Headers, Request, Response
from paylera.problems import FieldFault, Problem, finish, render, request_id
from paylera.relay import inputs
from paylera.relay.customers import Customers
from paylera.relay.fields import REDIRECT_FIELDS
from paylera.relay.idempotency import browser_key, upstream_key
from paylera.relay.identity import PayleraCustomerIdentity
from paylera.relay.options import RelaySettings
from paylera.relay.problems import no_such_subscription
from paylera.relay.redirects import resolve
from paylera.relay.routes import ACTIONS, KeyPolicy, Route, methods_of
from paylera.relay.subscriptions import Subscriptions
from paylera.relay.tracing import Trace
from paylera.relay.upstream import Context, Upstream, forwarded_headers, relayed
from paylera.system import uuid7

_JSON: Headers = (("content-type", "application/json"),)

log = logging.getLogger("paylera.relay")


@dataclass(frozen=True, slots=True)
class Call:
    """One relay call whose form is right and whose caller is known; `native` is the host's own request object."""

    route: Route
    request: Request
    native: object
    sub_id: str | None
    context: Context
    identity: PayleraCustomerIdentity


class RelayCore:
    """Answers relay calls. One instance serves all requests; it holds settings and memories, never a request.

    `session_binding(request)` is the host's own login session as a string, or None when nobody is logged in there.
    """

    def __init__(self, options: Mapping[str, Any], *, session_binding: Callee | None = None) -> None:
        settings = RelaySettings.of(options)
        self.settings = settings
        self._upstream = Upstream(settings.endpoint, settings.system)
        self._methods = {action: methods_of(settings.routes, action) for action in ACTIONS}
        self._session_binding = session_binding
        self._subscriptions = Subscriptions.build(self._upstream, settings.system)
        self._customers = Customers.build(
            self._upstream,
            settings.system,
            auto_create=settings.auto_create_customer,
            tenant_id=settings.tenant_id,
            on_created=settings.on_customer_created,
        )

    def handle(
        self, action: str, request: Request, *, native: object = None, sub_id: str | None = None
    ) -> Flow[Response]:
        """Answer one call of `action`; never raises: what went wrong is the response.

        `native` is handed to the merchant's callables; `sub_id` is the decoded id of the path, where it has one.
        """
        context = self._context(action, request)
        try:
            response = yield from self._guarded(action, request, context, native, sub_id)
        finally:
            context.trace.end()
        return finish(response, request, request_id=context.request_id)

    def _context(self, action: str, request: Request) -> Context:
        return Context(
            request_id=request_id(request, self.settings.system),
            deadline=self.settings.system.monotonic() + self.settings.timeout,
            forwarded=forwarded_headers(request),
            trace=Trace(self.settings.tracer, action, request.method),
        )

    def _guarded(
        self, action: str, request: Request, context: Context, native: object, sub_id: str | None
    ) -> Flow[Response]:
        try:
            response = yield from self._answer(action, request, context, native, sub_id)
        except Problem as refusal:
            problem = refusal
        except Exception:
            log.exception("the relay failed in %s, request %s", action, context.request_id)
            problem = Problem("paylera.internal", "the error is in the server's log under this request id")
        else:
            context.trace.note("http.status_code", response.status)
            return response
        context.trace.note("http.status_code", problem.status)
        context.trace.note("paylera.problem.type", problem.type)
        return render(problem, request_id=context.request_id)

    def _answer(
        self, action: str, request: Request, context: Context, native: object, sub_id: str | None
    ) -> Flow[Response]:
        methods = self._methods[action]
        if not methods:
            raise Problem("paylera.not_found", "this route is switched off")
        if request.method == "OPTIONS":
            return Response(204, _allow(methods))
        if request.method not in methods:
            detail = f"use {' or '.join(sorted(methods))}"
            raise Problem("paylera.method_not_allowed", detail, headers=_allow(methods))
        if sub_id is not None and not ID.fullmatch(sub_id):
            raise no_such_subscription()
        route = methods[request.method]
        self._check_form(route, request)
        identity = yield from self._identify(native)
        call = Call(route, request, native, sub_id, context, identity)
        if route.upstream is None:
            return (yield from self._mint(call))
        yield from self._check_caller(call)
        return (yield from self._relay(call, inputs.fields_of(route, request), route.upstream))

    # --- who is calling, and whether they may -------------------------------------------------------------------------

    def _check_form(self, route: Route, request: Request) -> None:
        if not route.is_unsafe:
            return
        inputs.check_media_type(request)
        if self.settings.csrf is not None:
            self.settings.csrf.check_source(request, own_origin=inputs.own_origin(request))
        inputs.check_size(request)

    def _identify(self, native: object) -> Flow[PayleraCustomerIdentity]:
        identity = yield from invoke(self.settings.identify, native)
        if identity is None:
            return PayleraCustomerIdentity()
        if not isinstance(identity, PayleraCustomerIdentity):
            msg = f"identify returned {type(identity).__name__}; it must return a PayleraCustomerIdentity"
            raise TypeError(msg)
        return identity

    def _check_caller(self, call: Call) -> Flow[None]:
        if call.route.is_unsafe and self.settings.csrf is not None:
            self.settings.csrf.check_token(call.request, binding=(yield from self._binding(call)))
        if call.route.needs_customer and not self._customers.can_resolve(call.identity):
            raise Problem("paylera.unauthenticated", self._customers.unresolved())
        if self.settings.authorize is not None:
            allowed = yield from invoke(self.settings.authorize, call.route.action, call.identity, call.sub_id)
            # Anything but a yes refuses: a function that forgot to return must not open the door.
            if not allowed:
                raise Problem("paylera.forbidden", "you may not do this")

    def _binding(self, call: Call) -> Flow[str]:
        for name, source in (("custom", self.settings.csrf_binding), ("session", self._session_binding)):
            if source is None:
                continue
            value = yield from invoke(source, call.native)
            if value:
                return f"{name}:{value}"
        return f"identity:{call.identity.subject}"

    def _mint(self, call: Call) -> Flow[Response]:
        csrf = self.settings.csrf
        if csrf is None:
            raise Problem("paylera.not_found", "the CSRF check is switched off; no token is needed")
        token, expires_at = csrf.mint((yield from self._binding(call)))
        cookie = csrf.cookie(token, secure=call.request.parts.scheme == "https")
        body = f'{{"token":"{token}","expires_at":"{expires_at}"}}'.encode()
        return Response(200, (*_JSON, ("set-cookie", cookie)), body)

    # --- what goes upstream -------------------------------------------------------------------------------------------

    def _relay(self, call: Call, sent: dict[str, Any], target: tuple[str, str]) -> Flow[Response]:
        self._check_feature(call.route, sent)
        self._resolve_redirects(call.request, sent)
        key = browser_key(call.route, call.request, sent.pop("dedup_key", None))
        response = yield from self._forward(call, dict(sent), target, key)
        if self._customers.is_gone(call.identity, response):
            response = yield from self._forward(call, dict(sent), target, key)
        return relayed(response)

    def _forward(self, call: Call, sent: dict[str, Any], target: tuple[str, str], key: str | None) -> Flow[Response]:
        ids: dict[str, str] = {}
        if call.route.needs_customer:
            ids["customer_id"] = _checked(
                (yield from self._customers.resolve(call.context, call.identity, call.native))
            )
            if key is not None:
                key = upstream_key(ids["customer_id"], key)
        named = call.sub_id or sent.get("subscription_id")
        if named is not None:
            yield from self._check_owner(call, ids, named, sent)
        elif call.route.owns:
            current = yield from self._subscriptions.current(call.context, ids["customer_id"])
            if current is None:
                return Response(200, (), b'{"features": {}}')
            ids["subscription_id"] = current
        if key is None and call.route.key is KeyPolicy.REQUIRED:
            key = uuid7(self.settings.system)
        for name, value in {"paylera.endpoint": target[1], "paylera.idempotency_key": key}.items():
            call.context.trace.note(name, value)
        for name, value in ids.items():
            call.context.trace.note(f"paylera.{name}", value)
        query, body = _upstream_input(call.route, target[0], ids, sent)
        return (yield from self._upstream.call(call.context, target, ids=ids, query=query, body=body, key=key))

    def _check_feature(self, route: Route, sent: Mapping[str, Any]) -> None:
        features = self.settings.trackable_features
        if route.action == "track" and features is not None and sent["feature_code"] not in features:
            fault = FieldFault("feature_code", "not_allowed", "is not in trackable_features")
            raise Problem("paylera.forbidden", "this feature is not metered from a browser", errors=[fault])

    def _resolve_redirects(self, request: Request, sent: dict[str, Any]) -> None:
        for name in sorted(REDIRECT_FIELDS & sent.keys()):
            allowed = self.settings.allowed_redirect_origins
            sent[name] = resolve(name, sent[name], own_origin=inputs.own_origin(request), allowed=allowed)

    def _check_owner(self, call: Call, ids: dict[str, str], named: str, sent: dict[str, Any]) -> Flow[None]:
        # A cancel without a version acts on the subscription as it is now, so it is read even when its owner is known.
        needs_version = call.route.action == "subscription-cancel" and "version" not in sent
        found = yield from self._subscriptions.owned(call.context, named, ids["customer_id"], fresh=needs_version)
        if needs_version and "version" in found:
            sent["version"] = found["version"]
        ids["subscription_id"] = named


def _upstream_input(
    route: Route, method: str, ids: Mapping[str, str], sent: Mapping[str, Any]
) -> tuple[dict[str, Any], dict[str, Any] | None]:
    """Return the query and the body of the upstream call, built from checked fields and from nothing else."""
    in_query = {name: sent[name] for name in route.in_query if name in sent}
    if method == "GET":
        return in_query, None
    injected = {"customer_id": ids["customer_id"]} if route.injects else {}
    rest = {name: value for name, value in sent.items() if name not in in_query}
    return in_query, injected | route.defaults | rest


def _checked(customer_id: str) -> str:
    if ID.fullmatch(customer_id):
        return customer_id
    log.error("a customer id holds characters that no path may hold; check what identify returns as customer_id")
    raise Problem("paylera.not_found", "there is no such customer")


def _allow(methods: Mapping[str, Route]) -> Headers:
    return (("allow", ", ".join(sorted({*methods, "OPTIONS"}))),)
