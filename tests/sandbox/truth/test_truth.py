"""The sandbox keeps its own books: generated histories of subscriptions, invoices and wallets break no invariant."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, settings
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test

from sandbox.truth.histories import LIVES

HISTORIES = int(os.environ.get("PAYLERA_HISTORIES", "60"))


@pytest.mark.timeout(3600)
@pytest.mark.parametrize("life", LIVES, ids=lambda life: life.__name__)
def test_no_history_breaks_the_books(life: type[RuleBasedStateMachine]) -> None:
    """`PAYLERA_HISTORIES=10000` plays as many; the sums, limits and states of `ledger` hold after each."""
    run_state_machine_as_test(
        life,
        settings=settings(
            max_examples=HISTORIES,
            stateful_step_count=25,
            deadline=None,
            suppress_health_check=list(HealthCheck),
        ),
    )
