"""Events about usage.

Source: docs/api-objects.md; the types are in `catalogue`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import AliasChoices, Field

from paylera.webhooks.event import Model, PayleraWebhookEvent, Timestamp


class UsageData(Model):
    """One recorded use; `usage` and `balance` are those of the feature after it, None where it has none."""

    id: str = Field(validation_alias=AliasChoices("id", "usage_event_id"))
    object: str | None = None
    customer_id: str | None = None
    subscription_id: str | None = None
    feature_code: str | None = None
    meter: str | None = None
    quantity: Decimal | None = None
    timestamp: Timestamp | None = None
    external_id: str | None = None
    usage: Decimal | None = None
    balance: Decimal | None = None
    included: Decimal | None = None
    unlimited: bool | None = None
    properties: dict[str, Any] | None = None
    recorded_at: Timestamp | None = None


UsageRecordedEventData = UsageData


class UsageRecordedEvent(PayleraWebhookEvent):
    """Usage of a feature was recorded."""

    data: UsageRecordedEventData
