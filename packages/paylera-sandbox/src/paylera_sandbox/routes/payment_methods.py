"""Payment methods."""

from __future__ import annotations

from paylera_sandbox.api import payment_methods
from paylera_sandbox.api.listing import PAGING
from paylera_sandbox.models.common import Page
from paylera_sandbox.models.payments import PaymentMethod
from paylera_sandbox.operations import Operation

TABLE = (
    Operation(
        "POST",
        "/v1/customers/{id}/payment-methods",
        payment_methods.create,
        body=payment_methods.CREATE,
        status=201,
        name="CreatePaymentMethod",
        answer=PaymentMethod,
    ),
    Operation(
        "GET",
        "/v1/customers/{id}/payment-methods",
        payment_methods.listing,
        query=PAGING,
        name="ListPaymentMethods",
        answer=Page[PaymentMethod],
    ),
    Operation("GET", "/v1/payment-methods/{id}", payment_methods.get, name="GetPaymentMethod", answer=PaymentMethod),
    Operation(
        "PATCH",
        "/v1/payment-methods/{id}",
        payment_methods.update,
        body=payment_methods.UPDATE,
        name="UpdatePaymentMethod",
        answer=PaymentMethod,
    ),
    Operation(
        "DELETE",
        "/v1/payment-methods/{id}",
        payment_methods.delete,
        status=204,
        name="DeletePaymentMethod",
        problems=("payment_method.in_use",),
    ),
    Operation(
        "POST",
        "/v1/payment-methods/{id}/verify",
        payment_methods.verify,
        body=payment_methods.VERIFY,
        name="VerifyPaymentMethod",
        answer=PaymentMethod,
        problems=("payment_method.verification_failed",),
    ),
)
