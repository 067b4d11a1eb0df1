"""Collection: getting an open invoice paid. What the customer has in the wallet comes first, then the payment method.

Credit is used before that, when the invoice is opened (`invoices.finalize`). What the wallet gave is kept when the
method fails: the invoice is `partially_paid` then, and the next attempt is over what is left.
"""

from __future__ import annotations

from decimal import Decimal

from paylera_sandbox.billing import invoices, methods, payments, wallets
from paylera_sandbox.billing.cards import DECLINES
from paylera_sandbox.billing.machines import INVOICE, PAYMENT
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit


def collect(
    unit: Unit,
    invoice: Doc,
    subscription: Doc | None = None,
    method: Doc | None = None,
    *,
    return_url: str | None = None,
) -> Doc:
    """Try once to have an open invoice paid, and return it as the attempt left it (it is changed in place).

    `status` tells what came of it: `paid`; else `open` or `partially_paid`, with a payment that `requires_action` (see
    `waiting`) or with a failed one and `invoice.payment_failed`. Without `method`, the subscription's own or the
    customer's default is charged; without any, `invoice.payment_failed` is all that happens. A payment that still waits
    for the payer is given up for the new attempt.
    """
    INVOICE.expect(invoice, "paid")
    payments.cancel_waiting(unit, invoice)
    if not payments.is_due(invoice):
        invoices.record(unit, invoice, Decimal(0))
        return invoice
    _draw(unit, invoice)
    if payments.is_due(invoice):
        _charge(unit, invoice, method or methods.usual(unit, invoice["customer_id"], subscription), return_url)
    return invoice


def bill(unit: Unit, invoice: Doc, method: Doc | None, *, payment: Doc | None = None) -> str:
    """Issue an invoice and try to have it paid at once; return its id."""
    invoices.issue(unit, invoice)
    if payment is not None and payments.is_due(invoice):
        settle(unit, invoice, payment, method)
        return str(invoice["id"])
    collect(unit, invoice, method=method)
    release(unit, payment)
    return str(invoice["id"])


def release(unit: Unit, payment: Doc | None) -> None:
    """Give up a payment that was begun and is not needed."""
    if payment is not None:
        payments.cancel(unit, payment)


def can_collect(unit: Unit, invoice: Doc, subscription: Doc | None = None) -> bool:
    """Tell whether there is anything to collect from: a method, or money in the wallet."""
    wallet = wallets.of(unit, invoice["customer_id"], invoice["currency"])
    covered = wallet is not None and wallets.available(wallet) > 0
    return covered or methods.usual(unit, invoice["customer_id"], subscription) is not None


def settle(unit: Unit, invoice: Doc, payment: Doc, method: Doc | None) -> None:
    """Have an open invoice paid by a payment that the payer has just made on a page."""
    payment.update(invoice_id=invoice["id"], payment_method_id=method["id"] if method else None)
    payment["amount"] = invoice["amount_due"]
    before = dict(invoice)
    invoice["payments"] = [*invoice["payments"], payment["id"]]
    _receive(unit, invoice, payment, method, before)


def waiting(unit: Unit, invoice: Doc) -> Doc | None:
    """Return the payment of an invoice that waits for the payer's confirmation."""
    return unit.store.first("payments", invoice_id=invoice["id"], status="requires_action")


def confirm(unit: Unit, payment: Doc, *, approved: bool) -> Doc:
    """Take the payer's answer to the bank's question, for a payment that an attempt to collect began, and return the
    payment. (One that a checkout page began is `checkout.confirm`'s.)"""
    PAYMENT.expect(payment, "succeeded" if approved else "failed")
    invoice = unit.need("invoices", payment["invoice_id"], "invoice.not_found")
    method = unit.store.find("payment_methods", payment["payment_method_id"])
    if approved and method is not None:
        _receive(unit, invoice, payment, method, dict(invoice))
        return payment
    payments.fail(unit, payment, DECLINES["authentication_failed" if method else "method_removed"])
    invoices.save(unit, invoice, "invoice.payment_failed")
    return payment


def _draw(unit: Unit, invoice: Doc) -> None:
    """Pay what the wallet in the invoice's currency can give."""
    wallet = wallets.of(unit, invoice["customer_id"], invoice["currency"])
    amount = min(wallets.available(wallet), Decimal(invoice["amount_due"])) if wallet else Decimal(0)
    if wallet is None or amount <= 0:
        return
    before = dict(invoice)
    payment = _begin(unit, invoice, provider=payments.WALLET_PROVIDER, amount=amount)
    wallets.debit(unit, wallet, amount, reason="invoice_payment", invoice_id=invoice["id"], payment_id=payment["id"])
    _receive(unit, invoice, payment, None, before)


def _charge(unit: Unit, invoice: Doc, method: Doc | None, return_url: str | None) -> None:
    if method is None:
        invoices.save(unit, invoice, "invoice.payment_failed")
        return
    before = dict(invoice)
    payment = _begin(unit, invoice, method_id=method["id"])
    decline = methods.decline_of(unit, method)
    if decline is not None:
        payments.fail(unit, payment, decline)
        invoices.save(unit, invoice, "invoice.payment_failed")
    elif methods.asks_payer(method):
        payments.ask_payer(unit, payment, f"{unit.base_url}/payments/{payment['id']}/confirm", return_url=return_url)
        invoices.save(unit, invoice, "invoice.updated", before=before)
    else:
        _receive(unit, invoice, payment, method, before)


def _begin(unit: Unit, invoice: Doc, **what: object) -> Doc:
    payment = payments.create(unit, invoice, invoice_id=invoice["id"], **what)  # type: ignore[arg-type]
    invoice["payments"] = [*invoice["payments"], payment["id"]]
    return payment


def _receive(unit: Unit, invoice: Doc, payment: Doc, method: Doc | None, before: Doc) -> None:
    """Record that a payment went through."""
    payments.succeed(unit, payment, method)
    invoices.record(unit, invoice, Decimal(payment["amount"]), before=before)
