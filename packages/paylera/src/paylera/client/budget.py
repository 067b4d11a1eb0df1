"""A retry budget: while everything fails, almost nothing is repeated."""

from __future__ import annotations

from collections import deque

CAPACITY = 250
COST = 5


class RetryBudget:
    """A bucket of tokens shared by all calls of a client: a retry takes `COST`, a success gives back.

    With Paylera down, 1000 calls send 50 retries (1.05 requests a call), not 2000. No lock: single steps of a deque are
    atomic, and a lock held at the moment of a fork would stay held in the child.
    """

    __slots__ = ("_tokens",)

    def __init__(self) -> None:
        self._tokens: deque[None] = deque([None] * CAPACITY, maxlen=CAPACITY)

    def take(self) -> bool:
        """Pay for one retry; False when the bucket does not hold enough."""
        for taken in range(COST):
            try:
                self._tokens.pop()
            except IndexError:
                self.give(taken)
                return False
        return True

    def give(self, tokens: int) -> None:
        """Put tokens back; a full bucket stays full."""
        self._tokens.extend([None] * tokens)
