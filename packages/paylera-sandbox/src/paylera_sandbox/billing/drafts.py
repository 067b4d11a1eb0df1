"""Drafts: invoices that are still being written."""

from __future__ import annotations

from decimal import Decimal

from paylera_sandbox.billing import invoices, taxes
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit

MAX_LINES = 250


def store(unit: Unit, invoice: Doc) -> Doc:
    """Keep a new draft."""
    unit.store.insert("invoices", invoice)
    emit(unit, "invoice.created", invoice)
    return invoice


def expect_draft(invoice: Doc) -> None:
    """Refuse to change an invoice that was opened."""
    if invoice["status"] != "draft":
        detail = f"The invoice is {invoice['status']}. Only a draft can be changed; credit notes correct the others."
        raise Problem("invoice.immutable", detail)


def expect_lines(invoice: Doc) -> None:
    """Refuse to open an empty draft."""
    if invoice["status"] == "draft" and not invoice["lines"]:
        raise Problem("invoice.empty", f"Add a line first: POST /v1/invoices/{invoice['id']}/lines.")


def delete(unit: Unit, invoice: Doc) -> None:
    """Delete a draft."""
    expect_draft(invoice)
    unit.store.delete("invoices", invoice["id"])
    emit(unit, "invoice.deleted", invoice)


def add_line(unit: Unit, invoice: Doc, item: invoices.Item) -> Doc:
    """Add a line and return it."""
    expect_draft(invoice)
    if len(invoice["lines"]) >= MAX_LINES:
        raise Problem("invoice.too_many_lines", f"An invoice has at most {MAX_LINES} lines.")
    line = invoices.line(unit, item, invoice["currency"], taxes.rate(unit, invoice["customer_id"]))
    _rewrite(unit, invoice, [*invoice["lines"], line])
    return line


def delete_line(unit: Unit, invoice: Doc, line_id: str) -> None:
    """Remove a line."""
    expect_draft(invoice)
    rest = [line for line in invoice["lines"] if line["id"] != line_id]
    if len(rest) == len(invoice["lines"]):
        raise Problem("invoice.line_not_found", f"The invoice has no line '{line_id[:128]}'.")
    _rewrite(unit, invoice, rest)


def recompute_tax(unit: Unit, invoice: Doc) -> Doc:
    """Compute the tax of every line by the rate that holds now."""
    expect_draft(invoice)
    rate, currency = taxes.rate(unit, invoice["customer_id"]), invoice["currency"]
    lines = [{**line, **invoices.tax_of(_net(line), currency, rate)} for line in invoice["lines"]]
    return _rewrite(unit, invoice, lines)


def _net(line: Doc) -> Decimal:
    return Decimal(line["amount"]) - Decimal(line["discount_amount"])


def _rewrite(unit: Unit, invoice: Doc, lines: list[Doc]) -> Doc:
    """Give a draft other lines. No difference, no event."""
    changed = invoices.total_up(unit, {**invoice, "lines": lines})
    if changed != invoice:
        invoices.save(unit, changed, "invoice.updated", before=invoice)
    return changed
