"""Payment methods: what a customer can be charged on."""

from __future__ import annotations

from typing import Any

from paylera_sandbox.billing import agenda
from paylera_sandbox.billing.cards import BY_NAME, DECLINES, LATER_DECLINES, MICRO_DEPOSITS, TOKENS, Card, Decline
from paylera_sandbox.faults import charges
from paylera_sandbox.problems import Problem, fault
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks.events import emit

TYPES = ("card", "bank_account", "paypal", "wallet")
TRIES = 3
LIVE = ("active", "trialing", "past_due", "paused")
_YEARS_OF_A_TOKEN = 4


def attach_card(unit: Unit, customer: Doc, card: Card, *, exp_month: int, exp_year: int, default: bool = True) -> Doc:
    """Store a card; as the customer's default, unless told otherwise."""
    details = {
        "brand": card.brand,
        "last4": card.number[-4:],
        "exp_month": exp_month,
        "exp_year": exp_year,
        "country": "US",
        "funding": "credit",
    }
    return _attach(unit, customer, "card", details, card.behaviour, default=default)


def attach_token(unit: Unit, customer: Doc, kind: str, token: str, *, default: bool | None) -> Doc:
    """Store what a token stands for. The first method of a customer is the default, unless told otherwise."""
    default = customer["default_payment_method_id"] is None if default is None else default
    card = BY_NAME.get(token)
    if card is not None and card.token == token:
        _expect_type(kind, "card")
        year = unit.now.year + _YEARS_OF_A_TOKEN
        return attach_card(unit, customer, card, exp_month=12, exp_year=year, default=default)
    if token not in TOKENS:
        raise fault("token", "token.unknown", "is not a test token; take one such as tok_visa_success")
    found = TOKENS[token]
    _expect_type(kind, found.type)
    return _attach(unit, customer, found.type, dict(found.details), found.behaviour, default=default)


def _expect_type(given: str, right: str) -> None:
    if given != right:
        raise fault("type", "payment_method.type_mismatch", f"must be {right} for this token")


def _attach(unit: Unit, customer: Doc, kind: str, details: Doc, behaviour: str, *, default: bool) -> Doc:
    method = {
        "id": unit.new_id("pm"),
        "object": "payment_method",
        "customer_id": customer["id"],
        "type": kind,
        "is_default": default,
        "verified": kind != "bank_account",
        **{name: details if name == kind else None for name in ("card", "bank_account", "wallet")},
        "billing_address": customer["billing_address"],
        "metadata": {},
        "created_at": unit.stamp,
        "updated_at": unit.stamp,
        "_behaviour": behaviour,
        "_charges": 0,
        "_tries": 0,
    }
    unit.store.insert("payment_methods", method)
    emit(unit, "payment_method.attached", method)
    if default:
        set_default(unit, customer["id"], method)
    return method


def set_default(unit: Unit, customer_id: str, method: Doc | None) -> None:
    """Make a method the customer's default, or leave the customer without one."""
    chosen = method["id"] if method else None
    customer = unit.customer(customer_id)
    if customer["default_payment_method_id"] == chosen:
        return
    follow_default(unit, customer_id, chosen)
    changed = {**customer, "default_payment_method_id": chosen, "updated_at": unit.stamp}
    unit.store.save("customers", changed)
    emit(unit, "customer.updated", changed, before=customer)


def follow_default(unit: Unit, customer_id: str, chosen: str | None) -> None:
    """Write on each of a customer's methods whether it is the default one, and charge the new one from now on."""
    for method in unit.store.newest("payment_methods", {"customer_id": customer_id}):
        change(unit, method, is_default=method["id"] == chosen)
    agenda.schedule(unit, "customer.method", customer_id, unit.stamp)


def change(unit: Unit, method: Doc, **members: Any) -> Doc:
    """Write changed members and tell of it; no difference, no event."""
    changed = {**method, **members}
    if changed == method:
        return method
    changed["updated_at"] = unit.stamp
    unit.store.save("payment_methods", changed)
    emit(unit, "payment_method.updated", changed, before=method)
    return changed


def detach(unit: Unit, method: Doc) -> None:
    """Remove a method. Refused while something is charged on it by itself, so that no renewal fails unannounced."""
    user = _user(unit, method)
    if user:
        detail = f"{user} is charged on this method. Give it another one first."
        raise Problem("payment_method.in_use", detail)
    unit.store.delete("payment_methods", method["id"])
    emit(unit, "payment_method.detached", method)
    if method["is_default"]:
        set_default(unit, method["customer_id"], None)


def _user(unit: Unit, method: Doc) -> str | None:
    """Return what a method is charged for, in words."""
    for subscription in unit.store.newest("subscriptions", {"customer_id": method["customer_id"], "status": LIVE}):
        own = subscription["default_payment_method_id"]
        if own == method["id"] or (own is None and method["is_default"]):
            return f"The subscription {subscription['id']}"
    for wallet in unit.store.newest("wallets", {"customer_id": method["customer_id"]}):
        top_up = wallet["auto_top_up"]
        if top_up and top_up["enabled"] and top_up["payment_method_id"] == method["id"]:
            return f"The automatic top-up of the wallet {wallet['id']}"
    return None


def verify(unit: Unit, method: Doc, amounts: list[str] | None) -> Doc:
    """Verify a bank account by the two small amounts that arrived on it; three tries. Others are verified already."""
    if method["verified"]:
        return method
    if method["_tries"] >= TRIES:
        raise Problem("payment_method.verification_failed", "Three tries were wrong. Attach the bank account anew.")
    if amounts is None:
        raise fault("amounts", "field.required", "is required: the two amounts that arrived on the bank account")
    if sorted(amounts) != sorted(MICRO_DEPOSITS):
        unit.store.save("payment_methods", {**method, "_tries": method["_tries"] + 1})
        left = TRIES - method["_tries"] - 1
        detail = f"These are not the amounts that arrived. Tries left: {left}."
        raise Problem("payment_method.verification_failed", detail, keep=True)
    verified = {**method, "verified": True, "updated_at": unit.stamp}
    unit.store.save("payment_methods", verified)
    emit(unit, "payment_method.verified", verified)
    return verified


def owned(unit: Unit, customer_id: str, identifier: str) -> Doc:
    """Return a method of a customer, or refuse: another customer's is as good as none."""
    method = unit.store.find("payment_methods", identifier)
    if method is None or method["customer_id"] != customer_id:
        raise Problem("payment_method.not_found", f"The customer has no payment method '{identifier}'.")
    return method


def usual(unit: Unit, customer_id: str, subscription: Doc | None = None) -> Doc | None:
    """Return what a customer is charged on: the subscription's own method, else the default one."""
    own = subscription["default_payment_method_id"] if subscription else None
    found = own or unit.customer(customer_id)["default_payment_method_id"]
    return unit.store.find("payment_methods", found) if found else None


def decline_of(unit: Unit, method: Doc, *, ahead: bool = False) -> Decline | None:
    """Return why a charge of a stored method fails now, or None if it does not. All charges ask here, once each: it may
    be a fault that was asked for. Who only wants to know what will come of a charge asks `ahead`."""
    if method["verified"]:
        card = method["card"]["last4"] if method["card"] else None
        on_demand = charges.decline(unit, method["customer_id"], card=card, payment_method_id=method["id"], ahead=ahead)
        if on_demand is not None:
            return on_demand
    return own_decline(unit, method)


def own_decline(unit: Unit, method: Doc) -> Decline | None:
    """Return why any charge of a method would fail now, whatever goes wrong on demand."""
    if not method["verified"]:
        return DECLINES["not_verified"]
    if _expired(unit, method):
        return DECLINES["expired_card"]
    behaviour = method["_behaviour"]
    later = LATER_DECLINES.get(behaviour) if method["_charges"] else None
    return DECLINES.get(later or behaviour)


def _expired(unit: Unit, method: Doc) -> bool:
    """Tell whether a card's last month is over."""
    card = method["card"]
    return bool(card) and (card["exp_year"], card["exp_month"]) < (unit.now.year, unit.now.month)


def expect_chargeable(unit: Unit, method: Doc | None, *, now: bool = True, payer_is_there: bool = True) -> None:
    """Refuse unless a charge of a method would go through. One that is not made `now` is not asked for the declines on
    demand: those are for charges, and counted. Where no payer is there, a bank that asks is in the way, too."""
    if method is None:
        detail = "The customer has no payment method to charge. A checkout page (POST /v1/attach) collects one."
        raise Problem("payment_method.required", detail)
    if asks_payer(method) and not payer_is_there:
        raise Problem("payment_method.required", "The customer's bank wants a confirmation before it pays.")
    decline = decline_of(unit, method, ahead=True) if now else own_decline(unit, method)
    if decline:
        # Kept, because a decline that was asked for is used up.
        raise Problem("payment.declined", decline.message, keep=True, decline_code=decline.code)


def asks_payer(method: Doc) -> bool:
    """Tell whether the bank wants the payer's confirmation: until the first charge has gone through."""
    return bool(method["_behaviour"] == "requires_action" and not method["_charges"])


def count_charge(unit: Unit, method: Doc) -> None:
    """Remember that a method was charged with success."""
    method["_charges"] += 1
    unit.store.save("payment_methods", method)
