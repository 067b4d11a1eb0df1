"""CSRF tokens: forged, stale, foreign and tossed ones are refused."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from paylera.http import Request
from paylera.problems import Problem
from paylera.relay.csrf import Csrf, PayleraCsrfOptions
from support.stepping import Clock

OWN = "https://shop.example"


def csrf(clock: Clock | None = None, **options: Any) -> Csrf:
    system = (clock or Clock()).system()
    return Csrf(PayleraCsrfOptions(**options), fallback_secret="pl_test_secret", system=system)


def call(token: str, *cookies: str, **headers: str) -> Request:
    pairs = [("paylera-csrf-token", token), *(("cookie", cookie) for cookie in cookies)]
    pairs += [(name.replace("_", "-"), value) for name, value in headers.items()]
    return Request("POST", f"{OWN}/x", tuple(pairs))


def refused(check: Csrf, request: Request, *, binding: str = "me") -> str:
    with pytest.raises(Problem) as caught:
        check.check_token(request, binding=binding)
    assert caught.value.type == "paylera.csrf_mismatch"
    assert caught.value.status == 403
    return caught.value.detail


def test_a_fresh_token_passes() -> None:
    """The minted token, in header and cookie, is accepted for its binding."""
    check = csrf()
    token, expires_at = check.mint("me")
    assert expires_at == "2027-01-16T08:00:00Z"
    check.check_token(call(token, f"a=b; paylera_csrf={token}; c=d"), binding="me")


def test_tokens_of_others_are_refused() -> None:
    """Another binding, another key, no key at all."""
    check = csrf()
    token, _ = check.mint("me")
    assert "another session" in refused(check, call(token, f"paylera_csrf={token}"), binding="you")
    foreign, _ = csrf(secret="another secret of length").mint("me")
    assert "another session" in refused(check, call(foreign, f"paylera_csrf={foreign}"))


def test_a_token_expires_and_may_not_come_from_the_future() -> None:
    """24 hours by default; a minute of clock skew between servers is forgiven."""
    clock = Clock()
    check = csrf(clock)
    token, _ = check.mint("me")
    request = call(token, f"paylera_csrf={token}")
    clock.time += 86400
    check.check_token(request, binding="me")
    clock.time += 1
    assert "expired" in refused(check, request)
    clock.time -= 86400 + 1 + 61
    assert "expired" in refused(check, request)
    clock.time += 1
    check.check_token(request, binding="me")


def test_a_tossed_cookie_neither_helps_nor_locks_out() -> None:
    """Of several cookies of the name one must be the header's, wherever it stands."""
    check = csrf()
    token, _ = check.mint("me")
    check.check_token(call(token, f"paylera_csrf=tossed; paylera_csrf={token}"), binding="me")
    check.check_token(call(token, f"paylera_csrf={token}; paylera_csrf=tossed"), binding="me")
    assert "cookie" in refused(check, call(token, "paylera_csrf=tossed"))
    assert "cookie" in refused(check, call(token))
    assert "cookie" in refused(check, call(token, f"\xa0paylera_csrf={token}"))
    assert "cookie" in refused(check, call(token, f"xpaylera_csrf={token}; paylera_csrf"))


def test_the_header_must_be_there_once() -> None:
    """Missing, repeated and malformed headers are refused."""
    check = csrf()
    token, _ = check.mint("me")
    cookie = ("cookie", f"paylera_csrf={token}")
    assert "send the token" in refused(check, Request("POST", OWN, (cookie,)))
    twice = (("paylera-csrf-token", token), ("paylera-csrf-token", token), cookie)
    assert "malformed" in refused(check, Request("POST", OWN, twice))
    assert "malformed" in refused(check, call(token + "=", f"paylera_csrf={token}="))


def test_secrets_rotate() -> None:
    """The first secret signs, all of them verify."""
    old, new = "the old secret 123456", "the new secret 123456"
    before, _ = csrf(secret=old).mint("me")
    rotated = csrf(secret=[new, old])
    rotated.check_token(call(before, f"paylera_csrf={before}"), binding="me")
    after, _ = rotated.mint("me")
    csrf(secret=new).check_token(call(after, f"paylera_csrf={after}"), binding="me")
    refused(csrf(secret=old), call(after, f"paylera_csrf={after}"))


@given(position=st.integers(0, 200), letter=st.characters(max_codepoint=255))
def test_no_changed_token_passes(position: int, letter: str) -> None:
    """Whatever single character is changed, added or removed, the token is refused."""
    check = csrf()
    token, _ = check.mint("me")
    position %= len(token)
    for changed in (token[:position] + letter + token[position + 1 :], token[:position] + letter + token[position:]):
        if changed != token:
            refused(check, call(changed, f"paylera_csrf={changed}"))


@given(st.text(max_size=80), st.text(max_size=80))
def test_hostile_headers_are_refused_in_our_words(header: str, cookie: str) -> None:
    """Any text in header and cookie ends as a 403."""
    refused(csrf(), call(header, cookie))


SOURCES = [
    ({"sec_fetch_site": "same-origin"}, True),
    ({"sec_fetch_site": "same-origin", "origin": "https://proxy.internal"}, True),
    ({"sec_fetch_site": "same-site"}, False),
    ({"sec_fetch_site": "cross-site"}, False),
    ({"sec_fetch_site": "none"}, False),
    ({"sec_fetch_site": "cross-site", "origin": OWN}, False),
    ({"sec_fetch_site": "cross-site", "origin": "https://trusted.example"}, True),
    ({"sec_fetch_site": "same-origin", "origin": "null"}, False),
    ({"origin": OWN}, True),
    ({"origin": "https://trusted.example"}, True),
    ({"origin": "https://evil.example"}, False),
    ({"origin": "http://shop.example"}, False),
    ({"origin": "https://evil@shop.example"}, False),
    ({"origin": f"{OWN},{OWN}"}, False),
    ({"origin": "null"}, False),
    ({}, True),
]


@pytest.mark.parametrize(("headers", "is_accepted"), SOURCES)
def test_the_source_of_a_call(headers: dict[str, str], is_accepted: bool) -> None:
    """Fetch metadata first, then the origin, compared as opaque text."""
    check = csrf(trusted_origins=["https://trusted.example"])
    request = call("t", **headers)
    if is_accepted:
        check.check_source(request, own_origin=OWN)
    else:
        with pytest.raises(Problem, match=r"page|Origin"):
            check.check_source(request, own_origin=OWN)


def test_repeated_source_headers_are_refused() -> None:
    """Two origins, or two fetch-metadata headers, are an attack or a broken proxy."""
    check = csrf()
    for name, value in (("origin", OWN), ("sec-fetch-site", "same-origin")):
        with pytest.raises(Problem):
            check.check_source(Request("POST", OWN, ((name, value), (name, value))), own_origin=OWN)


@pytest.mark.parametrize(
    ("options", "secure", "expected"),
    [
        ({}, False, "paylera_csrf=T; Max-Age=86400; Path=/; SameSite=Lax"),
        ({}, True, "paylera_csrf=T; Max-Age=86400; Path=/; SameSite=Lax; Secure"),
        ({"cookie_secure": True, "cookie_path": "/api", "cookie_samesite": "strict"}, False,
         "paylera_csrf=T; Max-Age=86400; Path=/api; SameSite=Strict; Secure"),
        ({"cookie_secure": False}, True, "paylera_csrf=T; Max-Age=86400; Path=/; SameSite=Lax"),
        ({"cookie_samesite": "none", "cookie_domain": "a.example", "ttl_seconds": 60, "cookie_name": "x"}, True,
         "x=T; Domain=a.example; Max-Age=60; Path=/; SameSite=None; Secure"),
    ],
)  # fmt: skip
def test_the_cookie(options: dict[str, Any], secure: bool, expected: str) -> None:
    """The cookie carries what the options say, and JavaScript may read it."""
    assert csrf(**options).cookie("T", secure=secure) == expected


@pytest.mark.parametrize(
    "options",
    [
        {"cookie_name": "a b"}, {"header_name": ""}, {"cookie_path": "api"}, {"cookie_path": "/;x"},
        {"cookie_domain": "a;b"},
        {"cookie_samesite": "loose"}, {"ttl_seconds": 0}, {"binding": "not callable"},
        {"cookie_samesite": "none", "cookie_secure": False}, {"cookie_name": "__Host-x"},
        {"cookie_name": "__Host-x", "cookie_secure": True, "cookie_path": "/api"},
        {"secret": "short"}, {"secret": []}, {"secret": ["long enough secret 1", 7]}, {"trusted_origins": ["nowhere"]},
    ],
)  # fmt: skip
def test_bad_options_are_found_at_start(options: dict[str, Any]) -> None:
    """Each is a ValueError that names the parameter."""
    parameter = next(iter(options))
    with pytest.raises(ValueError, match=parameter):
        csrf(**options)


def test_a_host_cookie_is_possible() -> None:
    """The strictest cookie is accepted when all its conditions hold."""
    assert csrf(cookie_name="__Host-x", cookie_secure=True).cookie("T", secure=True).startswith("__Host-x=T; ")
