"""`AsyncPayleraClient`: the client for code on an event loop. `blocking.py` is its twin and says more."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
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
from paylera.client.pages import AsyncPages
from paylera.client.seam import awaiting_transport
from paylera.endpoint import DEFAULT_API_VERSION
from paylera.flow import AsyncTransport, Awaiting, arun
from paylera.system import REAL, System

P = ParamSpec("P")
T = TypeVar("T")


def awaitable(
    endpoint: Callable[P, Call[T]],
) -> Callable[Concatenate[AsyncPayleraClient, P], Coroutine[Any, Any, T]]:
    """Make a method of an endpoint function."""

    async def method(self: AsyncPayleraClient, /, *args: P.args, **kwargs: P.kwargs) -> T:
        return await self._perform(endpoint(*args, **kwargs))

    return dressed(method, endpoint, "{}", "AsyncPayleraClient")


def awaitable_list(
    endpoint: Callable[P, ListCall[T]],
) -> Callable[Concatenate[AsyncPayleraClient, P], AsyncPages[T]]:
    """Make a method of an endpoint function that lists."""

    def method(self: AsyncPayleraClient, /, *args: P.args, **kwargs: P.kwargs) -> AsyncPages[T]:
        return AsyncPages(endpoint(*args, **kwargs), self._perform_list)

    return dressed(method, endpoint, "AsyncPages[{}]", "AsyncPayleraClient")


class AsyncPayleraClient:
    """The awaiting twin of `PayleraClient`: same constructor, methods and results, every method awaited.

    One client serves several event loops. A list method gives one page when awaited, and all items under `async for`.
    `http_client` takes an `httpx2.AsyncClient` or `httpx.AsyncClient`, `transport` an object with `send` and `aclose`.
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
        transport: AsyncTransport | None = None,
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
        self._transport = awaiting_transport(http_client, transport)
        self._is_owner = http_client is None and transport is None
        self._is_closed = False

    async def request(
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
        return await self._perform(call)

    async def aclose(self) -> None:
        """Close the connections of the running loop; every later call raises `TransportError` (`closed`)."""
        self._is_closed = True
        if self._is_owner:
            await self._transport.aclose()

    async def _perform(self, call: Call[T]) -> T:
        if self._is_closed:
            raise closed_error()
        prepared = self._execution.prepare(call)
        with self._execution.span(call, prepared) as note:
            return await arun(self._execution.perform(call, prepared, note), Awaiting(self._transport))

    async def _perform_list(self, listing: ListCall[Any]) -> dict[str, Any]:
        return await self._perform(listing.call)

    async def __aenter__(self) -> Self:
        if self._is_closed:
            raise closed_error()
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        await self.aclose()

    def __repr__(self) -> str:
        return described(self, getattr(self, "_execution", None))

    def __reduce_ex__(self, _protocol: SupportsIndex, /) -> NoReturn:
        raise TypeError("a client is neither copied nor pickled: share it between loops, make one in each process")

    attach = awaitable(metering.attach)
    check = awaitable(metering.check)
    track = awaitable(metering.track)
    report_usage = awaitable(metering.report_usage)
    report_usage_batch = awaitable(metering.report_usage_batch)

    create_customer = awaitable(customers.create_customer)
    get_customer = awaitable(customers.get_customer)
    update_customer = awaitable(customers.update_customer)
    list_customers = awaitable_list(customers.list_customers)
    create_billing_portal_session = awaitable(customers.create_billing_portal_session)
    create_tax_id = awaitable(customers.create_tax_id)
    list_tax_ids = awaitable_list(customers.list_tax_ids)

    create_payment_method = awaitable(payment_methods.create_payment_method)
    list_payment_methods = awaitable_list(payment_methods.list_payment_methods)
    get_payment_method = awaitable(payment_methods.get_payment_method)
    update_payment_method = awaitable(payment_methods.update_payment_method)
    delete_payment_method = awaitable(payment_methods.delete_payment_method)
    verify_payment_method = awaitable(payment_methods.verify_payment_method)
    create_setup_intent = awaitable(payment_methods.create_setup_intent)
    get_setup_intent = awaitable(payment_methods.get_setup_intent)
    confirm_setup_intent = awaitable(payment_methods.confirm_setup_intent)

    create_product = awaitable(catalog.create_product)
    list_products = awaitable_list(catalog.list_products)
    create_plan = awaitable(catalog.create_plan)
    get_plan = awaitable(catalog.get_plan)
    list_plans = awaitable_list(catalog.list_plans)

    create_subscription = awaitable(subscriptions.create_subscription)
    get_subscription = awaitable(subscriptions.get_subscription)
    list_subscriptions = awaitable_list(subscriptions.list_subscriptions)
    get_entitlements = awaitable(subscriptions.get_entitlements)
    get_subscription_usage = awaitable(subscriptions.get_subscription_usage)
    change_plan = awaitable(subscriptions.change_plan)
    cancel_subscription = awaitable(subscriptions.cancel_subscription)
    pause_subscription = awaitable(subscriptions.pause_subscription)
    extend_trial = awaitable(subscriptions.extend_trial)

    create_invoice = awaitable(invoices.create_invoice)
    list_invoices = awaitable_list(invoices.list_invoices)
    get_invoice = awaitable(invoices.get_invoice)
    update_invoice = awaitable(invoices.update_invoice)
    add_invoice_line = awaitable(invoices.add_invoice_line)
    delete_invoice_line = awaitable(invoices.delete_invoice_line)
    delete_invoice = awaitable(invoices.delete_invoice)
    finalize_invoice = awaitable(invoices.finalize_invoice)
    recompute_invoice_tax = awaitable(invoices.recompute_invoice_tax)
    pay_invoice = awaitable(invoices.pay_invoice)
    void_invoice = awaitable(invoices.void_invoice)
    mark_invoice_uncollectible = awaitable(invoices.mark_invoice_uncollectible)
    create_credit_note = awaitable(invoices.create_credit_note)
    list_credit_notes = awaitable_list(invoices.list_credit_notes)
    get_credit_note = awaitable(invoices.get_credit_note)
    get_invoice_pdf = awaitable(invoices.get_invoice_pdf)
    get_recognition_schedule = awaitable(invoices.get_recognition_schedule)

    list_payments = awaitable_list(payments.list_payments)
    get_payment = awaitable(payments.get_payment)
    cancel_payment = awaitable(payments.cancel_payment)
    create_refund = awaitable(payments.create_refund)
    get_payment_action_url = awaitable(payments.get_payment_action_url)
    list_refunds = awaitable_list(payments.list_refunds)

    create_wallet = awaitable(wallets.create_wallet)
    list_wallets = awaitable_list(wallets.list_wallets)
    get_wallet = awaitable(wallets.get_wallet)
    update_wallet = awaitable(wallets.update_wallet)
    credit_wallet = awaitable(wallets.credit_wallet)
    debit_wallet = awaitable(wallets.debit_wallet)
    list_wallet_entries = awaitable_list(wallets.list_wallet_entries)

    create_checkout_session = awaitable(sessions.create_checkout_session)
    get_checkout_session = awaitable(sessions.get_checkout_session)
    create_portal_session = awaitable(sessions.create_portal_session)

    list_payout_batches = awaitable_list(payouts.list_payout_batches)
    get_payout_batch = awaitable(payouts.get_payout_batch)
    list_affiliates = awaitable_list(payouts.list_affiliates)
    get_affiliate = awaitable(payouts.get_affiliate)
    close_revenue_period = awaitable(payouts.close_revenue_period)

    create_webhook_endpoint = awaitable(administration.create_webhook_endpoint)
    list_webhook_endpoints = awaitable_list(administration.list_webhook_endpoints)
    get_webhook_endpoint = awaitable(administration.get_webhook_endpoint)
    update_webhook_endpoint = awaitable(administration.update_webhook_endpoint)
    delete_webhook_endpoint = awaitable(administration.delete_webhook_endpoint)
    rotate_webhook_secret = awaitable(administration.rotate_webhook_secret)
    list_webhook_deliveries = awaitable_list(administration.list_webhook_deliveries)
    get_webhook_delivery = awaitable(administration.get_webhook_delivery)
    ping_webhook_endpoint = awaitable(administration.ping_webhook_endpoint)
    retry_webhook_delivery = awaitable(administration.retry_webhook_delivery)
    replay_webhook_events = awaitable(administration.replay_webhook_events)
    get_dunning_policy = awaitable(administration.get_dunning_policy)
    update_dunning_policy = awaitable(administration.update_dunning_policy)
    get_tax_config = awaitable(administration.get_tax_config)
    update_tax_config = awaitable(administration.update_tax_config)
    verify_payment_provider = awaitable(administration.verify_payment_provider)
