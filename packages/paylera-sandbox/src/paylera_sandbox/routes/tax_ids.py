"""The tax ids of customers."""

from __future__ import annotations

from paylera_sandbox.api import tax_ids
from paylera_sandbox.models.common import Page
from paylera_sandbox.models.customers import TaxId
from paylera_sandbox.operations import Operation

_ALL = "/v1/customers/{id}/tax-ids"

TABLE = (
    Operation("GET", _ALL, tax_ids.listing, query=tax_ids.FILTERS, name="ListTaxIds", answer=Page[TaxId]),
    Operation(
        "POST",
        _ALL,
        tax_ids.create,
        body=tax_ids.CREATE,
        status=201,
        name="CreateTaxId",
        answer=TaxId,
        problems=("tax_id.exists",),
    ),
    Operation("GET", f"{_ALL}/{{tax_id}}", tax_ids.get, name="GetTaxId", answer=TaxId),
    Operation("DELETE", f"{_ALL}/{{tax_id}}", tax_ids.delete, status=204, name="DeleteTaxId"),
)
