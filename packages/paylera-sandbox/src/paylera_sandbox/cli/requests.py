"""`requests`: the log of what was asked of the API."""

from __future__ import annotations

from typing import Annotated

from paylera_sandbox.cli.parameters import Option
from paylera_sandbox.cli.session import Session, talks

_COLUMNS = ("at", "method", "path", "status", "idempotency_key", "replayed", "duration_ms")


@talks
def requests(
    session: Session,
    *,
    limit: Annotated[int, Option(min=1, max=1000, help="At most so many.")] = 25,
    method: Annotated[str | None, Option(help="Only this method.")] = None,
    path: Annotated[str | None, Option(help="Only this path.")] = None,
    key: Annotated[str | None, Option(help="Only those with this idempotency key.")] = None,
    clear: Annotated[bool, Option("--clear", help="Forget all requests instead.")] = False,
) -> None:
    """Show the latest requests to the API, newest first."""
    if clear:
        session.sandbox.delete("/sandbox/requests")
        session.out.result({"cleared": True}, "Forgotten.")
        return
    asked = {"limit": limit, "method": method and method.upper(), "path": path, "idempotency_key": key}
    found = session.sandbox.get("/sandbox/requests", **asked)["data"]
    session.out.table(found, _COLUMNS, empty="No requests yet.")
