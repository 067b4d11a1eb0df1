"""Both transports behind one blocking call, and a certificate authority for one test run."""

from __future__ import annotations

import asyncio
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2
import pytest

from paylera.http import Request, Response
from paylera.transport import AsyncHttpTransport, AsyncHttpxTransport, HttpTransport, HttpxTransport


@dataclass
class Sender:
    """Sends with one transport, whatever its colour."""

    name: str
    send_one: Callable[..., Response]
    let_the_loop_run: Callable[[], None] = lambda: None

    def send(self, request: Request, *, timeout: float = 5.0, max_bytes: int = 1000) -> Response:
        return self.send_one(request, timeout=timeout, max_bytes=max_bytes)

    def get(self, url: str, **options: Any) -> Response:
        return self.send(Request("GET", url), **options)

    def post(self, url: str, body: bytes = b"{}", **options: Any) -> Response:
        return self.send(Request("POST", url, (("content-type", "application/json"),), body), **options)


def blocking_sender(transport: Any, name: str) -> Iterator[Sender]:
    yield Sender(name, transport.send)
    transport.close()


def awaiting_sender(make: Callable[[], Any], name: str) -> Iterator[Sender]:
    with asyncio.Runner() as runner:

        async def made() -> Any:
            return make()

        transport = runner.run(made())
        yield Sender(
            name,
            lambda *args, **options: runner.run(transport.send(*args, **options)),
            lambda: runner.run(asyncio.sleep(0.02)),
        )
        runner.run(transport.aclose())


@pytest.fixture(params=["blocking", "awaiting"])
def sender(request: pytest.FixtureRequest) -> Iterator[Sender]:
    """The default transports."""
    if request.param == "blocking":
        yield from blocking_sender(HttpTransport(), "blocking")
    else:
        yield from awaiting_sender(AsyncHttpTransport, "awaiting")


@pytest.fixture(params=["blocking", "awaiting", "injected blocking", "injected awaiting"])
def any_sender(request: pytest.FixtureRequest) -> Iterator[Sender]:
    """The default transports, and those over an injected client."""
    match request.param:
        case "blocking":
            yield from blocking_sender(HttpTransport(), request.param)
        case "awaiting":
            yield from awaiting_sender(AsyncHttpTransport, request.param)
        case "injected blocking":
            with httpx2.Client(trust_env=False) as client:
                yield from blocking_sender(HttpxTransport(client), request.param)
        case _:
            clients: list[httpx2.AsyncClient] = []

            def make() -> AsyncHttpxTransport:
                clients.append(httpx2.AsyncClient(trust_env=False))
                return AsyncHttpxTransport(clients[0])

            with asyncio.Runner() as runner:

                async def made() -> AsyncHttpxTransport:
                    return make()

                transport = runner.run(made())
                yield Sender(request.param, lambda *args, **options: runner.run(transport.send(*args, **options)))
                runner.run(clients[0].aclose())


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A fresh self-signed certificate for `localhost`, and its key."""
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes",
         "-keyout", str(key), "-out", str(certificate), "-days", "2", "-subj", "/CN=localhost",
         "-addext", "subjectAltName=DNS:localhost", "-addext", "basicConstraints=critical,CA:TRUE"],
        check=True, capture_output=True,
    )  # fmt: skip
    return certificate, key


@pytest.fixture
def server_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


@pytest.fixture
def client_tls(certificate: tuple[Path, Path]) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=str(certificate[0]))
