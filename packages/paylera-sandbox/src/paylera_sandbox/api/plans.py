"""Plans: `/v1/plans`."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.api import coded
from paylera_sandbox.api.patches import merged
from paylera_sandbox.fields import Invalid, Rule
from paylera_sandbox.forms import grants, plans, prices
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import Problem, fault
from paylera_sandbox.store import Doc

UPDATE = {
    "name": Rule(fields.text()),
    "description": Rule(fields.text(longest=500)),
    "trial_days": Rule(fields.integer(0, plans.MAX_TRIAL_DAYS)),
    "features": Rule(grants.features),
    "dunning_policy": Rule(plans.dunning_policy),
    "metadata": Rule(fields.metadata),
}
CREATE = {
    "code": Rule(fields.identifier, required=True),
    "product_code": Rule(fields.identifier),
    "currency": Rule(plans.currency, required=True),
    "interval": Rule(fields.choice(*plans.INTERVALS), required=True),
    "interval_count": Rule(fields.integer(1, 12), default=1),
    "components": Rule(prices.components, required=True),
    **UPDATE,
}
LIST = coded.list_filters(
    product_code=fields.identifier, currency=fields.identifier, interval=fields.choice(*plans.INTERVALS)
)
_NEVER_NULL = ("name", "trial_days", "features")


def create(call: Call) -> Doc:
    """Create a plan: components with their prices, and what it grants of the catalogue's features."""
    unit, given = call.unit, call.body
    if given.get("product_code") and not unit.store.first("products", code=given["product_code"], status="active"):
        raise Problem("product.not_found", f"There is no product '{given['product_code']}'.")
    name = given.get("name") or given["code"]
    written = {**dict.fromkeys(CREATE), **given, "name": name, "trial_days": given.get("trial_days") or 0}
    written["components"] = _fitted(written)
    written["metadata"] = merged({}, given.get("metadata"))
    features = _granted(call, given.get("features") or {})
    return coded.added(unit, "plans", plans.plan_doc(written, identifier=unit.new_id("plan"), features=features))


def listing(call: Call) -> Doc:
    """List the plans, unless asked otherwise those that can be bought."""
    return coded.listed(call, "plans")


def get(call: Call) -> Doc:
    """Return a plan by its id or code."""
    return call.unit.plan(call.ids["id"])


def update(call: Call) -> Doc:
    """Change what was sent. Prices do not change: make another plan and archive this one."""
    given = {name: value for name, value in call.body.items() if value is not None or name not in _NEVER_NULL}
    if "features" in given:
        given["features"] = _granted(call, given["features"])
    return coded.revised(call.unit, "plans", get(call), given)


def archive(call: Call) -> Doc:
    """Archive a plan: its subscribers keep it, nobody new gets it."""
    return coded.archived(call, "plans")


def _fitted(written: Doc) -> list[Doc]:
    found = []
    for place, component in enumerate(written["components"]):
        try:
            found.append(prices.fitted(component, written["currency"], written["name"]))
        except Invalid as error:
            raise fault(f"components[{place}]{error.at}", error.code, error.message) from None
    return found


def _granted(call: Call, given: dict[str, Doc]) -> Doc:
    known = call.unit.catalogue.features
    granted = {}
    for code, grant in given.items():
        if code not in known:
            message = f"is not a feature of the catalogue, which has {', '.join(known) or 'none'}"
            raise fault(f"features.{code}", "feature.unknown", message)
        try:
            granted[code] = grants.granted(known[code], grant)
        except Invalid as error:
            raise fault(f"features.{code}{error.at}", error.code, error.message) from None
    return granted
