"""What goes on the wire: exact paths, no injected headers, no framing from outside."""

from __future__ import annotations

from typing import Any

import httpx2
import pytest
from hypothesis import given
from hypothesis import strategies as st

from paylera.http import Request
from paylera.secret import SecretText
from paylera.transport import HttpxTransport
from paylera.transport.outgoing import Origin, encoded, origin_and_target
from support.peers import always, listening, reply


@pytest.mark.parametrize(
    "target",
    [
        "/v1/subscriptions/../customers",
        "/a/%2e%2e/b",
        "/a//b/./c",
        "/%41%2F%7e",
        "/?a=%20b+c&d=%2e",
        "/a;b=1,c:@!$&'()*",
    ],
)
def test_target_is_sent_byte_for_byte(sender: Any, target: str) -> None:
    with listening(always(reply())) as peer:
        sender.get(peer.url + target)
    assert peer.requests[0].split(b"\r\n")[0] == f"GET {target} HTTP/1.1".encode()


def test_missing_path_becomes_the_root(sender: Any) -> None:
    with listening(always(reply())) as peer:
        sender.get(peer.url)
        sender.get(f"{peer.url}?a=1")
    assert [request.split(b" ")[1] for request in peer.requests] == [b"/", b"/?a=1"]


def test_injected_client_that_rewrites_urls_is_refused() -> None:
    with httpx2.Client(params={"tenant": "1"}) as client, pytest.raises(ValueError, match="changes the URL"):
        HttpxTransport(client).send(Request("GET", "http://127.0.0.1:1/a"), timeout=1, max_bytes=1)


@pytest.mark.parametrize(
    "url",
    [
        "ftp://x/", "http:///x", "http://user@host/", "http://host:port/", "http://host/a b", "http://host/a#b",
        "http://host/\r\nx: y", "http://host/\x00", "http://höst/", "http://host/ü", "/relative", "", "http://host:123456/",
    ],
)  # fmt: skip
def test_unsafe_urls_are_refused_before_anything_is_sent(sender: Any, url: str) -> None:
    with pytest.raises(ValueError, match="absolute http"):
        sender.get(url)


@pytest.mark.parametrize("method", ["get", "GE T", "GET\r\n", ""])
def test_unsafe_methods_are_refused(sender: Any, method: str) -> None:
    with pytest.raises(ValueError, match="upper-case method"):
        sender.send(Request(method, "http://127.0.0.1:1/"))


@pytest.mark.parametrize(
    "header",
    [("x-a", "b\r\nx-b: c"), ("x-a", "b\n"), ("x-a", "\x00"), ("x-a", "€"), ("x a", "b"), ("", "b"), ("X-A", "b")],
)
def test_headers_cannot_be_injected(any_sender: Any, header: tuple[str, str]) -> None:
    with pytest.raises(ValueError, match="header"):
        any_sender.send(Request("GET", "http://127.0.0.1:1/", (header,)))


def test_header_values_are_text(any_sender: Any) -> None:
    with pytest.raises(ValueError, match="header 'x-n'"):
        any_sender.send(Request("GET", "http://127.0.0.1:1/", (("x-n", 1),)))  # type: ignore[arg-type]  # a caller's slip


@pytest.mark.parametrize(
    "name", ["host", "content-length", "transfer-encoding", "connection", "accept-encoding", "expect"]
)
def test_framing_belongs_to_the_transport(any_sender: Any, name: str) -> None:
    with pytest.raises(ValueError, match="set by the transport"):
        any_sender.send(Request("GET", "http://127.0.0.1:1/", ((name, "1"),)))


def test_headers_and_body_arrive_once_and_complete(any_sender: Any) -> None:
    headers = (("authorization", SecretText("Bearer pl_test_x")), ("x-request-id", "r-1"), ("user-agent", "me"))
    with listening(always(reply())) as peer:
        any_sender.send(Request("POST", f"{peer.url}/v1/track", headers, b'{"a":"\xc3\xbc"}'))
    head, _, body = peer.requests[0].partition(b"\r\n\r\n")
    lines = [line.lower() for line in head.split(b"\r\n")[1:]]
    assert body == b'{"a":"\xc3\xbc"}'
    for line in (b"authorization: bearer pl_test_x", b"x-request-id: r-1", b"user-agent: me", b"content-length: 10",
                 b"accept-encoding: identity", f"host: 127.0.0.1:{peer.port}".encode()):  # fmt: skip
        assert lines.count(line) == 1, line
    assert len([line for line in lines if line.startswith((b"user-agent", b"accept-encoding", b"host"))]) == 3


def test_large_body_arrives_whole(sender: Any) -> None:
    body = b"0123456789" * 200_000
    with listening(always(reply(b"ok"))) as peer:
        assert sender.post(peer.url, body).body == b"ok"
    assert peer.requests[0].endswith(b"\r\n\r\n" + body)


def test_post_without_a_body_says_so(sender: Any) -> None:
    with listening(always(reply())) as peer:
        sender.send(Request("POST", f"{peer.url}/v1/x"))
    assert b"content-length: 0" in peer.requests[0].lower()


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        (Origin("http", "h", 80), "h"), (Origin("http", "h", 443), "h:443"),
        (Origin("https", "h", 443), "h"), (Origin("http", "[::1]", 8787), "[::1]:8787"),
    ],
)  # fmt: skip
def test_host_header_names_the_port_when_it_matters(origin: Origin, host: str) -> None:
    assert f"\r\nhost: {host}\r\n".encode() in encoded(Request("GET", "x"), origin, "/")


@given(st.text(max_size=40), st.text(max_size=40), st.text(max_size=40))
def test_no_text_can_add_a_line(path: str, name: str, value: str) -> None:
    request = Request("GET", f"http://host/{path}", ((name, value),))
    try:
        origin, target = origin_and_target(request)
    except ValueError:
        return
    assert encoded(request, origin, target).count(b"\r\n") == 5
    assert target == f"/{path}"
