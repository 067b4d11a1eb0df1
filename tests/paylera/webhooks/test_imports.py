"""What importing costs, and that every public name is there; in fresh interpreters."""

from __future__ import annotations

import subprocess
import sys

import pytest

from paylera import testing, webhooks


def fresh(code: str) -> str:
    """Run `code` in an interpreter of its own and return what it prints."""
    command = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(command, check=False, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


@pytest.mark.parametrize(
    ("name", "unloaded"),
    [
        ("WebhookReceiver", {"pydantic", "pydantic_core", "aiohttp", "opentelemetry", "paylera.relay"}),
        ("verify_signature", {"pydantic", "pydantic_core", "asyncio", "socket", "paylera.flow"}),
    ],
)
def test_importing_loads_no_models(name: str, unloaded: set[str]) -> None:
    """Building the models is most of the cost, so it waits until a receiver is made."""
    code = f"import sys; from paylera.webhooks import {name}; print(*(set(sys.modules) & {unloaded!r}))"
    assert fresh(code) == ""


def test_every_public_name_resolves_and_no_other() -> None:
    """`__all__` is complete, and a typo is an `AttributeError`."""
    assert all(getattr(webhooks, name) is not None for name in webhooks.__all__)
    assert all(getattr(testing, name) is not None for name in testing.__all__)
    assert {f"{cls.__name__}" for cls in webhooks.EVENT_TYPES.values()} <= set(webhooks.__all__)
    assert {f"{cls.__name__}Data" for cls in webhooks.EVENT_TYPES.values()} <= set(webhooks.__all__)
    with pytest.raises(AttributeError, match="InvoicePayedEvent"):
        getattr(webhooks, "InvoicePayedEvent")  # noqa: B009 - the static checker knows that it does not exist


def test_sixteen_threads_may_parse_the_first_event_of_every_type() -> None:
    """Modules are loaded and validators built on first use; that must not race."""
    code = """
import json, sys, threading
from paylera.testing import event_payload
from paylera.webhooks import EVENT_TYPES, PayleraWebhookEvent
from paylera.webhooks.parsing import parse_event
sys.setswitchinterval(1e-6)
events = [json.dumps(event_payload(event_type)).encode() for event_type in EVENT_TYPES]
barrier, found = threading.Barrier(16), []
def work():
    barrier.wait()
    found.extend(type(parse_event(event)) is not PayleraWebhookEvent for event in events)
threads = [threading.Thread(target=work) for _ in range(16)]
for thread in threads: thread.start()
for thread in threads: thread.join()
print(len(found) == 16 * len(events) and all(found))
"""
    assert fresh(code) == "True"
