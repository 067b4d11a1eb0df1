"""What the tests of the receiver share: a clock, a request, an answer."""

from __future__ import annotations

from typing import Any

from paylera.flow import run
from paylera.http import Request, Response
from paylera.testing import signed_event
from paylera.webhooks import WebhookReceiver
from support.stepping import Clock, Script

SECRET = "whsec_test_1"
CLOCK = Clock(1_795_512_600.0)


def receiver(**options: Any) -> WebhookReceiver:
    """Return a receiver with a pinned clock."""
    return WebhookReceiver(**{"signing_secret": SECRET, "handlers": {}, "system": CLOCK.system(), **options})


def delivery(event_type: str = "invoice.paid", *, secret: str = SECRET, **changes: Any) -> Request:
    """Return a signed delivery."""
    event = signed_event(event_type, secret=secret, timestamp=int(CLOCK.time), **changes)
    headers = tuple((name.lower(), value) for name, value in event.headers.items())
    return Request("POST", "http://localhost/webhooks/paylera/", headers, event.body)


def answer(target: WebhookReceiver, request: Request) -> Response:
    """Answer one delivery on this thread."""
    return run(target.handle(request), Script())
