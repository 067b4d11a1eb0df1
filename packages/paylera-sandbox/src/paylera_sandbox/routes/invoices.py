"""Invoices and their lines."""

from __future__ import annotations

from paylera_sandbox.api import invoices, lines
from paylera_sandbox.models.common import Page
from paylera_sandbox.models.invoices import Invoice, Line
from paylera_sandbox.models.payments import Payment
from paylera_sandbox.operations import Operation

TABLE = (
    Operation(
        "POST",
        "/v1/invoices",
        invoices.create,
        body=invoices.CREATE,
        status=201,
        name="CreateInvoice",
        answer=Invoice,
        problems=("subscription.not_found", "subscription.currency_mismatch"),
    ),
    Operation(
        "GET", "/v1/invoices", invoices.listing, query=invoices.FILTERS, name="ListInvoices", answer=Page[Invoice]
    ),
    Operation("GET", "/v1/invoices/{id}", invoices.get, name="GetInvoice", answer=Invoice),
    Operation(
        "PATCH",
        "/v1/invoices/{id}",
        invoices.update,
        body=invoices.UPDATE,
        name="UpdateInvoice",
        answer=Invoice,
        problems=("invoice.immutable",),
    ),
    Operation(
        "DELETE",
        "/v1/invoices/{id}",
        invoices.delete,
        status=204,
        name="DeleteInvoice",
        problems=("invoice.immutable",),
    ),
    Operation(
        "POST",
        "/v1/invoices/{id}/lines",
        invoices.add_line,
        body=lines.LINE,
        status=201,
        name="AddInvoiceLine",
        answer=Line,
        problems=("invoice.immutable", "invoice.too_many_lines"),
    ),
    Operation(
        "DELETE",
        "/v1/invoices/{id}/lines/{line_id}",
        invoices.delete_line,
        status=204,
        name="DeleteInvoiceLine",
        problems=("invoice.immutable", "invoice.line_not_found"),
    ),
    Operation(
        "POST",
        "/v1/invoices/{id}/finalize",
        invoices.finalize,
        name="FinalizeInvoice",
        answer=Invoice,
        problems=("invoice.invalid_transition", "invoice.empty"),
    ),
    Operation(
        "POST",
        "/v1/invoices/{id}/recompute-tax",
        invoices.recompute_tax,
        name="RecomputeInvoiceTax",
        answer=Invoice,
        problems=("invoice.immutable",),
    ),
    Operation(
        "POST",
        "/v1/invoices/{id}/pay",
        invoices.pay,
        body=invoices.PAY,
        name="PayInvoice",
        answer=Payment,
        problems=(
            "invoice.invalid_transition",
            "payment_method.not_found",
            "payment_method.required",
            "payment.declined",
        ),
    ),
    Operation(
        "POST",
        "/v1/invoices/{id}/void",
        invoices.void,
        name="VoidInvoice",
        answer=Invoice,
        problems=("invoice.invalid_transition",),
    ),
    Operation(
        "POST",
        "/v1/invoices/{id}/mark-uncollectible",
        invoices.mark_uncollectible,
        name="MarkInvoiceUncollectible",
        answer=Invoice,
        problems=("invoice.invalid_transition",),
    ),
    Operation("GET", "/v1/invoices/{id}/pdf", invoices.pdf, name="GetInvoicePdf", answer="application/pdf"),
)
