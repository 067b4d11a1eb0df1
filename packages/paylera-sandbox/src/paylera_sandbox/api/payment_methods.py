"""Payment methods and setup intents: `/v1/payment-methods`, `/v1/setup-intents`."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.api.listing import page
from paylera_sandbox.api.patches import merged
from paylera_sandbox.billing import methods, setups
from paylera_sandbox.fields import Rule
from paylera_sandbox.kinds import Invalid, accepts, list_of
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import fault
from paylera_sandbox.store import Doc


@accepts(list_of(fields.decimal, longest=2, shortest=2))
def two_amounts(value: object) -> list[str]:
    """Take two decimal strings."""
    if not isinstance(value, list) or len(value) != 2:
        raise Invalid("type.list", "must be a list of two amounts")
    return [f"{fields.decimal(item):f}" for item in value]


@accepts(list_of(fields.choice(*methods.TYPES), longest=len(methods.TYPES), shortest=1))
def types(value: object) -> list[str]:
    """Take a list of types of payment methods."""
    if not isinstance(value, list) or not 1 <= len(value) <= len(methods.TYPES):
        raise Invalid("type.list", f"must be a list of {', '.join(methods.TYPES)}")
    return [fields.choice(*methods.TYPES)(item) for item in value]


_TOKEN = {
    "type": Rule(fields.choice(*methods.TYPES), required=True),
    "token": Rule(fields.identifier, required=True),
    "set_as_default": Rule(fields.boolean),
}
CREATE = _TOKEN
UPDATE = {
    "is_default": Rule(fields.boolean),
    "billing_address": Rule(fields.address),
    "metadata": Rule(fields.metadata),
}
VERIFY = {"amounts": Rule(two_amounts)}
SETUP = {
    "customer_id": Rule(fields.identifier, required=True),
    "provider": Rule(fields.identifier, default="sandbox"),
    "payment_method_types": Rule(types),
}
CONFIRM = {"client_secret": Rule(fields.text(), required=True), **_TOKEN}


def create(call: Call) -> Doc:
    """Store a payment method that a token stands for."""
    unit, given = call.unit, call.body
    customer = unit.customer(call.ids["id"])
    default = given.get("set_as_default")
    made = methods.attach_token(unit, customer, given["type"], given["token"], default=default)
    return unit.need("payment_methods", made["id"], "payment_method.not_found")


def listing(call: Call) -> Doc:
    """List the payment methods of a customer."""
    return page(call, "payment_methods", customer_id=call.unit.customer(call.ids["id"])["id"])


def get(call: Call) -> Doc:
    """Return a payment method."""
    return call.unit.need("payment_methods", call.ids["id"], "payment_method.not_found")


def update(call: Call) -> Doc:
    """Change a payment method. A default ceases to be one by making another the default."""
    unit, method, given = call.unit, get(call), call.body
    if given.get("is_default") is False and method["is_default"]:
        raise fault("is_default", "payment_method.is_default", "cannot be taken away; make another method the default")
    members = {name: given[name] for name in ("billing_address",) if name in given}
    if "metadata" in given:
        members["metadata"] = merged(method["metadata"], given["metadata"])
    changed = methods.change(unit, method, **members)
    if given.get("is_default"):
        methods.set_default(unit, method["customer_id"], changed)
    return get(call)


def delete(call: Call) -> None:
    """Remove a payment method, unless something is charged on it by itself."""
    methods.detach(call.unit, get(call))


def verify(call: Call) -> Doc:
    """Verify a bank account by the two amounts that arrived on it."""
    return methods.verify(call.unit, get(call), call.body.get("amounts"))


def create_setup(call: Call) -> Doc:
    """Begin a setup: for ten minutes, its client secret stores one payment method."""
    unit, given = call.unit, call.body
    customer = unit.customer(given["customer_id"])
    kinds = given.get("payment_method_types") or ["card"]
    return setups.create(unit, customer, provider=given["provider"], kinds=kinds)


def get_setup(call: Call) -> Doc:
    """Return a setup intent, without its client secret."""
    found = call.unit.need("setup_intents", call.ids["id"], "setup_intent.not_found")
    return {name: value for name, value in setups.seen(call.unit, found).items() if name != "client_secret"}


def confirm_setup(call: Call) -> Doc:
    """Store the payment method that a token stands for, and use the setup up."""
    unit, given = call.unit, call.body
    intent = unit.need("setup_intents", call.ids["id"], "setup_intent.not_found")
    return setups.confirm(
        unit,
        intent,
        given["client_secret"],
        kind=given["type"],
        token=given["token"],
        default=given.get("set_as_default"),
    )
