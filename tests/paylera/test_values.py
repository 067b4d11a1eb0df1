"""The small shared pieces: errors, HTTP values, UUID v7, cache, strict JSON."""

from __future__ import annotations

import json
import pickle
import threading
import uuid
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paylera import errors, strict_json
from paylera.cache import ExpiringCache
from paylera.http import Request, Response, absolute_url
from paylera.system import new_idempotency_key, uuid7
from support.stepping import Clock

# --- errors -----------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "error",
    [
        errors.PayleraError("gone", status=410, type="x.gone", problem={"errors": [{"field": "a"}]}),
        errors.RateLimitError("slow down", retry_after=2.5, status=429),
        errors.TransportError("refused", fault="connection", retryable=True),
        errors.SignatureVerificationError("no", reason="no_match"),
    ],
)
def test_errors_survive_pickling(error: errors.PayleraError) -> None:
    """A task queue hands errors between processes: class, message and facts arrive."""
    copied = pickle.loads(pickle.dumps(error))
    assert type(copied) is type(error)
    assert str(copied) == str(error)
    assert copied.__dict__ == error.__dict__


def test_errors_names_the_faulty_fields() -> None:
    """`errors` is a list whatever the problem holds."""
    assert errors.PayleraError("x", problem={"errors": [{"field": "a"}]}).errors == [{"field": "a"}]
    assert errors.PayleraError("x", problem={"errors": "nonsense"}).errors == []
    assert errors.PayleraError("x").errors == []


# --- http -------------------------------------------------------------------------------------------------------------


def test_headers_repeat() -> None:
    """A repeated header keeps all its values, in order."""
    request = Request("GET", "http://h/p?q=1", (("a", "1"), ("b", "2"), ("a", "3")))
    assert request.values("a") == ["1", "3"]
    assert request.header("a") == "1"
    assert request.header("z") is None
    assert request.parts.query == "q=1"
    assert Response(200, (("a", "1"),)).header("a") == "1"


@pytest.mark.parametrize("host", ["shop.example", "shop.example:8443", "[::1]:80", "my_service:8000"])
def test_a_plausible_host_is_kept(host: str) -> None:
    """The host the browser named is part of the URL."""
    assert absolute_url("https", host, "/p q", "a=b") == f"https://{host}/p%20q?a=b"


@pytest.mark.parametrize("host", [None, "", "a b", "a/b", "[", "a@b", "é", "a\r\nb", "x" * 300])
def test_a_host_that_is_none_becomes_localhost(host: str | None) -> None:
    """Whatever a stranger sends, the URL can be split."""
    url = absolute_url("ftp", host, "/", "")
    assert url == "http://localhost/"
    assert Request("GET", url).parts.netloc == "localhost"


# --- uuid7 ------------------------------------------------------------------------------------------------------------


def test_uuid7_is_canonical_and_ordered() -> None:
    """Version, variant, lower case, and the time in front."""
    clock = Clock()
    first = uuid7(clock.system())
    clock.time += 1
    second = uuid7(clock.system())
    for text in (first, second, uuid7(), new_idempotency_key()):
        assert str(uuid.UUID(text)) == text
        assert uuid.UUID(text).version == 7
        assert uuid.UUID(text).variant == uuid.RFC_4122
    assert first < second
    assert int(first.replace("-", "")[:12], 16) == int((clock.time - 1) * 1000)


# --- cache ------------------------------------------------------------------------------------------------------------


def test_cache_forgets_by_age_and_by_number() -> None:
    """Entries die after their time, and the oldest make room."""
    clock = Clock()
    cache = ExpiringCache[str](max_entries=2, ttl_seconds=10, now=lambda: clock.time)
    cache.put("a", "1")
    clock.time += 5
    cache.put("b", "2")
    assert (cache.get("a"), cache.get("b")) == ("1", "2")
    clock.time += 5
    assert (cache.get("a"), cache.get("b")) == (None, "2")
    cache.put("c", "3")
    cache.put("d", "4")
    assert [cache.get(key) for key in "abcd"] == [None, None, "3", "4"]
    cache.forget("d")
    cache.forget("unknown")
    assert cache.get("d") is None


def test_a_lock_held_at_a_fork_does_not_hold_the_child(monkeypatch: pytest.MonkeyPatch) -> None:
    """The child of a fork finds the lock as it was; it makes one of its own."""
    cache = ExpiringCache[str](max_entries=2, ttl_seconds=10, now=lambda: 0.0)
    with cache._lock:
        monkeypatch.setattr("paylera.cache.os.getpid", lambda: -1)
        cache.put("a", "1")
    assert cache.get("a") == "1"


def test_cache_add_has_one_winner() -> None:
    """Of many threads that add one key, exactly one is told that it came first."""
    cache = ExpiringCache[bool](max_entries=10, ttl_seconds=10, now=lambda: 0.0)
    barrier = threading.Barrier(16)
    wins: list[bool] = []

    def add() -> None:
        barrier.wait()
        wins.append(cache.add("key", value=True))

    threads = [threading.Thread(target=add) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wins.count(True) == 1


# --- strict JSON ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (b'{"a": 1, "a": 2}', "twice"),
        (b'{"a": {"b": 1, "b": 1}}', "twice"),
        (b"[NaN]", "NaN"),
        (b"[-Infinity]", "NaN or Infinity"),
        (b"[1e999]", "range of a float"),
        (b"[9223372036854775808]", "64 bits"),
        (b"[-9223372036854775809]", "64 bits"),
        (b"[" + b"1" * 5000 + b"]", "64 bits"),
        (b"[" * 33 + b"]" * 33, "nested"),
        (b'{"a":' * 100_000, "nested"),
        (b'["\\ud800"]', "surrogate"),
        (b'{"\\udfff": 1}', "surrogate"),
        (b'["\xff"]', "UTF-8"),
        (b"\xef\xbb\xbf{}", "not JSON"),
        (b"", "not JSON"),
        (b"{", "not JSON"),
        (b"{} {}", "not JSON"),
        (b'["\x00"]', "not JSON"),
    ],
)
def test_strict_json_refuses(text: bytes, reason: str) -> None:
    """Each refusal says why."""
    with pytest.raises(strict_json.StrictJsonError, match=reason):
        strict_json.loads(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        (b"[" * 32 + b"]" * 32, None),
        (b'["' + b"[" * 100 + b'"]', ["[" * 100]),
        (b'["\\"[[[[' + b"{" * 40 + b'"]', ['"[[[[' + "{" * 40]),
        (b"[9223372036854775807, -9223372036854775808]", [2**63 - 1, -(2**63)]),
        (b'{"a": 1.5, "b": null, "c": "\\ud83d\\ude00"}', {"a": 1.5, "b": None, "c": "😀"}),
    ],
)
def test_strict_json_takes(text: bytes, value: Any) -> None:
    """What every parser reads alike is taken."""
    assert strict_json.loads(text) == (value if value is not None else json.loads(text))


@given(st.binary(max_size=200))
def test_strict_json_never_raises_anything_else(text: bytes) -> None:
    """Any bytes are parsed or refused in our own words."""
    with suppress(strict_json.StrictJsonError):
        strict_json.loads(text)


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63 - 1) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(exclude_categories=["Cs"])),
    lambda children: st.lists(children, max_size=4)
    | st.dictionaries(st.text(st.characters(exclude_categories=["Cs"])), children, max_size=4),
    max_leaves=15,
)  # fmt: skip


@given(_JSON)
def test_strict_json_agrees_with_the_standard_library(value: Any) -> None:
    """Whatever it takes, it reads as the standard library does."""
    text = json.dumps(value).encode()
    assert strict_json.loads(text) == json.loads(text)
