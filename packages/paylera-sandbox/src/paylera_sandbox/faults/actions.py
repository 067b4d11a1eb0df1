"""What can go wrong, as one table: read this first. Where it happens, what it does, what it can be told."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

Place = Literal["request", "delivery", "charge"]


class Action(NamedTuple):
    """A fault: the place where it happens, a sentence, and its parameters with their defaults. After one that is
    `mild`, others may happen to the same request as well."""

    place: Place
    what: str
    parameters: Mapping[str, Any] = {}
    mild: bool = False


ACTIONS: Mapping[str, Action] = {
    "latency": Action("request", "Wait before the operation runs.", {"milliseconds": 1000}, mild=True),
    "reset_before_commit": Action("request", "Cut the connection; the operation has not run."),
    "reset_after_commit": Action("request", "Run the operation, keep what it did, and cut the connection."),
    "rate_limit": Action("request", "Answer 429 with Retry-After; the operation has not run.", {"retry_after": 1}),
    "error": Action("request", "Answer 5xx; the operation has not run.", {"status": 500}),
    "truncate": Action("request", "Run the operation and send half of the answer, with the length of the whole."),
    "not_json": Action("request", "Run the operation and answer with a page of HTML."),
    "drip": Action("request", "Run the operation and send the answer's body slowly.", {"milliseconds": 1000}),
    "webhook_duplicate": Action("delivery", "Send the event twice."),
    "webhook_reorder": Action(
        "delivery", "Send the event later, and let those of its object that are behind it pass.", {"milliseconds": 1000}
    ),
    "webhook_delay": Action("delivery", "Send the event later, and those behind it after it.", {"milliseconds": 1000}),
    "webhook_drop": Action("delivery", "Never send the event; it can still be sent again by hand."),
    "webhook_bad_signature": Action("delivery", "Sign with a key that nobody has."),
    "webhook_stale": Action("delivery", "Sign with an old stamp.", {"seconds": 600}),
    "decline": Action("charge", "Decline the charge.", {"decline_code": "card_declined"}),
}
# Place -> what a fault can be limited to.
MATCHERS: Mapping[Place, tuple[str, ...]] = {
    "request": ("method", "path", "customer_id", "idempotency_key"),
    "delivery": ("event_type", "endpoint_id", "customer_id"),
    "charge": ("customer_id", "card", "payment_method_id"),
}
