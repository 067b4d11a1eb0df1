"""Routes of Paylera whose answers nobody has described: its documentation names them, and says no more. Answers that
were made up would let code pass its tests and fail on the day it is deployed, so these are refused in words of their
own. They are not in the OpenAPI document."""

from __future__ import annotations

from paylera_sandbox.problems import Problem

UNTOLD = (
    "/v1/invoices/{id}/recognition-schedule",
    "/v1/revrec/periods/close",
    "/v1/payouts/batches",
    "/v1/payouts/batches/{id}",
    "/v1/affiliates",
    "/v1/affiliates/{id}",
    "/v1/admin/tax/config",
    "/v1/admin/payment-providers/{id}/verify",
)


def refusal(path: str) -> Problem:
    """Return the refusal of such a route."""
    detail = (
        f"Paylera has a route {path[:200]!r}, but its documentation does not say what it answers, so the sandbox does "
        "not imitate it. Stand in for this call in your tests."
    )
    return Problem("route.not_imitated", detail)
