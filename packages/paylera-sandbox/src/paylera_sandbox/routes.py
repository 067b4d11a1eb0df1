"""The API as one table: read this first. Method, path, who answers, the fields it takes."""

from __future__ import annotations

from paylera_sandbox.api import attach, customers, documents, dunning, metering, portal, subscriptions, webhooks
from paylera_sandbox.api.listing import PAGING
from paylera_sandbox.catalog_routes import CATALOG
from paylera_sandbox.models.common import Page
from paylera_sandbox.models.customers import Customer
from paylera_sandbox.models.invoices import Invoice
from paylera_sandbox.models.metering import Check, Entitlements, UsageEvent
from paylera_sandbox.models.payments import Payment, PaymentMethod
from paylera_sandbox.models.sessions import BillingPortalSession
from paylera_sandbox.models.subscriptions import Attach, DunningPolicy, Subscription
from paylera_sandbox.models.webhooks import (
    Event,
    NewWebhookEndpoint,
    WebhookDelivery,
    WebhookDeliveryWithRequest,
    WebhookEndpoint,
    WebhookReplay,
)
from paylera_sandbox.operations import Operation

_ENDPOINTS = "/v1/admin/webhook-endpoints"

OPERATIONS = (
    Operation("POST", "/v1/check", metering.check, body=metering.CHECK, keyed=False, name="Check", answer=Check),
    Operation(
        "POST",
        "/v1/track",
        metering.track,
        body=metering.TRACK,
        name="Track",
        answer=UsageEvent,
        problems=("feature.not_metered", "feature.not_in_plan", "usage.no_subscription", "usage.limit_reached"),
    ),
    Operation(
        "POST",
        "/v1/attach",
        attach.attach,
        body=attach.BODY,
        name="Attach",
        answer=Attach,
        problems=("subscription.already_active", "subscription.exists"),
    ),
    Operation(
        "GET", "/v1/customers", customers.listing, query=customers.FILTERS, name="ListCustomers", answer=Page[Customer]
    ),
    Operation(
        "POST",
        "/v1/customers",
        customers.create,
        body=customers.CREATE,
        status=201,
        name="CreateCustomer",
        answer=Customer,
        problems=("customer.external_id_taken",),
    ),
    Operation("GET", "/v1/customers/{id}", customers.get, name="GetCustomer", answer=Customer),
    Operation(
        "PATCH",
        "/v1/customers/{id}",
        customers.update,
        body=customers.UPDATE,
        name="UpdateCustomer",
        answer=Customer,
        problems=("customer.external_id_taken",),
    ),
    Operation(
        "GET",
        "/v1/customers/{id}/invoices",
        customers.invoices,
        query=documents.OWN_INVOICE_FILTERS,
        name="ListCustomerInvoices",
        answer=Page[Invoice],
    ),
    Operation(
        "GET",
        "/v1/customers/{id}/payment-methods",
        customers.payment_methods,
        query=PAGING,
        name="ListPaymentMethods",
        answer=Page[PaymentMethod],
    ),
    Operation(
        "POST",
        "/v1/customers/{id}/billing-portal-sessions",
        portal.create,
        body=portal.BODY,
        status=201,
        name="CreateBillingPortalSession",
        answer=BillingPortalSession,
    ),
    *CATALOG,
    Operation(
        "GET",
        "/v1/subscriptions",
        subscriptions.listing,
        query=subscriptions.FILTERS,
        name="ListSubscriptions",
        answer=Page[Subscription],
    ),
    Operation(
        "POST",
        "/v1/subscriptions",
        subscriptions.create,
        body=subscriptions.CREATE,
        status=201,
        name="CreateSubscription",
        answer=Subscription,
        problems=("subscription.already_active", "subscription.exists", "payment_method.required", "payment.declined"),
    ),
    Operation("GET", "/v1/subscriptions/{id}", subscriptions.get, name="GetSubscription", answer=Subscription),
    Operation(
        "GET", "/v1/subscriptions/{id}/entitlements", metering.entitlements, name="GetEntitlements", answer=Entitlements
    ),
    Operation(
        "POST",
        "/v1/subscriptions/{id}/change-plan",
        subscriptions.change_plan,
        body=subscriptions.CHANGE_PLAN,
        query=subscriptions.VERSION,
        name="ChangePlan",
        answer=Subscription,
        problems=(
            "subscription.commitment_active",
            "subscription.invalid_transition",
            "subscription.same_plan",
            "subscription.currency_mismatch",
            "payment_method.required",
            "payment.declined",
        ),
    ),
    Operation(
        "POST",
        "/v1/subscriptions/{id}/cancel",
        subscriptions.cancel,
        body=subscriptions.CANCEL,
        query=subscriptions.VERSION,
        name="CancelSubscription",
        answer=Subscription,
        problems=("subscription.invalid_transition", "subscription.commitment_active"),
    ),
    Operation(
        "POST",
        "/v1/subscriptions/{id}/extend-trial",
        subscriptions.extend_trial,
        body=subscriptions.EXTEND_TRIAL,
        query=subscriptions.VERSION,
        name="ExtendTrial",
        answer=Subscription,
        problems=("subscription.invalid_transition",),
    ),
    Operation(
        "POST",
        "/v1/subscriptions/{id}/pause",
        subscriptions.pause,
        body=subscriptions.VERSION,
        query=subscriptions.VERSION,
        name="PauseSubscription",
        answer=Subscription,
        problems=("subscription.invalid_transition",),
    ),
    Operation(
        "POST",
        "/v1/subscriptions/{id}/resume",
        subscriptions.resume,
        body=subscriptions.VERSION,
        query=subscriptions.VERSION,
        name="ResumeSubscription",
        answer=Subscription,
        problems=("subscription.invalid_transition",),
    ),
    Operation(
        "GET",
        "/v1/invoices",
        documents.invoices,
        query=documents.INVOICE_FILTERS,
        name="ListInvoices",
        answer=Page[Invoice],
    ),
    Operation("GET", "/v1/invoices/{id}", documents.invoice, name="GetInvoice", answer=Invoice),
    Operation("GET", "/v1/invoices/{id}/pdf", documents.pdf, name="GetInvoicePdf", answer="application/pdf"),
    Operation(
        "GET",
        "/v1/payments",
        documents.payments,
        query=documents.PAYMENT_FILTERS,
        name="ListPayments",
        answer=Page[Payment],
    ),
    Operation("GET", "/v1/payments/{id}", documents.payment, name="GetPayment", answer=Payment),
    Operation(
        "GET", "/v1/payment-methods/{id}", documents.payment_method, name="GetPaymentMethod", answer=PaymentMethod
    ),
    Operation("GET", "/v1/admin/dunning/policy", dunning.get_policy, name="GetDunningPolicy", answer=DunningPolicy),
    Operation(
        "PUT",
        "/v1/admin/dunning/policy",
        dunning.put_policy,
        body=dunning.POLICY,
        name="UpdateDunningPolicy",
        answer=DunningPolicy,
    ),
    Operation(
        "GET",
        _ENDPOINTS,
        webhooks.listing,
        query=webhooks.ENDPOINT_FILTERS,
        name="ListWebhookEndpoints",
        answer=Page[WebhookEndpoint],
    ),
    Operation(
        "POST",
        _ENDPOINTS,
        webhooks.create,
        body=webhooks.CREATE,
        status=201,
        name="CreateWebhookEndpoint",
        answer=NewWebhookEndpoint,
    ),
    Operation("GET", f"{_ENDPOINTS}/{{id}}", webhooks.get, name="GetWebhookEndpoint", answer=WebhookEndpoint),
    Operation(
        "PATCH",
        f"{_ENDPOINTS}/{{id}}",
        webhooks.update,
        body=webhooks.UPDATE,
        name="UpdateWebhookEndpoint",
        answer=WebhookEndpoint,
    ),
    Operation("DELETE", f"{_ENDPOINTS}/{{id}}", webhooks.delete, status=204, name="DeleteWebhookEndpoint"),
    Operation(
        "POST",
        f"{_ENDPOINTS}/{{id}}/rotate-secret",
        webhooks.rotate,
        body=webhooks.ROTATE,
        name="RotateWebhookSecret",
        answer=NewWebhookEndpoint,
    ),
    Operation(
        "GET",
        f"{_ENDPOINTS}/{{id}}/deliveries",
        webhooks.deliveries,
        query=webhooks.DELIVERY_FILTERS,
        name="ListWebhookDeliveries",
        answer=Page[WebhookDelivery],
    ),
    Operation(
        "GET",
        f"{_ENDPOINTS}/{{id}}/deliveries/{{delivery_id}}",
        webhooks.delivery,
        name="GetWebhookDelivery",
        answer=WebhookDeliveryWithRequest,
    ),
    Operation(
        "POST",
        f"{_ENDPOINTS}/{{id}}/deliveries/{{delivery_id}}/retry",
        webhooks.retry,
        status=202,
        name="RetryWebhookDelivery",
        answer=WebhookDelivery,
    ),
    Operation(
        "POST",
        f"{_ENDPOINTS}/{{id}}/replay",
        webhooks.replay,
        body=webhooks.REPLAY,
        status=202,
        name="ReplayWebhookEvents",
        answer=WebhookReplay,
        problems=("event.not_found", "webhook_replay.too_many"),
    ),
    Operation(
        "POST",
        f"{_ENDPOINTS}/{{id}}/ping",
        webhooks.ping,
        status=202,
        name="PingWebhookEndpoint",
        answer=WebhookDelivery,
    ),
    Operation(
        "GET", "/v1/admin/events", webhooks.events, query=webhooks.EVENT_FILTERS, name="ListEvents", answer=Page[Event]
    ),
    Operation("GET", "/v1/admin/events/{id}", webhooks.event, name="GetEvent", answer=Event),
)
