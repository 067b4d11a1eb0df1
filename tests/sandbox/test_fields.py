"""A field's JSON schema says what its parser does: whatever one accepts, the other accepts."""

from __future__ import annotations

import json

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from paylera_sandbox import fields
from paylera_sandbox.kinds import Invalid, Kind
from paylera_sandbox.routes import OPERATIONS

KINDS: dict[str, Kind] = {
    "text": fields.text(longest=10),
    "optional_text": fields.optional_text,
    "identifier": fields.identifier,
    "email": fields.email,
    "boolean": fields.boolean,
    "integer": fields.integer(-5, 100),
    "quantity": fields.quantity,
    "decimal": fields.decimal,
    "count": fields.count,
    "quantities": fields.quantities,
    "codes": fields.codes,
    "choice": fields.choice("a", "b"),
    "url": fields.url,
    "metadata": fields.metadata,
    "address": fields.address,
    "date": fields.date,
    "timestamp": fields.timestamp,
}
# What a schema cannot say: (kind, value that the schema lets through and the parser refuses).
BEYOND = [
    ("url", "http://x:99999"), ("url", "http://[:]/"), ("date", "2026-02-30"), ("timestamp", "2026-02-30T00:00:00Z"),
    ("metadata", {"a": "é" * 400}),
]  # fmt: skip
NUMBERS = [
    "0",
    "-0",
    "-1",
    "1",
    "1.5",
    "007",
    "1e3",
    "0.00",
    "0.000000001",
    "9" * 15,
    "9" * 16,
    "NaN",
    "٣",
    " 1",
    "1\n",
]
URLS = ["http://a", "HTTPS://a.b:1/x?y#z", "http://a b", "http://u@a", "http://[::1]:80/", "ftp://a", "//a", "http:///"]
MOMENTS = ["2026-05-01", "2026-5-1", "2026-11-24T09:30:00Z", "2026-11-24T09:30:00.123456+02:00", "20261124T093000Z"]
TEXT = st.text(max_size=12)
SCALARS = st.one_of(
    st.none(), st.booleans(), st.integers(), st.integers(-9, 120), TEXT,
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from([*NUMBERS, *URLS, *MOMENTS, "a@b", "a@b@c", "a b", "x" * 129, "a", "\x85", "\u00a0", ""]),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
)  # fmt: skip
KEYS = st.sampled_from(["city", "line1", "a", "b c", "", "x" * 101]) | TEXT
VALUES = SCALARS | st.lists(SCALARS, max_size=4) | st.dictionaries(KEYS, SCALARS, max_size=4)


def accepted(kind: Kind, value: object) -> bool:
    try:
        kind(value)
    except Invalid:
        return False
    return True


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(value=VALUES)
@pytest.mark.parametrize("name", KINDS)
def test_schema_and_parser_agree(name: str, value: object) -> None:
    kind = KINDS[name]
    described = jsonschema_rs.is_valid(dict(kind.schema), value)
    if accepted(kind, value):
        assert described, f"{name} accepts {value!r}, its schema does not"
    elif described:
        assert beyond(name, value), f"the schema of {name} accepts {value!r}, the parser does not"


def beyond(name: str, value: object) -> bool:
    """The rest that no schema can say, by kind."""
    if name == "metadata":
        return len(json.dumps(value)) > 100
    return name in {"date", "timestamp", "url"}  # a calendar, a port


@pytest.mark.parametrize(("name", "value"), BEYOND)
def test_what_a_schema_cannot_say_the_parser_does(name: str, value: object) -> None:
    assert jsonschema_rs.is_valid(dict(KINDS[name].schema), value)
    assert not accepted(KINDS[name], value)


def test_every_field_of_every_operation_has_a_schema() -> None:
    bare = {
        f"{operation.method} {operation.path}: {name}"
        for operation in OPERATIONS
        for name, rule in {**operation.body, **operation.query}.items()
        if not isinstance(rule.parse, Kind)
    }
    assert bare == set(), "write @accepts(<JSON schema>) above the parser of each (see paylera_sandbox/fields.py)"
