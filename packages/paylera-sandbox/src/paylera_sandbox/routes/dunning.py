"""The dunning policy."""

from __future__ import annotations

from paylera_sandbox.api import dunning
from paylera_sandbox.models.subscriptions import DunningPolicy
from paylera_sandbox.operations import Operation

TABLE = (
    Operation("GET", "/v1/admin/dunning/policy", dunning.get_policy, name="GetDunningPolicy", answer=DunningPolicy),
    Operation(
        "PUT",
        "/v1/admin/dunning/policy",
        dunning.put_policy,
        body=dunning.POLICY,
        name="UpdateDunningPolicy",
        answer=DunningPolicy,
    ),
)
