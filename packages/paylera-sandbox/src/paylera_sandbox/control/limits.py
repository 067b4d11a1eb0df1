"""Rate limits: `/sandbox/rate-limits`."""

from __future__ import annotations

from paylera_sandbox.control.commands import Order
from paylera_sandbox.kinds import Invalid, accepts
from paylera_sandbox.limits import DOCUMENTED
from paylera_sandbox.problems import fault
from paylera_sandbox.rules import Rule
from paylera_sandbox.store import Doc

_NUMBERS = {"type": "integer", "minimum": 1, "maximum": 10**9}
_SETTINGS = (
    {"enum": ["off", "documented"]},
    {
        "type": "object",
        "properties": dict.fromkeys(DOCUMENTED, _NUMBERS),
        "additionalProperties": False,
        "minProperties": 1,
    },
)


@accepts({"anyOf": list(_SETTINGS)})
def setting(value: object) -> object:
    """Take `off`, `documented`, or numbers by class."""
    whole = (
        isinstance(value, dict) and value and all(isinstance(item, int) and item is not True for item in value.values())
    )
    if not isinstance(value, str) and not whole:
        raise Invalid("type.rate_limits", 'must be "off", "documented" or an object of numbers by class')
    return value


SET = {"setting": Rule(setting, required=True)}


async def get(order: Order) -> Doc:
    """Tell which rate limits are in force; the server's restart forgets what was set here."""
    return {"object": "rate_limits", "setting": order.engine.limits.setting, "enforced": order.engine.limits.enforced}


async def put(order: Order) -> Doc:
    """Change what is refused, from now on."""
    try:
        order.engine.limits.set(order.body["setting"])
    except ValueError as error:
        raise fault("setting", "rate_limits.invalid", f"is not possible: {error}") from None
    return await get(order)
