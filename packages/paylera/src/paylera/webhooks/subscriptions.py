"""Events about a subscription. Source: docs/api-objects.md, "Subscription"; the types are in `catalogue`."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import AliasChoices, Field

from paylera.webhooks.event import Model, PayleraWebhookEvent, Timestamp


class SubscriptionData(Model):
    """A subscription as it was when the event occurred."""

    id: str = Field(validation_alias=AliasChoices("id", "subscription_id"))
    object: str | None = None
    customer_id: str | None = None
    plan_id: str | None = None
    plan_code: str | None = None
    status: str | None = None
    version: int | None = None
    currency: str | None = None
    quantities: dict[str, Decimal] | None = None
    coupons: list[Any] | None = None
    metadata: dict[str, Any] | None = None
    current_period_start: Timestamp | None = None
    current_period_end: Timestamp | None = None
    trial_end: Timestamp | None = None
    cancel_at_period_end: bool | None = None
    cancel_at: Timestamp | None = None
    canceled_at: Timestamp | None = None
    cancellation_reason: str | None = None
    ended_at: Timestamp | None = None
    latest_invoice_id: str | None = None
    default_payment_method_id: str | None = None
    created_at: Timestamp | None = None
    updated_at: Timestamp | None = None


class DunningExhaustedEventData(Model):
    """What `dunning.exhausted` is about; its documentation shows no members, so each may be missing."""

    subscription_id: str | None = None
    invoice_id: str | None = None
    customer_id: str | None = None


class DunningExhaustedEvent(PayleraWebhookEvent):
    """The last attempt to collect a payment failed; the catalogue also has `subscription.dunning_exhausted`."""

    data: DunningExhaustedEventData


SubscriptionCreatedEventData = SubscriptionData
SubscriptionActivatedEventData = SubscriptionData
SubscriptionTrialStartedEventData = SubscriptionData
SubscriptionTrialWillEndEventData = SubscriptionData
SubscriptionTrialEndedEventData = SubscriptionData
SubscriptionTrialExtendedEventData = SubscriptionData
SubscriptionUpdatedEventData = SubscriptionData
SubscriptionPausedEventData = SubscriptionData
SubscriptionResumedEventData = SubscriptionData
SubscriptionPastDueEventData = SubscriptionData
SubscriptionDunningAttemptEventData = SubscriptionData
SubscriptionDunningRecoveredEventData = SubscriptionData
SubscriptionDunningExhaustedEventData = SubscriptionData
SubscriptionCanceledEventData = SubscriptionData
SubscriptionReactivatedEventData = SubscriptionData
SubscriptionCommitmentStartedEventData = SubscriptionData
SubscriptionCommitmentRenewedEventData = SubscriptionData
SubscriptionCommitmentEndingEventData = SubscriptionData
SubscriptionCommitmentEndedEventData = SubscriptionData
SubscriptionUsageThresholdCrossedEventData = SubscriptionData
SubscriptionRefundProcessedEventData = SubscriptionData


class SubscriptionCreatedEvent(PayleraWebhookEvent):
    """A subscription was created."""

    data: SubscriptionCreatedEventData


class SubscriptionActivatedEvent(PayleraWebhookEvent):
    """A subscription became active."""

    data: SubscriptionActivatedEventData


class SubscriptionTrialStartedEvent(PayleraWebhookEvent):
    """A trial began."""

    data: SubscriptionTrialStartedEventData


class SubscriptionTrialWillEndEvent(PayleraWebhookEvent):
    """A trial ends in three days."""

    data: SubscriptionTrialWillEndEventData


class SubscriptionTrialEndedEvent(PayleraWebhookEvent):
    """A trial ended."""

    data: SubscriptionTrialEndedEventData


class SubscriptionTrialExtendedEvent(PayleraWebhookEvent):
    """A trial was extended."""

    data: SubscriptionTrialExtendedEventData


class SubscriptionUpdatedEvent(PayleraWebhookEvent):
    """A subscription changed; `previous_attributes` holds the old values."""

    data: SubscriptionUpdatedEventData


class SubscriptionPausedEvent(PayleraWebhookEvent):
    """A subscription was paused."""

    data: SubscriptionPausedEventData


class SubscriptionResumedEvent(PayleraWebhookEvent):
    """A paused subscription runs again."""

    data: SubscriptionResumedEventData


class SubscriptionPastDueEvent(PayleraWebhookEvent):
    """A payment is overdue."""

    data: SubscriptionPastDueEventData


class SubscriptionDunningAttemptEvent(PayleraWebhookEvent):
    """An overdue payment was tried again."""

    data: SubscriptionDunningAttemptEventData


class SubscriptionDunningRecoveredEvent(PayleraWebhookEvent):
    """An overdue payment succeeded."""

    data: SubscriptionDunningRecoveredEventData


class SubscriptionDunningExhaustedEvent(PayleraWebhookEvent):
    """The last attempt to collect an overdue payment failed."""

    data: SubscriptionDunningExhaustedEventData


class SubscriptionCanceledEvent(PayleraWebhookEvent):
    """A subscription was canceled."""

    data: SubscriptionCanceledEventData


class SubscriptionReactivatedEvent(PayleraWebhookEvent):
    """A canceled subscription was taken up again."""

    data: SubscriptionReactivatedEventData


class SubscriptionCommitmentStartedEvent(PayleraWebhookEvent):
    """A commitment began."""

    data: SubscriptionCommitmentStartedEventData


class SubscriptionCommitmentRenewedEvent(PayleraWebhookEvent):
    """A commitment was renewed."""

    data: SubscriptionCommitmentRenewedEventData


class SubscriptionCommitmentEndingEvent(PayleraWebhookEvent):
    """A commitment ends in thirty days."""

    data: SubscriptionCommitmentEndingEventData


class SubscriptionCommitmentEndedEvent(PayleraWebhookEvent):
    """A commitment ended."""

    data: SubscriptionCommitmentEndedEventData


class SubscriptionUsageThresholdCrossedEvent(PayleraWebhookEvent):
    """Usage crossed a threshold."""

    data: SubscriptionUsageThresholdCrossedEventData


class SubscriptionRefundProcessedEvent(PayleraWebhookEvent):
    """A refund was processed."""

    data: SubscriptionRefundProcessedEventData
