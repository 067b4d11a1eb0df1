"""Every case of the data on every host: the same request, the same upstream calls, the same answer."""

from __future__ import annotations

import pytest

from conformance import runner
from conformance.cases import Case, load
from conformance.conftest import CORES, SERVERS, Runs

RELAY, WEBHOOKS = load("relay"), load("webhooks")
NAMES = (*CORES, *SERVERS)
HOSTS = [*CORES, *(pytest.param(name, marks=pytest.mark.slow) for name in SERVERS)]


@pytest.mark.parametrize("case", RELAY, ids=str)
@pytest.mark.parametrize("host", HOSTS)
def test_relay(host: str, case: Case, relay_run: Runs) -> None:
    """The relay does what the data says."""
    runner.check(case, relay_run(host, case), "relay")


@pytest.mark.parametrize("case", WEBHOOKS, ids=str)
@pytest.mark.parametrize("host", HOSTS)
def test_webhooks(host: str, case: Case, webhook_run: Runs) -> None:
    """The receiver does what the data says."""
    runner.check(case, webhook_run(host, case), "webhooks")


@pytest.mark.slow
@pytest.mark.parametrize("case", RELAY, ids=str)
def test_same_relay_answer_everywhere(case: Case, relay_run: Runs) -> None:
    """Status, headers and body are equal on all hosts, byte for byte but for what is generated."""
    first, *others = (runner.comparable(relay_run(host, case)) for host in NAMES)
    for host, other in zip(NAMES[1:], others, strict=True):
        assert other == first, host


@pytest.mark.slow
@pytest.mark.parametrize("case", WEBHOOKS, ids=str)
def test_same_webhook_answer_everywhere(case: Case, webhook_run: Runs) -> None:
    """The same for the receiver."""
    first, *others = (runner.comparable(webhook_run(host, case)) for host in NAMES)
    for host, other in zip(NAMES[1:], others, strict=True):
        assert other == first, host
