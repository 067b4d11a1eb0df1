"""Billing portal sessions: `/v1/customers/{id}/billing-portal-sessions`."""

from __future__ import annotations

from paylera_sandbox import fields
from paylera_sandbox.billing import portal
from paylera_sandbox.fields import Rule
from paylera_sandbox.operations import Call
from paylera_sandbox.store import Doc

BODY = {"return_url": Rule(fields.url), "locale": Rule(fields.text(longest=35))}


def create(call: Call) -> Doc:
    """Open a portal session and return its link."""
    customer = call.unit.customer(call.ids["id"])
    given = call.body
    return portal.open_session(call.unit, customer, return_url=given.get("return_url"), locale=given.get("locale"))
