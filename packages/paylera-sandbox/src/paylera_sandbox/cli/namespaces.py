"""`namespaces`: isolated sandboxes on one server."""

from __future__ import annotations

from typing import Annotated

from paylera_sandbox.cli.connection import segment
from paylera_sandbox.cli.parameters import Argument
from paylera_sandbox.cli.session import Session, talks

Name = Annotated[str, Argument(help="1 to 40 lower-case letters, digits or '-'.")]


@talks
def listing(session: Session) -> None:
    """List all namespaces and their tokens."""
    found = session.sandbox.get("/sandbox/namespaces")["data"]
    session.out.table(found, ("name", "mode", "token", "url"), empty="There is none.")


@talks
def create(session: Session, name: Name) -> None:
    """Make a namespace, with data and a clock of its own."""
    found = session.sandbox.post("/sandbox/namespaces", {"name": name})
    session.out.result(found, f"{found['name']}: token {found['token']}, pages at {found['url']}/")


@talks
def delete(session: Session, name: Name) -> None:
    """Delete a namespace with all its data."""
    session.sandbox.delete(f"/sandbox/namespaces/{segment(name)}")
    session.out.result({"name": name, "deleted": True}, f"{name} is deleted.")
