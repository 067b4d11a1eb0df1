"""The story of a seeded sandbox: who does what when. It is told in calls of the API."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from paylera_sandbox.engine import Engine
from paylera_sandbox.fields import read
from paylera_sandbox.operations import Call, File
from paylera_sandbox.problems import Problem
from paylera_sandbox.routes import OPERATIONS
from paylera_sandbox.seeding.people import person
from paylera_sandbox.store import Doc

# Test card -> how many of a hundred customers have it.
_CARDS = {"tok_visa_success": 70, "tok_mastercard_success": 20, "tok_visa_decline_later": 7, "tok_visa_chargeback": 3}
# What a customer does -> in how many of a hundred months.
_HABITS = {"use": 90, "change_plan": 5, "cancel": 4, "pause": 1}
_MONTH = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Scene:
    """Something that one customer does at a moment."""

    at: datetime
    customer: int
    what: str


class Story:
    """Writes scenes and plays them. The same seed tells the same story."""

    def __init__(self, engine: Engine, *, seed: int, first_number: int) -> None:
        self._engine = engine
        self._random = Random(f"paylera-sandbox:{seed}")  # noqa: S311 wanted to be predictable
        self._first = first_number
        self._ids: dict[int, str] = {}
        self._acts: dict[str, Callable[[int], None]] = {
            "sign_up": self._sign_up,
            "use": self._use,
            "change_plan": self._change_plan,
            "cancel": self._cancel,
            "pause": self._pause,
        }

    def write(self, begin: datetime, end: datetime, customers: int) -> list[Scene]:
        """Return all scenes in the order of time: more customers come later, as in a business that grows."""
        scenes: list[Scene] = []
        for number in range(self._first, self._first + customers):
            start = begin + (end - begin) * self._random.random() ** 0.7
            scenes.append(Scene(start, number, "sign_up"))
            scenes.extend(self._months(start, end, number))
        return sorted(scenes, key=lambda scene: (scene.at, scene.customer))

    def play(self, scene: Scene) -> None:
        """Let a scene happen now. What the API refuses (a card that is declined) did not happen, as in life."""
        try:
            self._acts[scene.what](scene.customer)
        except Problem:
            return

    def _months(self, start: datetime, end: datetime, number: int) -> Iterator[Scene]:
        month = start
        while month < end:
            for what, share in _HABITS.items():
                at = month + _MONTH * self._random.random()
                if self._random.randrange(100) < share and at < end:
                    yield Scene(at, number, what)
            month += _MONTH

    def _sign_up(self, number: int) -> None:
        customer = self._ask("POST", "/v1/customers", person(self._random, number))
        self._ids[number] = customer["id"]
        method = {"type": "card", "token": self._one_of(_CARDS), "set_as_default": True}
        self._ask("POST", "/v1/customers/{id}/payment-methods", method, id=customer["id"])
        body = {"customer_id": customer["id"], "plan_code": self._plan()}
        self._ask("POST", "/v1/subscriptions", body)

    def _use(self, number: int) -> None:
        features = [code for code, feature in self._features().items() if feature["kind"] == "metered"]
        if features:
            feature, quantity = self._random.choice(features), str(self._random.randint(1, 80))
            body = {"customer_id": self._ids[number], "feature_code": feature, "quantity": quantity}
            self._ask("POST", "/v1/track", body)

    def _change_plan(self, number: int) -> None:
        subscription = self._subscription(number)
        if subscription:
            self._ask("POST", "/v1/subscriptions/{id}/change-plan", {"plan_code": self._plan()}, id=subscription)

    def _cancel(self, number: int) -> None:
        subscription = self._subscription(number)
        if subscription:
            body = {"at_period_end": True, "reason": self._random.choice(["too expensive", "not needed", "moved on"])}
            self._ask("POST", "/v1/subscriptions/{id}/cancel", body, id=subscription)

    def _pause(self, number: int) -> None:
        subscription = self._subscription(number)
        if subscription:
            self._ask("POST", "/v1/subscriptions/{id}/pause", {}, id=subscription)

    def _subscription(self, number: int) -> str | None:
        with self._engine.unit() as unit:
            found = unit.store.first("subscriptions", customer_id=self._ids.get(number), status=("active", "past_due"))
        return found["id"] if found else None

    def _plan(self) -> str:
        with self._engine.unit() as unit:
            plans = unit.store.newest("plans", {"status": "active"})
        return str(self._random.choice(plans)["code"])

    def _features(self) -> Doc:
        return dict(self._engine.catalogue.features)

    def _one_of(self, shares: dict[str, int]) -> str:
        return self._random.choices(list(shares), weights=list(shares.values()))[0]

    def _ask(self, method: str, path: str, body: Doc, **ids: str) -> Doc:
        """Make a call of the API, with its own reading of the fields, as one unit of work."""
        operation = _TABLE[method, path]
        with self._engine.unit() as unit:
            answer = operation.handler(Call(unit, ids, read({}, operation.query), read(body, operation.body)))
        if answer is None or isinstance(answer, File):
            raise TypeError(f"{method} {path} answers no object")
        return answer


_TABLE = {(operation.method, operation.path): operation for operation in OPERATIONS}
