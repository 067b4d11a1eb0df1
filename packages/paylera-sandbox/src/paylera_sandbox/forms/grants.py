"""Grants: what a plan gives of a feature, as it is written and as the plan keeps it."""

from __future__ import annotations

from typing import Any

from paylera_sandbox import fields
from paylera_sandbox.fields import Rule
from paylera_sandbox.forms import prices
from paylera_sandbox.kinds import Invalid, Kind, Schema, accepts
from paylera_sandbox.shapes import record

Doc = dict[str, Any]
KINDS = ("metered", "numeric", "boolean")
CYCLES = ("calendar_month", "billing_period")
_MAX_FEATURES = 100


@accepts({"anyOf": [fields.boolean.schema, prices.units.schema]})
def value(value: object) -> str | bool:
    """Take true or false, or a quantity."""
    return value if isinstance(value, bool) else prices.units(value)


_GRANT: Kind[Doc] = record(
    {
        "included_usage": Rule(prices.units),
        "unlimited": Rule(fields.boolean),
        "usage_cycle": Rule(fields.choice(*CYCLES)),
        "value": Rule(value),
    }
)
_SCHEMA: Schema = {
    "type": "object",
    "propertyNames": fields.identifier.schema,
    "additionalProperties": _GRANT.schema,
    "maxProperties": _MAX_FEATURES,
}


@accepts(_SCHEMA)
def features(value: object) -> dict[str, Doc]:
    """Take grants by the codes of their features."""
    if not isinstance(value, dict) or len(value) > _MAX_FEATURES:
        raise Invalid("type.object", f"must be an object of at most {_MAX_FEATURES} grants by feature code")
    found = {}
    for code, grant in value.items():
        try:
            found[fields.identifier(code)] = _GRANT(grant)
        except Invalid as error:
            raise error.under(f".{code[:128]}") from None
    return found


def granted(feature: Doc, grant: Doc) -> Doc:
    """Return a grant as a plan keeps it. Raises Invalid where it does not fit the feature's kind."""
    common = {"kind": feature["kind"], "name": feature["name"]}
    if feature["kind"] == "metered":
        return {**common, **_metered(feature, grant)}
    for name in ("included_usage", "unlimited", "usage_cycle"):
        if grant[name] is not None:
            raise Invalid("grant.not_metered", f"is for metered features, this one is {feature['kind']}", at=f".{name}")
    wanted = bool if feature["kind"] == "boolean" else str
    if not isinstance(grant["value"], wanted):
        text = "true or false" if wanted is bool else "a decimal string"
        raise Invalid("grant.value", f"is required, {text}: the feature is {feature['kind']}", at=".value")
    return {**common, "included_usage": None, "usage_cycle": None, "unlimited": None, "value": grant["value"]}


def _metered(feature: Doc, grant: Doc) -> Doc:
    if grant["value"] is not None:
        raise Invalid("grant.metered", "is not for metered features; they have included_usage", at=".value")
    if (grant["included_usage"] is None) == (not grant["unlimited"]):
        raise Invalid("grant.included_usage", "is required, unless unlimited is true", at=".included_usage")
    return {
        "included_usage": grant["included_usage"],
        "usage_cycle": grant["usage_cycle"] or feature["usage_cycle"],
        "unlimited": bool(grant["unlimited"]),
        "value": None,
    }
