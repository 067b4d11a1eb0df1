"""What a browser may send: every field with its rule. Upstream bodies are built from these and from nothing else.

Source: contract section 2, "Bodies are built, never passed on".
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from paylera.endpoint import ID
from paylera.problems import Problem
from paylera.relay.problems import invalid, no_such_subscription

Rule = Callable[[str, Any], Any]
"""Checks the value of the named field and returns what goes upstream, or raises a `Problem`."""

MAX_QUANTITIES = 50
MAX_COUPONS = 20
MAX_PROPERTIES = 20

IDENTITY_FIELDS = frozenset({
    "customer", "customer_id", "customerId", "customer_data", "customerData", "external_id", "externalId", "email",
    "tenant", "tenant_id", "tenantId",
})  # fmt: skip
"""Names that say who somebody is: never taken from a browser, whatever the merchant opens."""


def text(pattern: str, hint: str) -> Rule:
    """Return the rule of a string that fully matches `pattern`."""
    compiled = re.compile(pattern, re.ASCII)

    def rule(field: str, value: Any) -> str:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise invalid(field, "invalid", hint)
        return value

    return rule


def prose(max_length: int) -> Rule:
    """Return the rule of free text for people to read."""

    def rule(field: str, value: Any) -> str:
        if not isinstance(value, str) or len(value) > max_length or "\x00" in value:
            raise invalid(field, "invalid", f"must be text of at most {max_length} characters")
        return value

    return rule


def boolean(field: str, value: Any) -> bool:
    """Take true or false."""
    if not isinstance(value, bool):
        raise invalid(field, "invalid", "must be true or false")
    return value


def version(field: str, value: Any) -> int:
    """Take the version of a subscription: a whole number from 0."""
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise invalid(field, "invalid", "must be a whole number")
    return value


_DECIMAL = re.compile(r"[0-9]{1,15}(?:\.[0-9]{1,8})?", re.ASCII)


def quantity(field: str, value: Any) -> str:
    """Take a decimal string above zero; numbers are refused, since JSON numbers lose digits."""
    if not isinstance(value, str) or not _DECIMAL.fullmatch(value) or not value.strip("0."):
        raise invalid(field, "invalid", 'must be a decimal string above zero, such as "1" or "2.5"')
    return value


def subscription_id(field: str, value: Any) -> str:
    """Take an id that will stand in an upstream path; one that cannot is like one that does not exist."""
    if not isinstance(value, str):
        raise invalid(field, "invalid", "must be a string")
    if not ID.fullmatch(value):
        raise no_such_subscription()
    return value


def quantities(field: str, value: Any) -> dict[str, Any]:
    """Take `{meter: quantity}`; each quantity a decimal string or a whole number, from zero."""
    if not isinstance(value, dict) or len(value) > MAX_QUANTITIES:
        raise invalid(field, "invalid", f"must be an object with at most {MAX_QUANTITIES} quantities")
    return {CODE(f"{field} key", meter): _seats(f"{field}.{meter}", amount) for meter, amount in value.items()}


def _seats(field: str, value: Any) -> str | int:
    is_whole = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 10**15
    if is_whole or (isinstance(value, str) and _DECIMAL.fullmatch(value)):
        return value  # type: ignore[no-any-return]
    raise invalid(field, "invalid", "must be a whole number or a decimal string, from 0")


def coupons(field: str, value: Any) -> list[str]:
    """Take a list of coupon codes."""
    if not isinstance(value, list) or len(value) > MAX_COUPONS:
        raise invalid(field, "invalid", f"must be a list of at most {MAX_COUPONS} coupon codes")
    return [CODE(f"{field}[{index}]", item) for index, item in enumerate(value)]


def properties(field: str, value: Any) -> dict[str, Any]:
    """Take a flat object of at most 20 members: strings of at most 500 characters, numbers, booleans or null."""
    if not isinstance(value, dict) or len(value) > MAX_PROPERTIES:
        raise invalid(field, "invalid", f"must be a flat object with at most {MAX_PROPERTIES} members")
    for key, item in value.items():
        if len(key) > 64 or isinstance(item, dict | list) or (isinstance(item, str) and len(item) > 500):
            raise invalid(
                field, "invalid", "must be flat: names up to 64, texts up to 500 characters, no lists or objects"
            )
    return value


def anything(_field: str, value: Any) -> Any:
    """Take any JSON: a field that the merchant opened with `extra_fields`."""
    return value


CODE = text(r"[A-Za-z0-9_.:-]{1,128}", "must be 1 to 128 letters, digits or _ . : -")
KEY = text(r"[!-~]{1,200}", "must be 1 to 200 visible ASCII characters")
LOCALE = text(r"[A-Za-z]{2,8}(?:[-_][A-Za-z0-9]{1,8}){0,3}", "must be a language tag such as en or pt-BR")
URL = text(r"[^\x00-\x20\x7f]{1,4096}", "must be a URL without white space")
LIMIT = text(r"[1-9][0-9]?|100", "must be a whole number from 1 to 100")
CURSOR = text(r"[!-~]{1,512}", "must be the next_cursor of an earlier answer")

RULES: Mapping[str, Rule] = {
    "at_period_end": boolean,
    "cancel_url": URL,
    "coupons": coupons,
    "cursor": CURSOR,
    "dedup_key": KEY,
    "feature_code": CODE,
    "feedback": prose(2000),
    "limit": LIMIT,
    "locale": LOCALE,
    "payment_provider": CODE,
    "plan_code": CODE,
    "plan_id": CODE,
    "properties": properties,
    "quantities": quantities,
    "quantity": quantity,
    "reason": prose(500),
    "return_url": URL,
    "subscription_id": subscription_id,
    "success_url": URL,
    "version": version,
}
"""One rule per field name, the same on every route."""

REDIRECT_FIELDS = frozenset({"success_url", "cancel_url", "return_url"})


@dataclass(frozen=True, slots=True)
class FieldSet:
    """The fields of one route: `allowed` names, and `required` groups of which one member each must be there."""

    allowed: tuple[str, ...] = ()
    required: tuple[tuple[str, ...], ...] = ()

    def widened(self, extra: frozenset[str]) -> FieldSet:
        """Return the set with the merchant's extra fields."""
        return FieldSet((*self.allowed, *sorted(extra - set(self.allowed))), self.required)

    def accept(self, sent: Mapping[str, Any]) -> dict[str, Any]:
        """Return the checked fields, in the order of the table; null counts as not sent."""
        for name in sent:
            if name not in self.allowed:
                raise (
                    invalid(name, "not_allowed", "is not a field of this route", type="paylera.field_not_allowed")
                    if len(name) <= 64
                    else Problem("paylera.field_not_allowed", "a field name is too long")
                )
        given = {name: sent[name] for name in self.allowed if sent.get(name) is not None}
        for group in self.required:
            _require_one(group, given)
        return {name: RULES.get(name, anything)(name, value) for name, value in given.items()}


def _require_one(group: tuple[str, ...], given: Mapping[str, Any]) -> None:
    present = [name for name in group if name in given]
    if not present:
        raise invalid(group[0], "required", f"is required ({' or '.join(group)})")
    if len(present) > 1:
        raise invalid(present[1], "ambiguous", f"send only one of {' and '.join(group)}")
