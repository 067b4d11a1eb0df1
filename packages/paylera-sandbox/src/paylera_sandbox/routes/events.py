"""Everything that happened."""

from __future__ import annotations

from paylera_sandbox.api import webhooks
from paylera_sandbox.models.common import Page
from paylera_sandbox.models.webhooks import Event
from paylera_sandbox.operations import Operation

TABLE = (
    Operation(
        "GET", "/v1/admin/events", webhooks.events, query=webhooks.EVENT_FILTERS, name="ListEvents", answer=Page[Event]
    ),
    Operation("GET", "/v1/admin/events/{id}", webhooks.event, name="GetEvent", answer=Event),
)
