"""The tables: one for each kind of object, with the members that it is asked by, and those of the sandbox itself."""

from __future__ import annotations

from collections.abc import Mapping

SCHEMA_VERSION = 7
# resource -> the members it is asked by. Each is a column too, written with the object by `insert` and `save`, and by
# nothing else. (Generated columns would parse the object once for each index.)
RESOURCES: Mapping[str, tuple[str, ...]] = {
    "customers": ("external_id", "email"),
    "tax_ids": ("customer_id",),
    "products": ("code", "status"),
    "plans": ("code", "product_code", "status"),
    "coupons": ("code", "status"),
    "subscriptions": ("customer_id", "status", "plan_id", "_price_key"),
    "payment_methods": ("customer_id",),
    "setup_intents": ("customer_id",),
    "invoices": ("customer_id", "subscription_id", "status"),
    "credit_notes": ("customer_id", "invoice_id"),
    "payments": ("customer_id", "invoice_id", "status", "currency", "amount", "_captured_on"),
    "refunds": ("payment_id", "status", "currency", "amount", "created_at"),
    "wallets": ("customer_id",),
    "wallet_entries": ("wallet_id", "external_id"),
    "checkout_sessions": ("customer_id",),
    "portal_sessions": ("customer_id",),
    "usage_events": ("subscription_id", "meter", "timestamp", "external_id", "quantity", "_counted_at"),
    "webhook_endpoints": ("status", "url"),
    "faults": (),
    "events": ("type", "aggregate_id"),
    "deliveries": ("endpoint_id", "status", "event_id", "event_type"),
}
# Few values, so an index on these would only mislead the query planner; or there only for sums, which read them all.
_NOT_INDEXED = {"status", "event_type", "_price_key", "currency", "amount", "_captured_on", "created_at"}
_INDEXED_BELOW = {"customers", "usage_events"}  # by expressions, several columns, or where they are not null
_OTHER_TABLES = """
CREATE UNIQUE INDEX IF NOT EXISTS customers_unique_external_id ON customers (external_id);
CREATE INDEX IF NOT EXISTS customers_lower_email ON customers (lower(email));
CREATE INDEX IF NOT EXISTS subscriptions_priced ON subscriptions (plan_id, _price_key, status, id);
CREATE INDEX IF NOT EXISTS payments_taken ON payments (_captured_on, currency, amount) WHERE _captured_on IS NOT NULL;
CREATE UNIQUE INDEX IF NOT EXISTS usage_events_once ON usage_events (subscription_id, meter, external_id)
    WHERE external_id IS NOT NULL;
CREATE INDEX IF NOT EXISTS usage_events_billed ON usage_events (subscription_id, meter, _counted_at);
CREATE TABLE IF NOT EXISTS usage_counters (
    subscription_id TEXT NOT NULL, feature TEXT NOT NULL, cycle_start TEXT NOT NULL, used TEXT NOT NULL,
    PRIMARY KEY (subscription_id, feature, cycle_start)) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS jobs (
    seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, subject TEXT NOT NULL, due_at TEXT NOT NULL, place INTEGER NOT NULL,
    UNIQUE (kind, subject));
CREATE INDEX IF NOT EXISTS jobs_due ON jobs (due_at, place, seq);
CREATE TABLE IF NOT EXISTS settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
CREATE TABLE IF NOT EXISTS idempotency (
    scope BLOB PRIMARY KEY, fingerprint BLOB NOT NULL, status INTEGER NOT NULL, headers TEXT NOT NULL,
    body BLOB NOT NULL, created_at TEXT NOT NULL) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS idempotency_age ON idempotency (created_at);
CREATE TABLE IF NOT EXISTS outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT, delivery_id TEXT NOT NULL UNIQUE, endpoint_id TEXT NOT NULL,
    aggregate TEXT NOT NULL, due_at TEXT NOT NULL, held INTEGER NOT NULL);
CREATE INDEX IF NOT EXISTS outbox_queue ON outbox (endpoint_id, aggregate, seq);
CREATE INDEX IF NOT EXISTS outbox_heads ON outbox (endpoint_id, due_at, seq) WHERE held = 0;
"""


def _schema(table: str) -> str:
    columns = RESOURCES[table]
    beside = "".join(f", {name}" for name in columns)
    indexed = [name for name in columns if name not in _NOT_INDEXED and table not in _INDEXED_BELOW]
    indexes = "".join(f"CREATE INDEX IF NOT EXISTS {table}_{name} ON {table} ({name});" for name in indexed)
    head = f"CREATE TABLE IF NOT EXISTS {table} (seq INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, "
    return f"{head}doc TEXT NOT NULL{beside});{indexes}"


TABLES = "".join(map(_schema, RESOURCES)) + _OTHER_TABLES
