"""`PayleraClient`: the client for code without an event loop. `awaiting.py` is its twin."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import TracebackType
from typing import Any, Concatenate, NoReturn, ParamSpec, Self, SupportsIndex, TypeVar

from paylera.client.calls import Call, ListCall
from paylera.client.endpoints import (
    administration,
    catalog,
    customers,
    invoices,
    metering,
    payment_methods,
    payments,
    payouts,
    sessions,
    subscriptions,
    wallets,
)
from paylera.client.execution import Execution, closed_error, described, hidden, raw_call
from paylera.client.facade import dressed
from paylera.client.pages import Page
from paylera.client.seam import blocking_transport
from paylera.endpoint import DEFAULT_API_VERSION
from paylera.flow import Blocking, SyncTransport, run
from paylera.system import REAL, System

P = ParamSpec("P")
T = TypeVar("T")


def blocking(endpoint: Callable[P, Call[T]]) -> Callable[Concatenate[PayleraClient, P], T]:
    """Make a method of an endpoint function."""

    def method(self: PayleraClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return self._perform(endpoint(*args, **kwargs))

    return dressed(method, endpoint, "{}", "PayleraClient")


def blocking_list(endpoint: Callable[P, ListCall[T]]) -> Callable[Concatenate[PayleraClient, P], Page[T]]:
    """Make a method of an endpoint function that lists."""

    def method(self: PayleraClient, /, *args: P.args, **kwargs: P.kwargs) -> Page[T]:
        return Page(endpoint(*args, **kwargs), self._perform_list)

    return dressed(method, endpoint, "Page[{}]", "PayleraClient")


class PayleraClient:
    """Calls Paylera and waits for the answer. One client serves all threads and forked processes; keep it.

    `timeout` is the total of a call in seconds, retries and waits included. `base_url` wins over the environment's
    `PAYLERA_BASE_URL`, which wins over the token's prefix. `http_client` takes an `httpx2.Client` or `httpx.Client`,
    `transport` an object with `send` and `close`; both stay the caller's to close. `tracer` takes an OpenTelemetry
    tracer. Results are dicts; lists are `Page`s. Every call raises the errors of `paylera.errors`.
    Source: contract section 6.
    """

    def __init__(
        self,
        *,
        api_token: str,
        base_url: str | None = None,
        api_version: str = DEFAULT_API_VERSION,
        timeout: float = 10.0,
        max_retries: int = 2,
        http_client: Any = None,
        transport: SyncTransport | None = None,
        tracer: Any = None,
        system: System = REAL,
    ) -> None:
        token, api_token = hidden(api_token), ""
        self._execution = Execution.of(
            api_token=token,
            base_url=base_url,
            api_version=api_version,
            timeout=timeout,
            max_retries=max_retries,
            tracer=tracer,
            system=system,
        )
        self._transport = blocking_transport(http_client, transport)
        self._is_owner = http_client is None and transport is None
        self._is_closed = False

    def request(
        self,
        method: str,
        path: str,
        *,
        params: Mapping[str, Any] | None = None,
        json: Any = None,
        idempotency_key: str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Any:
        """Call a route that has no method here, and return its parsed JSON (None for an empty body).

        No idempotency key is made up: a POST or PATCH without `idempotency_key` carries none and is sent only once.
        """
        call = raw_call(method, path, params=params, json=json, idempotency_key=idempotency_key, headers=headers)
        return self._perform(call)

    def close(self) -> None:
        """Close the idle connections; every later call raises `TransportError` (`closed`)."""
        self._is_closed = True
        if self._is_owner:
            self._transport.close()

    def _perform(self, call: Call[T]) -> T:
        if self._is_closed:
            raise closed_error()
        prepared = self._execution.prepare(call)
        with self._execution.span(call, prepared) as note:
            return run(self._execution.perform(call, prepared, note), Blocking(self._transport))

    def _perform_list(self, listing: ListCall[Any]) -> dict[str, Any]:
        return self._perform(listing.call)

    def __enter__(self) -> Self:
        if self._is_closed:
            raise closed_error()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return described(self, getattr(self, "_execution", None))

    def __reduce_ex__(self, _protocol: SupportsIndex, /) -> NoReturn:
        raise TypeError("a client is neither copied nor pickled: share it between threads, make one in each process")

    attach = blocking(metering.attach)
    check = blocking(metering.check)
    track = blocking(metering.track)
    report_usage = blocking(metering.report_usage)
    report_usage_batch = blocking(metering.report_usage_batch)

    create_customer = blocking(customers.create_customer)
    get_customer = blocking(customers.get_customer)
    update_customer = blocking(customers.update_customer)
    list_customers = blocking_list(customers.list_customers)
    create_billing_portal_session = blocking(customers.create_billing_portal_session)
    create_tax_id = blocking(customers.create_tax_id)
    list_tax_ids = blocking_list(customers.list_tax_ids)

    create_payment_method = blocking(payment_methods.create_payment_method)
    list_payment_methods = blocking_list(payment_methods.list_payment_methods)
    get_payment_method = blocking(payment_methods.get_payment_method)
    update_payment_method = blocking(payment_methods.update_payment_method)
    delete_payment_method = blocking(payment_methods.delete_payment_method)
    verify_payment_method = blocking(payment_methods.verify_payment_method)
    create_setup_intent = blocking(payment_methods.create_setup_intent)
    get_setup_intent = blocking(payment_methods.get_setup_intent)
    confirm_setup_intent = blocking(payment_methods.confirm_setup_intent)

    create_product = blocking(catalog.create_product)
    list_products = blocking_list(catalog.list_products)
    create_plan = blocking(catalog.create_plan)
    get_plan = blocking(catalog.get_plan)
    list_plans = blocking_list(catalog.list_plans)

    create_subscription = blocking(subscriptions.create_subscription)
    get_subscription = blocking(subscriptions.get_subscription)
    list_subscriptions = blocking_list(subscriptions.list_subscriptions)
    get_entitlements = blocking(subscriptions.get_entitlements)
    get_subscription_usage = blocking(subscriptions.get_subscription_usage)
    change_plan = blocking(subscriptions.change_plan)
    cancel_subscription = blocking(subscriptions.cancel_subscription)
    pause_subscription = blocking(subscriptions.pause_subscription)
    extend_trial = blocking(subscriptions.extend_trial)

    create_invoice = blocking(invoices.create_invoice)
    list_invoices = blocking_list(invoices.list_invoices)
    get_invoice = blocking(invoices.get_invoice)
    update_invoice = blocking(invoices.update_invoice)
    add_invoice_line = blocking(invoices.add_invoice_line)
    delete_invoice_line = blocking(invoices.delete_invoice_line)
    delete_invoice = blocking(invoices.delete_invoice)
    finalize_invoice = blocking(invoices.finalize_invoice)
    recompute_invoice_tax = blocking(invoices.recompute_invoice_tax)
    pay_invoice = blocking(invoices.pay_invoice)
    void_invoice = blocking(invoices.void_invoice)
    mark_invoice_uncollectible = blocking(invoices.mark_invoice_uncollectible)
    create_credit_note = blocking(invoices.create_credit_note)
    list_credit_notes = blocking_list(invoices.list_credit_notes)
    get_credit_note = blocking(invoices.get_credit_note)
    get_invoice_pdf = blocking(invoices.get_invoice_pdf)
    get_recognition_schedule = blocking(invoices.get_recognition_schedule)

    list_payments = blocking_list(payments.list_payments)
    get_payment = blocking(payments.get_payment)
    cancel_payment = blocking(payments.cancel_payment)
    create_refund = blocking(payments.create_refund)
    get_payment_action_url = blocking(payments.get_payment_action_url)
    list_refunds = blocking_list(payments.list_refunds)

    create_wallet = blocking(wallets.create_wallet)
    list_wallets = blocking_list(wallets.list_wallets)
    get_wallet = blocking(wallets.get_wallet)
    update_wallet = blocking(wallets.update_wallet)
    credit_wallet = blocking(wallets.credit_wallet)
    debit_wallet = blocking(wallets.debit_wallet)
    list_wallet_entries = blocking_list(wallets.list_wallet_entries)

    create_checkout_session = blocking(sessions.create_checkout_session)
    get_checkout_session = blocking(sessions.get_checkout_session)
    create_portal_session = blocking(sessions.create_portal_session)

    list_payout_batches = blocking_list(payouts.list_payout_batches)
    get_payout_batch = blocking(payouts.get_payout_batch)
    list_affiliates = blocking_list(payouts.list_affiliates)
    get_affiliate = blocking(payouts.get_affiliate)
    close_revenue_period = blocking(payouts.close_revenue_period)

    create_webhook_endpoint = blocking(administration.create_webhook_endpoint)
    list_webhook_endpoints = blocking_list(administration.list_webhook_endpoints)
    get_webhook_endpoint = blocking(administration.get_webhook_endpoint)
    update_webhook_endpoint = blocking(administration.update_webhook_endpoint)
    delete_webhook_endpoint = blocking(administration.delete_webhook_endpoint)
    rotate_webhook_secret = blocking(administration.rotate_webhook_secret)
    list_webhook_deliveries = blocking_list(administration.list_webhook_deliveries)
    get_webhook_delivery = blocking(administration.get_webhook_delivery)
    ping_webhook_endpoint = blocking(administration.ping_webhook_endpoint)
    retry_webhook_delivery = blocking(administration.retry_webhook_delivery)
    replay_webhook_events = blocking(administration.replay_webhook_events)
    get_dunning_policy = blocking(administration.get_dunning_policy)
    update_dunning_policy = blocking(administration.update_dunning_policy)
    get_tax_config = blocking(administration.get_tax_config)
    update_tax_config = blocking(administration.update_tax_config)
    verify_payment_provider = blocking(administration.verify_payment_provider)
