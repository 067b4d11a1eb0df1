"""Redirect URLs: what may be sent upstream, and what may not."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paylera.problems import Problem
from paylera.relay.redirects import configured_origins, is_loopback, origin_of, resolve

OWN = "https://shop.example"
ALLOWED = frozenset({"https://app.example:8443", "http://localhost:3000"})


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("/", f"{OWN}/"),
        ("/done?session={CHECKOUT_SESSION_ID}#top", f"{OWN}/done?session={{CHECKOUT_SESSION_ID}}#top"),
        ("https://shop.example/done", "https://shop.example/done"),
        ("https://SHOP.example:443/done", "https://SHOP.example:443/done"),
        ("https://app.example:8443/x", "https://app.example:8443/x"),
        ("http://localhost:3000/", "http://localhost:3000/"),
        ("https://shop.example", "https://shop.example"),
        ("https://shop.example?a=1", "https://shop.example?a=1"),
    ],
)
def test_accepted(url: str, expected: str) -> None:
    """Own paths, the own origin and listed origins are taken."""
    assert resolve("success_url", url, own_origin=OWN, allowed=ALLOWED) == expected


@pytest.mark.parametrize(
    "url",
    [
        "//evil.example", "/\\evil.example", "\\\\evil.example", "///evil.example", "https:evil.example",
        "evil.example",
        "https://evil.example/", "https://shop.example.evil.example/", "https://shop.example@evil.example/",
        "https://user:pw@shop.example/", "http://shop.example/", "http://app.example:8443/",
        "https://app.example/",
        "https://shop.example\\.evil.example/", "https://shop.example:444/", "https://shop.example:/",
        "javascript:alert(1)",
        "data:text/html,x",
        "/a b", "/a\tb", "/a\r\nb", "/a\x00b", "/ä", "https://shöp.example/", "", "done", "?a", "#a",
        "/" + "a" * 2048, "https://127.0.0.1/", "https://[::1]/", "HTTPS://evil.example", "https://", "https:///x",
    ],
)  # fmt: skip
def test_refused(url: str) -> None:
    """Everything that could lead elsewhere is refused, naming the field."""
    with pytest.raises(Problem) as caught:
        resolve("return_url", url, own_origin=OWN, allowed=ALLOWED)
    assert caught.value.type == "paylera.redirect_not_allowed"
    assert caught.value.errors[0].field == "return_url"


def test_http_is_for_loopback_only() -> None:
    """An app on this machine may use http with its own origin; another machine's may not."""
    own = "http://127.0.0.1:8001"
    assert resolve("success_url", f"{own}/x", own_origin=own, allowed=frozenset()) == f"{own}/x"
    with pytest.raises(Problem, match="https"):
        resolve("success_url", "http://10.0.0.1/x", own_origin="http://10.0.0.1", allowed=frozenset())


@given(st.text(max_size=60) | st.from_regex(r"[/\\:@a-z.]{0,12}https?://?[a-z@.:/\\]{0,30}", fullmatch=True))
def test_what_is_accepted_leads_home(url: str) -> None:
    """An accepted URL, read as a browser reads it, stays on the own origin."""
    try:
        resolved = resolve("success_url", url, own_origin=OWN, allowed=frozenset())
    except Problem:
        return
    assert origin_of(resolved) == OWN
    assert "\\" not in resolved
    assert "@" not in resolved.split("/", 3)[2]


@pytest.mark.parametrize(
    ("origin", "expected"),
    [
        ("http://localhost:1", True), ("http://app.localhost", True), ("http://127.9.9.9", True),
        ("http://[::1]:80", True),
        ("http://localhost.evil.example", False), ("http://10.0.0.1", False), ("http://127.0.0.1.evil.example", False),
    ],
)  # fmt: skip
def test_loopback(origin: str, expected: bool) -> None:
    """Loopback is this machine and nothing that only looks like it."""
    assert is_loopback(origin) is expected


@pytest.mark.parametrize(
    "entry", ["https://a.example/", "a.example", "https://a.example/x", "*", "https://*.a.example", "", None]
)
def test_a_configured_origin_must_be_one(entry: object) -> None:
    """A slip in the settings is found at start, and named."""
    with pytest.raises(ValueError, match="allowed_redirect_origins"):
        configured_origins("allowed_redirect_origins", [entry])


def test_configured_origins_are_normalised() -> None:
    """Case and the default port do not matter; one string is a slip."""
    assert configured_origins("x", ["HTTPS://A.example", "https://b.example:443"]) == {
        "https://a.example",
        "https://b.example",
    }
    with pytest.raises(ValueError, match="not one string"):
        configured_origins("x", "https://a.example")
