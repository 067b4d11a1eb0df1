"""Usage, as the API generation reports it."""

from __future__ import annotations

from paylera_sandbox.api import usage
from paylera_sandbox.models.common import Page
from paylera_sandbox.models.metering import UsageBatch, UsageEvent
from paylera_sandbox.operations import Operation

TABLE = (
    Operation(
        "POST",
        "/v1/usage",
        usage.report,
        body=usage.EVENT,
        status=202,
        name="ReportUsage",
        answer=UsageEvent,
        problems=("usage.no_subscription",),
    ),
    Operation("GET", "/v1/usage", usage.listing, query=usage.FILTERS, name="ListUsage", answer=Page[UsageEvent]),
    Operation(
        "POST",
        "/v1/usage/batch",
        usage.report_batch,
        body=usage.BATCH,
        status=202,
        name="ReportUsageBatch",
        answer=UsageBatch,
    ),
)
