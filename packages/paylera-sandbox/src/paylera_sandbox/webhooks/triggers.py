"""Triggers: an event of any type on demand. It goes the way of every other event, and tells of an object as that would
be if the event had come about by itself; no object changes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from copy import deepcopy
from datetime import timedelta
from typing import Any

from paylera_sandbox.clock import stamp
from paylera_sandbox.problems import Problem, fault
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks import catalogue
from paylera_sandbox.webhooks.events import emit
from paylera_sandbox.webhooks.samples import TABLES, sample

Change = Callable[[Unit, Doc], Doc]


def trigger(unit: Unit, event_type: str, *, object_id: str | None, settings: Mapping[str, Any]) -> Doc:
    """Make an event and queue its deliveries. Its data are those of the object with this id, else of the newest of its
    family, else of a made-up one, with the members that `settings` set by their paths."""
    if event_type not in catalogue.EVENT_TYPES:
        like = catalogue.nearest(event_type)
        hint = f" Did you mean '{like}'?" if like else ""
        raise Problem("event_type.unknown", f"There is no event type '{event_type}'.{hint}", nearest=like)
    found = deepcopy(_object(unit, event_type.partition(".")[0], object_id))
    data = {**found, **CHANGES.get(event_type, _same)(unit, found)}
    for path, value in settings.items():
        _set(data, path.split("."), value, path)
    emit(unit, event_type, data, before=_before(event_type, data))
    event = unit.store.first("events")
    if event is None:
        raise AssertionError("an event was just written")
    return event


def _object(unit: Unit, family: str, object_id: str | None) -> Doc:
    table = TABLES.get(family)
    if object_id is not None:
        named = unit.store.find(table, object_id) if table else None
        if named is None:
            raise fault("object_id", "object.not_found", f"is not the id of an object that a {family} event tells of")
        return named
    # An endpoint is not told of itself, so that events of endpoints tell of one that nobody has.
    newest = unit.store.first(table) if table and family != "webhook_endpoint" else None
    return newest or sample(unit, family)


def _before(event_type: str, data: Doc) -> Doc | None:
    """Return the data as they were before an update: one member was another."""
    if not event_type.endswith(".updated"):
        return None
    told = ("name", "metadata", "status", "balance", "events", "description")
    member = next(name for name in told if data.get(name) is not None)
    return {**data, member: None}


def _set(data: Any, path: list[str], value: Any, whole: str) -> None:
    """Set a member; what is missing or null on the way becomes an object."""
    *way, last = path
    for step in way:
        following = _member(data, step, whole)
        if following is None:
            following = data[step] = {}
        data = following
    if isinstance(data, list):
        _member(data, last, whole)
        data[int(last)] = value
    elif isinstance(data, dict):
        data[last] = value
    else:
        raise _no_member(whole, last)


def _member(data: Any, step: str, whole: str) -> Any:
    if isinstance(data, dict):
        return data.get(step)
    if isinstance(data, list) and step.isascii() and step.isdigit() and len(step) < 9 and int(step) < len(data):
        return data[int(step)]
    raise _no_member(whole, step)


def _no_member(whole: str, step: str) -> Problem:
    return fault("set", "path.not_found", f"has the path '{whole[:100]}', but there is no '{step[:50]}' on that way")


def _same(_unit: Unit, _data: Doc) -> Doc:
    return {}


def _as(**members: Any) -> Change:
    """Set members as they are given."""
    return lambda _unit, _data: members


def _in(days: int, *names: str, **members: Any) -> Change:
    """Set moments so many days from now, and other members."""
    return lambda unit, _data: {**dict.fromkeys(names, stamp(unit.now + timedelta(days=days))), **members}


def _paid(unit: Unit, invoice: Doc) -> Doc:
    return {"status": "paid", "amount_paid": invoice["total"], "amount_due": _zero(invoice), "updated_at": unit.stamp}


def _unpaid(unit: Unit, invoice: Doc) -> Doc:
    due = {"amount_paid": _zero(invoice), "amount_due": invoice["total"]}
    return {"status": "open", **due, "payments": invoice["payments"][:1], "updated_at": unit.stamp}


def _closed(status: str) -> Change:
    return lambda unit, invoice: {**_unpaid(unit, invoice), "status": status, "amount_due": _zero(invoice)}


def _draft(unit: Unit, invoice: Doc) -> Doc:
    nothing = dict.fromkeys(("number", "issued_at", "due_at", "pdf_url"))
    return {**_unpaid(unit, invoice), "status": "draft", "payments": [], **nothing}


def _zero(invoice: Doc) -> str:
    digits = len(str(invoice["total"]).partition(".")[2])
    return f"{0:.{digits}f}"


def _ask(unit: Unit, payment: Doc) -> Doc:
    action = {"type": "redirect_to_url", "url": f"{unit.base_url}/checkout/{payment['id']}/confirm"}
    return {"status": "requires_action", "next_action": action, "captured_at": None, "settled_at": None}


def _lock_rate(unit: Unit, _invoice: Doc) -> Doc:
    currencies = {"presentment_currency": "USD", "settlement_currency": "EUR"}
    return {**currencies, "fx_rate": "0.92415000", "fx_rate_source": "ecb", "fx_rate_locked_at": unit.stamp}


def _failed_delivery(unit: Unit, _endpoint: Doc) -> Doc:
    subject = {"event_type": "invoice.paid", "aggregate_type": "invoice", "aggregate_id": unit.new_id("inv")}
    ids = {"id": unit.new_id("del"), "event_id": unit.new_id("evt")}
    return {"delivery": {**ids, **subject, "attempts": 9, "last_status": 503, "last_error": None}}


def _refund(unit: Unit, subscription: Doc) -> Doc:
    made = {"id": unit.new_id("ref"), "object": "refund", "payment_id": unit.new_id("pay"), "invoice_id": None}
    money = {"amount": "1.00", "currency": subscription["currency"], "reason": None, "destination": "card"}
    owner = {"customer_id": subscription["customer_id"], "status": "succeeded", "created_at": unit.stamp}
    return {"refund": {**made, **money, **owner}}


_DECLINED = {
    "code": "payment.declined",
    "decline_code": "card_declined",
    "provider_message": "card declined",
    "user_message": "The bank declined this card. Try another card.",
    "is_retriable": False,
    "retriable_after": None,
}
_LOST = {"captured_at": None, "settled_at": None, "amount_settled": None}
_CANCELED = _in(0, "canceled_at", "ended_at", status="canceled", cancel_at=None)
_TRIAL = _in(3, "trial_end", "current_period_end", status="trialing")


# Event type -> how its object differs from a healthy one.
def _invalid_tax_id(unit: Unit, customer: Doc) -> Doc:
    number = {"type": "eu_vat", "country": "DE", "value": "DE123456789", "status": "invalid"}
    owner = {"id": unit.new_id("txi"), "object": "tax_id", "customer_id": customer["id"]}
    return {"tax_id": {**owner, **number, "created_at": unit.stamp, "updated_at": unit.stamp}}


CHANGES: Mapping[str, Change] = {
    "commission.eligible": _as(status="eligible"),
    "commission.reversed": _as(status="reversed"),
    "customer.tax_id_invalidated": _invalid_tax_id,
    "dunning.exhausted": _CANCELED,
    "invoice.created": _draft,
    "invoice.deleted": _draft,
    "invoice.finalized": _unpaid,
    "invoice.fx_rate_locked": _lock_rate,
    "invoice.marked_uncollectible": _closed("uncollectible"),
    "invoice.paid": _paid,
    "invoice.payment_failed": _unpaid,
    "invoice.updated": _draft,
    "invoice.voided": _closed("void"),
    "payment.action_completed": _as(status="processing", next_action=None),
    "payment.canceled": _as(status="canceled", next_action=None, **_LOST),
    "payment.charged_back": _as(status="charged_back"),
    "payment.created": _as(status="processing", **_LOST),
    "payment.failed": _as(status="failed", last_error=_DECLINED, **_LOST),
    "payment.refunded": _as(status="refunded"),
    "payment.requires_action": _ask,
    "payment_method.verified": _as(verified=True),
    "payout_batch.failed": _as(status="failed"),
    "payout_batch.settled": _as(status="settled"),
    "subscription.canceled": _CANCELED,
    "subscription.created": _as(status="pending_activation", version=1),
    "subscription.dunning_attempt": _as(status="past_due"),
    "subscription.dunning_exhausted": _CANCELED,
    "subscription.past_due": _as(status="past_due"),
    "subscription.paused": _as(status="paused"),
    "subscription.refund_processed": _refund,
    "subscription.trial_ended": _in(0, "trial_end", status="active"),
    "subscription.trial_extended": _TRIAL,
    "subscription.trial_started": _TRIAL,
    "subscription.trial_will_end": _TRIAL,
    "wallet.auto_topup_failed": _as(last_error=_DECLINED),
    "webhook_endpoint.delivery_failed": _failed_delivery,
    "webhook_endpoint.disabled": _as(status="disabled"),
}
