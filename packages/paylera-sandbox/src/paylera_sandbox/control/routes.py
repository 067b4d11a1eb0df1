"""The control API as one table: what one does to a sandbox, with the token of one of its namespaces."""

from __future__ import annotations

from paylera_sandbox.control import (
    clock,
    events,
    faults,
    health,
    limits,
    listeners,
    namespaces,
    requests,
    seed,
    snapshots,
    tax_ids,
)
from paylera_sandbox.control.commands import Command
from paylera_sandbox.faults.specs import BODY

COMMANDS = (
    Command("GET", "/sandbox/health", health.health),
    Command("GET", "/sandbox/clock", clock.get),
    Command("PUT", "/sandbox/clock", clock.put, body=clock.SET),
    Command("POST", "/sandbox/clock/advance", clock.advance, body=clock.ADVANCE),
    Command("DELETE", "/sandbox/clock/advance", clock.stop),
    Command("GET", "/sandbox/namespaces", namespaces.listing),
    Command("POST", "/sandbox/namespaces", namespaces.create, body=namespaces.CREATE, status=201),
    Command("GET", "/sandbox/namespaces/{name}", namespaces.get),
    Command("DELETE", "/sandbox/namespaces/{name}", namespaces.delete, status=204),
    Command("POST", "/sandbox/reset", snapshots.reset),
    Command("GET", "/sandbox/snapshot", snapshots.take),
    Command("POST", "/sandbox/restore", snapshots.restore, file=snapshots.LARGEST),
    Command("GET", "/sandbox/seed", seed.get),
    Command("POST", "/sandbox/seed", seed.start, body=seed.START, status=202),
    Command("GET", "/sandbox/rate-limits", limits.get),
    Command("PUT", "/sandbox/rate-limits", limits.put, body=limits.SET),
    Command("POST", "/sandbox/listeners", listeners.create, body=listeners.CREATE, status=201),
    Command("DELETE", "/sandbox/listeners/{id}", listeners.delete, status=204),
    Command("GET", "/sandbox/listeners/{id}/attempts", listeners.attempts),
    Command("POST", "/sandbox/trigger", events.trigger, body=events.TRIGGER, status=202),
    Command("POST", "/sandbox/events/{id}/resend", events.resend, body=events.RESEND, status=202),
    Command("POST", "/sandbox/tax-ids/{id}/invalidate", tax_ids.invalidate),
    Command("GET", "/sandbox/requests", requests.listing, query=requests.FILTERS),
    Command("DELETE", "/sandbox/requests", requests.clear, status=204),
    Command("GET", "/sandbox/faults", faults.listing),
    Command("POST", "/sandbox/faults", faults.add, body=BODY, status=201),
    Command("DELETE", "/sandbox/faults", faults.clear, status=204),
    Command("GET", "/sandbox/faults/{id}", faults.get),
    Command("DELETE", "/sandbox/faults/{id}", faults.remove, status=204),
    Command("GET", "/sandbox/fault-actions", faults.actions),
)
