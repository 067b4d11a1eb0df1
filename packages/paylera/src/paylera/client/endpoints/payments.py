"""Payments and refunds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paylera.client.bodies import Quantity, decimal, given
from paylera.client.calls import Call, ListCall, fetch, listing, write
from paylera.client.documents import Payment, Refund

_ONE = "/v1/payments/{payment_id}"


def list_payments(
    *,
    customer_id: str | None = None,
    invoice_id: str | None = None,
    status: str | None = None,
    filters: Mapping[str, Any] | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> ListCall[Payment]:
    """List payments, newest first."""
    named = {"customer_id": customer_id, "invoice_id": invoice_id, "status": status, "sort": sort}
    return listing("ListPayments", "/v1/payments", {**(filters or {}), **named}, limit=limit, cursor=cursor)


def get_payment(payment_id: str) -> Call[Payment]:
    """Read a payment."""
    return fetch("GetPayment", _ONE, payment_id=payment_id)


def cancel_payment(payment_id: str, *, idempotency_key: str | None = None) -> Call[Payment]:
    """Cancel a payment that has not been captured."""
    return write("CancelPayment", f"POST {_ONE}/cancel", None, idempotency_key, payment_id=payment_id)


def create_refund(
    payment_id: str,
    *,
    amount: Quantity | None = None,
    reason: str | None = None,
    destination: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Refund]:
    """Give a payment back, in full without an `amount`; `destination` is card, wallet or credit_balance."""
    body = given(amount=decimal("amount", amount), reason=reason, destination=destination)
    return write("CreateRefund", f"POST {_ONE}/refunds", body, idempotency_key, payment_id=payment_id)


def get_payment_action_url(payment_id: str) -> Call[dict[str, Any]]:
    """Read where the customer confirms a payment that requires an action."""
    return fetch("GetPaymentActionUrl", f"{_ONE}/action-url", payment_id=payment_id)


def list_refunds(payment_id: str, *, limit: int | None = None, cursor: str | None = None) -> ListCall[Refund]:
    """List the refunds of a payment, newest first."""
    return listing("ListRefunds", f"{_ONE}/refunds", limit=limit, cursor=cursor, payment_id=payment_id)
