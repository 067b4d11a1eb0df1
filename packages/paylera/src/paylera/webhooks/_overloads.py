"""Which class the handler of each event type gets; written by .ci/overloads.py from the catalogue."""

# fmt: off
# ruff: noqa: E501

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal, Protocol, TypeVar, Unpack, overload

    from paylera.webhooks.accounts import (
        CommissionAccruedEvent,
        CommissionEligibleEvent,
        CommissionReversedEvent,
        CustomerCreatedEvent,
        CustomerTaxIdInvalidatedEvent,
        CustomerUpdatedEvent,
        PayoutBatchCreatedEvent,
        PayoutBatchFailedEvent,
        PayoutBatchSettledEvent,
        WalletAutoTopupFailedEvent,
        WalletCreatedEvent,
        WalletUpdatedEvent,
        WebhookEndpointCreatedEvent,
        WebhookEndpointDeliveryFailedEvent,
        WebhookEndpointDisabledEvent,
        WebhookEndpointPingEvent,
        WebhookEndpointUpdatedEvent,
    )
    from paylera.webhooks.coupons import (
        CouponCreatedEvent,
        CouponRedeemedEvent,
        CouponUpdatedEvent,
    )
    from paylera.webhooks.event import PayleraWebhookEvent
    from paylera.webhooks.handlers import HandlerOptions
    from paylera.webhooks.invoices import (
        InvoiceCreatedEvent,
        InvoiceDeletedEvent,
        InvoiceFinalizedEvent,
        InvoiceFxRateLockedEvent,
        InvoiceMarkedUncollectibleEvent,
        InvoicePaidEvent,
        InvoicePaymentFailedEvent,
        InvoiceUpdatedEvent,
        InvoiceVoidedEvent,
    )
    from paylera.webhooks.payments import (
        PaymentActionCompletedEvent,
        PaymentCanceledEvent,
        PaymentChargedBackEvent,
        PaymentCreatedEvent,
        PaymentDisputeWonEvent,
        PaymentFailedEvent,
        PaymentMethodAttachedEvent,
        PaymentMethodDetachedEvent,
        PaymentMethodUpdatedEvent,
        PaymentMethodVerifiedEvent,
        PaymentRefundedEvent,
        PaymentRequiresActionEvent,
        PaymentSucceededEvent,
    )
    from paylera.webhooks.subscriptions import (
        DunningExhaustedEvent,
        SubscriptionActivatedEvent,
        SubscriptionCanceledEvent,
        SubscriptionCommitmentEndedEvent,
        SubscriptionCommitmentEndingEvent,
        SubscriptionCommitmentRenewedEvent,
        SubscriptionCommitmentStartedEvent,
        SubscriptionCreatedEvent,
        SubscriptionDunningAttemptEvent,
        SubscriptionDunningExhaustedEvent,
        SubscriptionDunningRecoveredEvent,
        SubscriptionPastDueEvent,
        SubscriptionPausedEvent,
        SubscriptionReactivatedEvent,
        SubscriptionRefundProcessedEvent,
        SubscriptionResumedEvent,
        SubscriptionTrialEndedEvent,
        SubscriptionTrialExtendedEvent,
        SubscriptionTrialStartedEvent,
        SubscriptionTrialWillEndEvent,
        SubscriptionUpdatedEvent,
        SubscriptionUsageThresholdCrossedEvent,
    )
    from paylera.webhooks.usage import (
        UsageRecordedEvent,
    )

    E = TypeVar("E")
    R = TypeVar("R")

    class Registrar(Protocol[E]):
        """Registers a handler of one class of events."""

        def __call__(self, handler: Callable[[E], R], /) -> Callable[[E], R]:
            """Register it."""
            ...

    class TypedCall:
        """What `on(...)` is to a type checker."""

        @overload
        def __call__(self, event_type: Literal["commission.accrued"], /, **options: Unpack[HandlerOptions]) -> Registrar[CommissionAccruedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["commission.eligible"], /, **options: Unpack[HandlerOptions]) -> Registrar[CommissionEligibleEvent]: ...
        @overload
        def __call__(self, event_type: Literal["commission.reversed"], /, **options: Unpack[HandlerOptions]) -> Registrar[CommissionReversedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["coupon.created"], /, **options: Unpack[HandlerOptions]) -> Registrar[CouponCreatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["coupon.redeemed"], /, **options: Unpack[HandlerOptions]) -> Registrar[CouponRedeemedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["coupon.updated"], /, **options: Unpack[HandlerOptions]) -> Registrar[CouponUpdatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["customer.created"], /, **options: Unpack[HandlerOptions]) -> Registrar[CustomerCreatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["customer.tax_id_invalidated"], /, **options: Unpack[HandlerOptions]) -> Registrar[CustomerTaxIdInvalidatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["customer.updated"], /, **options: Unpack[HandlerOptions]) -> Registrar[CustomerUpdatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["dunning.exhausted"], /, **options: Unpack[HandlerOptions]) -> Registrar[DunningExhaustedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["invoice.created"], /, **options: Unpack[HandlerOptions]) -> Registrar[InvoiceCreatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["invoice.deleted"], /, **options: Unpack[HandlerOptions]) -> Registrar[InvoiceDeletedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["invoice.finalized"], /, **options: Unpack[HandlerOptions]) -> Registrar[InvoiceFinalizedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["invoice.fx_rate_locked"], /, **options: Unpack[HandlerOptions]) -> Registrar[InvoiceFxRateLockedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["invoice.marked_uncollectible"], /, **options: Unpack[HandlerOptions]) -> Registrar[InvoiceMarkedUncollectibleEvent]: ...
        @overload
        def __call__(self, event_type: Literal["invoice.paid"], /, **options: Unpack[HandlerOptions]) -> Registrar[InvoicePaidEvent]: ...
        @overload
        def __call__(self, event_type: Literal["invoice.payment_failed"], /, **options: Unpack[HandlerOptions]) -> Registrar[InvoicePaymentFailedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["invoice.updated"], /, **options: Unpack[HandlerOptions]) -> Registrar[InvoiceUpdatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["invoice.voided"], /, **options: Unpack[HandlerOptions]) -> Registrar[InvoiceVoidedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["payment.action_completed"], /, **options: Unpack[HandlerOptions]) -> Registrar[PaymentActionCompletedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["payment.canceled"], /, **options: Unpack[HandlerOptions]) -> Registrar[PaymentCanceledEvent]: ...
        @overload
        def __call__(self, event_type: Literal["payment.charged_back"], /, **options: Unpack[HandlerOptions]) -> Registrar[PaymentChargedBackEvent]: ...
        @overload
        def __call__(self, event_type: Literal["payment.created"], /, **options: Unpack[HandlerOptions]) -> Registrar[PaymentCreatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["payment.dispute_won"], /, **options: Unpack[HandlerOptions]) -> Registrar[PaymentDisputeWonEvent]: ...
        @overload
        def __call__(self, event_type: Literal["payment.failed"], /, **options: Unpack[HandlerOptions]) -> Registrar[PaymentFailedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["payment.refunded"], /, **options: Unpack[HandlerOptions]) -> Registrar[PaymentRefundedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["payment.requires_action"], /, **options: Unpack[HandlerOptions]) -> Registrar[PaymentRequiresActionEvent]: ...
        @overload
        def __call__(self, event_type: Literal["payment.succeeded"], /, **options: Unpack[HandlerOptions]) -> Registrar[PaymentSucceededEvent]: ...
        @overload
        def __call__(self, event_type: Literal["payment_method.attached"], /, **options: Unpack[HandlerOptions]) -> Registrar[PaymentMethodAttachedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["payment_method.detached"], /, **options: Unpack[HandlerOptions]) -> Registrar[PaymentMethodDetachedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["payment_method.updated"], /, **options: Unpack[HandlerOptions]) -> Registrar[PaymentMethodUpdatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["payment_method.verified"], /, **options: Unpack[HandlerOptions]) -> Registrar[PaymentMethodVerifiedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["payout_batch.created"], /, **options: Unpack[HandlerOptions]) -> Registrar[PayoutBatchCreatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["payout_batch.failed"], /, **options: Unpack[HandlerOptions]) -> Registrar[PayoutBatchFailedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["payout_batch.settled"], /, **options: Unpack[HandlerOptions]) -> Registrar[PayoutBatchSettledEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.activated"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionActivatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.canceled"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionCanceledEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.commitment_ended"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionCommitmentEndedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.commitment_ending"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionCommitmentEndingEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.commitment_renewed"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionCommitmentRenewedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.commitment_started"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionCommitmentStartedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.created"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionCreatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.dunning_attempt"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionDunningAttemptEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.dunning_exhausted"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionDunningExhaustedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.dunning_recovered"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionDunningRecoveredEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.past_due"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionPastDueEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.paused"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionPausedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.reactivated"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionReactivatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.refund_processed"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionRefundProcessedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.resumed"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionResumedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.trial_ended"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionTrialEndedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.trial_extended"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionTrialExtendedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.trial_started"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionTrialStartedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.trial_will_end"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionTrialWillEndEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.updated"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionUpdatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["subscription.usage_threshold_crossed"], /, **options: Unpack[HandlerOptions]) -> Registrar[SubscriptionUsageThresholdCrossedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["usage.recorded"], /, **options: Unpack[HandlerOptions]) -> Registrar[UsageRecordedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["wallet.auto_topup_failed"], /, **options: Unpack[HandlerOptions]) -> Registrar[WalletAutoTopupFailedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["wallet.created"], /, **options: Unpack[HandlerOptions]) -> Registrar[WalletCreatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["wallet.updated"], /, **options: Unpack[HandlerOptions]) -> Registrar[WalletUpdatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["webhook_endpoint.created"], /, **options: Unpack[HandlerOptions]) -> Registrar[WebhookEndpointCreatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["webhook_endpoint.delivery_failed"], /, **options: Unpack[HandlerOptions]) -> Registrar[WebhookEndpointDeliveryFailedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["webhook_endpoint.disabled"], /, **options: Unpack[HandlerOptions]) -> Registrar[WebhookEndpointDisabledEvent]: ...
        @overload
        def __call__(self, event_type: Literal["webhook_endpoint.ping"], /, **options: Unpack[HandlerOptions]) -> Registrar[WebhookEndpointPingEvent]: ...
        @overload
        def __call__(self, event_type: Literal["webhook_endpoint.updated"], /, **options: Unpack[HandlerOptions]) -> Registrar[WebhookEndpointUpdatedEvent]: ...
        @overload
        def __call__(self, event_type: Literal["*", "commission.*", "coupon.*", "customer.*", "dunning.*", "invoice.*", "payment.*", "payment_method.*", "payout_batch.*", "subscription.*", "usage.*", "wallet.*", "webhook_endpoint.*"], /, **options: Unpack[HandlerOptions]) -> Registrar[PayleraWebhookEvent]: ...
        def __call__(self, event_type: str, /, **options: Unpack[HandlerOptions]) -> object:
            """Return the decorator that registers a function for `event_type`."""
            ...

else:

    class TypedCall:
        """Nothing at run time."""
