"""Every endpoint function: method, path, query and body, as a table; and the two classes as equal tables over them."""

from __future__ import annotations

import inspect
import json
import re
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from typing import Any

import pytest

from paylera.client import AsyncPayleraClient, PayleraClient
from paylera.client.blocking import (
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
from paylera.client.calls import ListCall
from paylera.client.execution import Execution
from paylera.http import Request
from paylera.system import REAL

MODULES = [
    administration, catalog, customers, invoices, metering, payment_methods, payments, payouts, sessions, subscriptions,
    wallets,
]  # fmt: skip
ENDPOINTS = {
    name: function
    for module in MODULES
    for name, function in vars(module).items()
    if inspect.isfunction(function) and function.__module__ == module.__name__ and not name.startswith("_")
}
SETTINGS: dict[str, Any] = {"api_version": "2026-05-01", "timeout": 1, "max_retries": 0, "tracer": None, "system": REAL}
EXECUTION = Execution.of(api_token="pl_test_x", base_url="http://h", **SETTINGS)

ME = "/v1/customers/cus_1"
SUB = "/v1/subscriptions/sub_1"
INV = "/v1/invoices/inv_1"
HOOKS = "/v1/admin/webhook-endpoints"
WHEN = datetime(2026, 11, 24, 10, 30, tzinfo=timezone(timedelta(hours=1)))

Row = tuple[str, tuple[Any, ...], dict[str, Any], str, Any]
ROWS: list[Row] = [
    ("attach", (), {"customer_id": "cus_1", "plan_id": "pro", "coupons": ("A",), "quantities": {"seats": Decimal(2)}},
     "POST /v1/attach", {"customer_id": "cus_1", "plan_id": "pro", "coupons": ["A"], "quantities": {"seats": "2"}}),
    ("check", (), {"customer_id": "cus_1", "feature_code": "f", "quantity": 3},
     "POST /v1/check", {"customer_id": "cus_1", "feature_code": "f", "quantity": "3"}),
    ("track", (), {"customer_id": "cus_1", "feature_code": "f", "properties": {"a": 1}},
     "POST /v1/track", {"customer_id": "cus_1", "feature_code": "f", "quantity": "1", "properties": {"a": 1}}),
    ("report_usage", (), {"subscription_id": "sub_1", "meter": "m", "quantity": Decimal("-1.50"), "timestamp": WHEN},
     "POST /v1/usage",
     {"subscription_id": "sub_1", "meter": "m", "quantity": "-1.50", "timestamp": "2026-11-24T09:30:00.000Z"}),
    ("report_usage_batch", ([{"subscription_id": "sub_1", "meter": "m", "quantity": 2, "external_id": "e"}],), {},
     "POST /v1/usage/batch",
     {"events": [{"subscription_id": "sub_1", "meter": "m", "quantity": "2", "external_id": "e"}]}),
    ("create_customer", (), {"email": "a@b.c", "name": None, "metadata": {"k": "v"}},
     "POST /v1/customers", {"email": "a@b.c", "metadata": {"k": "v"}}),
    ("get_customer", ("cus_1",), {}, f"GET {ME}", None),
    ("update_customer", ("cus_1",), {"email": None, "name": "N"}, f"PATCH {ME}", {"email": None, "name": "N"}),
    ("list_customers", (), {"email": "a+b@c.d", "limit": 5, "filters": {"created_at[gte]": WHEN}},
     "GET /v1/customers?created_at%5Bgte%5D=2026-11-24T09%3A30%3A00.000Z&email=a%2Bb%40c.d&limit=5", None),
    ("create_billing_portal_session", ("cus_1",), {"return_url": "https://x/"},
     f"POST {ME}/billing-portal-sessions", {"return_url": "https://x/"}),
    ("create_tax_id", ("cus_1",), {"type": "eu_vat", "value": "DE1"},
     f"POST {ME}/tax-ids", {"type": "eu_vat", "value": "DE1"}),
    ("list_tax_ids", ("cus_1",), {"cursor": "c"}, f"GET {ME}/tax-ids?cursor=c", None),
    ("create_payment_method", ("cus_1",), {"type": "card", "token": "tok_visa_success", "set_as_default": True},
     f"POST {ME}/payment-methods", {"type": "card", "token": "tok_visa_success", "set_as_default": True}),
    ("list_payment_methods", ("cus_1",), {}, f"GET {ME}/payment-methods", None),
    ("get_payment_method", ("pm_1",), {}, "GET /v1/payment-methods/pm_1", None),
    ("update_payment_method", ("pm_1",), {"is_default": True, "billing_address": None},
     "PATCH /v1/payment-methods/pm_1", {"is_default": True, "billing_address": None}),
    ("delete_payment_method", ("pm_1",), {}, "DELETE /v1/payment-methods/pm_1", None),
    ("verify_payment_method", ("pm_1",), {"amounts": ("0.32", "0.45")},
     "POST /v1/payment-methods/pm_1/verify", {"amounts": ["0.32", "0.45"]}),
    ("create_setup_intent", (), {"customer_id": "cus_1", "payment_method_types": ("card",)},
     "POST /v1/setup-intents", {"customer_id": "cus_1", "payment_method_types": ["card"]}),
    ("get_setup_intent", ("si_1",), {}, "GET /v1/setup-intents/si_1", None),
    ("confirm_setup_intent", ("si_1",), {"client_secret": "s", "type": "card", "token": "t"},
     "POST /v1/setup-intents/si_1/confirm", {"client_secret": "s", "type": "card", "token": "t"}),
    ("create_product", (), {"code": "p", "name": "P"}, "POST /v1/products", {"code": "p", "name": "P"}),
    ("list_products", (), {}, "GET /v1/products", None),
    ("create_plan", (), {"product_code": "p", "code": "pro", "currency": "EUR", "interval": "month", "components": ()},
     "POST /v1/plans", {"product_code": "p", "code": "pro", "currency": "EUR", "interval": "month", "components": []}),
    ("get_plan", ("pro",), {}, "GET /v1/plans/pro", None),
    ("list_plans", (), {"limit": 100, "cursor": "a b"}, "GET /v1/plans?limit=100&cursor=a+b", None),
    ("create_subscription", (), {"customer_id": "cus_1", "plan_code": "pro", "trial_days": 0, "coupons": ["A"]},
     "POST /v1/subscriptions", {"customer_id": "cus_1", "plan_code": "pro", "trial_days": 0, "coupons": ["A"]}),
    ("get_subscription", ("sub_1",), {}, f"GET {SUB}", None),
    ("list_subscriptions", (), {"customer_id": "cus_1", "status": ["active", "past_due"]},
     "GET /v1/subscriptions?customer_id=cus_1&status=active%2Cpast_due", None),
    ("get_entitlements", ("sub_1",), {}, f"GET {SUB}/entitlements", None),
    ("get_subscription_usage", ("sub_1",), {}, f"GET {SUB}/usage", None),
    ("change_plan", ("sub_1",), {"plan_code": "team", "version": 3, "coupons": ("A",)},
     f"POST {SUB}/change-plan", {"plan_code": "team", "version": 3, "coupons": ["A"]}),
    ("cancel_subscription", ("sub_1",), {"version": 4, "at_period_end": False},
     f"POST {SUB}/cancel?version=4", {"at_period_end": False}),
    ("pause_subscription", ("sub_1",), {"resumes_at": "2026-12-01T00:00:00.000Z"},
     f"POST {SUB}/pause", {"resumes_at": "2026-12-01T00:00:00.000Z"}),
    ("extend_trial", ("sub_1",), {"trial_end": WHEN},
     f"POST {SUB}/extend-trial", {"trial_end": "2026-11-24T09:30:00.000Z"}),
    ("create_invoice", (), {"customer_id": "cus_1", "currency": "EUR", "lines": ()},
     "POST /v1/invoices", {"customer_id": "cus_1", "currency": "EUR", "lines": []}),
    ("list_invoices", (), {"status": "open"}, "GET /v1/invoices?status=open", None),
    ("list_invoices", ("cus_1",), {"status": ("open", "paid")}, f"GET {ME}/invoices?status=open%2Cpaid", None),
    ("get_invoice", ("inv_1",), {}, f"GET {INV}", None),
    ("update_invoice", ("inv_1",), {"metadata": {"a": "b"}}, f"PATCH {INV}", {"metadata": {"a": "b"}}),
    ("update_invoice", ("inv_1",), {"due_at": None}, f"PATCH {INV}", {"due_at": None}),
    ("add_invoice_line", ("inv_1",), {"description": "d", "quantity": 2, "unit_amount": "9.99"},
     f"POST {INV}/lines", {"description": "d", "quantity": "2", "unit_amount": "9.99"}),
    ("delete_invoice_line", ("inv_1", "il_1"), {}, f"DELETE {INV}/lines/il_1", None),
    ("delete_invoice", ("inv_1",), {}, f"DELETE {INV}", None),
    ("finalize_invoice", ("inv_1",), {}, f"POST {INV}/finalize", {}),
    ("recompute_invoice_tax", ("inv_1",), {}, f"POST {INV}/recompute-tax", {}),
    ("pay_invoice", ("inv_1",), {"payment_method_id": "pm_1"}, f"POST {INV}/pay", {"payment_method_id": "pm_1"}),
    ("void_invoice", ("inv_1",), {}, f"POST {INV}/void", {}),
    ("mark_invoice_uncollectible", ("inv_1",), {}, f"POST {INV}/mark-uncollectible", {}),
    ("create_credit_note", ("inv_1",), {"reason": "other", "amount": "1.00", "lines": ({"id": "il_1"},)},
     f"POST {INV}/credit-notes", {"reason": "other", "amount": "1.00", "lines": [{"id": "il_1"}]}),
    ("list_credit_notes", (), {"invoice_id": "inv_1"}, "GET /v1/credit-notes?invoice_id=inv_1", None),
    ("get_credit_note", ("cn_1",), {}, "GET /v1/credit-notes/cn_1", None),
    ("get_invoice_pdf", ("inv_1",), {}, f"GET {INV}/pdf", None),
    ("get_recognition_schedule", ("inv_1",), {}, f"GET {INV}/recognition-schedule", None),
    ("list_payments", (), {"customer_id": "cus_1"}, "GET /v1/payments?customer_id=cus_1", None),
    ("get_payment", ("pay_1",), {}, "GET /v1/payments/pay_1", None),
    ("cancel_payment", ("pay_1",), {}, "POST /v1/payments/pay_1/cancel", {}),
    ("create_refund", ("pay_1",), {"amount": Decimal("1E+1")}, "POST /v1/payments/pay_1/refunds", {"amount": "10"}),
    ("get_payment_action_url", ("pay_1",), {}, "GET /v1/payments/pay_1/action-url", None),
    ("list_refunds", ("pay_1",), {}, "GET /v1/payments/pay_1/refunds", None),
    ("create_wallet", (), {"customer_id": "cus_1", "currency": "EUR", "drift_floor": -5},
     "POST /v1/wallets", {"customer_id": "cus_1", "currency": "EUR", "drift_floor": "-5"}),
    ("list_wallets", (), {"customer_id": "cus_1"}, "GET /v1/wallets?customer_id=cus_1", None),
    ("update_wallet", ("wal_1",), {"auto_top_up": None}, "PATCH /v1/wallets/wal_1", {"auto_top_up": None}),
    ("update_wallet", ("wal_1",), {"drift_floor": "-1.00"}, "PATCH /v1/wallets/wal_1", {"drift_floor": "-1.00"}),
    ("debit_wallet", ("wal_1",), {"amount": 5, "external_id": "a"},
     "POST /v1/wallets/wal_1/debits", {"amount": "5", "external_id": "a"}),
    ("list_wallet_entries", ("wal_1",), {"limit": 5}, "GET /v1/wallets/wal_1/entries?limit=5", None),
    ("get_wallet", ("wal_1",), {}, "GET /v1/wallets/wal_1", None),
    ("credit_wallet", ("wal_1",), {"amount": "5.00", "reason": "promotional"},
     "POST /v1/wallets/wal_1/credits", {"amount": "5.00", "reason": "promotional"}),
    ("create_checkout_session", (), {"customer_id": "cus_1", "success_url": "https://x/", "line_items": ()},
     "POST /v1/checkout/sessions",
     {"mode": "subscription", "customer_id": "cus_1", "success_url": "https://x/", "line_items": []}),
    ("create_checkout_session", (),
     {"customer_id": "cus_1", "success_url": "https://x/", "quantities": {"seats": 2}, "coupons": ("A",)},
     "POST /v1/checkout/sessions",
     {"mode": "subscription", "customer_id": "cus_1", "success_url": "https://x/", "quantities": {"seats": "2"},
      "coupons": ["A"]}),
    ("get_checkout_session", ("cs_1",), {}, "GET /v1/checkout/sessions/cs_1", None),
    ("create_portal_session", (), {"customer_id": "cus_1"}, "POST /v1/portal/sessions", {"customer_id": "cus_1"}),
    ("list_payout_batches", (), {"status": "settled"}, "GET /v1/payouts/batches?status=settled", None),
    ("get_payout_batch", ("pob_1",), {}, "GET /v1/payouts/batches/pob_1", None),
    ("list_affiliates", (), {}, "GET /v1/affiliates", None),
    ("get_affiliate", ("aff_1",), {}, "GET /v1/affiliates/aff_1", None),
    ("close_revenue_period", (), {"period": "2026-10"}, "POST /v1/revrec/periods/close", {"period": "2026-10"}),
    ("create_webhook_endpoint", (), {"url": "https://x/", "events": ("invoice.*",)},
     f"POST {HOOKS}", {"url": "https://x/", "events": ["invoice.*"]}),
    ("list_webhook_endpoints", (), {}, f"GET {HOOKS}", None),
    ("get_webhook_endpoint", ("we_1",), {}, f"GET {HOOKS}/we_1", None),
    ("update_webhook_endpoint", ("we_1",), {"status": "disabled", "description": None},
     f"PATCH {HOOKS}/we_1", {"status": "disabled", "description": None}),
    ("update_webhook_endpoint", ("we_1",), {"events": ("*",)}, f"PATCH {HOOKS}/we_1", {"events": ["*"]}),
    ("delete_webhook_endpoint", ("we_1",), {}, f"DELETE {HOOKS}/we_1", None),
    ("rotate_webhook_secret", ("we_1",), {}, f"POST {HOOKS}/we_1/rotate-secret", {}),
    ("list_webhook_deliveries", ("we_1",), {"status": "failed"}, f"GET {HOOKS}/we_1/deliveries?status=failed", None),
    ("get_webhook_delivery", ("we_1", "del_1"), {}, f"GET {HOOKS}/we_1/deliveries/del_1", None),
    ("ping_webhook_endpoint", ("we_1",), {}, f"POST {HOOKS}/we_1/ping", {}),
    ("retry_webhook_delivery", ("we_1", "del_1"), {}, f"POST {HOOKS}/we_1/deliveries/del_1/retry", {}),
    ("replay_webhook_events", ("we_1",), {"since": WHEN, "event_types": ("invoice.paid",)},
     f"POST {HOOKS}/we_1/replay", {"since": "2026-11-24T09:30:00.000Z", "event_types": ["invoice.paid"]}),
    ("get_dunning_policy", (), {}, "GET /v1/admin/dunning/policy", None),
    ("update_dunning_policy", ({"on_exhaustion": "cancel_subscription"},), {},
     "PUT /v1/admin/dunning/policy", {"on_exhaustion": "cancel_subscription"}),
    ("get_tax_config", (), {}, "GET /v1/admin/tax/config", None),
    ("update_tax_config", ({"mode": "x"},), {}, "PUT /v1/admin/tax/config", {"mode": "x"}),
    ("verify_payment_provider", ("stripe",), {}, "POST /v1/admin/payment-providers/stripe/verify", {}),
]  # fmt: skip


def prepared(name: str, args: tuple[Any, ...], options: dict[str, Any]) -> Request:
    call = ENDPOINTS[name](*args, **options)
    return EXECUTION.prepare(call.call if isinstance(call, ListCall) else call).request


@pytest.mark.parametrize(("name", "args", "options", "target", "body"), ROWS)
def test_request_of_every_endpoint(name: str, args: Any, options: Any, target: str, body: Any) -> None:
    request = prepared(name, args, options)
    assert f"{request.method} {request.url.removeprefix('http://h')}" == target
    assert (json.loads(request.body) if request.body else None) == body
    assert (request.header("content-type") == "application/json") is (body is not None)


def test_table_is_complete() -> None:
    assert {row[0] for row in ROWS} == set(ENDPOINTS)


@pytest.mark.parametrize(("name", "args", "options", "target", "body"), ROWS)
def test_writes_carry_a_key_and_reads_do_not(name: str, args: Any, options: Any, target: str, body: Any) -> None:
    del body
    key = prepared(name, args, options).header("idempotency-key")
    if target.startswith("GET"):
        assert key is None
        return
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", key or "")
    assert key != prepared(name, args, options).header("idempotency-key"), "each logical call has a key of its own"
    assert prepared(name, args, {**options, "idempotency_key": "mine"}).header("idempotency-key") == "mine"


@pytest.mark.parametrize(("name", "args", "options", "target", "body"), [row for row in ROWS if row[1]])
def test_hostile_ids_never_reach_a_path(name: str, args: Any, options: Any, target: str, body: Any) -> None:
    del target, body
    for index, argument in enumerate(args):
        if isinstance(argument, str):
            for hostile in ("..", "a/b", "a?b", "a#b", "", "%2e%2e", "a\r\nb"):
                with pytest.raises(ValueError, match="must be 1 to 128"):
                    prepared(name, (*args[:index], hostile, *args[index + 1 :]), options)


@pytest.mark.parametrize("key", ["", "a b", "a\n", "x" * 256, "é", 7])
def test_unusable_keys_are_refused(key: Any) -> None:
    with pytest.raises(ValueError, match="idempotency_key"):
        prepared("create_customer", (), {"idempotency_key": key})


@pytest.mark.parametrize("value", [1.5, True, "1e3", "NaN", "", "1,5", "0x1", Decimal("NaN"), "1" * 30, "٣", [1]])
def test_quantities_that_are_not_exact_are_refused(value: Any) -> None:
    with pytest.raises(ValueError, match="quantity must be a decimal number"):
        ENDPOINTS["track"](customer_id="c", feature_code="f", quantity=value)


def test_naive_time_is_refused() -> None:
    with pytest.raises(ValueError, match="trial_end must be an aware datetime"):
        ENDPOINTS["extend_trial"]("sub_1", trial_end=datetime(2026, 1, 1))  # noqa: DTZ001 - that is the point


def test_one_string_is_no_list_of_coupons() -> None:
    with pytest.raises(ValueError, match="coupons must be a list"):
        ENDPOINTS["attach"](customer_id="c", coupons="ABC")


@pytest.mark.parametrize("count", [0, 1001])
def test_batches_are_bounded(count: int) -> None:
    with pytest.raises(ValueError, match="1 to 1000 events"):
        ENDPOINTS["report_usage_batch"]([{"quantity": "1"}] * count)


@pytest.mark.parametrize("body", [{"a": float("nan")}, {"a": object()}, {"a": b"x"}, {"a": Decimal("Infinity")}])
def test_what_json_cannot_hold_is_refused(body: Any) -> None:
    with pytest.raises((ValueError, TypeError)):
        prepared("update_tax_config", (body,), {})


def test_mappings_sets_and_times_become_json() -> None:
    from types import MappingProxyType

    body = {"a": MappingProxyType({"b": {"x", "y"}}), "t": datetime(2026, 1, 2, tzinfo=UTC)}
    sent = json.loads(prepared("update_tax_config", (body,), {}).body)
    assert sent == {"a": {"b": ["x", "y"]}, "t": "2026-01-02T00:00:00.000Z"}


def test_flags_in_a_query() -> None:
    assert prepared("list_customers", (), {"filters": {"has_card": True, "n": 3}}).url.endswith("?has_card=true&n=3")


def test_unset_shows_as_such_in_signatures() -> None:
    assert "name: 'str | Unset | None' = UNSET" in str(inspect.signature(PayleraClient.update_customer))


OWN = {"close", "aclose"}


def public(cls: type) -> dict[str, Any]:
    return {name: member for name, member in vars(cls).items() if not name.startswith("_") and name not in OWN}


def parameters(function: Any) -> list[inspect.Parameter]:
    return [
        parameter.replace(annotation=str(parameter.annotation).replace("AsyncTransport", "SyncTransport"))
        for parameter in inspect.signature(function).parameters.values()
    ]


def test_both_clients_offer_every_endpoint_with_one_signature() -> None:
    blocking, awaiting = public(PayleraClient), public(AsyncPayleraClient)
    assert set(blocking) == set(awaiting) == {*ENDPOINTS, "request"}
    for name in blocking:
        assert parameters(blocking[name]) == parameters(awaiting[name]), name
    assert parameters(PayleraClient.__init__) == parameters(AsyncPayleraClient.__init__)


def test_methods_look_like_methods() -> None:
    for cls, page in ((PayleraClient, "Page"), (AsyncPayleraClient, "AsyncPages")):
        for name, endpoint in ENDPOINTS.items():
            method = getattr(cls, name)
            assert method.__name__ == name
            assert method.__qualname__ == f"{cls.__name__}.{name}"
            assert method.__module__ == cls.__module__
            assert method.__doc__ == endpoint.__doc__
            assert (method.__doc__ or "").strip()
        assert inspect.signature(cls.get_customer).return_annotation == "Customer"
        assert inspect.signature(cls.list_plans).return_annotation == f"{page}[Plan]"
        assert list(inspect.signature(cls.get_customer).parameters) == ["self", "customer_id"]


def test_awaiting_methods_are_known_as_such() -> None:
    assert inspect.iscoroutinefunction(AsyncPayleraClient.get_customer)
    assert not inspect.iscoroutinefunction(PayleraClient.get_customer)
