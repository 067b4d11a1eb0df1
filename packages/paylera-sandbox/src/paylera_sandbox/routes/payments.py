"""Payments and refunds."""

from __future__ import annotations

from paylera_sandbox.api import payments
from paylera_sandbox.api.listing import PAGING
from paylera_sandbox.models.common import Page
from paylera_sandbox.models.payments import Payment, PaymentAction, Refund
from paylera_sandbox.operations import Operation

TABLE = (
    Operation(
        "GET", "/v1/payments", payments.listing, query=payments.FILTERS, name="ListPayments", answer=Page[Payment]
    ),
    Operation("GET", "/v1/payments/{id}", payments.get, name="GetPayment", answer=Payment),
    Operation(
        "POST",
        "/v1/payments/{id}/cancel",
        payments.cancel,
        name="CancelPayment",
        answer=Payment,
        problems=("payment.invalid_transition",),
    ),
    Operation(
        "GET",
        "/v1/payments/{id}/action-url",
        payments.action_url,
        name="GetPaymentActionUrl",
        answer=PaymentAction,
        problems=("payment.no_action",),
    ),
    Operation(
        "POST",
        "/v1/payments/{id}/refunds",
        payments.refund,
        body=payments.REFUND,
        status=201,
        name="CreateRefund",
        answer=Refund,
        problems=("payment.invalid_transition", "refund.too_large", "wallet.not_found"),
    ),
    Operation(
        "GET", "/v1/payments/{id}/refunds", payments.refunds_of, query=PAGING, name="ListRefunds", answer=Page[Refund]
    ),
)
