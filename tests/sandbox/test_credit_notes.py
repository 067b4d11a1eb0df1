"""Credit notes: never above what is left of the invoice, and no money goes back twice."""

from __future__ import annotations

import pytest

from sandbox.money import card, draft, invoice_events, opened, paid
from sandbox.support import Api, problem


def credit(api: Api, invoice: dict, **fields: object) -> dict:
    return api.ok(f"/v1/invoices/{invoice['id']}/credit-notes", {"reason": "other", **fields})


def test_an_open_invoice_is_credited_down(api: Api) -> None:
    invoice = opened(api, api.customer())
    note = credit(api, invoice, amount="27.00", reason="order_change")
    assert (note["object"], note["number"], note["status"], note["reason"]) == (
        "credit_note",
        "CN-2026-000001",
        "issued",
        "order_change",
    )
    assert (note["subtotal"], note["tax"], note["total"]) == ("-25.00", "-2.00", "-27.00")
    assert [(line["amount"], line["tax_amount"], line["invoice_line_id"]) for line in note["lines"]] == [
        ("-25.00", "-2.00", None)
    ]
    assert note["outcome"] == {"kind": "applied_to_invoice", "refund_id": None, "amount_refunded": "0.00"}
    after = api.get(f"/v1/invoices/{invoice['id']}").json()
    assert (after["total"], after["amount_credited"], after["amount_due"], after["status"]) == (
        "108.00",
        "27.00",
        "81.00",
        "open",
    )
    assert after["credit_notes"] == [note["id"]]
    assert api.get(f"/v1/credit-notes/{note['id']}").json() == note
    assert api.get(f"/v1/invoices/{invoice['id']}/credit-notes").json()["data"] == [note]
    assert api.get("/v1/credit-notes", invoice_id=invoice["id"]).json()["data"] == [note]
    rest = credit(api, invoice)
    assert rest["total"] == "-81.00"
    assert api.get(f"/v1/invoices/{invoice['id']}").json()["status"] == "paid"
    assert invoice_events(api, invoice)[2:] == ["invoice.updated", "invoice.paid"]


def test_the_rest_is_what_is_paid(api: Api) -> None:
    customer = api.customer()
    card(api, customer)
    invoice = opened(api, customer)
    credit(api, invoice, amount="8.00")
    assert api.ok(f"/v1/invoices/{invoice['id']}/pay")["amount"] == "100.00"
    after = api.get(f"/v1/invoices/{invoice['id']}").json()
    assert (after["status"], after["amount_paid"], after["amount_credited"]) == ("paid", "100.00", "8.00")
    problem(
        api.post(f"/v1/invoices/{invoice['id']}/credit-notes", {"reason": "other", "amount": "100.01"}),
        422,
        "credit_note.too_large",
    )


def test_a_paid_invoice_gives_credit_by_default(api: Api) -> None:
    customer = api.customer()
    card(api, customer)
    invoice, payment = paid(api, customer)
    note = credit(api, invoice, amount="10.80")
    assert (note["outcome"]["kind"], note["tax"]) == ("credit_balance", "-0.80")
    assert api.get(f"/v1/customers/{customer['id']}").json()["credit_balances"] == {"USD": "10.80"}
    problem(api.post(f"/v1/payments/{payment['id']}/refunds", {"amount": "97.21"}), 422, "refund.too_large")
    assert api.ok(f"/v1/payments/{payment['id']}/refunds")["amount"] == "97.20"
    body = {"reason": "other", "amount": "0.01"}
    problem(api.post(f"/v1/invoices/{invoice['id']}/credit-notes", body), 422, "credit_note.too_large")


def test_a_credit_note_refunds(api: Api) -> None:
    customer = api.customer()
    card(api, customer)
    held = api.ok("/v1/wallets", {"customer_id": customer["id"], "currency": "USD"})
    api.ok(f"/v1/wallets/{held['id']}/credits", {"amount": "30.00"})
    invoice, payment = paid(api, customer)
    note = credit(api, invoice, amount="100.00", outcome={"kind": "refund"}, reason="service_outage")
    assert note["outcome"]["amount_refunded"] == "100.00"
    last = api.get(f"/v1/payments/{payment['id']}").json()
    assert (last["status"], last["amount_refunded"]) == ("refunded", "78.00")
    assert note["outcome"]["refund_id"] == last["refunds"][0]
    assert api.get(f"/v1/wallets/{held['id']}").json()["balance"] == "22.00"


def test_lines_are_credited_before_tax_and_the_last_part_takes_the_rest(api: Api) -> None:
    customer = api.customer()
    card(api, customer)
    lines = [{"description": "a", "amount": "10.10", "discount_amount": "0.10"}, {"description": "b", "amount": "0.57"}]
    invoice = draft(api, customer, *lines)
    api.ok(f"/v1/invoices/{invoice['id']}/finalize")
    api.ok(f"/v1/invoices/{invoice['id']}/pay")
    first, second = (line["id"] for line in invoice["lines"])
    note = credit(api, invoice, lines=[{"line_id": first, "amount": "4.00"}, {"line_id": second}])
    assert [(line["amount"], line["tax_amount"]) for line in note["lines"]] == [("-4.00", "-0.32"), ("-0.57", "-0.05")]
    path = f"/v1/invoices/{invoice['id']}/credit-notes"
    problem(
        api.post(path, {"reason": "other", "lines": [{"line_id": first, "amount": "6.01"}]}),
        422,
        "credit_note.too_large",
    )
    problem(api.post(path, {"reason": "other", "lines": [{"line_id": second}]}), 422, "credit_note.too_large")
    rest = credit(api, invoice, lines=[{"line_id": first}])
    assert (rest["subtotal"], rest["tax"], rest["total"]) == ("-6.00", "-0.48", "-6.48")
    problem(api.post(path, {"reason": "other"}), 422, "credit_note.too_large")


@pytest.mark.parametrize("action", [None, "void", "mark-uncollectible"])
def test_only_an_invoice_that_counts_is_credited(shared: Api, action: str | None) -> None:
    invoice = (
        opened(shared, shared.customer())
        if action
        else draft(shared, shared.customer(), {"description": "x", "amount": "1.00"})
    )
    if action:
        shared.ok(f"/v1/invoices/{invoice['id']}/{action}")
    body = {"reason": "other", "amount": "1.00"}
    problem(shared.post(f"/v1/invoices/{invoice['id']}/credit-notes", body), 422, "credit_note.not_allowed")


@pytest.mark.parametrize("kind", ["refund", "credit_balance"])
def test_what_was_not_paid_cannot_be_given_back(shared: Api, kind: str) -> None:
    invoice = opened(shared, shared.customer())
    body = {"reason": "other", "amount": "1.00", "outcome": {"kind": kind}}
    problem(shared.post(f"/v1/invoices/{invoice['id']}/credit-notes", body), 422, "credit_note.too_large")


def test_what_is_paid_cannot_be_applied(api: Api) -> None:
    customer = api.customer()
    card(api, customer)
    invoice, _ = paid(api, customer)
    body = {"reason": "other", "amount": "1.00", "outcome": {"kind": "applied_to_invoice"}}
    problem(api.post(f"/v1/invoices/{invoice['id']}/credit-notes", body), 422, "credit_note.too_large")


def test_what_was_charged_back_is_gone(api: Api, clock) -> None:
    customer = api.customer()
    card(api, customer, "tok_visa_chargeback")
    invoice, _ = paid(api, customer)
    clock.advance(seconds=60)
    for kind in ("refund", "credit_balance"):
        body = {"reason": "other", "amount": "1.00", "outcome": {"kind": kind}}
        problem(api.post(f"/v1/invoices/{invoice['id']}/credit-notes", body), 422, "credit_note.too_large")


def test_a_waiting_payment_does_not_overpay_what_was_credited(api: Api) -> None:
    customer = api.customer()
    card(api, customer, "tok_visa_3ds")
    invoice = opened(api, customer)
    payment = api.ok(f"/v1/invoices/{invoice['id']}/pay")
    credit(api, invoice, amount="50.00")
    api.browser.post(payment["next_action"]["url"], data={"answer": "approve"})
    after = api.get(f"/v1/invoices/{invoice['id']}").json()
    assert (after["status"], after["amount_due"], after["amount_paid"]) == ("open", "58.00", "0.00")


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"reason": None}, "reason"), ({"reason": "bored"}, "reason"), ({"amount": "0"}, "amount"),
        ({"amount": "-1"}, "amount"), ({"amount": "0.001"}, "amount"), ({"amount": "1e1"}, "amount"),
        ({"lines": []}, "lines"), ({"lines": [{}]}, "lines[0].line_id"),
        ({"lines": [{"line_id": "il_x", "amount": "x"}]}, "lines[0].amount"),
        ({"outcome": "refund"}, "outcome"), ({"outcome": {"kind": "cash"}}, "outcome.kind"),
        ({"outcome": {}}, "outcome.kind"),
        ({"amount": "1", "lines": [{"line_id": "il_x"}]}, "amount"), ({"total": "1"}, "total"),
    ],
)  # fmt: skip
def test_faults_of_a_credit_note(shared: Api, body: dict, field: str) -> None:
    invoice = opened(shared, shared.customer())
    refused = shared.post(f"/v1/invoices/{invoice['id']}/credit-notes", {"reason": "other", **body})
    assert problem(refused, 422, "validation.failed")["errors"][0]["field"] == field


def test_unknown_things(shared: Api) -> None:
    invoice = opened(shared, shared.customer())
    body = {"reason": "other", "lines": [{"line_id": "il_x"}]}
    problem(shared.post(f"/v1/invoices/{invoice['id']}/credit-notes", body), 404, "invoice.line_not_found")
    twice = [{"line_id": invoice["lines"][0]["id"]}] * 2
    problem(
        shared.post(f"/v1/invoices/{invoice['id']}/credit-notes", {**body, "lines": twice}),
        404,
        "invoice.line_not_found",
    )
    problem(shared.get("/v1/credit-notes/cn_x"), 404, "credit_note.not_found")
