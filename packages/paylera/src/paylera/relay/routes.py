"""The routes of the relay: this table is what the product does.

Source: contract section 2. Host adapters mount `PATHS`; `RelayCore` reads the rest.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import Enum

from paylera.relay.fields import FieldSet


class KeyPolicy(Enum):
    """Whether the upstream call carries an idempotency key."""

    NONE = "none"
    OPTIONAL = "only the browser's"
    REQUIRED = "the browser's, else a fresh one"


@dataclass(frozen=True, slots=True)
class Route:
    """One method on one relay path, and the upstream call it becomes.

    `upstream` is None where the relay answers by itself; its template may name `{customer_id}` and
    `{subscription_id}`. `fields` are those of the JSON body, or for a GET of the query string. `injects` says that
    `customer_id` joins the upstream body; `in_query` are the fields that go into the upstream query string,
    `defaults` what the upstream body holds unless the browser says otherwise.
    """

    action: str
    method: str
    path: str
    upstream: tuple[str, str] | None = None
    needs_customer: bool = True
    owns: bool = False
    injects: bool = False
    key: KeyPolicy = KeyPolicy.NONE
    fields: FieldSet = field(default_factory=FieldSet)
    in_query: tuple[str, ...] = ()
    defaults: dict[str, str] = field(default_factory=dict)

    @property
    def is_unsafe(self) -> bool:
        """Tell whether the call changes something, and so needs the CSRF check."""
        return self.method == "POST"


_PLAN = ("plan_id", "plan_code")

ROUTES = (
    Route("csrf-token", "GET", "csrf-token", needs_customer=False),
    Route(
        "attach", "POST", "attach", ("POST", "/v1/attach"), injects=True, key=KeyPolicy.REQUIRED,
        fields=FieldSet(
            (*_PLAN, "success_url", "cancel_url", "payment_provider", "quantities", "coupons", "locale", "dedup_key"),
            required=(_PLAN,),
        ),
    ),
    Route(
        "check", "POST", "check", ("POST", "/v1/check"), injects=True, key=KeyPolicy.OPTIONAL,
        fields=FieldSet(("feature_code", "quantity", "subscription_id"), required=(("feature_code",),)),
    ),
    Route(
        "check", "GET", "check", ("POST", "/v1/check"), injects=True,
        fields=FieldSet(("feature_code", "quantity", "subscription_id"), required=(("feature_code",),)),
    ),
    Route(
        "track", "POST", "track", ("POST", "/v1/track"), injects=True, key=KeyPolicy.REQUIRED,
        fields=FieldSet(("feature_code", "quantity", "properties", "dedup_key"), required=(("feature_code",),)),
        defaults={"quantity": "1"},
    ),
    Route(
        "entitlements", "GET", "entitlements", ("GET", "/v1/subscriptions/{subscription_id}/entitlements"), owns=True,
        fields=FieldSet(("subscription_id",)),
    ),
    Route("me", "GET", "me", ("GET", "/v1/customers/{customer_id}")),
    Route(
        "plans", "GET", "plans", ("GET", "/v1/plans"), needs_customer=False,
        fields=FieldSet(("limit", "cursor")), in_query=("limit", "cursor"),
    ),
    Route(
        "invoices", "GET", "invoices", ("GET", "/v1/customers/{customer_id}/invoices"),
        fields=FieldSet(("limit", "cursor")), in_query=("limit", "cursor"),
    ),
    Route(
        "billing-portal", "POST", "billing-portal", ("POST", "/v1/customers/{customer_id}/billing-portal-sessions"),
        key=KeyPolicy.REQUIRED, fields=FieldSet(("return_url", "locale")),
    ),
    Route(
        "subscription-upgrade", "POST", "subscriptions/<sub_id>/upgrade",
        ("POST", "/v1/subscriptions/{subscription_id}/change-plan"), owns=True, key=KeyPolicy.REQUIRED,
        fields=FieldSet((*_PLAN, "quantities", "coupons", "version"), required=(_PLAN,)),
    ),
    Route(
        "subscription-cancel", "POST", "subscriptions/<sub_id>/cancel",
        ("POST", "/v1/subscriptions/{subscription_id}/cancel"), owns=True, key=KeyPolicy.REQUIRED,
        fields=FieldSet(("at_period_end", "reason", "feedback", "version")), in_query=("version",),
    ),
)  # fmt: skip

PATHS: Mapping[str, str] = {route.path: route.action for route in ROUTES}
"""Relay path (with `<sub_id>` where an id stands) → action, which is the Django name without `paylera-`."""

ACTIONS = frozenset(PATHS.values())


def methods_of(routes: tuple[Route, ...], action: str) -> Mapping[str, Route]:
    """Return the routes of one action by method; HEAD is answered like GET."""
    found = {route.method: route for route in routes if route.action == action}
    return found | {"HEAD": found["GET"]} if "GET" in found else found
