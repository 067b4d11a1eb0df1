"""Signing up, gating and metering: attach, check, track and usage."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any, TypedDict

from paylera.client.bodies import Quantity, decimal, given, timestamp
from paylera.client.calls import Call, write
from paylera.client.models import Attach, Check, UsageBatch, UsageEvent

MAX_BATCH = 1000


class UsageRecord(TypedDict, total=False):
    """One event of a batch; `subscription_id`, `meter` and `quantity` are needed."""

    subscription_id: str
    meter: str
    quantity: Quantity
    timestamp: datetime | str
    external_id: str
    properties: Mapping[str, Any]


def attach(
    *,
    customer_id: str,
    plan_id: str | None = None,
    plan_code: str | None = None,
    success_url: str | None = None,
    cancel_url: str | None = None,
    payment_provider: str | None = None,
    quantities: Mapping[str, Quantity] | None = None,
    coupons: Iterable[str] | None = None,
    locale: str | None = None,
    metadata: Mapping[str, str] | None = None,
    idempotency_key: str | None = None,
) -> Call[Attach]:
    """Sign a customer up for a plan.

    The answer holds `checkout_url` when something is to be paid, else the plan is active at once.
    """
    body = given(
        customer_id=customer_id,
        plan_id=plan_id,
        plan_code=plan_code,
        success_url=success_url,
        cancel_url=cancel_url,
        payment_provider=payment_provider,
        quantities=quantities,
        coupons=_listed(coupons),
        locale=locale,
        metadata=metadata,
    )
    return write("Attach", "POST /v1/attach", body, idempotency_key)


def check(
    *,
    customer_id: str,
    feature_code: str,
    quantity: Quantity | None = None,
    subscription_id: str | None = None,
    idempotency_key: str | None = None,
) -> Call[Check]:
    """Ask whether a customer may use a feature now; records nothing."""
    body = given(
        customer_id=customer_id,
        feature_code=feature_code,
        quantity=decimal("quantity", quantity),
        subscription_id=subscription_id,
    )
    return write("Check", "POST /v1/check", body, idempotency_key)


def track(
    *,
    customer_id: str,
    feature_code: str,
    quantity: Quantity = "1",
    properties: Mapping[str, Any] | None = None,
    subscription_id: str | None = None,
    idempotency_key: str | None = None,
) -> Call[UsageEvent]:
    """Record that a customer used a feature; the same `idempotency_key` counts once."""
    body = given(
        customer_id=customer_id,
        feature_code=feature_code,
        quantity=decimal("quantity", quantity),
        properties=properties,
        subscription_id=subscription_id,
    )
    return write("Track", "POST /v1/track", body, idempotency_key)


def report_usage(
    *,
    subscription_id: str,
    meter: str,
    quantity: Quantity,
    timestamp: datetime | str | None = None,
    external_id: str | None = None,
    properties: Mapping[str, Any] | None = None,
    idempotency_key: str | None = None,
) -> Call[UsageEvent]:
    """Record usage on a meter; Paylera counts one (`subscription_id`, `meter`, `external_id`) once."""
    record = UsageRecord(subscription_id=subscription_id, meter=meter, quantity=quantity)
    body = _record({**record, "timestamp": timestamp, "external_id": external_id, "properties": properties})
    return write("ReportUsage", "POST /v1/usage", body, idempotency_key)


def report_usage_batch(events: Iterable[UsageRecord], *, idempotency_key: str | None = None) -> Call[UsageBatch]:
    """Record up to 1000 usage events, all or none."""
    records = [_record(event) for event in events]
    if not 1 <= len(records) <= MAX_BATCH:
        msg = f"events must hold 1 to {MAX_BATCH} events; split larger batches"
        raise ValueError(msg)
    return write("ReportUsageBatch", "POST /v1/usage/batch", {"events": records}, idempotency_key)


def _record(event: Mapping[str, Any]) -> dict[str, Any]:
    exact = {
        "quantity": decimal("quantity", event.get("quantity")),
        "timestamp": timestamp("timestamp", event.get("timestamp")),
    }
    return given(**{**event, **exact})


def _listed(values: Iterable[str] | None) -> list[str] | None:
    if isinstance(values, str):
        raise ValueError("coupons must be a list of codes, not one string")
    return None if values is None else list(values)
