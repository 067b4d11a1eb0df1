"""Invoices, from draft to paid, and credit notes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any

from paylera.client.bodies import UNSET, Quantity, Unset, alternatives, changed, decimal, given, timestamp
from paylera.client.calls import Call, ListCall, document, fetch, listing, remove, write
from paylera.client.documents import CreditNote, Invoice, InvoiceLine, Payment

_ONE = "/v1/invoices/{invoice_id}"


def create_invoice(
    *,
    customer_id: str,
    currency: str,
    subscription_id: str | None = None,
    lines: Iterable[Mapping[str, Any]] | None = None,
    due_at: datetime | str | None = None,
    metadata: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> Call[Invoice]:
    """Create a draft invoice."""
    body = given(
        customer_id=customer_id,
        currency=currency,
        subscription_id=subscription_id,
        lines=None if lines is None else list(lines),
        due_at=timestamp("due_at", due_at),
        metadata=metadata,
    )
    return write("CreateInvoice", "POST /v1/invoices", body, idempotency_key)


def list_invoices(
    customer_id: str | None = None,
    *,
    status: str | Iterable[str] | None = None,
    filters: Mapping[str, Any] | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> ListCall[Invoice]:
    """List the invoices of one customer, or without one of all customers; newest first."""
    params = {**(filters or {}), "status": alternatives(status), "sort": sort}
    if customer_id is None:
        return listing("ListInvoices", "/v1/invoices", params, limit=limit, cursor=cursor)
    template = "/v1/customers/{customer_id}/invoices"
    return listing("ListInvoices", template, params, limit=limit, cursor=cursor, customer_id=customer_id)


def get_invoice(invoice_id: str) -> Call[Invoice]:
    """Read an invoice."""
    return fetch("GetInvoice", _ONE, invoice_id=invoice_id)


def update_invoice(
    invoice_id: str,
    *,
    due_at: datetime | str | Unset | None = UNSET,
    metadata: Mapping[str, str] | Unset | None = UNSET,
    idempotency_key: str | None = None,
) -> Call[Invoice]:
    """Change what is given of a draft; None clears. Of an open invoice only the metadata changes."""
    due = due_at if due_at is UNSET else timestamp("due_at", due_at)
    body = changed(due_at=due, metadata=metadata)
    return write("UpdateInvoice", f"PATCH {_ONE}", body, idempotency_key, invoice_id=invoice_id)


def add_invoice_line(
    invoice_id: str,
    *,
    description: str,
    amount: Quantity | None = None,
    code: str | None = None,
    quantity: Quantity | None = None,
    unit_amount: Quantity | None = None,
    discount_amount: Quantity | None = None,
    period_start: datetime | str | None = None,
    period_end: datetime | str | None = None,
    metadata: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> Call[InvoiceLine]:
    """Add a line to a draft invoice: an `amount`, or a `quantity` of a `unit_amount`."""
    body = given(
        description=description,
        code=code,
        amount=decimal("amount", amount),
        quantity=decimal("quantity", quantity),
        unit_amount=decimal("unit_amount", unit_amount),
        discount_amount=decimal("discount_amount", discount_amount),
        period_start=timestamp("period_start", period_start),
        period_end=timestamp("period_end", period_end),
        metadata=metadata,
    )
    return write("AddInvoiceLine", f"POST {_ONE}/lines", body, idempotency_key, invoice_id=invoice_id)


def delete_invoice_line(invoice_id: str, line_id: str, *, idempotency_key: str | None = None) -> Call[None]:
    """Remove a line from a draft invoice."""
    template = f"{_ONE}/lines/{{line_id}}"
    return remove("DeleteInvoiceLine", template, idempotency_key, invoice_id=invoice_id, line_id=line_id)


def delete_invoice(invoice_id: str, *, idempotency_key: str | None = None) -> Call[None]:
    """Delete a draft."""
    return remove("DeleteInvoice", _ONE, idempotency_key, invoice_id=invoice_id)


def finalize_invoice(invoice_id: str, *, idempotency_key: str | None = None) -> Call[Invoice]:
    """Turn a draft into an open invoice, with a number."""
    return write("FinalizeInvoice", f"POST {_ONE}/finalize", None, idempotency_key, invoice_id=invoice_id)


def recompute_invoice_tax(invoice_id: str, *, idempotency_key: str | None = None) -> Call[Invoice]:
    """Compute the tax of a draft anew."""
    target = f"POST {_ONE}/recompute-tax"
    return write("RecomputeInvoiceTax", target, None, idempotency_key, invoice_id=invoice_id)


def pay_invoice(
    invoice_id: str,
    *,
    payment_method_id: str | None = None,
    return_url: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Payment]:
    """Charge an open invoice; look at `next_action` of the payment: the customer may have to confirm it.

    A declined one raises; the error's `problem` has `payment_id` and `decline_code`.
    """
    body = given(payment_method_id=payment_method_id, return_url=return_url)
    return write("PayInvoice", f"POST {_ONE}/pay", body, idempotency_key, invoice_id=invoice_id)


def void_invoice(invoice_id: str, *, idempotency_key: str | None = None) -> Call[Invoice]:
    """Declare an open invoice void."""
    return write("VoidInvoice", f"POST {_ONE}/void", None, idempotency_key, invoice_id=invoice_id)


def mark_invoice_uncollectible(invoice_id: str, *, idempotency_key: str | None = None) -> Call[Invoice]:
    """Write an open invoice off."""
    target = f"POST {_ONE}/mark-uncollectible"
    return write("MarkInvoiceUncollectible", target, None, idempotency_key, invoice_id=invoice_id)


def create_credit_note(
    invoice_id: str,
    *,
    reason: str,
    lines: Iterable[Mapping[str, Any]] | None = None,
    amount: Quantity | None = None,
    outcome: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> Call[CreditNote]:
    """Credit an invoice: an `amount` with the tax in it, `lines` of line_id and amount before tax, or all that is left.

    `reason` is duplicate, fraudulent, order_change, product_unsatisfactory, service_outage or other; `outcome` is a
    mapping whose `kind` is refund, credit_balance or applied_to_invoice.
    """
    given_lines = None if lines is None else list(lines)
    body = given(reason=reason, lines=given_lines, amount=decimal("amount", amount), outcome=outcome)
    return write("CreateCreditNote", f"POST {_ONE}/credit-notes", body, idempotency_key, invoice_id=invoice_id)


def list_credit_notes(
    *,
    customer_id: str | None = None,
    invoice_id: str | None = None,
    filters: Mapping[str, Any] | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> ListCall[CreditNote]:
    """List credit notes, newest first."""
    params = {**(filters or {}), "customer_id": customer_id, "invoice_id": invoice_id, "sort": sort}
    return listing("ListCreditNotes", "/v1/credit-notes", params, limit=limit, cursor=cursor)


def get_credit_note(credit_note_id: str) -> Call[CreditNote]:
    """Read a credit note."""
    return fetch("GetCreditNote", "/v1/credit-notes/{credit_note_id}", credit_note_id=credit_note_id)


def get_invoice_pdf(invoice_id: str) -> Call[bytes]:
    """Read an invoice as PDF bytes."""
    return document("GetInvoicePdf", f"{_ONE}/pdf", "application/pdf", invoice_id=invoice_id)


def get_recognition_schedule(invoice_id: str) -> Call[dict[str, Any]]:
    """Read when the revenue of an invoice is recognised."""
    return fetch("GetRecognitionSchedule", f"{_ONE}/recognition-schedule", invoice_id=invoice_id)
