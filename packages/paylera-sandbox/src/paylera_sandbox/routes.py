"""The API as one table: read this first. Method, path, who answers, the fields it takes."""

from __future__ import annotations

from paylera_sandbox.api import attach, customers, documents, metering, plans, portal, subscriptions, webhooks
from paylera_sandbox.api.listing import PAGING
from paylera_sandbox.operations import Operation

_ENDPOINTS = "/v1/admin/webhook-endpoints"

OPERATIONS = (
    Operation("POST", "/v1/check", metering.check, body=metering.CHECK, keyed=False),
    Operation("POST", "/v1/track", metering.track, body=metering.TRACK),
    Operation("POST", "/v1/attach", attach.attach, body=attach.BODY),
    Operation("GET", "/v1/customers", customers.listing, query=customers.FILTERS),
    Operation("POST", "/v1/customers", customers.create, body=customers.CREATE, status=201),
    Operation("GET", "/v1/customers/{id}", customers.get),
    Operation("PATCH", "/v1/customers/{id}", customers.update, body=customers.UPDATE),
    Operation("GET", "/v1/customers/{id}/invoices", customers.invoices, query=PAGING),
    Operation("GET", "/v1/customers/{id}/payment-methods", customers.payment_methods, query=PAGING),
    Operation("POST", "/v1/customers/{id}/billing-portal-sessions", portal.create, body=portal.BODY, status=201),
    Operation("GET", "/v1/plans", plans.listing, query=plans.LIST),
    Operation("GET", "/v1/plans/{id}", plans.get),
    Operation("GET", "/v1/subscriptions", subscriptions.listing, query=subscriptions.FILTERS),
    Operation("POST", "/v1/subscriptions", subscriptions.create, body=subscriptions.CREATE, status=201),
    Operation("GET", "/v1/subscriptions/{id}", subscriptions.get),
    Operation("GET", "/v1/subscriptions/{id}/entitlements", metering.entitlements),
    Operation(
        "POST",
        "/v1/subscriptions/{id}/change-plan",
        subscriptions.change_plan,
        body=subscriptions.CHANGE_PLAN,
        query=subscriptions.VERSION,
    ),
    Operation(
        "POST",
        "/v1/subscriptions/{id}/cancel",
        subscriptions.cancel,
        body=subscriptions.CANCEL,
        query=subscriptions.VERSION,
    ),
    Operation(
        "POST",
        "/v1/subscriptions/{id}/pause",
        subscriptions.pause,
        body=subscriptions.VERSION,
        query=subscriptions.VERSION,
    ),
    Operation(
        "POST",
        "/v1/subscriptions/{id}/resume",
        subscriptions.resume,
        body=subscriptions.VERSION,
        query=subscriptions.VERSION,
    ),
    Operation("GET", "/v1/invoices", documents.invoices, query=documents.INVOICE_FILTERS),
    Operation("GET", "/v1/invoices/{id}", documents.invoice),
    Operation("GET", "/v1/invoices/{id}/pdf", documents.pdf),
    Operation("GET", "/v1/payments", documents.payments, query=documents.PAYMENT_FILTERS),
    Operation("GET", "/v1/payments/{id}", documents.payment),
    Operation("GET", "/v1/payment-methods/{id}", documents.payment_method),
    Operation("GET", _ENDPOINTS, webhooks.listing, query=PAGING),
    Operation("POST", _ENDPOINTS, webhooks.create, body=webhooks.CREATE, status=201),
    Operation("GET", f"{_ENDPOINTS}/{{id}}", webhooks.get),
    Operation("PATCH", f"{_ENDPOINTS}/{{id}}", webhooks.update, body=webhooks.UPDATE),
    Operation("DELETE", f"{_ENDPOINTS}/{{id}}", webhooks.delete, status=204),
    Operation("POST", f"{_ENDPOINTS}/{{id}}/rotate-secret", webhooks.rotate, body=webhooks.ROTATE),
    Operation("GET", f"{_ENDPOINTS}/{{id}}/deliveries", webhooks.deliveries, query=webhooks.DELIVERY_FILTERS),
    Operation("POST", f"{_ENDPOINTS}/{{id}}/deliveries/{{delivery_id}}/retry", webhooks.retry, status=202),
    Operation("POST", f"{_ENDPOINTS}/{{id}}/replay", webhooks.replay, body=webhooks.REPLAY, status=202),
    Operation("GET", "/v1/admin/events", webhooks.events, query=webhooks.EVENT_FILTERS),
    Operation("GET", "/v1/admin/events/{id}", webhooks.event),
)
