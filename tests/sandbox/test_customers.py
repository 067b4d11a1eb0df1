from __future__ import annotations

import pytest

from sandbox.support import Api, ManualClock, problem


def test_create_and_read(api: Api) -> None:
    answer = api.post("/v1/customers", {"email": "Ada@Example.com", "name": "Ada", "external_id": "u-1"})
    customer = answer.json()
    assert answer.status_code == 201
    assert customer["id"].startswith("cus_")
    assert customer["object"] == "customer"
    assert customer["created_at"] == "2026-11-01T00:00:00.000Z"
    assert api.get(f"/v1/customers/{customer['id']}").json() == customer


def test_filters(shared: Api) -> None:
    one = shared.customer(email="One@Filter.example", external_id="filter-1")
    two = shared.customer(email="one@filter.example", external_id="filter-2")
    assert [c["id"] for c in shared.get("/v1/customers", email="ONE@filter.EXAMPLE").json()["data"]] == [
        two["id"],
        one["id"],
    ]
    assert [c["id"] for c in shared.get("/v1/customers", external_id="filter-1").json()["data"]] == [one["id"]]
    assert shared.get("/v1/customers", external_id="FILTER-1").json()["data"] == []


def test_pages_newest_first_without_gap_or_repeat(api: Api) -> None:
    made = [api.customer()["id"] for _ in range(7)]
    seen, cursor = [], {}
    while True:
        page = api.get("/v1/customers", limit=3, **cursor).json()
        seen += [customer["id"] for customer in page["data"]]
        if not page["has_more"]:
            break
        cursor = {"cursor": page["next_cursor"]}
        api.customer()  # what is added meanwhile is newer and does not shift the pages
    assert page["next_cursor"] is None
    assert seen == made[::-1]


def test_oldest_first_on_request(api: Api) -> None:
    made = [api.customer()["id"] for _ in range(3)]
    page = api.get("/v1/customers", sort="created_at:asc", limit=2).json()
    rest = api.get("/v1/customers", sort="created_at:asc", cursor=page["next_cursor"]).json()
    assert [customer["id"] for customer in page["data"] + rest["data"]] == made
    problem(api.get("/v1/customers", sort="metadata:asc"), 422, "validation.failed")


def test_external_id_is_unique(api: Api) -> None:
    api.customer(external_id="same")
    problem(api.post("/v1/customers", {"external_id": "same"}), 409, "customer.external_id_taken")
    other = api.customer(external_id="other")
    answer = api.client.patch(f"/v1/customers/{other['id']}", json={"external_id": "same"})
    problem(answer, 409, "customer.external_id_taken")


@pytest.mark.parametrize(
    ("body", "field", "code"),
    [
        ({}, "email", "field.required"),
        ({"email": "nobody"}, "email", "email.invalid"),
        ({"email": "a@b\0.c"}, "email", "string.control_character"),
        ({"email": ["a@b.c"]}, "email", "type.string"),
        ({"email": "a@b.c", "name": "x" * 256}, "name", "string.length"),
        ({"email": "a@b.c", "metadata": []}, "metadata", "type.object"),
        ({"email": "a@b.c", "metadata": {"k": {}}}, "metadata", "metadata.not_flat"),
        ({"email": "a@b.c", "metadata": {"k": "é" * 251}}, "metadata", "metadata.value_too_long"),
        ({"email": "a@b.c", "metadata": {str(i): 1 for i in range(51)}}, "metadata", "metadata.too_many_keys"),
        ({"email": "a@b.c", "billing_address": {"planet": "x"}}, "billing_address", "field.unknown"),
        ({"email": "a@b.c", "id": "cus_mine"}, "id", "field.unknown"),
    ],
)
def test_faults(shared: Api, body: dict, field: str, code: str) -> None:
    document = problem(shared.post("/v1/customers", body), 422, "validation.failed")
    assert (document["errors"][0]["field"], document["errors"][0]["code"]) == (field, code)


def test_patch_merges_and_tells_what_it_was(api: Api, clock: ManualClock) -> None:
    customer = api.customer(name="Ada", metadata={"a": "1", "b": "2"})
    clock.advance(seconds=1)
    path = f"/v1/customers/{customer['id']}"
    changed = api.client.patch(path, json={"name": None, "metadata": {"a": None, "c": "3"}}).json()
    assert changed == {
        **customer,
        "name": None,
        "metadata": {"b": "2", "c": "3"},
        "updated_at": "2026-11-01T00:00:01.000Z",
    }
    [event] = api.events(type="customer.updated")
    assert event["previous_attributes"] == {"name": "Ada", "metadata": {"a": "1", "b": "2"}}
    assert event["data"] == changed


def test_patch_without_a_difference_is_silent(api: Api, clock: ManualClock) -> None:
    customer = api.customer(name="Ada")
    clock.advance(seconds=1)
    assert api.client.patch(f"/v1/customers/{customer['id']}", json={"name": "Ada"}).json() == customer
    assert api.events(type="customer.updated") == []


def test_blank_name_is_none(api: Api) -> None:
    assert api.customer(name="")["name"] is None


def test_patch_clears_metadata(api: Api) -> None:
    customer = api.customer(metadata={"a": "1"})
    assert api.client.patch(f"/v1/customers/{customer['id']}", json={"metadata": None}).json()["metadata"] == {}


def test_patch_counts_metadata_together(api: Api) -> None:
    customer = api.customer(metadata={str(i): "x" for i in range(50)})
    answer = api.client.patch(f"/v1/customers/{customer['id']}", json={"metadata": {"one more": "x"}})
    problem(answer, 422, "validation.failed")


def test_unknown_customer(shared: Api) -> None:
    for path in ("", "/invoices", "/payment-methods"):
        problem(shared.get(f"/v1/customers/cus_nobody{path}"), 404, "customer.not_found")
    problem(shared.post("/v1/customers/cus_nobody/billing-portal-sessions"), 404, "customer.not_found")


def test_default_payment_method_must_be_the_customers(api: Api) -> None:
    ada, bob = api.customer(), api.customer()
    method = api.subscribe(ada, "starter")["default_payment_method_id"]
    answer = api.client.patch(f"/v1/customers/{bob['id']}", json={"default_payment_method_id": method})
    problem(answer, 404, "payment_method.not_found")
