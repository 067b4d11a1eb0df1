"""Refusals: every one is an RFC 9457 problem document with a short, stable code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

JSON = dict[str, Any]


class Fault(NamedTuple):
    """What is wrong with one field of the input."""

    field: str
    code: str
    message: str


# code -> (status, title). The codes name the resource they are about; docs/api-objects.md, "Problems".
CODES: Mapping[str, tuple[int, str]] = {
    "auth.invalid_token": (401, "The API token is missing or wrong"),
    "auth.wrong_environment": (403, "The object belongs to the other mode"),
    "version.invalid": (400, "The API version is not a date"),
    "version.unsupported": (400, "The API version is not supported"),
    "rate_limit.exceeded": (429, "Too many requests"),
    "route.not_found": (404, "There is no such route"),
    "route.not_imitated": (404, "The sandbox does not imitate this route"),
    "route.method_not_allowed": (405, "The route does not take this method"),
    "request.invalid_json": (400, "The body is not acceptable JSON"),
    "request.unsupported_media_type": (415, "The body must be JSON"),
    "request.too_large": (413, "The body is too large"),
    "validation.failed": (422, "The input is not valid"),
    "idempotency.required": (400, "An idempotency key is required"),
    "idempotency.invalid_key": (400, "The idempotency key is not valid"),
    "paylera.idempotency_conflict": (409, "The idempotency key was used with another body"),
    "paylera.idempotency_in_progress": (409, "The first call with this idempotency key is still running"),
    "customer.not_found": (404, "There is no such customer"),
    "customer.external_id_taken": (409, "Another customer has this external id"),
    "tax_id.not_found": (404, "There is no such tax id"),
    "tax_id.exists": (409, "The customer has this tax id already"),
    "product.not_found": (404, "There is no such product"),
    "product.code_taken": (409, "Another product has this code"),
    "plan.not_found": (404, "There is no such plan"),
    "plan.archived": (422, "The plan is not sold any more"),
    "plan.code_taken": (409, "Another plan has this code"),
    "feature.not_found": (404, "There is no such feature"),
    "feature.not_metered": (422, "The feature is not metered"),
    "feature.not_in_plan": (422, "The plan does not include the feature"),
    "coupon.not_found": (404, "There is no such coupon"),
    "coupon.code_taken": (409, "Another coupon has this code"),
    "coupon.expired": (422, "The coupon has expired"),
    "coupon.spent": (422, "The coupon was redeemed as often as it may be"),
    "coupon.currency_mismatch": (422, "The coupon takes off another currency"),
    "usage.no_subscription": (422, "The customer has no current subscription"),
    "usage.limit_reached": (422, "The included usage is spent"),
    "subscription.not_found": (404, "There is no such subscription"),
    "subscription.already_active": (409, "The customer already has this plan"),
    "subscription.exists": (409, "The customer already has a subscription"),
    "subscription.version_mismatch": (412, "The subscription was changed meanwhile"),
    "subscription.invalid_transition": (422, "The subscription cannot do that in its state"),
    "subscription.commitment_active": (422, "The customer is committed for longer"),
    "subscription.same_plan": (422, "The subscription already has this plan"),
    "subscription.currency_mismatch": (422, "The plan has another currency"),
    "payment_method.required": (402, "A payment method is needed first"),
    "payment_method.not_found": (404, "There is no such payment method"),
    "payment_method.in_use": (409, "Something is charged on the payment method"),
    "payment_method.verification_failed": (422, "The payment method could not be verified"),
    "setup_intent.not_found": (404, "There is no such setup intent"),
    "setup_intent.used": (410, "The setup intent has been used"),
    "setup_intent.expired": (410, "The setup intent has expired"),
    "payment.declined": (402, "The payment was declined"),
    "payment.not_found": (404, "There is no such payment"),
    "payment.invalid_transition": (422, "The payment cannot do that in its state"),
    "payment.no_action": (422, "Nobody has to confirm the payment"),
    "refund.too_large": (422, "There is not so much left to refund"),
    "invoice.not_found": (404, "There is no such invoice"),
    "invoice.invalid_transition": (422, "The invoice cannot do that in its state"),
    "invoice.immutable": (422, "Only a draft can be changed"),
    "invoice.empty": (422, "The invoice has no lines"),
    "invoice.too_many_lines": (422, "The invoice has too many lines"),
    "invoice.line_not_found": (404, "The invoice has no such line"),
    "credit_note.not_found": (404, "There is no such credit note"),
    "credit_note.not_allowed": (422, "The invoice cannot be credited in its state"),
    "credit_note.too_large": (422, "There is not so much left to credit"),
    "wallet.not_found": (404, "There is no such wallet"),
    "wallet.exists": (409, "The customer has a wallet in this currency"),
    "wallet.insufficient_funds": (422, "There is not so much in the wallet"),
    "wallet.external_id_conflict": (409, "The external id was used with another amount"),
    "checkout_session.not_found": (404, "There is no such checkout"),
    "portal_session.not_found": (404, "There is no such portal link"),
    "portal_session.expired": (410, "This link has expired"),
    "portal_session.used": (410, "This link has been used"),
    "webhook_endpoint.not_found": (404, "There is no such webhook endpoint"),
    "webhook_delivery.not_found": (404, "There is no such delivery"),
    "webhook_replay.too_many": (422, "One replay takes fewer events"),
    "event_type.unknown": (422, "There is no such event type"),
    "event.not_found": (404, "There is no such event"),
    "namespace.not_found": (404, "There is no such namespace"),
    "namespace.exists": (409, "There is such a namespace already"),
    "namespace.unusable": (409, "The namespace cannot be opened"),
    "namespace.too_many": (409, "There is no room for another namespace"),
    "namespace.protected": (409, "This namespace cannot be deleted"),
    "listener.not_found": (404, "There is no such listener"),
    "listener.too_many": (409, "There is no room for another listener"),
    "seeding.running": (409, "A seeding is under way"),
    "seeding.not_found": (404, "Nothing was seeded"),
    "snapshot.invalid": (422, "The snapshot cannot be used"),
    "clock.advancing": (409, "The clock is on its way already"),
    "clock.backwards": (409, "Time does not go back"),
    "fault.injected": (500, "A fault that was asked for"),
    "fault.not_found": (404, "There is no such fault"),
    "fault.too_many": (422, "There are too many faults"),
    "internal": (500, "The sandbox itself failed"),
}


class Problem(Exception):
    """A refusal. `keep` says that what was written before it stays written (a declined payment is a fact)."""

    def __init__(
        self,
        code: str,
        detail: str,
        *,
        faults: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
        keep: bool = False,
        **members: object,
    ) -> None:
        super().__init__(detail)
        self.code = code
        self.status, self.title = CODES[code]
        self.detail = detail
        self.faults = tuple(faults)
        self.headers = dict(headers or {})
        self.keep = keep
        self.members = members

    def document(self, *, request_id: str) -> JSON:
        """Return the problem document."""
        document: JSON = {
            "type": self.code,
            "title": self.title,
            "status": self.status,
            "detail": self.detail,
            "code": self.code,
            "request_id": request_id,
            "trace_id": request_id,
            **self.members,
        }
        if self.faults:
            document["errors"] = [fault._asdict() for fault in self.faults]
        return document


def invalid(*faults: Fault) -> Problem:
    """Return the problem of an input whose fields are at fault; the detail names the first."""
    first = faults[0]
    return Problem("validation.failed", f"{first.field}: {first.message}", faults=faults)


def fault(field: str, code: str, message: str) -> Problem:
    """Return the problem of one faulty field."""
    return invalid(Fault(field, code, message))
