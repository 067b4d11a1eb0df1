"""Dunning: `/v1/admin/dunning/policy`."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.billing import dunning
from paylera_sandbox.kinds import Invalid, accepts
from paylera_sandbox.operations import Call
from paylera_sandbox.rules import Rule
from paylera_sandbox.store import Doc

_LONGEST, _MOST = 365, 20


@accepts({"type": "array", "items": {"type": "integer", "minimum": 1, "maximum": _LONGEST}, "maxItems": _MOST})
def retry_days(value: object) -> list[int]:
    """Take the days of the attempts after the first one."""
    whole = isinstance(value, list) and all(type(day) is int and 1 <= day <= _LONGEST for day in value)
    if not isinstance(value, list) or not whole or len(value) > _MOST:
        raise Invalid("retry_days.invalid", f"must be at most {_MOST} whole numbers of days, each 1 to {_LONGEST}")
    return sorted(set(value))


POLICY = {
    "retry_days": Rule(retry_days),
    "on_exhaustion": Rule(fields.choice(*dunning.ON_EXHAUSTION)),
}


def get_policy(call: Call) -> Doc:
    """Return the dunning policy."""
    return dunning.policy(call.unit)


def put_policy(call: Call) -> Doc:
    """Change the dunning policy; what is not given stays."""
    given, known = call.body, dunning.policy(call.unit)
    days, follows = (known[name] if given.get(name) is None else given[name] for name in POLICY)
    return dunning.set_policy(call.unit, retry_days=days, on_exhaustion=follows)
