"""Tax ids: `/v1/customers/{id}/tax-ids`."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.api.listing import filters, page
from paylera_sandbox.fields import Invalid, Rule
from paylera_sandbox.forms.tax_numbers import FORMS, country_of, normal
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import Problem, fault
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit

CREATE = {"type": Rule(fields.choice(*FORMS), required=True), "value": Rule(fields.text(longest=40), required=True)}
FILTERS = filters(type=fields.choice(*FORMS), status=fields.choice("verified", "invalid"))


def create(call: Call) -> Doc:
    """Add a tax id to a customer. It counts as verified, until it is invalidated."""
    unit, given = call.unit, call.body
    customer = unit.customer(call.ids["id"])
    try:
        value = normal(given["type"], given["value"])
    except Invalid as error:
        raise fault("value", error.code, error.message) from None
    held = unit.store.newest("tax_ids", {"customer_id": customer["id"]})
    if any((found["type"], found["value"]) == (given["type"], value) for found in held):
        raise Problem("tax_id.exists", f"The customer has the {given['type']} '{value}' already.")
    tax_id = {
        "id": unit.new_id("txi"),
        "object": "tax_id",
        "customer_id": customer["id"],
        "type": given["type"],
        "country": country_of(given["type"], value),
        "value": value,
        "status": "verified",
        "created_at": unit.stamp,
        "updated_at": unit.stamp,
    }
    unit.store.insert("tax_ids", tax_id)
    return tax_id


def listing(call: Call) -> Doc:
    """List the tax ids of a customer."""
    return page(call, "tax_ids", customer_id=call.unit.customer(call.ids["id"])["id"])


def get(call: Call) -> Doc:
    """Return a tax id of a customer."""
    customer = call.unit.customer(call.ids["id"])
    tax_id = call.unit.need("tax_ids", call.ids["tax_id"], "tax_id.not_found")
    if tax_id["customer_id"] != customer["id"]:
        raise Problem("tax_id.not_found", f"The customer has no tax id '{tax_id['id']}'.")
    return tax_id


def delete(call: Call) -> None:
    """Take a tax id from a customer."""
    call.unit.store.delete("tax_ids", get(call)["id"])


def invalidate(unit: Unit, identifier: str) -> Doc:
    """Let a tax id turn out to be invalid, as a tax office may tell at any time."""
    tax_id = unit.need("tax_ids", identifier, "tax_id.not_found")
    if tax_id["status"] == "invalid":
        return tax_id
    changed = {**tax_id, "status": "invalid", "updated_at": unit.stamp}
    unit.store.save("tax_ids", changed)
    emit(unit, "customer.tax_id_invalidated", {**unit.customer(tax_id["customer_id"]), "tax_id": changed})
    return changed
