"""Plans: `/v1/plans`."""

from __future__ import annotations

from paylera_sandbox.api.listing import PAGING, page
from paylera_sandbox.operations import Call
from paylera_sandbox.store import Doc

LIST = PAGING


def listing(call: Call) -> Doc:
    """List the plans of the catalogue. in its order."""
    return page(call, "plans", status="active")


def get(call: Call) -> Doc:
    """Return a plan by its id or code."""
    return call.unit.plan(call.ids["id"])
