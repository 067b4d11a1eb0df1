"""`seed`: a sandbox full of customers."""

from __future__ import annotations

import time
from typing import Annotated

from paylera_sandbox.cli.exits import FAILED, CommandError
from paylera_sandbox.cli.parameters import Option
from paylera_sandbox.cli.session import Session, talks

_LOOK_SECONDS = 0.1


@talks
def seed(
    session: Session,
    *,
    customers: Annotated[int, Option(min=1, max=100_000, help="How many.")] = 50,
    months: Annotated[int, Option(min=0, max=120, help="Over how many months they came.")] = 6,
    number: Annotated[int, Option("--seed", min=0, max=2**53, help="The same number, the same story.")] = 1,
) -> None:
    """Fill the sandbox with customers who came, paid, used, changed their minds and left."""
    found = session.sandbox.post("/sandbox/seed", {"customers": customers, "months": months, "seed": number})
    with session.out.progress("Seeding") as bar:
        while found["status"] == "running":
            time.sleep(_LOOK_SECONDS)
            found = session.sandbox.get("/sandbox/seed")
            bar(found["share"], f"Seeding: {found['done']} of {found['total']}")
    if found["status"] == "failed":
        raise CommandError(f"the seeding failed: {found['error']}", FAILED)
    health = session.sandbox.get("/sandbox/health")
    counts = ", ".join(f"{health[name]} {name}" for name in ("customers", "subscriptions", "events"))
    session.out.result(found, f"It is {health['now']} in the sandbox; it holds {counts}.")
