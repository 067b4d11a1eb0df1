"""Changing the plan in mid-period: credit for the unused time, charge for the new plan's, on an invoice of its own."""

from __future__ import annotations

from decimal import Decimal

from paylera_sandbox.billing import agenda, invoices, methods, payments, subscriptions
from paylera_sandbox.billing.periods import later, unused_share
from paylera_sandbox.billing.subscriptions import Terms, price
from paylera_sandbox.clock import moment, stamp
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit


def prepare(unit: Unit, subscription: Doc, plan: Doc, terms: Terms) -> tuple[Doc, list[invoices.Item]]:
    """Return the subscription as the change would leave it (not stored), and what there is to bill."""
    subscriptions.expect_status(subscription, *subscriptions.CURRENT)
    if plan["currency"] != subscription["currency"]:
        raise Problem("subscription.currency_mismatch", f"The subscription is in {subscription['currency']}.")
    if plan["id"] == subscription["plan_id"] and terms.quantities in ({}, subscription["quantities"]):
        raise Problem("subscription.same_plan", f"The subscription has the plan '{plan['code']}' already.")
    old = unit.need("plans", subscription["plan_id"], "plan.not_found")
    if plan["id"] == old["id"]:
        return {**subscription, "quantities": terms.quantities}, []  # plans have one price, whatever the quantities
    changed = {
        **subscription,
        "plan_id": plan["id"],
        "plan_code": plan["code"],
        "quantities": terms.quantities or subscription["quantities"],
        "coupons": list(terms.coupons) or subscription["coupons"],
        "_percent_off": f"{subscriptions.percent_off(unit, terms.coupons):f}",
        **_period(unit, subscription, old, plan),
    }
    return changed, _items(unit, subscription, old, changed, plan)


def apply(
    unit: Unit,
    subscription: Doc,
    plan: Doc,
    terms: Terms,
    *,
    method: Doc | None,
    payment: Doc | None = None,
) -> Doc:
    """Change the plan and have the difference paid. Refuses without a payment method if one is needed, and when the
    method is declined (that failure is kept: invoice voided, payment failed)."""
    changed, items = prepare(unit, subscription, plan, terms)
    if not items:
        return _save(unit, subscription, changed)
    invoice = invoices.draft(unit, subscription, items)
    if payments.is_due(invoice):
        _expect_payable(unit, invoice, method)
    changed["latest_invoice_id"] = subscriptions.bill(unit, invoice, method, payment=payment)
    if method is not None:
        changed["default_payment_method_id"] = method["id"]
    return _save(unit, subscription, changed)


def _save(unit: Unit, subscription: Doc, changed: Doc) -> Doc:
    if changed["cancel_at"]:
        agenda.schedule(unit, "subscription.cancel", changed["id"], changed["cancel_at"])
    return subscriptions.change(unit, subscription, "subscription.updated", **changed)


def _period(unit: Unit, subscription: Doc, old: Doc, plan: Doc) -> Doc:
    """The period goes on when both plans have the same one; otherwise a new one begins now."""
    if (old["interval"], old["interval_count"]) == (plan["interval"], plan["interval_count"]):
        return {}
    end = stamp(later(unit.now, interval=plan["interval"], count=plan["interval_count"]))
    period = {"current_period_start": unit.stamp, "current_period_end": end}
    return {**period, "cancel_at": end} if subscription["cancel_at"] else period


def _items(unit: Unit, before: Doc, old: Doc, after: Doc, new: Doc) -> list[invoices.Item]:
    credit = _item(unit, before, old, f"Unused time on {old['name']}", sign=-1)
    charge = _item(unit, after, new, f"Remaining time on {new['name']}", sign=1)
    return [item for item in (credit, charge) if item.amount]


def _item(unit: Unit, subscription: Doc, plan: Doc, description: str, *, sign: int) -> invoices.Item:
    """Price the rest of the period. The discount that was given on the time is taken back with it."""
    start, end = moment(subscription["current_period_start"]), moment(subscription["current_period_end"])
    amount = sign * price(plan) * unused_share(unit.now, start, end)
    period = (unit.stamp, subscription["current_period_end"])
    return invoices.Item(plan["code"], description, amount, period, percent_off=Decimal(subscription["_percent_off"]))


def _expect_payable(unit: Unit, invoice: Doc, method: Doc | None) -> None:
    if method is None:
        raise Problem("payment_method.required", "The customer has no payment method to charge the difference to.")
    decline = methods.decline_of(method)
    if decline is None:
        return
    invoices.issue(unit, invoice)
    payment = payments.create(unit, invoice, method_id=method["id"], invoice_id=invoice["id"])
    payments.fail(unit, payment, decline)
    invoices.save(unit, invoice, "invoice.payment_failed")
    invoices.void(unit, invoice)
    raise Problem("payment.declined", decline.message, keep=True, decline_code=decline.code)
