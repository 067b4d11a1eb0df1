"""The API as one table: read this first. Method, path, who answers, the fields it takes. Each noun has its part in a
module of its own; here is the list of them."""

from __future__ import annotations

from paylera_sandbox.operations import Operation
from paylera_sandbox.routes import (
    coupons,
    credit_notes,
    customers,
    dunning,
    events,
    everyday,
    invoices,
    payment_methods,
    payments,
    plans,
    products,
    sessions,
    setup_intents,
    subscriptions,
    tax_ids,
    usage,
    wallets,
    webhook_endpoints,
)

OPERATIONS: tuple[Operation, ...] = (
    *everyday.TABLE,
    *customers.TABLE,
    *tax_ids.TABLE,
    *products.TABLE,
    *plans.TABLE,
    *coupons.TABLE,
    *subscriptions.TABLE,
    *usage.TABLE,
    *sessions.TABLE,
    *invoices.TABLE,
    *credit_notes.TABLE,
    *payments.TABLE,
    *payment_methods.TABLE,
    *setup_intents.TABLE,
    *wallets.TABLE,
    *dunning.TABLE,
    *webhook_endpoints.TABLE,
    *events.TABLE,
)
