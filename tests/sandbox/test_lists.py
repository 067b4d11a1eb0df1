"""Lists: filters, sorts, and pages that hold still while objects come and go."""

from __future__ import annotations

import base64
import json

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from sandbox.support import Api, ManualClock, problem

NAMES = ["Émile", "bob", "Alice", "carol", "Bob", None]


@pytest.fixture
def people(api: Api, clock: ManualClock) -> list[dict]:
    """Six customers, a day apart, the oldest first."""
    made = []
    for number, name in enumerate(NAMES):
        made.append(api.customer(email=f"{'ab'[number % 2]}{number}@example.com", name=name, external_id=f"x,{number}"))
        clock.advance(days=1)
    return made


def listed(api: Api, path: str = "/v1/customers", **query: object) -> list[str]:
    """The ids of a list, over all its pages."""
    found: list[str] = []
    query = {"limit": 2, **query}
    while True:
        answer = api.get(path, **query)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += [item["id"] for item in page["data"]]
        assert page["has_more"] is (page["next_cursor"] is not None)
        if not page["has_more"]:
            return found
        query["cursor"] = page["next_cursor"]


def ids(people: list[dict], *numbers: int) -> list[str]:
    return [people[number]["id"] for number in numbers]


def test_newest_first_unless_told_otherwise(api: Api, people: list[dict]) -> None:
    assert listed(api) == listed(api, sort="created_at:desc") == ids(people, 5, 4, 3, 2, 1, 0)
    assert listed(api, sort="created_at:asc") == ids(people, 0, 1, 2, 3, 4, 5)


def test_sorted_by_a_member(api: Api, people: list[dict]) -> None:
    assert listed(api, sort="name:asc") == ids(people, 5, 2, 4, 1, 3, 0)  # null is the least, capitals come first
    assert listed(api, sort="name:desc") == ids(people, 0, 3, 1, 4, 2, 5)
    assert listed(api, sort="email:asc") == ids(people, 0, 2, 4, 1, 3, 5)


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({"email": "A2@Example.com"}, [2]),
        ({"email": "a2@example.com,b3@example.com"}, [3, 2]),
        ({"email[starts]": "A"}, [4, 2, 0]),
        ({"name[starts]": "B"}, [4]),
        ({"external_id": "x,3"}, [3]),
        ({"external_id[starts]": "x,"}, [5, 4, 3, 2, 1, 0]),
        ({"created_at[gte]": "2026-11-03T00:00:00Z", "created_at[lt]": "2026-11-05T00:00:00+00:00"}, [3, 2]),
        ({"created_at[gt]": "2026-11-03T00:00:00Z", "created_at[lte]": "2026-11-05T00:00:00Z"}, [4, 3]),
        ({"created_at": "2026-11-03T01:00:00+01:00"}, [2]),
        ({"email[starts]": "b", "created_at[gt]": "2026-11-03T00:00:00Z"}, [5, 3]),
        ({"email": "nobody@example.com"}, []),
    ],
)
def test_filters_all_hold(api: Api, people: list[dict], query: dict[str, str], numbers: list[int]) -> None:
    assert listed(api, **query) == ids(people, *numbers)


def test_amounts_are_compared_as_numbers(api: Api) -> None:
    dear, cheap = api.subscribe(api.customer(), "pro_yearly"), api.subscribe(api.customer(), "starter")
    totals = {dear["latest_invoice_id"]: "529.20", cheap["latest_invoice_id"]: "20.52"}
    assert listed(api, "/v1/invoices", **{"total[gt]": "100"}) == [dear["latest_invoice_id"]]
    assert listed(api, "/v1/invoices", total="20.520") == [cheap["latest_invoice_id"]]
    assert listed(api, "/v1/invoices", sort="total:asc", limit=1) == [*totals][::-1]


def test_several_statuses(api: Api) -> None:
    live, ended = api.subscribe(api.customer(), "free"), api.subscribe(api.customer(), "free")
    api.ok(f"/v1/subscriptions/{ended['id']}/cancel", {"at_period_end": False})
    assert listed(api, "/v1/subscriptions", status="canceled") == [ended["id"]]
    assert listed(api, "/v1/subscriptions", status="active, canceled") == [ended["id"], live["id"]]


@pytest.mark.parametrize("sort", ["created_at:desc", "name:asc", "name:desc", "email:desc"])
def test_what_comes_in_between_moves_nothing(api: Api, people: list[dict], sort: str) -> None:
    whole = listed(api, sort=sort)
    first = api.get("/v1/customers", limit=3, sort=sort).json()
    for name in ("Aaron", "Zoe", "bob", None):
        api.customer(email=f"{name}@example.com", name=name)
    rest = api.get("/v1/customers", limit=100, sort=sort, cursor=first["next_cursor"]).json()
    seen = [item["id"] for item in (*first["data"], *rest["data"])]
    assert [identifier for identifier in seen if identifier in whole] == whole
    assert len(set(seen)) == len(seen)


def test_a_cursor_belongs_to_its_list(api: Api, people: list[dict]) -> None:
    query = {"limit": 2, "sort": "name:asc", "email[starts]": "a"}
    cursor = api.get("/v1/customers", **query).json()["next_cursor"]
    assert api.get("/v1/customers", **{**query, "limit": 1, "cursor": cursor}).status_code == 200
    for other in ({"sort": "name:desc"}, {"email[starts]": "b"}, {"name": "bob"}):
        answer = api.get("/v1/customers", **{**query, **other, "cursor": cursor})
        [fault] = problem(answer, 422, "validation.failed")["errors"]
        assert (fault["field"], fault["code"]) == ("cursor", "cursor.mismatch")
    answer = api.get("/v1/subscriptions", cursor=cursor)
    assert problem(answer, 422, "validation.failed")["errors"][0]["code"] == "cursor.mismatch"


@pytest.mark.parametrize(
    ("query", "field", "code"),
    [
        ({"sort": "metadata:asc"}, "sort", "choice.invalid"),
        ({"sort": "created_at"}, "sort", "choice.invalid"),
        ({"created_at[gte]": "yesterday"}, "created_at[gte]", "timestamp.invalid"),
        ({"created_at[between]": "2026-11-03T00:00:00Z"}, "created_at[between]", "field.unknown"),
        ({"metadata[starts]": "x"}, "metadata[starts]", "field.unknown"),
        ({"email[starts]": ""}, "email[starts]", "string.length"),
        ({"email": ""}, "email", "string.length"),
        ({"limit": "1e1"}, "limit", "type.integer"),
    ],
)
def test_bad_queries_are_refused_by_name(shared: Api, query: dict[str, str], field: str, code: str) -> None:
    [fault] = problem(shared.get("/v1/customers", **query), 422, "validation.failed")["errors"]
    assert (fault["field"], fault["code"]) == (field, code)


def test_a_parameter_that_is_given_twice_is_refused(shared: Api) -> None:
    answer = shared.client.get("/v1/customers?email=a@b.c&email=x@y.z")
    assert problem(answer, 422, "validation.failed")["errors"][0]["code"] == "field.repeated"


MARKS = st.sampled_from(["", "a" * 12, None, 5])
SORTED_BY = st.none() | st.text() | st.floats() | st.integers() | st.booleans() | st.just([])


@settings(max_examples=200, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    inside=st.tuples(MARKS, SORTED_BY, st.integers() | st.text()) | st.text() | st.integers(), pad=st.binary(max_size=3)
)
def test_forged_cursors_are_refused(shared: Api, inside: object, pad: bytes) -> None:
    cursor = base64.urlsafe_b64encode(json.dumps(inside).encode() + pad).decode()
    problem(shared.get("/v1/customers", cursor=cursor, sort="name:asc"), 422, "validation.failed")


SEQUENCE = st.sampled_from([-1, 0, 1, 2**62, 2**63 - 1, 2**63])


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(sorted_by=SORTED_BY, seq=SEQUENCE)
def test_forged_places_do_no_harm(shared: Api, sorted_by: object, seq: int) -> None:
    for _ in range(2):
        shared.customer()
    cursor = shared.get("/v1/customers", limit=1, sort="name:asc").json()["next_cursor"]
    mark = json.loads(base64.urlsafe_b64decode(cursor))[0]
    forged = base64.urlsafe_b64encode(json.dumps([mark, sorted_by, seq]).encode()).decode()
    assert shared.get("/v1/customers", cursor=forged, sort="name:asc").status_code in {200, 422}
