"""The business: subscriptions, invoices, payments, usage. No HTTP here."""
