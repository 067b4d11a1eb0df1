"""Plans."""

from __future__ import annotations

from paylera_sandbox.api import plans
from paylera_sandbox.models.catalog import Plan
from paylera_sandbox.models.common import Page
from paylera_sandbox.operations import Operation

TABLE = (
    Operation("GET", "/v1/plans", plans.listing, query=plans.LIST, name="ListPlans", answer=Page[Plan]),
    Operation(
        "POST",
        "/v1/plans",
        plans.create,
        body=plans.CREATE,
        status=201,
        name="CreatePlan",
        answer=Plan,
        problems=("plan.code_taken",),
    ),
    Operation("GET", "/v1/plans/{id}", plans.get, name="GetPlan", answer=Plan),
    Operation("PATCH", "/v1/plans/{id}", plans.update, body=plans.UPDATE, name="UpdatePlan", answer=Plan),
    Operation("POST", "/v1/plans/{id}/archive", plans.archive, name="ArchivePlan", answer=Plan),
)
