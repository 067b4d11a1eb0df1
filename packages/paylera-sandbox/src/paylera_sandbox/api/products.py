"""Products: `/v1/products`, what plans belong to."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.api import coded
from paylera_sandbox.api.patches import merged
from paylera_sandbox.fields import Rule
from paylera_sandbox.operations import Call
from paylera_sandbox.store import Doc

UPDATE = {
    "name": Rule(fields.text()),
    "description": Rule(fields.text(longest=500)),
    "tax_code": Rule(fields.identifier),
    "metadata": Rule(fields.metadata),
}
CREATE = {"code": Rule(fields.identifier, required=True), **UPDATE, "name": Rule(fields.text(), required=True)}
FILTERS = coded.list_filters()


def create(call: Call) -> Doc:
    """Create a product."""
    given = call.body
    product = {
        "id": call.unit.new_id("prod"),
        "object": "product",
        "code": given["code"],
        "name": given["name"],
        "description": given.get("description"),
        "tax_code": given.get("tax_code"),
        "status": "active",
        "metadata": merged({}, given.get("metadata")),
    }
    return coded.added(call.unit, "products", product)


def listing(call: Call) -> Doc:
    """List the products."""
    return coded.listed(call, "products")


def get(call: Call) -> Doc:
    """Return a product by its id or code."""
    return coded.found(call.unit, "products", call.ids["id"])


def update(call: Call) -> Doc:
    """Change what was sent."""
    given = {name: value for name, value in call.body.items() if value is not None or name != "name"}
    return coded.revised(call.unit, "products", get(call), given)


def archive(call: Call) -> Doc:
    """Archive a product. Its plans stay."""
    return coded.archived(call, "products")
