"""Plans and coupons as the API shows them, from what was written."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from decimal import Decimal
from typing import Any

from paylera_sandbox import fields
from paylera_sandbox.fields import Invalid, Rule
from paylera_sandbox.forms import prices
from paylera_sandbox.kinds import accepts
from paylera_sandbox.money import CURRENCIES, amount_text, quantity_text
from paylera_sandbox.shapes import record

Doc = dict[str, Any]
INTERVALS = ("month", "year", "week", "day")
MAX_TRIAL_DAYS = 730
DURATIONS = ("once", "repeating", "forever")
ON_EXHAUSTION = ("cancel_subscription", "pause_subscription", "mark_uncollectible_only", "notify_only")


@accepts({"type": "string", "enum": sorted(CURRENCIES)})
def currency(value: object) -> str:
    """Take an ISO 4217 code of a currency that Paylera bills in."""
    if not isinstance(value, str) or value not in CURRENCIES:
        raise Invalid("currency.invalid", f"must be one of {', '.join(sorted(CURRENCIES))}")
    return value


def plan_doc(written: Mapping[str, Any], *, identifier: str, features: Doc) -> Doc:
    """Build a plan without its moments; its components are fitted to its currency."""
    components = written["components"]
    flat = sum(Decimal(component["pricing"].get("amount", "0")) for component in components)
    price = {"amount": amount_text(Decimal(flat), written["currency"])}
    term = {name: written[name] for name in ("currency", "interval")}
    return {
        "id": identifier,
        "object": "plan",
        "code": written["code"],
        "name": written["name"],
        "description": written["description"],
        "product_code": written["product_code"],
        "status": "active",
        **term,
        "interval_count": written["interval_count"],
        "trial_days": written["trial_days"],
        "prices": [{**price, **term}],
        "components": components,
        "features": features,
        "dunning_policy": written["dunning_policy"],
        "metadata": written["metadata"] or {},
    }


# What happens when dunning gives up; without one, what the sandbox does by default.
dunning_policy = record({"on_exhaustion": Rule(fields.choice(*ON_EXHAUSTION), required=True)})


@accepts(fields.quantity.schema)
def percent(value: object) -> str:
    """Take a percentage above 0 and at most 100."""
    number = fields.decimal(value)
    if not 0 < number <= 100:
        raise Invalid("percent.range", 'must be above "0" and at most "100"')
    return quantity_text(number)


@accepts(fields.quantity.schema)
def sum_of_money(value: object) -> str:
    """Take an amount above zero."""
    amount = prices.amount(value)
    if Decimal(amount) == 0:
        raise Invalid("amount.not_positive", "must be above zero")
    return amount


COUPON = {
    "name": Rule(fields.text()),
    "percent_off": Rule(percent),
    "amount_off": Rule(sum_of_money),
    "currency": Rule(currency),
    "duration": Rule(fields.choice(*DURATIONS), default="once"),
    "duration_in_months": Rule(fields.integer(1, 120)),
    "max_redemptions": Rule(fields.integer(1, 10**9)),
    "expires_at": Rule(fields.timestamp),
    "metadata": Rule(fields.metadata),
}


def coupon_doc(written: Mapping[str, Any], *, identifier: str) -> Doc:
    """Build a coupon without its moments. Raises Invalid where its fields do not go together."""
    given: Doc = {name: written.get(name) for name in ("code", *COUPON)}
    for wrong, code, at, message in _COUPON_RULES:
        if wrong(given):
            raise Invalid(code, message, at=at)
    if given["amount_off"]:
        given["amount_off"] = prices.whole(given["amount_off"], given["currency"], at=".amount_off")
    more = {"metadata": given["metadata"] or {}, "times_redeemed": 0, "status": "active"}
    return {"id": identifier, "object": "coupon", **given, **more}


_COUPON_RULES: tuple[tuple[Callable[[Doc], bool], str, str, str], ...] = (
    (
        lambda given: (given["percent_off"] is None) == (given["amount_off"] is None),
        "coupon.value",
        ".percent_off",
        "or amount_off is required, and only one of them",
    ),
    (
        lambda given: (given["amount_off"] is None) != (given["currency"] is None),
        "coupon.currency",
        ".currency",
        "is required with amount_off, and only then",
    ),
    (
        lambda given: (given["duration"] == "repeating") != (given["duration_in_months"] is not None),
        "coupon.duration",
        ".duration_in_months",
        "is required with the duration 'repeating', and only then",
    ),
)
