"""What the control API answers: about the sandbox itself, and not about billing."""

from __future__ import annotations

from typing import Any, Literal, NotRequired

from typing_extensions import TypedDict

from paylera_sandbox.models.values import DeliveryId, EventId, Stamp, Url
from paylera_sandbox.models.webhooks import Event, EventType, WebhookDelivery


class Health(TypedDict):
    """That the sandbox works, and how much is in it."""

    object: Literal["health"]
    status: Literal["ok"]
    version: str
    namespace: str
    mode: Literal["test", "live"]
    now: Stamp
    """By the namespace's clock."""
    customers: int
    subscriptions: int
    events: int
    pending_deliveries: int


# `from` is a keyword, so this one is not written as a class.
ClockAdvance = TypedDict(
    "ClockAdvance",
    {
        "status": Literal["running", "done", "stopped"],
        "from": Stamp,
        "position": Stamp,
        "target": Stamp,
        "jobs_done": int,
        "jobs_remaining": int,
    },
)
ClockAdvance.__doc__ = "How far the latest advance has come. `jobs_remaining` is an estimate."


class Clock(TypedDict):
    """The time by which a namespace goes."""

    object: Literal["clock"]
    mode: Literal["real", "offset", "pinned"]
    now: Stamp
    offset_seconds: float
    """How far it is ahead of real time; 0 while it stands still."""
    next_job_at: Stamp | None
    """When something happens by itself next."""
    advance: ClockAdvance | None


class Namespace(TypedDict):
    """One isolated Paylera of this server."""

    object: Literal["namespace"]
    name: str
    mode: Literal["test", "live"]
    token: str
    url: Url
    """Where its pages begin; the API has one URL for all."""


class Seeding(TypedDict):
    """How a seeding goes; `done` and `total` count what the customers do."""

    object: Literal["seeding"]
    status: Literal["running", "done", "failed"]
    customers: int
    months: int
    seed: int
    done: int
    total: int
    share: float
    error: str | None


class RateLimits(TypedDict):
    """Which rate limits are in force."""

    object: Literal["rate_limits"]
    setting: Literal["off", "documented"] | dict[str, int]
    enforced: bool


class ListenerAttempt(TypedDict):
    """One attempt to deliver an event to a listener."""

    object: Literal["attempt"]
    at: Stamp
    event_id: EventId
    event_type: EventType
    delivery_id: DeliveryId
    status: int | None
    error: str | None
    duration_ms: int
    next_attempt_at: Stamp | None


class Sending(TypedDict):
    """An event that was sent on demand, and its deliveries."""

    object: Literal["sending"]
    event: Event
    deliveries: list[WebhookDelivery]


class LoggedRequest(TypedDict):
    """A request to the API and its answer, without the token."""

    object: Literal["request"]
    number: int
    at: Stamp
    method: str
    path: str
    query: str
    headers: dict[str, str]
    body: str
    idempotency_key: str | None
    request_id: str
    status: int
    """0 if the connection was cut."""
    answer: str
    """The beginning of it."""
    replayed: bool
    """The answer was the one that the first call with this key had."""
    fault: str | None
    duration_ms: float


class FaultFiring(TypedDict):
    """One time that a fault happened."""

    at: Stamp
    subject: str


class InjectedFault(TypedDict):
    """Something that goes wrong on demand. Which of the settings it has depends on its action."""

    id: str
    object: Literal["fault"]
    number: int
    action: str
    skip: int
    times: int | None
    probability: float | None
    seed: int
    matched: int
    fired: int
    recent: list[FaultFiring]
    created_at: Stamp
    method: NotRequired[str]
    path: NotRequired[str]
    customer_id: NotRequired[str]
    idempotency_key: NotRequired[str]
    event_type: NotRequired[str]
    endpoint_id: NotRequired[str]
    card: NotRequired[str]
    payment_method_id: NotRequired[str]
    milliseconds: NotRequired[int]
    seconds: NotRequired[int]
    retry_after: NotRequired[int]
    status: NotRequired[int]
    decline_code: NotRequired[str]


class FaultAction(TypedDict):
    """One thing that can go wrong."""

    object: Literal["fault_action"]
    action: str
    place: Literal["request", "delivery", "charge"]
    description: str
    matches_by: list[str]
    """What it can be limited to."""
    parameters: dict[str, Any]
    """What it can be told, with the defaults."""
