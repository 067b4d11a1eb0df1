"""Sample objects, for events on demand in a sandbox that has none: made by the billing itself in a scratch database, so
that they have exactly the members of real ones."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal

from paylera_sandbox.api import customers
from paylera_sandbox.billing import beginnings, methods, pricing, recording, subscriptions, usage, wallets
from paylera_sandbox.billing.cards import BY_NAME
from paylera_sandbox.operations import Call
from paylera_sandbox.store import Doc, Store
from paylera_sandbox.unit import Unit
from paylera_sandbox.webhooks import endpoints

# Family of the event type -> the table of its objects.
TABLES = {
    "customer": "customers",
    "subscription": "subscriptions",
    "dunning": "subscriptions",
    "usage": "usage_events",
    "invoice": "invoices",
    "payment": "payments",
    "payment_method": "payment_methods",
    "wallet": "wallets",
    "coupon": "coupons",
    "webhook_endpoint": "webhook_endpoints",
}
_CATALOGUE = ("products", "coupons", "plans")
_ADDRESS = {"line1": "1 Main Street", "city": "Springfield", "region": "IL", "country": "US", "postal_code": "62701"}
_PERSON = {"email": "ada@example.com", "name": "Ada Example", "external_id": "user-1", "billing_address": _ADDRESS}


def sample(unit: Unit, family: str) -> Doc:
    """Return an object of a family: that of a customer who has just paid for the first plan that costs something."""
    with closing(Store()) as store:
        scratch = unit.over(store)
        for table in _CATALOGUE:
            for doc in reversed(unit.store.newest(table)):
                store.insert(table, doc)
        _live(scratch)
        found = store.first(TABLES[family]) if family in TABLES else None
        return found or _bare(scratch, family)


def _live(unit: Unit) -> None:
    customer = customers.create(Call(unit=unit, ids={}, query={}, body=dict(_PERSON)))
    card = BY_NAME["tok_visa_success"]
    method = methods.attach_card(unit, customer, card, exp_month=12, exp_year=unit.now.year + 4)
    listed = unit.store.newest("plans", {"status": "active"})
    plan = next((plan for plan in listed if not pricing.is_free(plan)), listed[0])
    subscription = beginnings.start(unit, unit.customer(customer["id"]), plan, subscriptions.Terms(), method=method)
    for meter in usage.meters_of(unit, plan):
        recording.record(unit, subscription, plan, recording.Usage(meter, Decimal(1), unit.stamp))
    wallets.create(unit, customer, subscription["currency"])
    endpoints.register(unit, url="https://shop.example/webhooks/paylera", events=["*"])


def _bare(unit: Unit, family: str) -> Doc:
    """Make an object of a family that the sandbox does not keep itself."""
    subscription = unit.store.first("subscriptions") or {}
    moments = {"created_at": unit.stamp, "updated_at": unit.stamp}
    owner = {"customer_id": subscription["customer_id"], "subscription_id": subscription["id"]}
    bare: dict[str, Doc] = {
        "usage": {
            "id": unit.new_id("use"),
            "object": "usage_event",
            **owner,
            "feature_code": None,
            "meter": "api_calls",
            "quantity": "1",
            "timestamp": unit.stamp,
            "external_id": None,
            **dict.fromkeys(("usage", "balance", "included", "unlimited")),
            "properties": {},
            "recorded_at": unit.stamp,
        },
        "coupon": {
            "id": unit.new_id("coupon"),
            "object": "coupon",
            "code": "WELCOME10",
            "percent_off": "10",
            **moments,
        },
        "payout_batch": {
            "id": unit.new_id("pob"),
            "object": "payout_batch",
            "status": "pending",
            "currency": subscription["currency"],
            "amount": "100.00",
            **moments,
        },
        "commission": {
            "id": unit.new_id("com"),
            "object": "commission",
            "affiliate_id": unit.new_id("aff"),
            **owner,
            "status": "accrued",
            "currency": subscription["currency"],
            "amount": "1.90",
            **moments,
        },
    }
    return bare[family]
