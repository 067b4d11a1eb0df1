"""The relay's settings: checked once, when the relay is built.

Source: contract section 1.
"""

from __future__ import annotations

import os
from collections.abc import Awaitable, Callable, Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from inspect import Parameter, Signature, signature
from typing import Any, Required, TypedDict, TypeVar, get_type_hints

from paylera.endpoint import DEFAULT_API_VERSION, Endpoint
from paylera.flow import Callee
from paylera.relay.csrf import Csrf, PayleraCsrfOptions
from paylera.relay.fields import IDENTITY_FIELDS, FieldSet
from paylera.relay.identity import PayleraCustomerIdentity
from paylera.relay.redirects import configured_origins
from paylera.relay.routes import ACTIONS, PATHS, ROUTES, Route
from paylera.system import REAL, System

# The host's own request object is `Any`; a result of `object` is one that may be awaitable and that is not relied on.
Identify = Callable[[Any], PayleraCustomerIdentity | Awaitable[PayleraCustomerIdentity | None] | None]
Authorize = Callable[[str, PayleraCustomerIdentity, str | None], object]
OnCustomerCreated = Callable[[Any, PayleraCustomerIdentity, Any], object]


class RelayOptions(TypedDict, total=False):
    """What both relay factories take, keyword-only. Only `api_token` and `identify` must be given.

    `timeout` is in seconds and covers a whole relay call with all its upstream calls. `authorize(action, identity,
    resource)` returns False to refuse (403); `resource` is the subscription id in the path, or None.
    `on_customer_created(request, identity, customer)` runs once after an auto-create. `extra_fields` opens body
    fields by action, `disabled_routes` closes actions, `trackable_features` limits what a browser may meter. `tracer`
    is an OpenTelemetry tracer. An action is a Django name without `paylera-`.
    """

    api_token: Required[str]
    identify: Required[Identify]
    auto_create_customer: bool
    csrf: bool | PayleraCsrfOptions
    base_url: str | None
    api_version: str
    tenant_id: str | None
    timeout: float
    authorize: Authorize | None
    allowed_redirect_origins: Iterable[str]
    on_customer_created: OnCustomerCreated | None
    extra_fields: Mapping[str, Collection[str]] | None
    disabled_routes: Collection[str]
    trackable_features: Collection[str] | None
    tracer: Any
    system: System


DEFAULTS: Mapping[str, Any] = {
    "auto_create_customer": True,
    "csrf": True,
    "base_url": None,
    "api_version": DEFAULT_API_VERSION,
    "tenant_id": None,
    "timeout": 10.0,
    "authorize": None,
    "allowed_redirect_origins": (),
    "on_customer_created": None,
    "extra_fields": None,
    "disabled_routes": (),
    "trackable_features": None,
    "tracer": None,
    "system": REAL,
}
"""What an option is when it is not given."""

F = TypeVar("F", bound=Callable[..., Any])


def relay_factory(factory: F) -> F:
    """Show the options in the factory's run-time signature, for `help()` and for editors that read it."""
    parameters = [
        Parameter(name, Parameter.KEYWORD_ONLY, default=DEFAULTS.get(name, Parameter.empty), annotation=annotation)
        for name, annotation in get_type_hints(RelayOptions).items()
    ]
    returns = signature(factory).return_annotation
    factory.__signature__ = Signature(parameters, return_annotation=returns)  # type: ignore[attr-defined] # what `inspect` reads
    return factory


@dataclass(frozen=True, slots=True)
class RelaySettings:
    """The checked form of `RelayOptions`."""

    endpoint: Endpoint
    identify: Callee
    auto_create_customer: bool
    csrf: Csrf | None
    csrf_binding: Callee | None
    tenant_id: str | None
    timeout: float
    authorize: Callee | None
    allowed_redirect_origins: frozenset[str]
    on_customer_created: Callee | None
    routes: tuple[Route, ...]
    trackable_features: frozenset[str] | None
    tracer: Any
    system: System

    @classmethod
    def of(cls, options: Mapping[str, Any]) -> RelaySettings:
        """Check the options of a relay factory; `ValueError` (for an unknown name `TypeError`) names the parameter,
        never the token.
        """
        for name in options:
            if name not in RelayOptions.__annotations__:
                msg = f"the relay has no option {name!r}; it takes {', '.join(RelayOptions.__annotations__)}"
                raise TypeError(msg)
        given: dict[str, Any] = {"api_token": None, "identify": None, **DEFAULTS, **options}
        endpoint = Endpoint.resolve(
            api_token=given["api_token"],
            base_url=given["base_url"],
            api_version=given["api_version"],
            environ=os.environ,
        )
        csrf = _csrf(given["csrf"], endpoint, given["system"])
        return cls(
            endpoint=endpoint,
            identify=_callee("identify", given["identify"]),
            auto_create_customer=_flag("auto_create_customer", given["auto_create_customer"]),
            csrf=csrf,
            csrf_binding=Callee.of(csrf.options.binding) if csrf and csrf.options.binding else None,
            tenant_id=given["tenant_id"],
            timeout=_timeout(given["timeout"]),
            authorize=_optional_callee("authorize", given["authorize"]),
            allowed_redirect_origins=configured_origins("allowed_redirect_origins", given["allowed_redirect_origins"]),
            on_customer_created=_optional_callee("on_customer_created", given["on_customer_created"]),
            routes=_routes(given["extra_fields"] or {}, given["disabled_routes"]),
            trackable_features=_features(given["trackable_features"]),
            tracer=given["tracer"],
            system=given["system"],
        )


def _csrf(csrf: Any, endpoint: Endpoint, system: System) -> Csrf | None:
    if csrf is False:
        return None
    if csrf is True:
        csrf = PayleraCsrfOptions()
    if not isinstance(csrf, PayleraCsrfOptions):
        msg = "csrf must be True, False or a PayleraCsrfOptions"
        raise ValueError(msg)
    return Csrf(csrf, fallback_secret=endpoint.token.reveal(), system=system)


def _callee(parameter: str, function: Any) -> Callee:
    if not callable(function):
        msg = f"{parameter} must be a function, def or async def; see the relay's documentation for its arguments"
        raise ValueError(msg)
    return Callee.of(function)


def _optional_callee(parameter: str, function: Any) -> Callee | None:
    return None if function is None else _callee(parameter, function)


def _flag(parameter: str, value: Any) -> bool:
    if not isinstance(value, bool):
        msg = f"{parameter} must be True or False"
        raise ValueError(msg)
    return value


def _timeout(value: Any) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value <= 600:
        msg = "timeout must be a number of seconds above 0 and up to 600"
        raise ValueError(msg)
    return float(value)


def _features(value: Any) -> frozenset[str] | None:
    if value is None:
        return None
    if isinstance(value, str):
        msg = "trackable_features must be a collection of feature codes, not one string"
        raise ValueError(msg)
    return frozenset(value)


def _routes(extra: Any, disabled: Any) -> tuple[Route, ...]:
    _check_actions("extra_fields", extra)
    _check_actions("disabled_routes", disabled)
    for action, names in extra.items():
        _check_extra(action, names)
    return tuple(replace(route, fields=_widened(route, extra)) for route in ROUTES if route.action not in disabled)


def _widened(route: Route, extra: Mapping[str, Collection[str]]) -> FieldSet:
    # Only bodies widen: a query string has no types, and nothing of it goes upstream but what the table names.
    return route.fields.widened(frozenset(extra.get(route.action, ()))) if route.is_unsafe else route.fields


def _check_actions(parameter: str, actions: Any) -> None:
    if isinstance(actions, str):
        msg = f"{parameter} must be a collection, not one string"
        raise ValueError(msg)
    for action in actions:
        if action not in ACTIONS:
            msg = f"{parameter} names {action!r}, which is no route; routes are {', '.join(sorted(ACTIONS))}"
            raise ValueError(msg)


def _check_extra(action: str, names: Any) -> None:
    if isinstance(names, str) or not all(isinstance(name, str) and name for name in names):
        msg = f"extra_fields[{action!r}] must be a set of field names"
        raise ValueError(msg)
    if forbidden := sorted(IDENTITY_FIELDS & set(names)):
        msg = f"extra_fields[{action!r}] may not open {', '.join(forbidden)}: that comes from identify alone"
        raise ValueError(msg)
    if "subscription_id" in names and any("<sub_id>" in path for path, name in PATHS.items() if name == action):
        msg = (
            f"extra_fields[{action!r}] may not open subscription_id: it is the one in the path, whose owner is checked"
        )
        raise ValueError(msg)
