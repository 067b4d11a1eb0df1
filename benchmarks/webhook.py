"""One delivery, verified, parsed and dispatched, beside HMAC and `json.loads` of the same bytes."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable

from paylera.flow import Effect, Invoke, run
from paylera.http import Request
from paylera.testing import SignedEvent, signed_event
from paylera.webhooks import ClaimState, WebhookReceiver

SECRET = "whsec_benchmark"
SIZE = 4300
CALLS = 2000


class Forgetful:
    """Lets the same event be handled again and again."""

    is_local = True

    def claim(self, event_id: str, owner: str) -> ClaimState:
        """Grant every claim."""
        return "claimed"

    def complete(self, event_id: str, owner: str) -> None:
        """Forget it."""

    def release(self, event_id: str, owner: str) -> None:
        """Forget it."""


def main() -> None:
    """Print microseconds a call, the best of seven rounds, and the ratios."""
    delivery = _delivery()
    body = delivery.body
    header = delivery.headers["Paylera-Signature"]
    receiver = WebhookReceiver(signing_secret=SECRET, handlers={"invoice.paid": lambda event: None}, claims=Forgetful())
    request = Request("POST", "https://shop.example/", (("paylera-signature", header),), body)

    def perform(effect: Effect) -> None:
        assert isinstance(effect, Invoke)
        effect.callee.function(*effect.args)

    def handle() -> None:
        assert run(receiver.handle(request), perform).status == 200

    def baseline() -> None:
        stamp = header.partition(",")[0].removeprefix("t=").encode()
        digest = hmac.digest(SECRET.encode(), stamp + b"." + body, "sha256").hex()
        assert hmac.compare_digest(digest, header.rpartition("=")[2])
        json.loads(body)

    ours, floor = _best(handle), _best(baseline)
    print(f"\n### One delivery of {len(body)} bytes; 1.00 = HMAC + json.loads\n\n| | µs | ratio |\n|---|---|---|")
    print(f"| HMAC + json.loads, untyped | {floor:.0f} | 1.00 |")
    print(f"| verify, typed event, claim, dispatch | {ours:.0f} | {ours / floor:.2f} |")


def _delivery() -> SignedEvent:
    padding = 0
    while True:  # grow the metadata until the body has the size that the goal names
        delivery = signed_event("invoice.paid", secret=SECRET, data={"metadata": {"note": "x" * padding}})
        if len(delivery.body) >= SIZE:
            return delivery
        padding += SIZE - len(delivery.body)


def _best(call: Callable[[], None]) -> float:
    rounds = []
    for _ in range(7):
        begun = time.perf_counter()
        for _ in range(CALLS):
            call()
        rounds.append((time.perf_counter() - begun) / CALLS * 1e6)
    return min(rounds)
