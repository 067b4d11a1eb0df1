"""Credit balances: what a customer is owed, one balance per currency, on the customer itself."""

from __future__ import annotations

from decimal import Decimal

from paylera_sandbox.money import amount_text
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit


def balance(unit: Unit, customer_id: str, currency: str) -> Decimal:
    """Return the credit of a customer in a currency."""
    return Decimal(unit.customer(customer_id)["credit_balances"].get(currency, "0"))


def book(unit: Unit, customer_id: str, currency: str, amount: Decimal) -> Doc:
    """Add to a customer's credit, or take from it with a negative amount. Returns the customer."""
    customer = unit.customer(customer_id)
    if amount == 0:
        return customer
    left = amount_text(balance(unit, customer_id, currency) + amount, currency)
    balances = {**customer["credit_balances"], currency: left}
    changed = {**customer, "credit_balances": balances, "updated_at": unit.stamp}
    unit.store.save("customers", changed)
    emit(unit, "customer.updated", changed, before=customer)
    return changed
