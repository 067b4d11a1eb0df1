"""Changing the plan in mid-period: credit for the unused time, charge for the new plan's, on an invoice of its own."""

from __future__ import annotations

from fractions import Fraction

from paylera_sandbox.billing import (
    collection,
    coupons,
    cycles,
    dunning,
    invoices,
    methods,
    payments,
    pricing,
    subscriptions,
)
from paylera_sandbox.billing.invoices import Item
from paylera_sandbox.billing.periods import unused_share
from paylera_sandbox.billing.subscriptions import Terms
from paylera_sandbox.clock import moment
from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit


def prepare(unit: Unit, subscription: Doc, plan: Doc, terms: Terms) -> tuple[Doc, list[invoices.Item]]:
    """Return the subscription as the change would leave it (not stored), and what there is to bill."""
    subscriptions.expect_status(subscription, *subscriptions.CURRENT)
    if plan["currency"] != subscription["currency"]:
        raise Problem("subscription.currency_mismatch", f"The subscription is in {subscription['currency']}.")
    old = unit.need("plans", subscription["plan_id"], "plan.not_found")
    if plan["id"] != old["id"]:
        subscriptions.refuse_archived(plan)
    changed = _changed(unit, subscription, old, plan, terms)
    if plan["id"] == old["id"] and changed["quantities"] == subscription["quantities"]:
        raise Problem("subscription.same_plan", f"The subscription has the plan '{plan['code']}' already.")
    return changed, _items(unit, subscription, old, changed, plan)


def _changed(unit: Unit, subscription: Doc, old: Doc, plan: Doc, terms: Terms) -> Doc:
    """Other quantities of the same plan keep the discounts of the period; another plan is charged anew, from now."""
    held = pricing.quantities(plan, {**subscription["quantities"], **terms.quantities})
    changed = {**subscription, "plan_id": plan["id"], "plan_code": plan["code"], "quantities": held}
    if terms.coupons:
        known = {discount["code"]: discount for discount in subscription["_discounts"]}
        new = [code for code in terms.coupons if code not in known]
        promised = {discount["code"]: discount for discount in coupons.promised(unit, new, plan["currency"])}
        changed["coupons"] = list(terms.coupons)
        changed["_discounts"] = [(known | promised)[code] for code in dict.fromkeys(terms.coupons)]
    if plan["id"] == old["id"] and not terms.coupons:
        return changed
    counts_from = pricing.just_after(max(unit.stamp, subscription["_usage_from"]))
    anew = {"_charged_at": unit.stamp, "_usage_from": counts_from}
    return {**changed, **anew, **_period(unit, subscription, old, plan)}


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
    method is declined (that failure is kept: invoice voided, payment failed). What is owed is collected first: unpaid
    time cannot be given back."""
    if subscription["status"] == "past_due" and dunning.owes(unit, subscription):
        subscription = _settled(unit, subscription, keep=payment is None)
    changed, items = prepare(unit, subscription, plan, terms)
    coupons.redeem(unit, [code for code in changed["coupons"] if code not in subscription["coupons"]])
    if not items:
        return _save(unit, subscription, changed)
    invoice = invoices.draft(unit, subscription, items)
    if payment is None and payments.is_due(invoice):
        _expect_payable(unit, invoice, method)
    changed["latest_invoice_id"] = collection.bill(unit, invoice, method, payment=payment)
    if method is not None:
        changed["default_payment_method_id"] = method["id"]
    return _save(unit, subscription, changed)


def _settled(unit: Unit, subscription: Doc, *, keep: bool) -> Doc:
    """Return the subscription once it owes nothing, or refuse."""
    if methods.usual(unit, subscription["customer_id"], subscription) is None:
        raise Problem("payment_method.required", "The customer owes for the period and has no payment method.")
    dunning.take_method(unit, subscription["customer_id"])
    settled = subscriptions.get(unit, subscription["id"])
    if settled["status"] != "past_due":
        return settled
    failed = unit.store.first("payments", customer_id=subscription["customer_id"], status="failed")
    code = failed["last_error"]["decline_code"] if failed else None
    detail = "What the customer owes for the period could not be collected, so the plan stays as it is."
    raise Problem("payment.declined", detail, keep=keep, decline_code=code)


def _save(unit: Unit, subscription: Doc, changed: Doc) -> Doc:
    return subscriptions.change(unit, subscription, "subscription.updated", **changed)


def _period(unit: Unit, subscription: Doc, old: Doc, plan: Doc) -> Doc:
    """The period goes on when both plans have the same one, and a trial in any case; otherwise a new one begins now."""
    if cycles.own(old) == cycles.own(plan) or cycles.in_trial(subscription):
        return {}
    if subscription["commitment"]:
        detail = f"The customer is committed to a plan that is billed by {old['interval_count']} {old['interval']}."
        raise Problem("subscription.commitment_active", detail)
    period = cycles.first(unit.now, plan, None, None)
    return {**period, "cancel_at": period["current_period_end"]} if subscription["cancel_at"] else period


def _items(unit: Unit, before: Doc, old: Doc, after: Doc, new: Doc) -> list[Item]:
    """Return what is given back, what is charged, and the usage that the old plan has still to bill. Components of the
    same plan whose price the change leaves alone are left out. A trial was not paid, so nothing is due in it."""
    if cycles.in_trial(before):
        return []
    held, wanted = (_priced(unit, doc, plan) for doc, plan in ((before, old), (after, new)))
    same = [pair for pair in held if pair in wanted] if old["id"] == new["id"] else []
    given = [pair for pair in held if pair not in same] if _paid(unit, before) else []
    credit = [_rest(unit, *pair, "Unused", sign=-1) for pair in given]
    charge = [_rest(unit, *pair, "Remaining", sign=1) for pair in wanted if pair not in same]
    usage = _used(unit, before, old, after)
    return [item for item in (*credit, *charge, *usage) if item.amount]


def _paid(unit: Unit, subscription: Doc) -> bool:
    """Tell whether the period is paid, or will be before the change (`apply`). One that was written off is not."""
    latest = unit.store.find("invoices", subscription["latest_invoice_id"] or "")
    return latest is None or latest["status"] == "paid" or dunning.owes(unit, subscription)


def _used(unit: Unit, before: Doc, old: Doc, after: Doc) -> list[Item]:
    """Price what was used on a plan that is left."""
    if after["_usage_from"] == before["_usage_from"]:
        return []
    used = (before["current_period_start"], unit.stamp)
    return pricing.usage_items(unit, old, before, used, below=after["_usage_from"])


def _priced(unit: Unit, subscription: Doc, plan: Doc) -> list[tuple[cycles.Part, Item]]:
    """Price what is left of the period, part by part, with the discounts that counted when it was charged: what was
    given is taken back."""
    return [
        (part, item)
        for part in cycles.parts(subscription, plan)
        if part.end > unit.stamp
        for item in pricing.period_items(
            unit, plan, subscription, part.start, part.end, at=max(subscription["_charged_at"], part.start)
        )
    ]


def _rest(unit: Unit, part: cycles.Part, item: Item, what: str, *, sign: int) -> Item:
    """Take what is still to come of a part of the period."""
    share: Fraction = sign * part.share * unused_share(unit.now, moment(part.start), moment(part.end))
    period = (max(unit.stamp, part.start), part.end)
    return pricing.share_of(item, share, period=period, description=f"{what} time on {item.description}")


def _expect_payable(unit: Unit, invoice: Doc, method: Doc | None) -> None:
    """Refuse unless the difference can be charged at once. Of a decline there is a trace: a failed payment of
    an invoice that is void."""
    try:
        methods.expect_chargeable(unit, method, payer_is_there=False)
    except Problem as problem:
        if method is not None and problem.code == "payment.declined":
            _record_decline(unit, invoice, method)
        raise


def _record_decline(unit: Unit, invoice: Doc, method: Doc) -> None:
    invoices.issue(unit, invoice)
    payment = payments.create(unit, invoice, method_id=method["id"], invoice_id=invoice["id"])
    if decline := methods.decline_of(unit, method, ahead=True):
        payments.fail(unit, payment, decline)
    invoices.save(unit, invoice, "invoice.payment_failed")
    invoices.void(unit, invoice)
