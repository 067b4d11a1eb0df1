"""Prices as they are written, in the API and in the catalogue's TOML alike: one table of forms, read strictly.

Amounts and quantities are decimal strings, never numbers. Source: the documentation's pricing models.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Any

from paylera_sandbox import fields
from paylera_sandbox.fields import Invalid, Rule, Rules
from paylera_sandbox.kinds import Schema, accepts, matching
from paylera_sandbox.money import amount_text, minor_units, quantity_text
from paylera_sandbox.shapes import list_of, record, schema_of

Doc = dict[str, Any]
MAX_COMPONENTS = 20
_MAX_TIERS = 50
AGGREGATIONS = ("sum", "max", "last_during_period", "unique_count")
LATE_EVENTS = ("next_period", "rebill")


_NOT_NEGATIVE = matching(re.compile(r"[0-9]{1,15}(\.[0-9]{1,8})?"), examples=["10"])


@accepts(_NOT_NEGATIVE)
def amount(value: object) -> str:
    """Take an amount that is not below zero; it may be finer than its currency, as unit prices are."""
    number = fields.decimal(value)
    if number.is_signed():
        raise Invalid("amount.negative", "must not be below zero")
    return quantity_text(number)


@accepts(_NOT_NEGATIVE)
def units(value: object) -> str:
    """Take a quantity that is not below zero."""
    number = fields.decimal(value)
    if number.is_signed():
        raise Invalid("quantity.negative", "must not be below zero")
    return quantity_text(number)


@accepts(fields.quantity.schema)
def some_units(value: object) -> str:
    """Take a quantity above zero."""
    return quantity_text(fields.quantity(value))


_TIER = {"up_to": Rule(some_units), "unit_amount": Rule(amount, required=True)}
_tiers = list_of(record(_TIER), least=1, most=_MAX_TIERS)


@accepts(_tiers.schema)
def tiers(value: object) -> list[Doc]:
    """Take tiers from the lowest up: each ends above the one before, the last has no end."""
    found = _tiers(value)
    floor = Decimal(0)
    for place, tier in enumerate(found[:-1]):
        if tier["up_to"] is None:
            raise Invalid("tiers.open", "may be null in the last tier only", at=f"[{place}].up_to")
        if Decimal(tier["up_to"]) <= floor:
            message = f"must be above where the tier before it ends ({floor:f}): tiers must not overlap"
            raise Invalid("tiers.overlap", message, at=f"[{place}].up_to")
        floor = Decimal(tier["up_to"])
    if found[-1]["up_to"] is not None:
        raise Invalid("tiers.closed", "must be null in the last tier", at=f"[{len(found) - 1}].up_to")
    return found


_METER = {"meter": Rule(fields.identifier, required=True)}
_CHARGES: Mapping[str, Rules] = {
    "per_unit": {"unit_amount": Rule(amount, required=True), "included_units": Rule(units, default="0")},
    "tiered": {"tiers": Rule(tiers, required=True)},
    "volume": {"tiers": Rule(tiers, required=True)},
    "package": {
        "package_size": Rule(some_units, required=True),
        "package_price": Rule(amount, required=True),
    },
}
_USAGE: Rules = {
    **_METER,
    "charge": Rule(fields.choice(*_CHARGES), default="per_unit"),
    "aggregation": Rule(fields.choice(*AGGREGATIONS), default="sum"),
    "unique_by": Rule(fields.identifier),
    "late_events": Rule(fields.choice(*LATE_EVENTS), default="next_period"),
}
# model -> its fields, beside `model` itself. `usage` has those of the model that its `charge` names, too.
MODELS: Mapping[str, Rules] = {
    "flat": {"amount": Rule(amount, required=True)},
    **{model: {**_METER, **rules} for model, rules in _CHARGES.items()},
    "usage": _USAGE,
}
_MODEL = {"model": Rule(fields.choice(*MODELS), required=True)}


def _schema(model: str, charge: str | None = None) -> Schema:
    """Return the schema of one model; of usage, of one way to charge it."""
    named = {"model": Rule(fields.choice(model), required=True)}
    if charge is None:
        return schema_of({**named, **MODELS[model]})
    rule = Rule(fields.choice(charge), required=charge != _USAGE["charge"].default)
    return schema_of({**named, **MODELS[model], "charge": rule, **_CHARGES[charge]})


_SCHEMAS = [*(_schema(model) for model in MODELS if model != "usage"), *(_schema("usage", way) for way in _CHARGES)]


@accepts({"oneOf": _SCHEMAS})
def pricing(value: object) -> Doc:
    """Take a price: the model that `model` names with its fields, and no others."""
    if not isinstance(value, dict):
        raise Invalid("type.object", "must be an object")
    model = _named(value, "model", _MODEL)
    rules = {**_MODEL, **MODELS[model]}
    if model == "usage":
        rules |= _CHARGES[_named(value, "charge", {"charge": _USAGE["charge"]})]
    found = record(rules)(value)
    if model == "usage" and (found["aggregation"] == "unique_count") != (found["unique_by"] is not None):
        message = "names the property whose values unique_count counts; set it with that aggregation, and only then"
        raise Invalid("pricing.unique_by", message, at=".unique_by")
    return found


def _named(value: Doc, name: str, rules: Rules) -> str:
    return str(record(rules)({key: value[key] for key in value if key == name})[name])


COMPONENT = {
    "code": Rule(fields.identifier, required=True),
    "name": Rule(fields.text()),
    "pricing": Rule(pricing, required=True),
    "tax_code": Rule(fields.identifier),
    "recognition": Rule(fields.identifier),
}


_components = list_of(record(COMPONENT), least=1, most=MAX_COMPONENTS)


@accepts(_components.schema)
def components(value: object) -> list[Doc]:
    """Take the components of a plan; each has a code of its own."""
    found = _components(value)
    seen: set[str] = set()
    for place, component in enumerate(found):
        if component["code"] in seen:
            raise Invalid("code.duplicate", "is the code of an earlier component", at=f"[{place}].code")
        seen.add(component["code"])
    return found


def fitted(component: Doc, currency: str, plan_name: str) -> Doc:
    """Return a component as a plan keeps it: named, and with fixed amounts in whole minor units of the currency."""
    price = dict(component["pricing"])
    for name in ("amount", "package_price"):
        if name in price:
            price[name] = whole(price[name], currency, at=f".pricing.{name}")
    name = component["name"] or (plan_name if price["model"] == "flat" else component["code"])
    return {**component, "name": name, "pricing": price}


def whole(text: str, currency: str, *, at: str) -> str:
    """Write an amount in its currency; refuse one that is finer."""
    number = Decimal(text)
    if number != round(number, minor_units(currency)):
        raise Invalid("amount.too_fine", f"has more digits than {currency} has", at=at)
    return amount_text(number, currency)
