"""Events about a coupon.

Source: docs/api-objects.md; the types are in `catalogue`.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import AliasChoices, Field

from paylera.webhooks.event import Model, PayleraWebhookEvent, Timestamp


class CouponData(Model):
    """A coupon: `percent_off`, or `amount_off` in `currency`; `status` is `active` or `archived`."""

    id: str = Field(validation_alias=AliasChoices("id", "coupon_id"))
    object: str | None = None
    code: str | None = None
    name: str | None = None
    percent_off: Decimal | None = None
    amount_off: Decimal | None = None
    currency: str | None = None
    duration: str | None = None
    duration_in_months: int | None = None
    max_redemptions: int | None = None
    expires_at: Timestamp | None = None
    metadata: dict[str, Any] | None = None
    times_redeemed: int | None = None
    status: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


CouponCreatedEventData = CouponData
CouponRedeemedEventData = CouponData
CouponUpdatedEventData = CouponData


class CouponCreatedEvent(PayleraWebhookEvent):
    """A coupon was created."""

    data: CouponCreatedEventData


class CouponRedeemedEvent(PayleraWebhookEvent):
    """A subscription took a coupon; `times_redeemed` counts it."""

    data: CouponRedeemedEventData


class CouponUpdatedEvent(PayleraWebhookEvent):
    """A coupon changed or was archived; `previous_attributes` holds the old values."""

    data: CouponUpdatedEventData
