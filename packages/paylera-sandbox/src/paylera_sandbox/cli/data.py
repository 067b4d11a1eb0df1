"""`status`, `reset`, `snapshot` and `restore`: a sandbox's data as a whole."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

from paylera_sandbox.cli.exits import USAGE, CommandError
from paylera_sandbox.cli.parameters import Argument
from paylera_sandbox.cli.session import Session, talks

_SNAPSHOT = "application/vnd.sqlite3"


@talks
def status(session: Session) -> None:
    """Tell whether a sandbox answers, what time it has and how much is in it."""
    found = session.sandbox.get("/sandbox/health")
    counts = ", ".join(f"{found[name]} {name.replace('_', ' ')}" for name in ("customers", "subscriptions", "events"))
    session.out.result(
        found,
        f"{session.sandbox.url} answers: paylera-sandbox {found['version']}, {found['mode']} mode",
        f"It is {found['now']}; {counts}, {found['pending_deliveries']} deliveries pending",
    )


@talks
def reset(session: Session) -> None:
    """Empty the sandbox: as it was when it was first started. Its time is real again."""
    found = session.sandbox.post("/sandbox/reset")
    session.out.result(found, "The sandbox is empty.")


@talks
def snapshot(
    session: Session,
    file: Annotated[Path, Argument(help="Where to write it; an existing file is replaced.", dir_okay=False)],
) -> None:
    """Write all data to a file, time and pending deliveries with it. Requests go on meanwhile."""
    with session.out.progress("Taking a snapshot"):
        content = session.sandbox.raw("GET", "/sandbox/snapshot")
    draft = file.with_name(f"{file.name}.part")
    try:
        draft.write_bytes(content)
        draft.replace(file)
    except OSError as error:
        raise CommandError(f"cannot write {file}: {error.strerror}", USAGE) from None
    session.out.result({"file": str(file), "bytes": len(content)}, f"Wrote {file} ({len(content)} bytes).")


@talks
def restore(
    session: Session,
    file: Annotated[Path, Argument(help="A file that snapshot wrote.", dir_okay=False)],
) -> None:
    """Replace all data by a snapshot's: the sandbox is the old one, to the deliveries that were pending."""
    try:
        content = file.read_bytes()
    except OSError as error:
        raise CommandError(f"cannot read {file}: {error.strerror}", USAGE) from None
    with session.out.progress("Restoring"):
        session.sandbox.raw("POST", "/sandbox/restore", content=content, media_type=_SNAPSHOT)
    found = session.sandbox.get("/sandbox/health")
    session.out.result(found, f"Restored {file}: {found['customers']} customers, {found['events']} events.")
