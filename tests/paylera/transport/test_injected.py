"""Clients of the user's own, of both libraries, and what becomes of their errors."""

from __future__ import annotations

import asyncio
from typing import Any

import httpx
import httpx2
import pytest

import paylera.transport
from paylera.errors import TransportError
from paylera.http import Request
from paylera.transport import AsyncHttpxTransport, HttpxTransport
from support.peers import always, listening, reply

OPTIONS: dict[str, Any] = {"timeout": 5.0, "max_bytes": 10_000}
LIBRARIES = pytest.mark.parametrize("library", [httpx, httpx2])


@LIBRARIES
def test_both_libraries_serve(library: Any) -> None:
    async def ask(url: str) -> int:
        async with library.AsyncClient(trust_env=False) as client:
            answer = await AsyncHttpxTransport(client).send(Request("POST", url, (), b"x"), **OPTIONS)
            return answer.status

    with listening(always(reply(status="201 Created"))) as peer, library.Client(trust_env=False) as client:
        assert HttpxTransport(client).send(Request("POST", peer.url, (), b"x"), **OPTIONS).status == 201
        assert asyncio.run(ask(peer.url)) == 201


@LIBRARIES
def test_defaults_of_the_client_do_not_leak_in(library: Any) -> None:
    with (
        listening(always(reply(status="302 Found", headers="location: /other\r\n"))) as peer,
        library.Client(trust_env=False, auth=("user", "password"), cookies={"a": "b"}, follow_redirects=True) as client,
    ):
        answer = HttpxTransport(client).send(Request("GET", peer.url, (("authorization", "Bearer x"),)), **OPTIONS)
    assert answer.status == 302
    assert b"authorization: bearer x\r\n" in peer.requests[0].lower()
    assert b"cookie" not in peer.requests[0].lower()
    assert len(peer.requests) == 1


@LIBRARIES
def test_closed_client_says_so(library: Any) -> None:
    client = library.Client(trust_env=False)
    client.close()
    with pytest.raises(TransportError, match="injected client is closed") as caught:
        HttpxTransport(client).send(Request("GET", "http://127.0.0.1:1/"), **OPTIONS)
    assert caught.value.fault == "closed"


@LIBRARIES
def test_library_errors_become_ours_without_their_request(library: Any) -> None:
    def refuse(request: Any) -> Any:
        raise library.ReadTimeout("too slow", request=request)

    with library.Client(transport=library.MockTransport(refuse)) as client, pytest.raises(TransportError) as caught:
        HttpxTransport(client).send(Request("GET", "http://x/"), **OPTIONS)
    assert caught.value.fault == "timeout"
    assert caught.value.__cause__ is caught.value.__context__ is None


def test_foreign_error_is_named_by_its_class() -> None:
    def refuse(_request: Any) -> Any:
        raise ZeroDivisionError("secret detail")

    with httpx2.Client(transport=httpx2.MockTransport(refuse)) as client, pytest.raises(TransportError) as caught:
        HttpxTransport(client).send(Request("GET", "http://x/"), **OPTIONS)
    assert "ZeroDivisionError" in str(caught.value)
    assert "secret detail" not in str(caught.value)


def test_close_leaves_the_client_open() -> None:
    with httpx2.Client(trust_env=False) as client:
        HttpxTransport(client).close()
        assert not client.is_closed

    async def close() -> bool:
        async with httpx2.AsyncClient(trust_env=False) as client:
            await AsyncHttpxTransport(client).aclose()
            return client.is_closed

    assert not asyncio.run(close())


def test_unknown_name_of_the_package() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = paylera.transport.Nothing
