"""The console as a table."""

from __future__ import annotations

from collections.abc import Mapping

from paylera_sandbox.pages.console import (
    catalogue,
    clock,
    customers,
    documents,
    events,
    faults,
    overview,
    requests,
    subscriptions,
    webhooks,
)
from paylera_sandbox.pages.endpoint import View

CONSOLE: Mapping[str, Mapping[str, View]] = {
    "/console": {"GET": overview.show},
    "/console/customers": {"GET": customers.show, "POST": customers.create},
    "/console/customers/{id}": {"GET": customers.detail},
    "/console/customers/{id}/attach": {"POST": customers.attach},
    "/console/customers/{id}/portal": {"POST": customers.portal},
    "/console/subscriptions": {"GET": subscriptions.show},
    "/console/subscriptions/{id}": {"GET": subscriptions.detail, "POST": subscriptions.act},
    "/console/subscriptions/{id}/change-plan": {"POST": subscriptions.change_plan},
    "/console/subscriptions/{id}/extend-trial": {"POST": subscriptions.extend_trial},
    "/console/invoices": {"GET": documents.invoices},
    "/console/invoices/{id}": {"GET": documents.invoice, "POST": documents.act},
    "/console/payments": {"GET": documents.payments},
    "/console/payments/{id}": {"GET": documents.payment},
    "/console/payments/{id}/refund": {"POST": documents.refund},
    "/console/catalogue": {"GET": catalogue.show},
    "/console/events": {"GET": events.show},
    "/console/events/trigger": {"POST": events.trigger},
    "/console/events/{id}": {"GET": events.detail},
    "/console/events/{id}/send": {"POST": events.send},
    "/console/deliveries": {"GET": events.deliveries},
    "/console/deliveries/{id}": {"GET": events.delivery},
    "/console/deliveries/{id}/resend": {"POST": events.resend},
    "/console/webhooks": {"GET": webhooks.show, "POST": webhooks.create},
    "/console/webhooks/{id}": {"GET": webhooks.detail},
    "/console/webhooks/{id}/rotate": {"POST": webhooks.rotate},
    "/console/webhooks/{id}/ping": {"POST": webhooks.ping},
    "/console/webhooks/{id}/switch": {"POST": webhooks.switch},
    "/console/webhooks/{id}/delete": {"POST": webhooks.delete},
    "/console/seed": {"POST": overview.seed},
    "/console/reset": {"POST": overview.reset},
    "/console/clock": {"GET": clock.show, "POST": clock.put},
    "/console/clock/advance": {"POST": clock.advance},
    "/console/faults": {"GET": faults.show, "POST": faults.add},
    "/console/faults/clear": {"POST": faults.clear},
    "/console/faults/{id}/remove": {"POST": faults.remove},
    "/console/requests": {"GET": requests.show},
    "/console/requests/clear": {"POST": requests.clear},
    "/console/requests/{number}": {"GET": requests.detail},
}
