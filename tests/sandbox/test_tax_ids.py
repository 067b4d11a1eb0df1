"""Tax ids of customers, and the rest of what a customer may carry."""

from __future__ import annotations

import string
from typing import get_args, get_type_hints

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from paylera_sandbox.forms.tax_numbers import FORMS, normal
from paylera_sandbox.kinds import Invalid
from paylera_sandbox.models.customers import TaxId
from sandbox.support import Api, problem

GOOD = [
    ("eu_vat", "DE 123 456 789", "DE123456789", "DE"),
    ("eu_vat", "el123456789", "EL123456789", "GR"),
    ("eu_vat", "NL123456789B01", "NL123456789B01", "NL"),
    ("gb_vat", "GB 980 7806 84", "GB980780684", "GB"),
    ("gb_vat", "GBHA599", "GBHA599", "GB"),
    ("au_abn", "51 824 753 556", "51824753556", "AU"),
    ("ch_vat", "CHE-123.456.789 MWST", "CHE123456789MWST", "CH"),
    ("no_vat", "123456789MVA", "123456789MVA", "NO"),
    ("us_ein", "12-3456789", "123456789", "US"),
    ("in_gst", "27AAPFU0939F1ZV", "27AAPFU0939F1ZV", "IN"),
]
BAD = [
    ("eu_vat", "DE12345678"),
    ("eu_vat", "US123456789"),
    ("eu_vat", "١٢٣"),
    ("gb_vat", "GB980780685"),
    ("au_abn", "51824753557"),
    ("us_ein", "12-345678"),
    ("ch_vat", "CHE123456789"),
]


def test_the_model_knows_all_types() -> None:
    assert set(get_args(get_type_hints(TaxId)["type"])) == set(FORMS)


def path(customer: dict) -> str:
    return f"/v1/customers/{customer['id']}/tax-ids"


@pytest.mark.parametrize(("kind", "written", "value", "country"), GOOD)
def test_numbers_are_kept_in_one_form(shared: Api, kind: str, written: str, value: str, country: str) -> None:
    customer = shared.customer()
    made = shared.ok(path(customer), {"type": kind, "value": written})
    assert (made["value"], made["country"], made["status"]) == (value, country, "verified")
    problem(shared.post(path(customer), {"type": kind, "value": value.lower()}), 409, "tax_id.exists")
    assert shared.get(path(customer)).json()["data"] == [made]


@pytest.mark.parametrize(("kind", "value"), BAD)
def test_a_bad_number_is_refused(shared: Api, kind: str, value: str) -> None:
    refused = problem(shared.post(path(shared.customer()), {"type": kind, "value": value}), 422, "validation.failed")
    assert refused["errors"][0]["field"] == "value"
    assert kind in refused["errors"][0]["message"]


@settings(deadline=None)
@given(st.sampled_from(sorted(FORMS)), st.text(st.characters(codec="utf-8"), max_size=20) | st.text(string.digits))
def test_any_text_is_a_number_or_refused(kind: str, value: str) -> None:
    try:
        found = normal(kind, value)
    except Invalid:
        return
    assert normal(kind, found) == found


def test_of_one_customer_only(shared: Api) -> None:
    one, other = shared.customer(), shared.customer()
    made = shared.ok(path(one), {"type": "us_ein", "value": "123456789"})
    assert shared.get(f"{path(one)}/{made['id']}").json() == made
    problem(shared.get(f"{path(other)}/{made['id']}"), 404, "tax_id.not_found")
    problem(shared.client.delete(f"{path(other)}/{made['id']}"), 404, "tax_id.not_found")
    problem(shared.get(path({"id": "cus_x"})), 404, "customer.not_found")
    assert shared.client.delete(f"{path(one)}/{made['id']}").status_code == 204
    assert shared.get(path(one)).json()["data"] == []


def test_invalid_on_demand(api: Api) -> None:
    customer = api.customer()
    made = api.ok(path(customer), {"type": "eu_vat", "value": "DE123456789"})
    for _ in range(2):
        assert api.post(f"/sandbox/tax-ids/{made['id']}/invalidate").json()["status"] == "invalid"
    assert api.get(path(customer), status="invalid").json()["data"][0]["id"] == made["id"]
    [event] = api.events(type="customer.tax_id_invalidated")
    assert (event["aggregate_id"], event["data"]["tax_id"]["value"]) == (customer["id"], "DE123456789")
    problem(api.post("/sandbox/tax-ids/txi_x/invalidate"), 404, "tax_id.not_found")


def test_referral_code(api: Api) -> None:
    customer = api.customer(referral_code="friend-1")
    assert customer["referral_code"] == "friend-1"
    answer = api.client.patch(f"/v1/customers/{customer['id']}", json={"referral_code": None})
    assert answer.json()["referral_code"] is None
