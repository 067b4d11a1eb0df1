"""Payments: `/v1/payments`."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.api.amounts import expect_whole
from paylera_sandbox.api.listing import filters, page
from paylera_sandbox.billing import checkout, payments, refunds
from paylera_sandbox.billing.machines import PAYMENT
from paylera_sandbox.fields import Rule
from paylera_sandbox.operations import Call
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc

FILTERS = filters(
    customer_id=fields.identifier,
    invoice_id=fields.identifier,
    payment_method_id=fields.identifier,
    status=fields.choice(*PAYMENT.states),
    currency=fields.identifier,
    amount=fields.decimal,
    captured_at=fields.timestamp,
    sort=("updated_at", "captured_at", "amount"),
)
REFUND = {
    "amount": Rule(fields.quantity),
    "reason": Rule(fields.text(longest=500)),
    "destination": Rule(fields.choice(*refunds.DESTINATIONS)),
}


def listing(call: Call) -> Doc:
    """List payments."""
    return page(call, "payments")


def get(call: Call) -> Doc:
    """Return a payment."""
    return call.unit.need("payments", call.ids["id"], "payment.not_found")


def cancel(call: Call) -> Doc:
    """Cancel a payment that waits for the payer."""
    payment = payments.cancel(call.unit, get(call))
    checkout.forget(call.unit, payment)
    return payment


def action_url(call: Call) -> Doc:
    """Return the page on which the payer confirms a payment."""
    payment = get(call)
    if payment["status"] != "requires_action":
        raise Problem("payment.no_action", f"The payment is {payment['status']}; nobody has to confirm it.")
    return {"object": "payment_action", "payment_id": payment["id"], **payment["next_action"]}


def refund(call: Call) -> Doc:
    """Give a payment back, in full without an `amount`."""
    unit, given, payment = call.unit, call.body, get(call)
    amount = given.get("amount")
    if amount is not None:
        expect_whole("amount", amount, payment["currency"])
    return refunds.refund(unit, payment, amount, reason=given.get("reason"), destination=given.get("destination"))


def refunds_of(call: Call) -> Doc:
    """List the refunds of a payment."""
    return page(call, "refunds", payment_id=get(call)["id"])
