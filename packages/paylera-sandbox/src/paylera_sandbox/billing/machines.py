"""State machines as tables: what a subscription, an invoice and a payment may become. No other code decides that.

Sources: the documentation's status reference; where it ends early (payments), docs/api-objects.md says what we rule.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from paylera_sandbox.problems import Problem
from paylera_sandbox.store import Doc


class Machine(NamedTuple):
    """A resource's states and, for each, those that may follow. A state that nothing follows is terminal."""

    resource: str
    transitions: Mapping[str, tuple[str, ...]]

    @property
    def states(self) -> tuple[str, ...]:
        """Return all states."""
        return tuple(self.transitions)

    def may(self, before: str, after: str) -> bool:
        """Tell whether one state may follow another."""
        return after in self.transitions[before]

    def expect(self, doc: Doc, after: str) -> None:
        """Refuse a transition that the table does not have: 422 `<resource>.invalid_transition`."""
        before = doc["status"]
        if not self.may(before, after):
            allowed = ", ".join(self.transitions[before]) or "nothing: the state is final"
            detail = f"The {self.resource} is {before} and cannot become {after}; it may become {allowed}."
            raise Problem(f"{self.resource}.invalid_transition", detail)


SUBSCRIPTION = Machine(
    "subscription",
    {
        "pending_activation": ("trialing", "active", "incomplete_expired"),
        "trialing": ("active", "canceled"),
        "active": ("past_due", "paused", "canceled", "ended"),
        "past_due": ("active", "paused", "canceled"),
        "paused": ("active", "canceled"),
        "canceled": (),
        "ended": (),
        "incomplete_expired": (),
    },
)
INVOICE = Machine(
    "invoice",
    {
        "draft": ("open",),
        "open": ("partially_paid", "paid", "void", "uncollectible"),
        "partially_paid": ("paid", "uncollectible"),
        "paid": (),
        "void": (),
        "uncollectible": (),
    },
)
PAYMENT = Machine(
    "payment",
    {
        "pending": ("processing", "requires_action", "succeeded", "failed", "canceled"),
        "processing": ("requires_action", "succeeded", "failed"),
        "requires_action": ("processing", "succeeded", "failed", "canceled"),
        "succeeded": ("partially_refunded", "refunded", "charged_back"),
        "partially_refunded": ("partially_refunded", "refunded", "charged_back"),
        "failed": (),
        "canceled": (),
        "refunded": (),
        "charged_back": ("succeeded", "partially_refunded"),
    },
)
