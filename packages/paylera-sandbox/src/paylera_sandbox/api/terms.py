"""The terms of a new subscription: its trial, its anchor, its commitment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from paylera_sandbox import fields
from paylera_sandbox.api.attach import terms_of
from paylera_sandbox.billing import commitments, cycles
from paylera_sandbox.billing.subscriptions import Terms
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.kinds import Invalid, Kind, accepts
from paylera_sandbox.problems import fault
from paylera_sandbox.rules import Rule
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit

LONGEST_TRIAL = 730
_COMMITMENT: Mapping[str, Kind[Any]] = {
    "months": fields.integer(1, 120),
    "billing": fields.choice("monthly", "upfront", "quarterly"),
    "early_cancel": fields.choice("forbid", "allow"),
    "at_end": fields.choice(*commitments.AT_END),
}


@accepts(
    {
        "type": "object",
        "properties": {name: kind.schema for name, kind in _COMMITMENT.items()},
        "required": ["months"],
        "additionalProperties": False,
    }
)
def commitment(value: object) -> dict[str, Any]:
    """Take a commitment: how many months, how it is billed, whether it may be canceled early, what follows it."""
    if not isinstance(value, dict):
        raise Invalid("type.object", "must be an object")
    unknown = [name for name in value if name not in _COMMITMENT]
    if unknown or "months" not in value:
        detail = f"has no member '{unknown[0]}'" if unknown else "needs 'months'"
        raise Invalid("commitment.members", f"{detail}; it takes {', '.join(_COMMITMENT)}")
    read = {name: _COMMITMENT[name](member) for name, member in value.items()}
    return {"billing": "monthly", "early_cancel": "forbid", "at_end": "renew", **read}


FIELDS = {
    "trial_days": Rule(fields.integer(0, LONGEST_TRIAL)),
    "billing_cycle_anchor": Rule(fields.timestamp),
    "require_payment_method": Rule(fields.boolean),
    "commitment": Rule(commitment),
}


def read(unit: Unit, plan: Doc, given: Doc) -> Terms:
    """Return the terms among the fields, or refuse those that do not go together."""
    terms = replace(
        terms_of(given),
        trial_days=given.get("trial_days"),
        anchor=given.get("billing_cycle_anchor"),
        commitment=given.get("commitment"),
        own_method=given.get("default_payment_method_id") is not None,
    )
    if terms.commitment:
        commitments.expect_fit(plan, terms.commitment)
    if terms.anchor:
        _expect_near(unit, plan, terms, terms.anchor)
    return terms


def has_trial(plan: Doc, terms: Terms) -> bool:
    """Tell whether a subscription would begin with a trial."""
    return bool(plan["trial_days"] if terms.trial_days is None else terms.trial_days)


def _expect_near(unit: Unit, plan: Doc, terms: Terms, anchor: str) -> None:
    """Refuse an anchor that the first billed period cannot reach: it is at most as long as the plan's."""
    if terms.commitment:
        raise fault("billing_cycle_anchor", "billing_cycle_anchor.commitment", "does not go with a commitment")
    days = plan["trial_days"] if terms.trial_days is None else terms.trial_days
    start = unit.now + timedelta(days=days)
    latest = stamp(cycles.end(start, cycles.own(plan), stamp(start)))
    if not start < moment(anchor) or anchor > latest:
        message = f"must be after {stamp(start)}, when billing begins, and at most one period later ({latest})"
        raise fault("billing_cycle_anchor", "billing_cycle_anchor.range", message)
