"""What test clients normalise away, byte by byte over sockets: never a 5xx, and never a call upstream."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Iterator

import pytest

from conformance import runner
from conformance.apps.options import IDENTITY_HEADER
from conformance.conftest import SERVERS
from conformance.hosts import Call, Host, Served

pytestmark = pytest.mark.slow
BASE = "/relay/default"
ME = json.dumps({"customer_id": "cus_1"})
BODY = b'{"plan_id": "p"}'


@pytest.fixture(params=[*SERVERS, "fastapi-h11"])
def host(request: pytest.FixtureRequest, host_of: Callable[[str], Host]) -> Iterator[Served]:
    """Each real server in turn; it must still answer when the test is over."""
    found = host_of(request.param)
    assert isinstance(found, Served)
    found.script.play([])
    yield found
    assert found.send(Call("GET", f"{BASE}/csrf-token", (("Host", runner.HOST),))).status == 200


def head(host: Served, target: bytes, *more: bytes, method: bytes = b"POST", length: int | None = len(BODY)) -> bytes:
    """Return the head of a call that only its oddity keeps from going upstream: signed in, with a good token."""
    token = _token(host)
    lines = [
        method + b" " + target + b" HTTP/1.1",
        f"{IDENTITY_HEADER}: {ME}".encode(),
        f"Cookie: paylera_csrf={token}".encode(),
        f"Paylera-CSRF-Token: {token}".encode(),
        b"Connection: close",
        *(
            []
            if any(line.lower().startswith(b"content-type") for line in more)
            else [b"Content-Type: application/json"]
        ),
        *([] if any(line.lower().startswith(b"host") for line in more) else [b"Host: shop.example"]),
        *([] if length is None else [b"Content-Length: %d" % length]),
        *more,
    ]
    return b"\r\n".join(lines) + b"\r\n\r\n"


def _token(host: Served) -> str:
    answer = host.send(Call("GET", f"{BASE}/csrf-token", (("Host", runner.HOST), (IDENTITY_HEADER, ME))))
    return str(json.loads(answer.body)["token"])


def exchange(host: Served, data: bytes, *, half_close: bool = False) -> int | None:
    """Send bytes and return the status of the answer, None when the server just closes the connection."""
    with socket.create_connection(("127.0.0.1", host.port), timeout=20) as connection:
        received = b""
        try:
            connection.sendall(data)
            if half_close:
                connection.shutdown(socket.SHUT_WR)
            while chunk := connection.recv(65536):
                received += chunk
        except OSError:
            pass  # refused in the middle
    received = received.removeprefix(b"HTTP/1.1 100 Continue\r\n\r\n")
    if not received:
        return None
    version, status = received.split(b" ", 2)[:2]
    assert version in (b"HTTP/1.0", b"HTTP/1.1"), received
    return int(status)


def assert_refused(host: Served, status: int | None) -> None:
    """Assert that the client is told off, and Paylera hears nothing; 501 is a server that knows no such framing."""
    assert status in (None, 501) or 300 <= status < 500, status
    assert host.script.received == []


IDS = [
    b"..", b"%2e%2e", b"%2E%2E%2F", b"../..", b"%2e%2e/%2e%2e", b"..%2f..%2fcustomers%2fcus_2", b"..;", b"?",
    b"%3f", b"%3Fx=1", b"#", b"%23", b"sub#", b"%0d%0a", b"sub%0d%0aX-Evil:%201", b"sub%0a", b"sub%0d", b"%00",
    b"sub%00", b"sub%20", b"sub%09", b"\r\n", b"sub\r\nX-Evil: 1\r\n", b"sub\nX-Evil: 1", b"sub\r", b"sub\x00",
    b"sub \x01", b"sub\x7f", b"\xff\xfe", b"s\xc3\xbcb", b"x" * 10240, b"%78" * 10240, b"%c0%ae%c0%ae", b"%c0%af",
    b"%e0%80%af", b"%ff", b"%u002e", b"%", b"%2", b"%zz", b";", b"sub;v=1", b"//", b"", b"/", b"sub//", b"./sub",
    b"sub/.", b"sub%2f", b"\\", b"..\\..", b"%5c", b"sub%2e", b"sub.", b"sub:1", b"@evil.example",
    b"http://evil.example/x", b"sub_1%252e", b"{id}", b"<script>", b'"', b"'", b"|", b"^", b"`", b"~", b"sub,sub",
    b"sub&x", b"sub=1",
]  # fmt: skip


@pytest.mark.parametrize("action", [b"upgrade", b"cancel"])
def test_ids_that_are_none(host: Served, action: bytes) -> None:
    """Every trick in `<sub_id>`."""
    for trick in IDS:
        target = b"/relay/default/subscriptions/" + trick + b"/" + action
        status = exchange(host, head(host, target) + BODY)
        assert status is None or 400 <= status < 500, (trick[:40], status)
        assert host.script.received == [], trick[:40]


TARGETS = [
    b"*", b"http://evil.example/relay/default/subscriptions/../cancel", b"//relay/default/check",
    b"/relay/default/../default/me?x", b"/relay/default//me/", b"/relay/default/me/", b"/relay/default/ME",
    b"/relay/default/me%2f", b"/relay/default/me;x", b"/%00", b"/relay/default/me\x00",
    b"/relay/default/" + b"a" * 60000, b"relay/default/me", b"", b"/relay/default/subscriptions/x/y/cancel",
]  # fmt: skip


@pytest.mark.parametrize("target", TARGETS, ids=lambda target: repr(target[:30]))
def test_targets_that_are_no_route(host: Served, target: bytes) -> None:
    """Other paths than ours are nobody's."""
    assert_refused(host, exchange(host, head(host, target) + BODY))


HOSTS = [
    b"", b" ", b"shop example", b"user@shop.example", b"shop.example/path", b"shop.example?x", b"[::1", b"::1",
    b"\xff\xfe", b"a" * 10000, b"shop.example:99999", b"shop.example:port", b"shop.example:", b"..",
    b"shop_example", b"shop.example\\evil", b"{}", b"\x00", b"%0d%0a",
]  # fmt: skip


@pytest.mark.parametrize("name", HOSTS, ids=lambda name: repr(name[:20]))
def test_hosts_that_are_none(host: Served, name: bytes) -> None:
    """Any `Host`: a redirect to this site's own origin is never made of it."""
    body = b'{"plan_id": "p", "success_url": "https://evil.example/x"}'
    target = f"{BASE}/attach".encode()
    assert_refused(host, exchange(host, head(host, target, b"Host: " + name, length=len(body)) + body))


def test_no_host_and_two(host: Served) -> None:
    """A missing or repeated `Host`."""
    target, body = f"{BASE}/attach".encode(), b'{"plan_id": "p", "success_url": "//x"}'
    assert_refused(host, exchange(host, head(host, target, b"Hostile: x", length=len(body)) + body))
    twice = head(host, target, b"Host: shop.example\r\nHost: evil.example", length=len(body))
    assert_refused(host, exchange(host, twice + body))


LENGTHS = [
    (b"Content-Length: 16", b"Content-Length: 17"), (b"Content-Length: 16, 17",), (b"Content-Length: -1",),
    (b"Content-Length: +16x",), (b"Content-Length: 0x10",), (b"Content-Length: 1_6",),
    (b"Content-Length: " + b"9" * 5000,), (b"Content-Length: \xd9\xa1",), (b"Content-Length: ",),
    (b"Content-Length: 16", b"Transfer-Encoding: chunked"), (b"Transfer-Encoding: xchunked",),
    (b"Transfer-Encoding: chunked, identity",), (b"Transfer-Encoding: chunked", b"Transfer-Encoding: chunked"),
    (b"Transfer-Encoding : chunked",), (b"Transfer-Encoding: gzip, chunked",),
]  # fmt: skip


@pytest.mark.parametrize("lines", LENGTHS, ids=lambda lines: repr(b"; ".join(lines)[:45]))
def test_lengths_that_are_none(host: Served, lines: tuple[bytes, ...]) -> None:
    """Bodies framed in two ways or in none; the body alone would be refused too."""
    target = f"{BASE}/attach".encode()
    data = head(host, target, *lines, length=None) + b'{"plan":   "p"}\n\r\n0\r\n\r\n'
    assert_refused(host, exchange(host, data, half_close=True))


HEADERS = [
    b"Bad Header: x", b"Bad\x00Name: x", b"X-Nul: a\x00b", b": empty", b"NoColon", b" folded: x", b"X-Bare: a\rb",
    b"X: \xff\xfe\x80", b"\xff: x", b"X-Long: " + b"a" * 200_000, b"A" * 200_000 + b": x",
    b"\r\n".join(b"X-%d: %d" % (n, n) for n in range(100)),
    b"\r\n".join(b"X-%d: " % n + b"a" * 4000 for n in range(100)), b"\r\n".join([b"X-Same: 1"] * 2000),
    b"Expect: 100-continue", b"Expect: 200-maybe", b"Upgrade: websocket", b"Content-Encoding: gzip",
    b"Cookie: " + b"a=b; " * 1500, b"Paylera_CSRF_Token: x", b"X-Forwarded-Proto: javascript",
    b"X-Forwarded-Proto: https, http", b"Forwarded: host=evil.example",
]  # fmt: skip


@pytest.mark.parametrize("line", HEADERS, ids=lambda line: repr(line[:25]))
def test_headers_that_are_none(host: Served, line: bytes) -> None:
    """Any header beside a body that is refused anyway."""
    data = head(host, f"{BASE}/attach".encode(), line, length=2) + b"{}"
    assert_refused(host, exchange(host, data, half_close=True))


def test_an_underscore_is_no_dash(host: Served) -> None:
    """`Paylera_CSRF_Token` is not the token's header, though CGI spells both alike."""
    token = _token(host).encode()
    lines = [
        b"POST /relay/default/track HTTP/1.1", b"Host: shop.example", b"Connection: close",
        b"Content-Type: application/json", IDENTITY_HEADER.encode() + b": " + ME.encode(),
        b"Cookie: paylera_csrf=" + token, b"Paylera_CSRF_Token: " + token, b"Content-Length: 21", b"",
        b'{"feature_code": "f"}',
    ]  # fmt: skip
    assert exchange(host, b"\r\n".join(lines)) in (400, 403)
    assert host.script.received == []


@pytest.mark.parametrize(("path", "size"), [(f"{BASE}/track", 70_000), ("/webhooks/default/", 1_100_000)])
@pytest.mark.parametrize("is_chunked", [False, True], ids=["declared", "chunked"])
def test_bodies_over_the_cap(host: Served, path: str, size: int, is_chunked: bool) -> None:
    """A body beyond the cap is a 413, or the server closes the door on it."""
    body = b'{"feature_code": "f"}' + b" " * size
    if is_chunked:
        pieces = [body[start : start + 8192] for start in range(0, len(body), 8192)]
        framed = b"".join(b"%x\r\n%s\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"
        data = head(host, path.encode(), b"Transfer-Encoding: chunked", length=None) + framed
    else:
        data = head(host, path.encode(), length=len(body)) + body
    assert exchange(host, data) in (413, None)
    assert host.script.received == []


@pytest.mark.parametrize(
    "chunk", [b"zz\r\n{}\r\n", b"-1\r\n{}\r\n", b"2\r\n{}x\r\n", b"ffffffffffffffffff\r\n{}", b"2;" + b"x" * 99999]
)
@pytest.mark.parametrize("path", [f"{BASE}/billing-portal", "/webhooks/default/"])
def test_chunks_that_are_none(host: Served, path: str, chunk: bytes) -> None:
    """Malformed chunks are nobody's body: least of all an empty one."""
    data = head(host, path.encode(), b"Transfer-Encoding: chunked", length=None) + chunk
    assert_refused(host, exchange(host, data, half_close=True))


@pytest.mark.parametrize("path", [f"{BASE}/track", f"{BASE}/billing-portal", "/webhooks/default/"])
@pytest.mark.parametrize("body", [b"", b'{"feature_code": "f"'], ids=["nothing", "a half"])
def test_half_sent_bodies(host: Served, path: str, body: bytes) -> None:
    """A client that promises more than it sends, and goes away."""
    assert_refused(host, exchange(host, head(host, path.encode(), length=500) + body, half_close=True))


def test_nonsense_instead_of_http(host: Served) -> None:
    """Bytes that are no request."""
    for data in (
        b"\x16\x03\x01\x02\x00\x01",
        b"\r\n\r\n\r\n",
        b"GET\r\n\r\n",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"\x00" * 4096,
    ):
        assert_refused(host, exchange(host, data, half_close=True))
