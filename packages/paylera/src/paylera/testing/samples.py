"""Sample objects: what the data of an event of each family looks like in full, at a given moment.

Source: docs/api-objects.md and the resource pages of Paylera's documentation. The ids are made up and always the same,
so that the invoice of one event belongs to the subscription of another.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

_HEX = "0193591e0c3a7d2f8b4e5a6c7d8e9f0"
_ADDRESS = {"line1": "1 Main Street", "city": "Springfield", "region": "IL", "country": "US", "postal_code": "62701"}

Object = dict[str, Any]


def sample_id(prefix: str) -> str:
    """Return the one sample id with this prefix."""
    return f"{prefix}_{_HEX}1"


def stamp(at: datetime, *, days: float = 0) -> str:
    """Return the moment `days` after `at` as Paylera writes it."""
    moment = at + timedelta(days=days)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{moment.microsecond // 1000:03d}Z"


def subscription(at: datetime) -> Object:
    """Return an active monthly subscription."""
    return {
        "id": sample_id("sub"),
        "object": "subscription",
        "customer_id": sample_id("cus"),
        "plan_id": sample_id("plan"),
        "plan_code": "pro",
        "status": "active",
        "version": 2,
        "currency": "USD",
        "quantities": {"seats": "3"},
        "coupons": [],
        "metadata": {},
        "current_period_start": stamp(at, days=-1),
        "current_period_end": stamp(at, days=29),
        "trial_end": None,
        "cancel_at_period_end": False,
        "cancel_at": None,
        "canceled_at": None,
        "cancellation_reason": None,
        "ended_at": None,
        "latest_invoice_id": sample_id("inv"),
        "default_payment_method_id": sample_id("pm"),
        "created_at": stamp(at, days=-1),
        "updated_at": stamp(at),
    }


def invoice(at: datetime) -> Object:
    """Return an open invoice over 31.32 USD: 29.00 and 8 % tax."""
    return {
        "id": sample_id("inv"),
        "object": "invoice",
        "number": "INV-2026-000123",
        "customer_id": sample_id("cus"),
        "subscription_id": sample_id("sub"),
        "currency": "USD",
        "status": "open",
        "issued_at": stamp(at, days=-1),
        "due_at": stamp(at, days=6),
        "lines": [_invoice_line(at)],
        "subtotal": "29.00",
        "discount": "0.00",
        "tax": "2.32",
        "total": "31.32",
        "amount_paid": "0.00",
        "amount_due": "31.32",
        "tax_breakdown": [{"name": "Sales tax", "rate": "0.08", "amount": "2.32"}],
        "payments": [],
        "credit_notes": [],
        "pdf_url": f"https://api.test.paylera.dev/v1/invoices/{sample_id('inv')}/pdf",
        "metadata": {},
        "created_at": stamp(at, days=-1),
        "updated_at": stamp(at),
    }


def _invoice_line(at: datetime) -> Object:
    return {
        "id": sample_id("il"),
        "code": "pro",
        "description": "Pro plan, monthly",
        "quantity": "1",
        "unit_amount": "29.00",
        "amount": "29.00",
        "period_start": stamp(at, days=-1),
        "period_end": stamp(at, days=29),
        "discount_amount": "0.00",
        "tax_amount": "2.32",
        "tax_rate": "0.08",
        "metadata": {},
    }


def payment(at: datetime) -> Object:
    """Return a pending card payment of the sample invoice."""
    return {
        "id": sample_id("pay"),
        "object": "payment",
        "invoice_id": sample_id("inv"),
        "customer_id": sample_id("cus"),
        "payment_method_id": sample_id("pm"),
        "provider": "stripe",
        "provider_id": "pi_sample",
        "status": "pending",
        "amount": "31.32",
        "currency": "USD",
        "amount_settled": None,
        "settlement_currency": None,
        "fx_rate": None,
        "captured_at": None,
        "settled_at": None,
        "next_action": None,
        "last_error": None,
        "refunds": [],
        "metadata": {},
        "created_at": stamp(at),
        "updated_at": stamp(at),
    }


def payment_method(at: datetime) -> Object:
    """Return a verified card, the customer's default."""
    card = {"brand": "visa", "last4": "4242", "exp_month": 12, "exp_year": at.year + 3, "country": "US"}
    return {
        "id": sample_id("pm"),
        "object": "payment_method",
        "customer_id": sample_id("cus"),
        "type": "card",
        "is_default": True,
        "verified": True,
        "card": {**card, "funding": "credit"},
        "bank_account": None,
        "wallet": None,
        "billing_address": _ADDRESS,
        "metadata": {},
        "created_at": stamp(at),
    }


def customer(at: datetime) -> Object:
    """Return a customer with an address and a default payment method."""
    return {
        "id": sample_id("cus"),
        "object": "customer",
        "email": "ada@example.com",
        "name": "Ada Example",
        "external_id": "user-1",
        "billing_address": _ADDRESS,
        "metadata": {},
        "default_payment_method_id": sample_id("pm"),
        "created_at": stamp(at, days=-30),
        "updated_at": stamp(at),
    }


def wallet(_at: datetime) -> Object:
    """Return a wallet below the amount at which it is to be topped up."""
    top_up = {"enabled": True, "trigger_at": "10.00", "amount": "50.00", "payment_method_id": sample_id("pm")}
    return {
        "id": sample_id("wal"),
        "customer_id": sample_id("cus"),
        "currency": "USD",
        "balance": "4.20",
        "auto_top_up": top_up,
        "drift_floor": "0.00",
    }


def coupon(at: datetime) -> Object:
    """Return a coupon of ten per cent that nobody has taken yet."""
    nothing = dict.fromkeys(("name", "amount_off", "currency", "duration_in_months", "max_redemptions", "expires_at"))
    return {
        "id": sample_id("cpn"),
        "object": "coupon",
        "code": "WELCOME10",
        "percent_off": "10",
        "duration": "once",
        **nothing,
        "metadata": {},
        "times_redeemed": 0,
        "status": "active",
        "created_at": stamp(at, days=-30),
        "updated_at": stamp(at),
    }


def usage(at: datetime) -> Object:
    """Return the first of ten included exports."""
    return {
        "id": sample_id("use"),
        "object": "usage_event",
        "customer_id": sample_id("cus"),
        "subscription_id": sample_id("sub"),
        "feature_code": "exports",
        "meter": "exports",
        "quantity": "1",
        "timestamp": stamp(at),
        "external_id": None,
        "usage": "1",
        "balance": "9",
        "included": "10",
        "unlimited": False,
        "properties": {},
        "recorded_at": stamp(at),
    }


def payout_batch(at: datetime) -> Object:
    """Return a payout batch that was just created."""
    moments = {"created_at": stamp(at), "updated_at": stamp(at)}
    return {"id": sample_id("pob"), "status": "pending", "currency": "USD", **moments}


def commission(at: datetime) -> Object:
    """Return a commission that was just accrued."""
    moments = {"created_at": stamp(at), "updated_at": stamp(at)}
    owner = {"id": sample_id("com"), "affiliate_id": sample_id("aff")}
    return {**owner, "status": "accrued", "amount": "3.13", "currency": "USD", **moments}


def webhook_endpoint(at: datetime) -> Object:
    """Return an enabled webhook endpoint."""
    return {
        "id": sample_id("we"),
        "object": "webhook_endpoint",
        "url": "https://example.com/webhooks/paylera/",
        "events": ["*"],
        "description": "Sample endpoint",
        "status": "enabled",
        "api_version": "2026-05-01",
        "secret_last4": "1f0a",
        "created_at": stamp(at, days=-30),
        "updated_at": stamp(at),
    }


def dunning(_at: datetime) -> Object:
    """Return what a dunning run was about."""
    return {
        "subscription_id": sample_id("sub"),
        "invoice_id": sample_id("inv"),
        "customer_id": sample_id("cus"),
    }


# Family of the event type -> (sample of its data, aggregate type, member of the data that names the aggregate).
FAMILIES: dict[str, tuple[Callable[[datetime], Object], str, str]] = {
    "commission": (commission, "affiliate", "affiliate_id"),
    "coupon": (coupon, "coupon", "id"),
    "customer": (customer, "customer", "id"),
    "dunning": (dunning, "subscription", "subscription_id"),
    "invoice": (invoice, "invoice", "id"),
    "payment": (payment, "payment", "id"),
    "payment_method": (payment_method, "customer", "customer_id"),
    "payout_batch": (payout_batch, "payout_batch", "id"),
    "subscription": (subscription, "subscription", "id"),
    "usage": (usage, "subscription", "subscription_id"),
    "wallet": (wallet, "wallet", "id"),
    "webhook_endpoint": (webhook_endpoint, "webhook_endpoint", "id"),
}
