"""Credit notes."""

from __future__ import annotations

from paylera_sandbox.api import credit_notes
from paylera_sandbox.api.listing import PAGING
from paylera_sandbox.models.common import Page
from paylera_sandbox.models.invoices import CreditNote
from paylera_sandbox.operations import Operation

TABLE = (
    Operation(
        "POST",
        "/v1/invoices/{id}/credit-notes",
        credit_notes.create,
        body=credit_notes.CREATE,
        status=201,
        name="CreateCreditNote",
        answer=CreditNote,
        problems=("credit_note.not_allowed", "credit_note.too_large", "invoice.line_not_found"),
    ),
    Operation(
        "GET",
        "/v1/invoices/{id}/credit-notes",
        credit_notes.of_invoice,
        query=PAGING,
        name="ListInvoiceCreditNotes",
        answer=Page[CreditNote],
    ),
    Operation(
        "GET",
        "/v1/credit-notes",
        credit_notes.listing,
        query=credit_notes.FILTERS,
        name="ListCreditNotes",
        answer=Page[CreditNote],
    ),
    Operation("GET", "/v1/credit-notes/{id}", credit_notes.get, name="GetCreditNote", answer=CreditNote),
)
