"""Invoices: lines, discount, tax, totals, and what becomes of them. Each line is rounded on its own, half-even, and
totals are sums of lines: `total = subtotal - discount + tax`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction
from typing import Any

from paylera_sandbox.billing import agenda, credit, taxes
from paylera_sandbox.billing.machines import INVOICE
from paylera_sandbox.money import amount_text, exact_text, quantity_text, rounded
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit

_NO_PERIOD = (None, None)


@dataclass(frozen=True, slots=True)
class Item:
    """What is to be billed: an exact amount, negative for a credit, for a period (two stamps), and what is taken off.
    `quantity` and `unit_amount` only explain the amount."""

    code: str
    description: str
    amount: Fraction
    period: tuple[str | None, str | None] = _NO_PERIOD
    quantity: Decimal = Decimal(1)
    unit_amount: Fraction | None = None
    discount: Fraction = Fraction(0)
    metadata: dict[str, Any] = field(default_factory=dict)


def draft(unit: Unit, subscription: Doc, items: Sequence[Item]) -> Doc:
    """Build the invoice of a subscription over some items, without storing it."""
    found = build(unit, subscription["customer_id"], subscription["currency"], items)
    return {**found, "subscription_id": subscription["id"]}


def build(unit: Unit, customer_id: str, currency: str, items: Sequence[Item] = ()) -> Doc:
    """Build a draft over some items, without storing it."""
    rate = taxes.rate(unit, customer_id)
    invoice: Doc = {
        "id": unit.new_id("inv"),
        "object": "invoice",
        "number": None,
        "customer_id": customer_id,
        "subscription_id": None,
        "currency": currency,
        "presentment_currency": currency,
        "settlement_currency": currency,
        "fx_rate": None,
        "fx_rate_source": None,
        "fx_rate_locked_at": None,
        "status": "draft",
        "issued_at": None,
        "due_at": None,
        "lines": [line(unit, item, currency, rate) for item in items],
        "amount_paid": amount_text(Decimal(0), currency),
        "amount_credited": amount_text(Decimal(0), currency),
        "amount_charged_back": amount_text(Decimal(0), currency),
        "payments": [],
        "credit_notes": [],
        "pdf_url": None,
        "metadata": {},
        "created_at": unit.stamp,
        "updated_at": unit.stamp,
    }
    return total_up(unit, invoice)


def line(unit: Unit, item: Item, currency: str, rate: Decimal) -> Doc:
    """Build a line; its amounts are rounded here and nowhere else."""
    amount = rounded(item.amount, currency)
    discount = rounded(item.discount, currency)
    unit_amount = item.amount / Fraction(item.quantity) if item.unit_amount is None else item.unit_amount
    return {
        "id": unit.new_id("il"),
        "code": item.code,
        "description": item.description,
        "quantity": quantity_text(item.quantity),
        "unit_amount": exact_text(amount if item.quantity == 1 else unit_amount, currency),
        "amount": amount_text(amount, currency),
        "period_start": item.period[0],
        "period_end": item.period[1],
        "discount_amount": amount_text(discount, currency),
        **tax_of(amount - discount, currency, rate),
        "metadata": item.metadata,
    }


def tax_of(net: Decimal, currency: str, rate: Decimal) -> Doc:
    """Return the tax members of a line."""
    return {"tax_amount": amount_text(Fraction(net) * Fraction(rate), currency), "tax_rate": f"{rate:f}"}


def total_up(unit: Unit, invoice: Doc) -> Doc:
    """Write the totals of a draft from its lines. The customer's credit is used for what is due; an invoice below zero
    (a downgrade) has negative `credit_applied`: what it owes becomes credit."""
    currency, lines = invoice["currency"], invoice["lines"]
    subtotal, discount, tax = (_sum(lines, name) for name in ("amount", "discount_amount", "tax_amount"))
    total = subtotal - discount + tax
    used = min(credit.balance(unit, invoice["customer_id"], currency), total)
    amounts = {"subtotal": subtotal, "discount": discount, "tax": tax, "total": total, "credit_applied": used}
    amounts["amount_due"] = total - used
    invoice.update({name: amount_text(amount, currency) for name, amount in amounts.items()})
    invoice["tax_breakdown"] = _breakdown(lines, currency)
    return invoice


def issue(unit: Unit, invoice: Doc) -> None:
    """Store a draft and open it at once."""
    emit(unit, "invoice.created", invoice)
    _open(unit, invoice)
    unit.store.insert("invoices", invoice)
    emit(unit, "invoice.finalized", invoice)


def finalize(unit: Unit, invoice: Doc) -> None:
    """Open a stored draft: it gets its number, uses up credit the customer has, and is immutable from here."""
    total_up(unit, invoice)
    _open(unit, invoice)
    save(unit, invoice, "invoice.finalized")


def _open(unit: Unit, invoice: Doc) -> None:
    INVOICE.expect(invoice, "open")
    number = unit.store.next_number(f"invoice-{unit.now.year}")
    invoice.update(
        number=f"INV-{unit.now.year}-{number:06d}",
        status="open",
        issued_at=unit.stamp,
        due_at=invoice["due_at"] or unit.stamp,
        pdf_url=f"{unit.base_url}/invoices/{invoice['id']}/pdf",
    )
    _book_credit(unit, invoice)


def record(
    unit: Unit, invoice: Doc, amount: Decimal, *, member: str = "amount_paid", before: Doc | None = None
) -> None:
    """Record money that came in for an open invoice, or (`amount_credited`) what a credit note takes off it. With
    nothing left to pay it is paid. `before` is the invoice as the last event told of it."""
    before, currency = before or dict(invoice), invoice["currency"]
    due = Decimal(invoice["amount_due"]) - amount
    invoice[member] = amount_text(Decimal(invoice[member]) + amount, currency)
    invoice["amount_due"] = amount_text(due, currency)
    status = "paid" if due <= 0 else "partially_paid" if Decimal(invoice["amount_paid"]) > 0 else invoice["status"]
    if status != invoice["status"]:
        INVOICE.expect(invoice, status)
    invoice["status"] = status
    save(unit, invoice, "invoice.paid" if status == "paid" else "invoice.updated", before=before)
    if status == "paid":
        _tell_subscription(unit, invoice)


def void(unit: Unit, invoice: Doc) -> None:
    """Take back an open invoice; credit that it used returns to the customer."""
    INVOICE.expect(invoice, "void")
    _book_credit(unit, invoice, sign=-1)
    invoice.update(status="void", amount_due=amount_text(Decimal(0), invoice["currency"]))
    save(unit, invoice, "invoice.voided")


def write_off(unit: Unit, invoice: Doc) -> None:
    """Give up collecting an invoice; what is due stays on it."""
    INVOICE.expect(invoice, "uncollectible")
    invoice["status"] = "uncollectible"
    save(unit, invoice, "invoice.marked_uncollectible")


def save(unit: Unit, invoice: Doc, event: str, *, before: Doc | None = None) -> None:
    """Store a changed invoice and tell of it."""
    invoice["updated_at"] = unit.stamp
    unit.store.save("invoices", invoice)
    emit(unit, event, invoice, before=before if event == "invoice.updated" else None)


def _tell_subscription(unit: Unit, invoice: Doc) -> None:
    """Have a subscription that waits for this payment go on; one that waits for none is left alone."""
    rows = unit.store.execute("SELECT status FROM subscriptions WHERE id = ?", (invoice["subscription_id"],))
    if rows and rows[0][0] in {"pending_activation", "past_due", "paused"}:
        agenda.schedule(unit, "subscription.settle", invoice["subscription_id"], unit.stamp)


def _sum(lines: list[Doc], name: str) -> Decimal:
    return sum((Decimal(line[name]) for line in lines), Decimal(0))


def _breakdown(lines: list[Doc], currency: str) -> list[Doc]:
    """Sum the tax up by rate."""
    rates = dict.fromkeys(line["tax_rate"] for line in lines)
    taxed = {rate: _sum([line for line in lines if line["tax_rate"] == rate], "tax_amount") for rate in rates}
    return [{"name": "Tax", "rate": rate, "amount": amount_text(tax, currency)} for rate, tax in taxed.items()]


def _book_credit(unit: Unit, invoice: Doc, *, sign: int = 1) -> None:
    """Book the credit that an invoice uses (or gives) on the customer; `sign` -1 takes that back."""
    credit.book(unit, invoice["customer_id"], invoice["currency"], -sign * Decimal(invoice["credit_applied"]))
