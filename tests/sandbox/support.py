"""What the sandbox's tests share: a caller of the API, a clock to set, a receiver of webhooks."""

from __future__ import annotations

import http.server
import json
import sys
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import httpx2

CARD = {"card_number": "4242 4242 4242 4242", "expiry": "12/40", "cvc": "123", "name": "Ada Lovelace"}
DECLINED = {**CARD, "card_number": "4000 0000 0000 0002"}
POOR = {**CARD, "card_number": "4000 0000 0000 9995"}
CAREFUL = {**CARD, "card_number": "4000-0000-0000-3220"}
ONCE = {**CARD, "card_number": "4000000000000341"}


class ManualClock:
    """A clock that stands still until it is moved."""

    def __init__(self, start: datetime = datetime(2026, 11, 1, tzinfo=UTC)) -> None:
        self._now = start

    def now(self) -> datetime:
        return self._now

    def advance(self, **by: float) -> None:
        self._now += timedelta(**by)


class Api:
    """Calls the API over a real socket, with a fresh idempotency key on every POST unless one is given."""

    def __init__(self, sandbox) -> None:
        self.sandbox = sandbox
        token = {"Authorization": f"Bearer {sandbox.token}"}
        self.client = httpx2.Client(
            base_url=sandbox.url, headers=token, verify=False, timeout=60
        )  # no certificates to load
        self.browser = httpx2.Client(base_url=sandbox.url, verify=False, timeout=60)

    def close(self) -> None:
        self.client.close()
        self.browser.close()

    def get(self, path: str, **query: object) -> httpx2.Response:
        return self.client.get(path, params=query or None)

    def post(self, path: str, body: object = None, *, key: str | None = None, **headers: str) -> httpx2.Response:
        headers = {"Idempotency-Key": key or str(uuid.uuid4()), **headers}
        return self.client.post(path, json={} if body is None else body, headers=headers)

    def ok(self, path: str, body: object = None, **options: str) -> dict:
        answer = self.post(path, body, **options)
        assert answer.status_code in {200, 201, 202}, answer.text
        return answer.json()

    def customer(self, **fields: object) -> dict:
        return self.ok("/v1/customers", {"email": "ada@example.com", **fields})

    def attach(self, customer: dict, plan: str, **fields: object) -> dict:
        return self.ok("/v1/attach", {"customer_id": customer["id"], "plan_code": plan, **fields})

    def subscribe(self, customer: dict, plan: str, *, card: dict = CARD, **fields: object) -> dict:
        """Attach a plan and pay for it if need be; return the subscription."""
        attached = self.attach(customer, plan, **fields)
        if attached["checkout_url"]:
            assert self.browser.post(attached["checkout_url"], data=card).status_code == 303
        return self.current(customer)

    def current(self, customer: dict) -> dict:
        found = self.get("/v1/subscriptions", customer_id=customer["id"], status="active,trialing,past_due").json()
        return found["data"][0]

    def invoices(self, customer: dict) -> list[dict]:
        return self.get(f"/v1/customers/{customer['id']}/invoices").json()["data"]

    def events(self, **query: object) -> list[dict]:
        """All events, oldest first."""
        return self.get("/v1/admin/events", limit=100, **query).json()["data"][::-1]


def problem(answer: httpx2.Response, status: int, code: str) -> dict:
    """Check that an answer is a well-formed refusal and return it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/problem+json"
    document = answer.json()
    assert (document["type"], document["code"], document["status"]) == (code, code, status)
    assert document["title"]
    assert document["detail"]
    assert document["request_id"]
    return document


@dataclass(frozen=True)
class Received:
    """A webhook as it came over the wire."""

    headers: dict[str, str]
    body: bytes

    @property
    def event(self) -> dict:
        return json.loads(self.body)


class Receiver:
    """A webhook receiver on a real socket. `answer` decides the status of each call."""

    def __init__(self) -> None:
        self.received: list[Received] = []
        self.answer: Callable[[Received], int] = lambda _: 200
        self._arrived = threading.Condition()
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                length = int(self.headers["content-length"])
                body = self.rfile.read(length)
                if len(body) < length:  # the sender was killed
                    return
                got = Received({name.lower(): value for name, value in self.headers.items()}, body)
                status = receiver.answer(got)
                receiver.note(got)
                self.send_response(status)
                self.send_header("content-length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                pass

        class Server(http.server.ThreadingHTTPServer):
            request_queue_size = 128  # at five, connections that come at once are reset under load

            def handle_error(self, *arguments: object) -> None:
                if not isinstance(sys.exception(), ConnectionError):  # which is a sender that was killed
                    super().handle_error(*arguments)

        self._server = Server(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()
        self.url = f"http://127.0.0.1:{self._server.server_port}/hooks"

    def note(self, got: Received) -> None:
        with self._arrived:
            self.received.append(got)
            self._arrived.notify_all()

    def wait_for(self, count: int, *, timeout: float = 10) -> list[Received]:
        with self._arrived:
            assert self._arrived.wait_for(lambda: len(self.received) >= count, timeout), len(self.received)
            return list(self.received)

    def wait_for_type(self, event_type: str, *, timeout: float = 30) -> dict:
        """Wait for an event of a type and return the first."""
        with self._arrived:
            assert self._arrived.wait_for(lambda: event_type in self.types(), timeout), self.types()
            return next(got.event for got in self.received if got.event["type"] == event_type)

    def types(self) -> list[str]:
        return [got.headers["paylera-event-type"] for got in self.received]

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
