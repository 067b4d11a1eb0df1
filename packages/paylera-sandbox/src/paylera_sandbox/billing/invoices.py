"""Invoices: lines, discount, tax, totals. Each line is rounded on its own, half-even, and totals are sums of lines."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from paylera_sandbox.money import amount_text, rounded
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit


@dataclass(frozen=True, slots=True)
class Item:
    """What is to be billed: an exact amount, negative for a credit, for a period (two stamps)."""

    code: str
    description: str
    amount: Fraction
    period: tuple[str, str]
    percent_off: Decimal = Decimal(0)


def draft(unit: Unit, subscription: Doc, items: list[Item]) -> Doc:
    """Build an invoice over some items, without storing it. The customer's credit is used for what is due; an invoice
    below zero (a downgrade) has negative `credit_applied`: what it owes becomes credit."""
    currency = subscription["currency"]
    lines = [_line(unit, item, currency) for item in items]
    subtotal, discount, tax = (_sum(lines, name) for name in ("amount", "discount_amount", "tax_amount"))
    total = subtotal - discount + tax
    credit = min(_credit(unit, subscription["customer_id"], currency), total)
    return {
        "id": unit.new_id("inv"),
        "object": "invoice",
        "number": None,
        "customer_id": subscription["customer_id"],
        "subscription_id": subscription["id"],
        "currency": currency,
        "status": "draft",
        "issued_at": None,
        "due_at": None,
        "lines": lines,
        "subtotal": amount_text(subtotal, currency),
        "discount": amount_text(discount, currency),
        "tax": amount_text(tax, currency),
        "total": amount_text(total, currency),
        "credit_applied": amount_text(credit, currency),
        "amount_paid": amount_text(Decimal(0), currency),
        "amount_due": amount_text(total - credit, currency),
        "tax_breakdown": [{"name": "Tax", "rate": _rate(unit), "amount": amount_text(tax, currency)}],
        "payments": [],
        "credit_notes": [],
        "pdf_url": None,
        "metadata": {},
        "created_at": unit.stamp,
        "updated_at": unit.stamp,
    }


def issue(unit: Unit, invoice: Doc) -> None:
    """Store an invoice and open it: it gets its number, uses up credit the customer has, and is immutable from here."""
    unit.store.insert("invoices", invoice)
    emit(unit, "invoice.created", invoice)
    number = unit.store.next_number(f"invoice-{unit.now.year}")
    invoice.update(
        number=f"INV-{unit.now.year}-{number:06d}",
        status="open",
        issued_at=unit.stamp,
        due_at=unit.stamp,
        pdf_url=f"{unit.base_url}/invoices/{invoice['id']}/pdf",
    )
    _use_credit(unit, invoice)
    unit.store.save("invoices", invoice)
    emit(unit, "invoice.finalized", invoice)


def mark_paid(unit: Unit, invoice: Doc, payment: Doc | None) -> None:
    """Record that an open invoice is paid, by a payment or (nothing being due) without one."""
    if payment is not None:
        invoice["payments"] = [*invoice["payments"], payment["id"]]
        invoice["amount_paid"] = payment["amount"]
    invoice.update(status="paid", amount_due=amount_text(Decimal(0), invoice["currency"]), updated_at=unit.stamp)
    unit.store.save("invoices", invoice)
    emit(unit, "invoice.paid", invoice)


def void(unit: Unit, invoice: Doc) -> None:
    """Take back an open invoice whose payment failed; credit that it used returns to the customer."""
    emit(unit, "invoice.payment_failed", invoice)
    _use_credit(unit, invoice, sign=-1)
    invoice.update(status="void", amount_due=amount_text(Decimal(0), invoice["currency"]), updated_at=unit.stamp)
    unit.store.save("invoices", invoice)
    emit(unit, "invoice.voided", invoice)


def _line(unit: Unit, item: Item, currency: str) -> Doc:
    amount = rounded(item.amount, currency)
    discount = rounded(Fraction(amount) * Fraction(item.percent_off) / 100, currency)
    tax = rounded((amount - discount) * unit.catalogue.tax_rate, currency)
    return {
        "id": unit.new_id("il"),
        "code": item.code,
        "description": item.description,
        "quantity": "1",
        "unit_amount": amount_text(amount, currency),
        "amount": amount_text(amount, currency),
        "period_start": item.period[0],
        "period_end": item.period[1],
        "discount_amount": amount_text(discount, currency),
        "tax_amount": amount_text(tax, currency),
        "tax_rate": _rate(unit),
        "metadata": {},
    }


def _sum(lines: list[Doc], name: str) -> Decimal:
    return sum((Decimal(line[name]) for line in lines), Decimal(0))


def _rate(unit: Unit) -> str:
    return f"{unit.catalogue.tax_rate:f}"


def _credit(unit: Unit, customer_id: str, currency: str) -> Decimal:
    return Decimal(unit.customer(customer_id)["credit_balances"].get(currency, "0"))


def _use_credit(unit: Unit, invoice: Doc, *, sign: int = 1) -> None:
    """Book the credit that an invoice uses (or gives) on the customer; `sign` -1 takes that back."""
    applied = sign * Decimal(invoice["credit_applied"])
    if applied == 0:
        return
    customer = unit.customer(invoice["customer_id"])
    currency = invoice["currency"]
    left = amount_text(_credit(unit, customer["id"], currency) - applied, currency)
    balances = {**customer["credit_balances"], currency: left}
    changed = {**customer, "credit_balances": balances, "updated_at": unit.stamp}
    unit.store.save("customers", changed)
    emit(unit, "customer.updated", changed, before=customer)
