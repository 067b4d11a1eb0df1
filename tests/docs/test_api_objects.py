"""What the sandbox answers is what the page about API objects says: no member is left out."""

from __future__ import annotations

import json
import re
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from paylera import NotFoundError, PayleraClient
from paylera_sandbox import Sandbox
from paylera_sandbox.openapi.document import document
from paylera_sandbox.problems import CODES
from paylera_sandbox.routes.untold import UNTOLD

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api-objects.md").read_text()
CARD = {"card_number": "4242424242424242", "expiry": "12/39", "cvc": "123", "name": "Ada"}


def documented(heading: str) -> set[str]:
    """Return every word that a section sets in code."""
    section = PAGE.split(f"\n## {heading}", 1)[1].split("\n## ", 1)[0]
    return {word for code in re.findall(r"`([^`]+)`", section) for word in re.findall(r"[a-z_]+", code)}


def pay(url: str) -> None:
    form = urllib.parse.urlencode(CARD).encode()
    urllib.request.build_opener(NoRedirect).open(url, form, timeout=10)


class NoRedirect(urllib.request.HTTPRedirectHandler):
    """Take the way back to the shop, which is not there, for the end."""

    def http_error_302(self, req: Any, fp: Any, code: int, msg: str, headers: Any) -> Any:
        return fp

    http_error_303 = http_error_302


@pytest.fixture(scope="module")
def answers() -> Iterator[Mapping[str, Any]]:
    """Return one answer of every kind: a customer pays for a plan and uses it."""
    with Sandbox() as sandbox, PayleraClient(api_token=sandbox.token, base_url=sandbox.url) as paylera:
        customer = paylera.create_customer(email="ada@example.com", metadata={"a": "b"})["id"]
        attach = paylera.attach(customer_id=customer, plan_code="pro", success_url="https://shop.example/")
        pay(str(attach["checkout_url"]))
        subscription = paylera.list_subscriptions(customer_id=customer).data[0]
        yield {
            "Customer": paylera.get_customer(customer),
            "Plan": paylera.get_plan("pro"),
            "Attach": attach,
            "Check": paylera.check(customer_id=customer, feature_code="api_calls"),
            "Track": paylera.track(customer_id=customer, feature_code="api_calls"),
            "Entitlements": paylera.get_entitlements(subscription["id"]),
            "Subscription": subscription,
            "Invoice": paylera.list_invoices(customer).data[0],
            **money(paylera, customer),
            "Billing portal session": paylera.create_billing_portal_session(customer),
        }


def money(paylera: PayleraClient, customer: str) -> Mapping[str, Any]:
    """Return one answer of every kind that is about money."""
    paylera.create_payment_method(customer, type="bank_account", token="tok_bank_success")
    method = paylera.create_payment_method(customer, type="card", token="tok_visa_success", set_as_default=True)
    line = {"description": "Work", "amount": "100.00"}
    invoice = paylera.create_invoice(customer_id=customer, currency="USD", lines=[line])["id"]
    paylera.finalize_invoice(invoice)
    payment = paylera.pay_invoice(invoice)
    note = paylera.create_credit_note(invoice, reason="other", amount="8.00")
    refund = paylera.create_refund(payment["id"], amount="1.00")
    body = {"customer_id": customer, "currency": "USD"}
    wallet = paylera.request("POST", "/v1/wallets", json=body, idempotency_key="wallet")
    entry = paylera.credit_wallet(wallet["id"], amount="5.00")
    return {
        "Credit note": {**note, "lines": [*note["lines"], note["outcome"]]},
        "Payment": paylera.get_payment(payment["id"]),
        "Refund": refund,
        "Payment method": method,
        "Setup intent": paylera.create_setup_intent(customer_id=customer),
        "Wallet": {**wallet, **entry},
        "Checkout session": paylera.create_checkout_session(
            customer_id=customer, success_url="https://shop.example/", mode="setup"
        ),
    }


@pytest.mark.parametrize(
    "heading",
    [
        "Customer",
        "Plan",
        "Attach",
        "Check",
        "Track",
        "Entitlements",
        "Subscription",
        "Invoice",
        "Credit note",
        "Payment",
        "Refund",
        "Payment method",
        "Setup intent",
        "Wallet",
        "Checkout session",
        "Billing portal session",
    ],
)
def test_every_member_is_documented(heading: str, answers: Mapping[str, Any]) -> None:
    """A new member of an answer needs its word on the page."""
    answer = answers[heading]
    inner = [*answer.get("lines", ()), *answer.get("features", {}).values(), *answer.get("prices", ())]
    assert {name for item in (answer, *inner) for name in item} - documented(heading) == set()


def test_every_member_of_every_model_is_documented() -> None:
    """The models say what the sandbox answers; a member of one needs its word on the page too."""
    words = {word for code in re.findall(r"`([^`]+)`", PAGE) for word in re.findall(r"[a-z_0-9]+", code)}
    schemas = document("http://127.0.0.1")["components"]["schemas"]
    missing = {f"{name}.{member}" for name, schema in schemas.items() for member in schema.get("properties", ())}
    assert {each for each in missing if each.partition(".")[2] not in words} == set()


def test_every_operation_and_event_type_is_listed() -> None:
    """The tables at the end of the page are those of the code; what is missing is told as it should stand there."""
    found = document("http://127.0.0.1")
    rows = [
        f"| `{method.upper()} {path}` | {told['operationId']} | {told['summary']} |"
        for path, methods in found["paths"].items()
        for method, told in methods.items()
    ]
    rows += [f"| `{event_type}` | {told['post']['summary']} |" for event_type, told in found["webhooks"].items()]
    lines = PAGE.split("\n## All operations\n")[1].splitlines()
    assert [row for row in rows if row not in lines] == [], "add these rows to docs/api-objects.md"
    listed = [line for line in lines if re.match(r"\| `(GET|POST|PATCH|PUT|DELETE) /v1/", line)]
    assert [line for line in listed if line not in rows] == [], "these rows are of what there is no more"


def test_what_is_not_imitated_is_listed_with_the_method_that_calls_it() -> None:
    """Each of those methods meets the refusal that the page speaks of."""
    section = PAGE.split("\n## What the sandbox does not imitate\n", 1)[1].split("\n## ", 1)[0]
    rows = re.findall(r"^\| (`.*`) \| (`.*`) \|$", section, re.MULTILINE)
    assert {path for routes, _ in rows for path in re.findall(r"`[A-Z]+ ([^`]+)`", routes)} == set(UNTOLD)
    with Sandbox() as sandbox, PayleraClient(api_token=sandbox.token, base_url=sandbox.url) as paylera:
        for name in (name for _, names in rows for name in re.findall(r"`(\w+)`", names)):
            with pytest.raises(NotFoundError) as refused:
                list(UNTOLD_CALLS[name](paylera))
            assert refused.value.code == "route.not_imitated", name


UNTOLD_CALLS: Mapping[str, Callable[[PayleraClient], Any]] = {
    "get_recognition_schedule": lambda paylera: paylera.get_recognition_schedule("inv_1"),
    "close_revenue_period": lambda paylera: paylera.close_revenue_period(period="2026-10"),
    "list_payout_batches": lambda paylera: paylera.list_payout_batches(),
    "get_payout_batch": lambda paylera: paylera.get_payout_batch("pob_1"),
    "list_affiliates": lambda paylera: paylera.list_affiliates(),
    "get_affiliate": lambda paylera: paylera.get_affiliate("aff_1"),
    "get_tax_config": lambda paylera: paylera.get_tax_config(),
    "update_tax_config": lambda paylera: paylera.update_tax_config({}),
    "verify_payment_provider": lambda paylera: paylera.verify_payment_provider("stripe"),
}


def test_a_problem_is_documented() -> None:
    """The same for a refusal."""
    with Sandbox() as sandbox:
        call = urllib.request.Request(f"{sandbox.url}/v1/customers/cus_x", headers={"Authorization": "Bearer no"})
        with pytest.raises(urllib.error.HTTPError) as refused, urllib.request.urlopen(call, timeout=10):
            pass
        with refused.value as answer:
            assert json.load(answer).keys() - documented("Problems") == set()


def test_every_code_stands_beside_its_status() -> None:
    """A new code of a refusal belongs into the table "Codes"."""
    table = PAGE.split("\n### Codes", 1)[1].split("\n## ", 1)[0]
    rows = {
        status: set(re.findall(r"`([^`]+)`", codes)) for status, codes in re.findall(r"\| (\d{3}) \| (.*) \|", table)
    }
    told = {(code, int(status)) for status, codes in rows.items() for code in codes}
    assert told == {(code, status) for code, (status, _) in CODES.items()}
