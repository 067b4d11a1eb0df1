"""The models describe what the code decides elsewhere: states are those of the machines, names are unique."""

from __future__ import annotations

from typing import get_args

import pytest

from paylera_sandbox.billing.machines import INVOICE, PAYMENT, SUBSCRIPTION, Machine
from paylera_sandbox.models.invoices import InvoiceStatus
from paylera_sandbox.models.payments import PaymentStatus
from paylera_sandbox.models.subscriptions import SubscriptionStatus
from paylera_sandbox.routes import OPERATIONS


@pytest.mark.parametrize(
    ("machine", "states"),
    [(SUBSCRIPTION, SubscriptionStatus), (INVOICE, InvoiceStatus), (PAYMENT, PaymentStatus)],
    ids=lambda value: getattr(value, "resource", ""),
)
def test_states_are_those_of_the_machine(machine: Machine, states: object) -> None:
    assert set(get_args(states)) == set(machine.states)


def test_every_operation_has_a_name_of_its_own() -> None:
    names = [operation.name for operation in OPERATIONS]
    unnamed = [f"{operation.method} {operation.path}" for operation in OPERATIONS if not operation.name]
    assert unnamed == [], "give each name= (its operationId) and answer= (its model) in paylera_sandbox/routes"
    assert len(set(names)) == len(names)
    silent = [operation.name for operation in OPERATIONS if operation.answer is None and operation.status != 204]
    assert silent == [], "give each answer=, a model of paylera_sandbox/models"
