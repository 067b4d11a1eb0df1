"""Invoices from draft to paid: arithmetic to the cent, legal transitions only, one event per change."""

from __future__ import annotations

from decimal import Decimal

import pytest

from sandbox.money import card, draft, invoice_events, opened
from sandbox.support import Api, ManualClock, problem

ONE = {"description": "x", "amount": "1"}
DAY, PAST, FUTURE = "2026-11-01T00:00:00Z", "0001-01-01T00:00:00Z", "9999-01-01T00:00:00Z"


def amounts(invoice: dict, *names: str) -> list[str]:
    return [invoice[name] for name in names or ("subtotal", "discount", "tax", "total", "amount_due")]


def test_from_draft_to_paid(api: Api) -> None:
    customer = api.customer()
    method = card(api, customer)
    invoice = draft(
        api, customer, {"description": "Work", "quantity": "3", "unit_amount": "33.335"}, due_at="2026-11-15T00:00:00Z"
    )
    assert (invoice["status"], invoice["number"], invoice["issued_at"], invoice["pdf_url"]) == (
        "draft",
        None,
        None,
        None,
    )
    assert amounts(invoice) == ["100.00", "0.00", "8.00", "108.00", "108.00"]  # 100.005 is half-even 100.00
    assert (invoice["presentment_currency"], invoice["settlement_currency"], invoice["fx_rate"]) == ("USD", "USD", None)
    assert invoice["lines"][0]["unit_amount"] == "33.335"

    opened = api.ok(f"/v1/invoices/{invoice['id']}/finalize")
    assert (opened["status"], opened["number"], opened["due_at"]) == (
        "open",
        "INV-2026-000001",
        "2026-11-15T00:00:00.000Z",
    )
    payment = api.ok(f"/v1/invoices/{invoice['id']}/pay")
    assert (payment["object"], payment["status"], payment["amount"]) == ("payment", "succeeded", "108.00")
    assert (payment["payment_method_id"], payment["invoice_id"]) == (method["id"], invoice["id"])
    paid = api.get(f"/v1/invoices/{invoice['id']}").json()
    assert (paid["status"], paid["amount_paid"], paid["amount_due"], paid["payments"]) == (
        "paid",
        "108.00",
        "0.00",
        [payment["id"]],
    )
    assert invoice_events(api, invoice) == ["invoice.created", "invoice.finalized", "invoice.paid"]


@pytest.mark.parametrize(
    ("currency", "unit_amount", "quantity", "amount", "tax", "total"),
    [
        ("USD", "0.125", "1", "0.12", "0.01", "0.13"),
        ("EUR", "0.00000001", "1", "0.00", "0.00", "0.00"),
        ("JPY", "12.5", "1", "12", "1", "13"),
        ("JPY", "13.5", "1", "14", "1", "15"),
        ("KWD", "1.0005", "1", "1.000", "0.080", "1.080"),
        ("KWD", "1.0015", "1", "1.002", "0.080", "1.082"),
        ("CLF", "0.00025", "3", "0.0008", "0.0001", "0.0009"),
        ("CLF", "10", "0.5", "5.0000", "0.4000", "5.4000"),
    ],
)  # fmt: skip
def test_each_currency_has_its_minor_unit(
    shared: Api, currency: str, unit_amount: str, quantity: str, amount: str, tax: str, total: str
) -> None:
    line = {"description": "x", "unit_amount": unit_amount, "quantity": quantity}
    invoice = draft(shared, shared.customer(), line, currency=currency)
    assert (invoice["lines"][0]["amount"], invoice["tax"], invoice["total"]) == (amount, tax, total)


def test_totals_are_sums_of_rounded_lines(api: Api) -> None:
    lines = [
        {"description": "x", "amount": "0.06"}
    ] * 3  # tax of each: 0.0048, rounded 0.00; of the sum it would be 0.01
    assert amounts(draft(api, api.customer(), *lines)) == ["0.18", "0.00", "0.00", "0.18", "0.18"]


def test_discount_comes_before_tax(api: Api) -> None:
    invoice = draft(api, api.customer(), {"description": "x", "amount": "50.00", "discount_amount": "10.00"})
    assert amounts(invoice) == ["50.00", "10.00", "3.20", "43.20", "43.20"]
    assert invoice["tax_breakdown"] == [{"name": "Tax", "rate": "0.08", "amount": "3.20"}]


def test_lines_of_a_draft(api: Api) -> None:
    invoice = draft(api, api.customer())
    problem(api.post(f"/v1/invoices/{invoice['id']}/finalize"), 422, "invoice.empty")
    body = {
        "description": "Hour",
        "amount": "5.00",
        "code": "hour",
        "period_start": "2026-11-01T00:00:00Z",
        "period_end": "2026-11-02T00:00:00Z",
        "metadata": {"a": 1},
    }
    line = api.ok(f"/v1/invoices/{invoice['id']}/lines", body)
    assert (line["amount"], line["tax_amount"], line["code"], line["period_end"]) == (
        "5.00",
        "0.40",
        "hour",
        "2026-11-02T00:00:00.000Z",
    )
    assert api.get(f"/v1/invoices/{invoice['id']}").json()["total"] == "5.40"
    assert api.client.delete(f"/v1/invoices/{invoice['id']}/lines/{line['id']}").status_code == 204
    problem(api.client.delete(f"/v1/invoices/{invoice['id']}/lines/{line['id']}"), 404, "invoice.line_not_found")
    assert api.get(f"/v1/invoices/{invoice['id']}").json()["total"] == "0.00"
    assert invoice_events(api, invoice) == ["invoice.created", "invoice.updated", "invoice.updated"]
    changed = api.events(type="invoice.updated")[0]
    assert changed["previous_attributes"]["total"] == "0.00"


def test_a_draft_is_deleted_an_open_invoice_is_not(api: Api) -> None:
    invoice = draft(api, api.customer())
    assert api.client.delete(f"/v1/invoices/{invoice['id']}").status_code == 204
    problem(api.get(f"/v1/invoices/{invoice['id']}"), 404, "invoice.not_found")
    invoice = opened(api, api.customer())
    problem(api.client.delete(f"/v1/invoices/{invoice['id']}"), 422, "invoice.immutable")


def test_an_open_invoice_only_changes_its_metadata(api: Api) -> None:
    invoice = opened(api, api.customer())
    path, line = f"/v1/invoices/{invoice['id']}", {"description": "x", "amount": "1.00"}
    refused = [
        api.post(f"{path}/lines", line),
        api.client.delete(f"{path}/lines/{invoice['lines'][0]['id']}"),
        api.post(f"{path}/recompute-tax"),
        api.client.patch(path, json={"due_at": "2026-12-01T00:00:00Z"}),
    ]
    for answer in refused:
        problem(answer, 422, "invoice.immutable")
    before = len(api.events())
    assert api.client.patch(path, json={"due_at": invoice["due_at"], "metadata": {}}).json() == invoice  # no change
    assert len(api.events()) == before
    changed = api.client.patch(path, json={"metadata": {"order": "7"}}).json()
    assert changed["metadata"] == {"order": "7"}
    assert api.events()[-1]["previous_attributes"] == {"metadata": {}}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("void", "void"), ("void", "finalize"), ("void", "mark-uncollectible"), ("mark-uncollectible", "void"),
        ("mark-uncollectible", "finalize"), ("pay", "void"), ("pay", "finalize"), ("pay", "mark-uncollectible"),
        ("pay", "pay"), ("void", "pay"), ("mark-uncollectible", "pay"),
    ],
)  # fmt: skip
def test_final_states_stay(shared: Api, first: str, second: str) -> None:
    customer = shared.customer()
    card(shared, customer)
    path = f"/v1/invoices/{opened(shared, customer)['id']}"
    shared.ok(f"{path}/{first}")
    problem(shared.post(f"{path}/{second}"), 422, "invoice.invalid_transition")


@pytest.mark.parametrize("action", ["pay", "void", "mark-uncollectible"])
def test_a_draft_must_be_opened_first(shared: Api, action: str) -> None:
    path = f"/v1/invoices/{draft(shared, shared.customer())['id']}"
    problem(shared.post(f"{path}/{action}"), 422, "invoice.invalid_transition")


def test_nothing_to_pay_is_paid_at_once(api: Api) -> None:
    invoice = opened(api, api.customer(), amount="0.00")
    assert (invoice["status"], invoice["payments"]) == ("paid", [])
    assert invoice_events(api, invoice) == ["invoice.created", "invoice.finalized", "invoice.paid"]


def test_below_zero_becomes_credit_and_credit_is_used(api: Api) -> None:
    customer = api.customer()
    given = opened(api, customer, amount="-100.00")
    assert amounts(given, "status", "total", "credit_applied", "amount_due") == ["paid", "-108.00", "-108.00", "0.00"]
    used = opened(api, customer, amount="150.00")
    assert (used["status"], used["credit_applied"], used["amount_due"]) == ("open", "108.00", "54.00")
    assert api.get(f"/v1/customers/{customer['id']}").json()["credit_balances"] == {"USD": "0.00"}
    api.ok(f"/v1/invoices/{used['id']}/void")
    assert api.get(f"/v1/customers/{customer['id']}").json()["credit_balances"] == {"USD": "108.00"}


def test_a_payment_method_is_needed(api: Api) -> None:
    customer = api.customer()
    path = f"/v1/invoices/{opened(api, customer)['id']}/pay"
    problem(api.post(path), 402, "payment_method.required")
    other = card(api, api.customer())
    problem(api.post(path, {"payment_method_id": other["id"]}), 404, "payment_method.not_found")
    problem(api.post(path, {"payment_method_id": "pm_x"}), 404, "payment_method.not_found")
    assert api.get("/v1/payments", customer_id=customer["id"]).json()["data"] == []


@pytest.mark.parametrize(
    ("line", "field", "code"),
    [
        ({}, "lines[0].description", "field.required"),
        ({"description": "x"}, "lines[0].amount", "line.amount_or_unit_amount"),
        ({"description": "x", "amount": "1", "unit_amount": "1"}, "lines[0].amount", "line.amount_or_unit_amount"),
        ({"description": "x", "amount": "1", "quantity": "1"}, "lines[0].quantity", "line.amount_or_unit_amount"),
        ({"description": "x", "amount": "1e3"}, "lines[0].amount", "decimal.invalid"),
        ({"description": "x", "amount": "1" * 40}, "lines[0].amount", "decimal.invalid"),
        ({"description": "x", "amount": 1}, "lines[0].amount", "type.decimal_string"),
        ({"description": "x", "amount": "NaN"}, "lines[0].amount", "decimal.invalid"),
        ({"description": "x", "amount": "0.001"}, "lines[0].amount", "amount.too_precise"),
        ({"description": "x", "unit_amount": "9" * 15, "quantity": "9" * 15}, "lines[0].amount", "amount.too_large"),
        ({"description": "x", "unit_amount": "1", "quantity": "0"}, "lines[0].quantity", "quantity.not_positive"),
        ({"description": "x", "unit_amount": "1", "quantity": "-1"}, "lines[0].quantity", "quantity.not_positive"),
        ({**ONE, "discount_amount": "2"}, "lines[0].discount_amount", "discount.out_of_range"),
        ({**ONE, "discount_amount": "-1"}, "lines[0].discount_amount", "discount.out_of_range"),
        ({"description": "x", "amount": "1", "tax_rate": "0"}, "lines[0].tax_rate", "field.unknown"),
        ({"description": " ", "amount": "1"}, "lines[0].description", "string.length"),
        ({**ONE, "period_start": DAY}, "lines[0].period_end", "field.required"),
        ({**ONE, "period_start": DAY, "period_end": DAY}, "lines[0].period_end", "period.order"),
        ({**ONE, "period_start": PAST, "period_end": DAY}, "lines[0].period_start", "timestamp.far_away"),
        ({**ONE, "period_start": DAY, "period_end": FUTURE}, "lines[0].period_end", "timestamp.far_away"),
        ({**ONE, "period_start": "yesterday"}, "lines[0].period_start", "timestamp.invalid"),
        ("x", "lines[0]", "type.object"),
    ],
)  # fmt: skip
def test_faults_of_a_line_are_named(shared: Api, line: object, field: str, code: str) -> None:
    body = {"customer_id": shared.customer()["id"], "currency": "USD", "lines": [line]}
    [fault] = problem(shared.post("/v1/invoices", body), 422, "validation.failed")["errors"]
    assert (fault["field"], fault["code"]) == (field, code)


@pytest.mark.parametrize(
    ("fields", "field"),
    [
        ({"currency": "XXX"}, "currency"), ({"currency": None}, "currency"), ({"lines": {}}, "lines"),
        ({"lines": [{"description": "x", "amount": "1"}] * 251}, "lines"), ({"due_at": "2026-11-01"}, "due_at"),
        ({"due_at": "9999-12-31T00:00:00Z"}, "due_at"), ({"due_at": "0001-01-01T00:00:00Z"}, "due_at"),
        ({"metadata": {"a": {}}}, "metadata"), ({"status": "paid"}, "status"), ({"total": "1"}, "total"),
    ],
)  # fmt: skip
def test_faults_of_an_invoice_are_named(shared: Api, fields: dict, field: str) -> None:
    body = {"customer_id": shared.customer()["id"], "currency": "USD", **fields}
    assert problem(shared.post("/v1/invoices", body), 422, "validation.failed")["errors"][0]["field"] == field


def test_an_invoice_of_a_subscription(api: Api) -> None:
    customer = api.customer()
    subscription = api.subscribe(customer, "starter")
    invoice = draft(api, customer, subscription_id=subscription["id"])
    assert api.get("/v1/invoices", subscription_id=subscription["id"], status="draft").json()["data"] == [invoice]
    body = {"customer_id": api.customer()["id"], "currency": "USD", "subscription_id": subscription["id"]}
    problem(api.post("/v1/invoices", body), 404, "subscription.not_found")
    body = {"customer_id": customer["id"], "currency": "EUR", "subscription_id": subscription["id"]}
    problem(api.post("/v1/invoices", body), 422, "subscription.currency_mismatch")
    problem(api.post("/v1/invoices", {"customer_id": "cus_x", "currency": "EUR"}), 404, "customer.not_found")


def test_recomputing_tax_that_is_right_changes_nothing(api: Api) -> None:
    invoice = draft(api, api.customer(), {"description": "x", "amount": "10.00"})
    assert api.ok(f"/v1/invoices/{invoice['id']}/recompute-tax") == invoice
    assert invoice_events(api, invoice) == ["invoice.created"]


def test_a_business_in_the_eu_owes_the_tax_itself(api: Api) -> None:
    customer = api.customer()
    invoice = draft(api, customer, {"description": "x", "amount": "10.00"})
    tax_id = api.ok(f"/v1/customers/{customer['id']}/tax-ids", {"type": "eu_vat", "value": "DE136695976"})
    assert api.get(f"/v1/invoices/{invoice['id']}").json()["tax"] == "0.80"  # a draft does not change by itself
    recomputed = api.ok(f"/v1/invoices/{invoice['id']}/recompute-tax")
    assert amounts(recomputed, "tax", "total", "tax_breakdown") == [
        "0.00",
        "10.00",
        [{"name": "Tax", "rate": "0", "amount": "0.00"}],
    ]
    assert api.events(type="invoice.updated")[0]["previous_attributes"]["tax"] == "0.80"
    assert b"DE136695976" in api.get(f"/v1/invoices/{invoice['id']}/pdf").content
    api.client.post(f"/sandbox/tax-ids/{tax_id['id']}/invalidate", json={})
    assert api.ok(f"/v1/invoices/{invoice['id']}/recompute-tax")["tax"] == "0.80"


def test_one_key_makes_one_invoice(api: Api, clock: ManualClock) -> None:
    body = {"customer_id": api.customer()["id"], "currency": "USD"}
    assert api.ok("/v1/invoices", body, key="one") == api.ok("/v1/invoices", body, key="one")
    assert len(api.get("/v1/invoices").json()["data"]) == 1


def test_a_pdf_has_as_many_pages_as_it_takes(api: Api) -> None:
    address = {"line1": "1 Long (Road)", "city": "Paris", "country": "FR", "postal_code": "75001"}
    customer = api.customer(name="Zoë", billing_address=address)
    lines = [{"description": f"Item {number}", "quantity": "2", "unit_amount": "1.50"} for number in range(100)]
    invoice = draft(api, customer, *lines)
    answer = api.get(f"/v1/invoices/{invoice['id']}/pdf")
    content = answer.content
    assert answer.headers["content-disposition"] == f'inline; filename="{invoice["id"]}.pdf"'
    pages = content.count(b"/Type /Page ")
    assert pages > 4
    assert f"Page {pages} of {pages}".encode() in content
    assert b"1 Long \\(Road\\)" in content
    assert all(f"Item {number} ".encode() in content for number in range(100))
    table = content[int(content.rsplit(b"startxref\n", 1)[1].split(b"\n")[0]) :].split(b"\n")
    places = [int(row.split()[0]) for row in table[3 : 3 + int(table[1].split()[1]) - 1]]
    assert all(content[place:].startswith(f"{number} 0 obj".encode()) for number, place in enumerate(places, start=1))


def test_hundreds_of_lines_still_add_up(api: Api) -> None:
    lines = [{"description": "x", "unit_amount": f"0.{number:03}"} for number in range(250)]
    invoice = draft(api, api.customer(), *lines)
    assert sum(Decimal(line["amount"]) + Decimal(line["tax_amount"]) for line in invoice["lines"]) == Decimal(
        invoice["total"]
    )
    problem(
        api.post(f"/v1/invoices/{invoice['id']}/lines", {"description": "x", "amount": "1"}),
        422,
        "invoice.too_many_lines",
    )
