"""The API under what schemathesis makes of its OpenAPI document: no 5xx, no answer that is not documented, and nothing
accepted that the document refuses.

The ids of things that exist stand in for the random ones of a part of the cases, so that calls get past "not found".
"""

from __future__ import annotations

import os
import random
import uuid
from collections.abc import Iterator

import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test
from schemathesis import Case, GenerationMode
from schemathesis.checks import CHECKS, load_all_checks
from starlette.types import Receive, Scope, Send

from paylera_sandbox import Sandbox
from paylera_sandbox.openapi.document import document
from sandbox.support import Api

load_all_checks()
WANTED = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
]
CHECKED = [CHECKS.get_one(name) for name in WANTED]
SCHEMA = schemathesis.openapi.from_dict(document("http://127.0.0.1"))
SCHEMA.config.generation.update(with_security_parameters=False)  # the token is always sent
EXAMPLES = int(os.environ.get("SCHEMATHESIS_EXAMPLES", "5"))
BOUNDED = settings(
    max_examples=EXAMPLES,
    deadline=None,
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=list(HealthCheck),
)


async def deaf(_scope: Scope, _receive: Receive, send: Send) -> None:
    """Take every webhook, so that none goes to the hosts that schemathesis makes up."""
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": b""})


class Known:
    """Ids of what exists, by the name of the parameter or field that takes them."""

    def __init__(self, api: Api) -> None:
        customer = api.customer(email="known@example.com", external_id="known")
        subscription = api.subscribe(customer, "pro")
        endpoint = api.ok("/v1/admin/webhook-endpoints", {"url": "http://127.0.0.1:9/"})
        self._chance = random.Random(1)
        self._by_collection = {
            "customers": customer["id"],
            "subscriptions": subscription["id"],
            "plans": "pro",
            "invoices": subscription["latest_invoice_id"],
            "payment-methods": subscription["default_payment_method_id"],
            "payments": api.get("/v1/payments").json()["data"][0]["id"],
            "webhook-endpoints": endpoint["id"],
            "events": api.events()[0]["id"],
        }
        self._by_field = {
            "customer_id": customer["id"],
            "subscription_id": subscription["id"],
            "plan_id": "pro",
            "plan_code": "starter",
            "feature_code": "api_calls",
            "payment_method_id": subscription["default_payment_method_id"],
            "default_payment_method_id": subscription["default_payment_method_id"],
        }

    def put_into(self, case: Case) -> None:
        """Replace the ids of three in four of the cases that the document says are right."""
        if case.meta.generation.mode is not GenerationMode.POSITIVE or self._chance.random() < 0.25:
            return
        collection = case.path.removeprefix("/v1/").removeprefix("admin/").split("/")[0]
        if "id" in case.path_parameters and collection in self._by_collection:
            case.path_parameters["id"] = self._by_collection[collection]
        if isinstance(case.body, dict):
            case.body.update({name: self._by_field[name] for name in self._by_field if name in case.body})


@pytest.fixture(scope="module")
def known() -> Iterator[tuple[Api, Known]]:
    with Sandbox(webhook_app=deaf) as sandbox:
        api = Api(sandbox)
        yield api, Known(api)
        api.close()


@pytest.mark.slow
@SCHEMA.parametrize()
@BOUNDED
def test_nothing_undocumented(case: Case, known: tuple[Api, Known]) -> None:
    api, ids = known
    ids.put_into(case)
    if "Idempotency-Key" in case.headers and case.meta.generation.mode is GenerationMode.POSITIVE:
        case.headers["Idempotency-Key"] = str(uuid.uuid4())  # else many calls would be repetitions of the first
    headers = {"Authorization": f"Bearer {api.sandbox.token}"}
    answer = case.call(base_url=api.sandbox.url, headers=headers)
    case.validate_response(answer, checks=CHECKED)


@pytest.mark.slow
def test_nothing_undocumented_along_the_links() -> None:
    """What one call makes is what the next call is about: customers get portals, invoices are finalized and paid."""
    with Sandbox(webhook_app=deaf) as sandbox:
        schema = schemathesis.openapi.from_dict(document(sandbox.url))
        schema.config.update(base_url=sandbox.url)
        schema.config.generation.update(with_security_parameters=False, modes=[GenerationMode.POSITIVE])
        machine = schema.as_state_machine()

        class Caller(machine):  # type: ignore[misc, valid-type]
            def get_call_kwargs(self, case: Case) -> dict:
                if "Idempotency-Key" in case.headers:
                    case.headers["Idempotency-Key"] = str(uuid.uuid4())
                return {"headers": {"Authorization": f"Bearer {sandbox.token}"}}

            def validate_response(self, response: object, case: Case, **more: object) -> None:
                case.validate_response(response, checks=CHECKED)

        run_state_machine_as_test(Caller, settings=settings(BOUNDED, max_examples=EXAMPLES, stateful_step_count=6))
        assert {request.status for request in sandbox.requests} & {200, 201}
