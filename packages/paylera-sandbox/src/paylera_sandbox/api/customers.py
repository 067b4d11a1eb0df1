"""Customers: `/v1/customers`."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.api.listing import filters, page
from paylera_sandbox.api.patches import merged
from paylera_sandbox.billing import methods
from paylera_sandbox.fields import Rule
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import Problem, fault
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit

CREATE = {
    "email": Rule(fields.email),
    "name": Rule(fields.optional_text),
    "external_id": Rule(fields.text()),
    "billing_address": Rule(fields.address),
    "metadata": Rule(fields.metadata),
    "referral_code": Rule(fields.identifier),
}
UPDATE = {**CREATE, "default_payment_method_id": Rule(fields.identifier)}
FILTERS = filters(
    email=fields.text(),
    external_id=fields.text(),
    name=fields.text(),
    updated_at=fields.timestamp,
    sort=("updated_at", "email", "name"),
)


def create(call: Call) -> Doc:
    """Create a customer. E-mail addresses may repeat, external ids may not."""
    unit, given = call.unit, call.body
    if not given.get("email") and not given.get("external_id"):
        raise fault("email", "field.required", "is required, unless external_id is given")
    _expect_free(unit, given.get("external_id"))
    customer = {
        "id": unit.new_id("cus"),
        "object": "customer",
        "email": given.get("email"),
        "name": given.get("name"),
        "external_id": given.get("external_id"),
        "billing_address": given.get("billing_address"),
        "metadata": merged({}, given.get("metadata")),
        "referral_code": given.get("referral_code"),
        "default_payment_method_id": None,
        "credit_balances": {},
        "created_at": unit.stamp,
        "updated_at": unit.stamp,
    }
    unit.store.insert("customers", customer)
    emit(unit, "customer.created", customer)
    return customer


def listing(call: Call) -> Doc:
    """List customers."""
    return page(call, "customers")


def get(call: Call) -> Doc:
    """Return a customer."""
    return call.unit.customer(call.ids["id"])


def update(call: Call) -> Doc:
    """Change what was sent; null (or empty metadata) clears. Metadata is merged, a null value removes its key."""
    unit, customer = call.unit, call.unit.customer(call.ids["id"])
    changed = {**customer, **call.body}
    if "metadata" in call.body:
        changed["metadata"] = merged(customer["metadata"], call.body["metadata"])
    if changed["external_id"] != customer["external_id"]:
        _expect_free(unit, changed["external_id"])
    if changed["default_payment_method_id"] != customer["default_payment_method_id"]:
        _take_method(unit, customer, changed["default_payment_method_id"])
    if changed == customer:
        return customer
    changed["updated_at"] = unit.stamp
    unit.store.save("customers", changed)
    emit(unit, "customer.updated", changed, before=customer)
    return changed


def invoices(call: Call) -> Doc:
    """List the invoices of a customer."""
    return page(call, "invoices", customer_id=call.unit.customer(call.ids["id"])["id"])


def _expect_free(unit: Unit, external_id: str | None) -> None:
    if external_id is not None and unit.store.first("customers", external_id=external_id):
        raise Problem("customer.external_id_taken", f"Another customer has the external id '{external_id}'.")


def _take_method(unit: Unit, customer: Doc, method_id: str | None) -> None:
    if method_id:
        methods.owned(unit, customer["id"], method_id)
    methods.follow_default(unit, customer["id"], method_id)
