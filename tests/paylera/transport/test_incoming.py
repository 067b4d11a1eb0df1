"""The reader of answers, fed by hand: any split of the bytes, any bytes at all."""

from __future__ import annotations

import http.client
import io
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from paylera.http import Response
from paylera.transport.incoming import (
    BrokenOffError,
    Incoming,
    NotHttpError,
    TooLargeError,
    read_response,
)

CHUNKED = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"


def read(data: bytes, *, method: str = "GET", max_bytes: int = 1000, step: int = 65536) -> tuple[Response, bool]:
    source = io.BytesIO(data)
    return read_response(Incoming(lambda: source.read(step)), method=method, max_bytes=max_bytes)


@given(st.integers(1, 40))
def test_split_of_the_bytes_does_not_matter(step: int) -> None:
    data = b"HTTP/1.1 102 Processing\r\n\r\n" + CHUNKED + b"3\r\nabc\r\n4 ;n=v\r\ndefg\r\n0\r\nx-t: 1\r\n\r\n"
    response, is_kept = read(data, step=step)
    assert (response.body, is_kept) == (b"abcdefg", True)


@pytest.mark.parametrize(
    ("data", "is_kept"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\na", True, id="delimited"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\nConnection: Close\r\n\r\na", False, id="close"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\nconnection: x, close\r\n\r\na", False, id="close in list"
        ),
        pytest.param(b"HTTP/1.0 200 OK\r\ncontent-length: 1\r\nconnection: keep-alive\r\n\r\na", False, id="HTTP 1.0"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\na", False, id="until the end"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\naHTTP/1.1 200", False, id="something follows"),
        pytest.param(b"HTTP/1.1 200\r\ncontent-length: 1, 1\r\n\r\na", True, id="no reason, the same length twice"),
    ],
)
def test_connection_is_kept_only_when_nothing_is_in_doubt(data: bytes, is_kept: bool) -> None:
    response, kept = read(data)
    assert (response.body, kept) == (b"a", is_kept)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: +1\r\n\r\na", NotHttpError, id="signed length"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 1_0\r\n\r\n0123456789", NotHttpError, id="underscore"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 1, 2\r\n\r\na", NotHttpError, id="two lengths"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: \r\n\r\na", NotHttpError, id="empty length"),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: gzip, chunked\r\n\r\n0\r\n\r\n", NotHttpError, id="coding"
        ),
        pytest.param(
            b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\ncontent-length: 1\r\n\r\na", NotHttpError, id="both"
        ),
        pytest.param(b"HTTP/1.1 200 OK\r\nx: a\r\n folded\r\n\r\n", NotHttpError, id="folded header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx : a\r\n\r\n", NotHttpError, id="space before colon"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx: a\x00b\r\n\r\n", NotHttpError, id="NUL in a header"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx: a\nb: c\r\n\r\n", NotHttpError, id="bare LF"),
        pytest.param(b"HTTP/1.1 099 No\r\n\r\n", NotHttpError, id="status 099"),
        pytest.param(b"HTTP/1.1 600 No\r\n\r\n", NotHttpError, id="status 600"),
        pytest.param(b"HTTP/2 200\r\n\r\n", NotHttpError, id="another version"),
        pytest.param(b"ICY 200 OK\r\n\r\n", NotHttpError, id="another protocol"),
        pytest.param(b"<html>", NotHttpError, id="no head"),
        pytest.param(CHUNKED + b"3\r\nabcd\r\n0\r\n\r\n", NotHttpError, id="chunk longer than announced"),
        pytest.param(CHUNKED + b"-1\r\n", NotHttpError, id="negative chunk"),
        pytest.param(CHUNKED + b"3\r\nabc\r\n", BrokenOffError, id="no last chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 3\r\n\r\nab", BrokenOffError, id="truncated"),
        pytest.param(b"HTTP/1.1 200 OK\r\n", EOFError, id="head cut off"),
        pytest.param(b"", EOFError, id="nothing"),
        pytest.param(b"HTTP/1.1 200 OK\r\nx: " + b"y" * 70000, TooLargeError, id="long head"),
        pytest.param(b"HTTP/1.1 100 C\r\n\r\n" * 5000, TooLargeError, id="interim answers for ever"),
        pytest.param(CHUNKED + b"1;" + b"x" * 5000 + b"\r\n", TooLargeError, id="long chunk extension"),
        pytest.param(CHUNKED + b"0\r\n" + b"x: y\r\n" * 30000 + b"\r\n", TooLargeError, id="trailers for ever"),
        pytest.param(CHUNKED + b"fffffffff\r\n", TooLargeError, id="large chunk"),
        pytest.param(b"HTTP/1.1 200 OK\r\ncontent-length: 1001\r\n\r\n", TooLargeError, id="large length"),
        pytest.param(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 1001, TooLargeError, id="large until the end"),
    ],
)
def test_what_is_in_doubt_is_refused(data: bytes, error: type[Exception]) -> None:
    with pytest.raises(error):
        read(data)
    with pytest.raises(error):
        read(data, step=1000)


HOSTILE = st.one_of(
    st.binary(max_size=200),
    st.builds(
        lambda status, headers, body: b"HTTP/1.1 " + status + b"\r\n" + b"".join(headers) + b"\r\n" + body,
        st.sampled_from([b"200 OK", b"204 No", b"100 C", b"500 E", b"20", b"200\tOK"]),
        st.lists(
            st.sampled_from(
                [b"Content-Length: 3\r\n", b"content-length: 5\r\n", b"Transfer-Encoding: chunked\r\n", b"a: b\r\n",
                 b"Connection: close\r\n", b" x\r\n", b"content-length: -1\r\n", b"a:\r\n", b"a\r\n"]
            ),
            max_size=4,
        ),
        st.one_of(st.binary(max_size=30), st.sampled_from([b"3\r\nabc\r\n0\r\n\r\n", b"abc", b"abcde"])),
    ),
)  # fmt: skip


@given(HOSTILE)
@example(b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc")
def test_any_bytes_end_in_an_answer_or_in_our_errors(data: bytes) -> None:
    try:
        response, _ = read(data)
    except (NotHttpError, TooLargeError, BrokenOffError, EOFError):
        return
    if response.status in (204, 304) or data[9:10] == b"1":
        return  # where `http.client` reads a body that is none, and takes an interim answer for the final one
    expected: Any = http.client.HTTPResponse(_Socket(data), method="GET")  # type: ignore[arg-type]  # a stand-in
    expected.begin()
    assert (response.status, response.body) == (expected.status, expected.read())


class _Socket:
    """What `http.client` needs of a socket. It is the judge here: whatever we accept, it reads the same way."""

    def __init__(self, data: bytes) -> None:
        self._data = data

    def makefile(self, _mode: str) -> io.BytesIO:
        return io.BytesIO(self._data)
