"""What comes back over a real socket: framing, caps, faults and deadlines, alike on all transports."""

from __future__ import annotations

import time
from typing import Any

import pytest

from paylera.errors import TransportError
from paylera.http import Request
from support.peers import Line, always, in_turn, listening, reply

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def then_close(data: bytes) -> Any:
    def script(line: Line) -> None:
        line.read()
        line.send(data)

    return script


def test_answer_comes_back_whole(any_sender: Any) -> None:
    with listening(
        always(reply(b"hello", headers="X-Request-Id: r1\r\nset-cookie: a=1\r\nset-cookie: b=2\r\n"))
    ) as peer:
        answer = any_sender.get(f"{peer.url}/v1/plans")
    assert (answer.status, answer.body, answer.header("x-request-id")) == (200, b"hello", "r1")
    assert [value for name, value in answer.headers if name == "set-cookie"] == ["a=1", "b=2"]


@pytest.mark.parametrize(
    ("data", "body"),
    [
        pytest.param(CHUNKED + b"3\r\nabc\r\n2;x=y\r\nde\r\n0\r\ntrailer: 1\r\n\r\n", b"abcde", id="chunked"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\nuntil the end", b"until the end", id="delimited by the end"),
        pytest.param(b"HTTP/1.0 200 OK\r\ncontent-length: 2\r\n\r\nok", b"ok", id="HTTP 1.0"),
        pytest.param(b"HTTP/1.1 103 Early Hints\r\nlink: x\r\n\r\n" + reply(b"ok"), b"ok", id="interim answer"),
        pytest.param(b"HTTP/1.1 100 Continue\r\n\r\n" + reply(b"ok"), b"ok", id="100"),
        pytest.param(reply(b"ok", headers="connection: close\r\n"), b"ok", id="connection close"),
        pytest.param(b"HTTP/1.1 204 No Content\r\n\r\n", b"", id="204"),
        pytest.param(b"HTTP/1.1 304 Not Modified\r\ncontent-length: 9\r\n\r\n", b"", id="304"),
    ],
)
def test_every_framing_is_read(any_sender: Any, data: bytes, body: bytes) -> None:
    with listening(then_close(data)) as peer:
        assert any_sender.get(peer.url).body == body


def test_head_has_no_body(sender: Any) -> None:
    head = b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n"
    with listening(always(head)) as peer:
        for _ in range(2):
            assert sender.send(Request("HEAD", peer.url)).body == b""
    assert len(peer.lines) == 1


def test_redirects_are_not_followed(any_sender: Any) -> None:
    moved = reply(b"", status="307 Temporary Redirect", headers="location: /elsewhere\r\n")
    with listening(always(moved)) as peer:
        assert any_sender.post(f"{peer.url}/here").status == 307
    assert len(peer.requests) == 1


def test_cookies_are_not_kept(any_sender: Any) -> None:
    with listening(always(reply(headers="set-cookie: session=1; Path=/\r\n"))) as peer:
        any_sender.get(peer.url)
        any_sender.get(peer.url)
    assert b"cookie" not in peer.requests[1].lower()


def test_proxies_of_the_environment_are_ignored(sender: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    with listening(always(reply(b"proxy"))) as proxy, listening(always(reply(b"direct"))) as peer:
        for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, proxy.url)
        assert sender.get(peer.url).body == b"direct"
        assert proxy.requests == []


@pytest.mark.parametrize(
    ("data", "fault"),
    [
        pytest.param(b"", "connection", id="closed at once"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-le", "connection", id="closed in the head"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nabc", "protocol", id="truncated body"),
        pytest.param(CHUNKED + b"5\r\nabc", "protocol", id="truncated chunk"),
        pytest.param(CHUNKED + b"zz\r\nabc\r\n", "protocol", id="malformed chunk"),
        pytest.param(b"SSH-2.0-OpenSSH_9.2\r\n", "protocol", id="not HTTP"),
        pytest.param(b"HTTP/1.1 abc\r\n\r\n", "protocol", id="malformed status"),
        pytest.param(b"HTTP/1.1 200 OK\r\nno colon\r\n\r\n", "protocol", id="malformed header"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: nine\r\n\r\n", "protocol", id="malformed length"),
    ],
)
def test_unusable_answers_become_our_error(any_sender: Any, data: bytes, fault: str) -> None:
    with listening(then_close(data)) as peer, pytest.raises(TransportError) as caught:
        any_sender.post(f"{peer.url}/v1/track?secret=1")
    # An injected client's library decides itself what it calls a disconnection.
    assert caught.value.fault in ({"connection", "protocol"} if "injected" in any_sender.name else {fault})
    assert f"127.0.0.1:{peer.port}" in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\ncontent-length: 3\r\n\r\nabc", id="two lengths"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n" + CHUNKED[17:] + b"0\r\n\r\n", id="length and chunks"),
        pytest.param(b"HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\n\r\n", id="101"),
    ],
)
def test_ambiguous_framing_is_refused(data: bytes, sender: Any) -> None:
    with listening(then_close(data)) as peer, pytest.raises(TransportError) as caught:
        sender.get(peer.url)
    assert caught.value.fault == "protocol"


@pytest.mark.parametrize("data", [b"HTTP/1.1 200 OK\r\ncontent-length: 100000000\r\n\r\n",
                                  CHUNKED + b"ffffff\r\n" + b"x" * 5000,
                                  b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 5000])  # fmt: skip
def test_too_large_an_answer_is_not_read(any_sender: Any, data: bytes) -> None:
    def script(line: Line) -> None:
        line.read()
        line.send(data + b"x" * 5000)
        line.wait_for_end()

    with listening(script) as peer, pytest.raises(TransportError) as caught:
        any_sender.get(peer.url, max_bytes=1000)
    assert caught.value.fault == "too_large"
    assert "1000 bytes" in str(caught.value)


def test_body_of_exactly_the_cap_is_read(any_sender: Any) -> None:
    with listening(always(reply(b"x" * 1000))) as peer:
        assert len(any_sender.get(peer.url, max_bytes=1000).body) == 1000


def test_endless_head_is_cut_off(sender: Any) -> None:
    def script(line: Line) -> None:
        line.read()
        line.send(b"HTTP/1.1 200 OK\r\n")
        while True:
            line.send(b"x-filler: " + b"y" * 4000 + b"\r\n")

    with listening(script) as peer, pytest.raises(TransportError) as caught:
        sender.get(peer.url)
    assert caught.value.fault in ("too_large", "protocol")


def test_endless_interim_answers_are_cut_off(sender: Any) -> None:
    def script(line: Line) -> None:
        line.read()
        while True:
            line.send(b"HTTP/1.1 103 Early Hints\r\nlink: " + b"y" * 1000 + b"\r\n\r\n")

    with listening(script) as peer, pytest.raises(TransportError) as caught:
        sender.get(peer.url, timeout=1.0)
    assert caught.value.fault in ("too_large", "timeout")


@pytest.mark.parametrize("where", ["head", "body", "chunks", "silence"])
def test_timeout_is_the_total_even_for_a_dripping_peer(sender: Any, where: str) -> None:
    drips = {
        "head": b"HTTP/1.1 200 OK\r\nx-slow: " + b"y" * 500,
        "body": b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n" + b"y" * 500,
        "chunks": CHUNKED + b"1\r\ny\r\n" * 100,
        "silence": b"",
    }

    def script(line: Line) -> None:
        line.read()
        line.drip(drips[where], gap=0.04)
        line.wait_for_end()

    with listening(script) as peer:
        begun = time.monotonic()
        with pytest.raises(TransportError) as caught:
            sender.post(peer.url, timeout=0.3)
        lasted = time.monotonic() - begun
    assert caught.value.fault == "timeout"
    assert caught.value.retryable
    assert 0.25 < lasted < 0.6


def test_injected_clients_are_cut_off_between_two_parts(any_sender: Any) -> None:
    def script(line: Line) -> None:
        line.read()
        line.send(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n")
        line.drip(b"y" * 500, gap=0.04)

    with listening(script) as peer:
        begun = time.monotonic()
        with pytest.raises(TransportError) as caught:
            any_sender.get(peer.url, timeout=0.3)
        assert time.monotonic() - begun < 0.8
    assert caught.value.fault == "timeout"


@pytest.mark.parametrize("timeout", [0, -1.0])
def test_no_time_left_sends_nothing(any_sender: Any, timeout: float) -> None:
    with listening(always(reply())) as peer:
        with pytest.raises(TransportError, match="no time was left") as caught:
            any_sender.get(peer.url, timeout=timeout)
        assert peer.requests == []
    assert caught.value.fault == "timeout"


def test_reset_is_a_connection_fault(any_sender: Any) -> None:
    def script(line: Line) -> None:
        line.read()
        line.reset()

    with listening(script) as peer, pytest.raises(TransportError) as caught:
        any_sender.post(peer.url)
    assert caught.value.fault == "connection"
    assert caught.value.retryable


def test_answer_that_is_reset_within_its_body_may_be_asked_for_again(sender: Any) -> None:
    def resetting(line: Line) -> None:
        line.read()
        line.drip(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\nabc", gap=0.005)
        line.reset()

    with listening(resetting) as peer, pytest.raises(TransportError) as caught:
        sender.get(peer.url)
    assert caught.value.fault == "protocol"
    assert caught.value.retryable


def test_refused_connection_says_what_to_check(any_sender: Any) -> None:
    with listening(always(reply())) as peer:
        url = peer.url
    with pytest.raises(TransportError, match="check base_url") as caught:
        any_sender.get(url)
    assert caught.value.fault == "connection"


def test_unknown_host_says_so(sender: Any) -> None:
    with pytest.raises(TransportError, match="cannot be resolved") as caught:
        sender.get("http://no-such-host.invalid/")
    assert caught.value.fault == "connection"


def test_answers_belong_to_their_requests(sender: Any) -> None:
    with listening(in_turn(reply(b"1"), reply(b"2"), reply(b"3"))) as peer:
        assert [sender.get(peer.url).body for _ in range(3)] == [b"1", b"2", b"3"]
    assert len(peer.lines) == 1
