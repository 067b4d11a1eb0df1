"""What whoever sets the relay up is told: in the log what failed upstream and where, in the answer what is missing."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest

from paylera.errors import TransportError
from paylera.flow import run
from paylera.http import Request, Response
from paylera.relay import PayleraCustomerIdentity, RelayCore
from support.stepping import Clock, Script, answer

ADA = PayleraCustomerIdentity(email="ada@example.com")
REFUSED = TransportError("https://api.test.paylera.dev:443 refused the connection", fault="connection")
FAILURES = {
    "unreachable": ([REFUSED, REFUSED], "api.test.paylera.dev:443 refused the connection"),
    "token": ([answer(401)], "answered 401; check that api_token belongs to this server, and PAYLERA_BASE_URL"),
    "scope": ([answer(403)], "answered 403; check that api_token"),
    "broken": ([answer(500)], "answered 500"),
    "redirect": ([answer(302)], "answered 302"),
    "slow": ([TransportError("it did not answer within 10 s", fault="timeout")], "did not answer within 10 s"),
}


def detail(identity: PayleraCustomerIdentity = ADA, /, answers: Any = (), **options: Any) -> str:
    """Return the detail of the answer to a GET."""
    clock = Clock()
    settings = {"api_token": "pl_test_x", "identify": lambda _: identity, "system": clock.system()}
    core = RelayCore(settings | options)
    request = Request("GET", "https://shop.example/me", (("x-request-id", "request-1"),))
    return told(run(core.handle("me", request), Script(list(answers), clock)))


def told(response: Response) -> str:
    """Return the detail of a problem."""
    return str(json.loads(response.body)["detail"])


@pytest.mark.parametrize("name", FAILURES)
def test_a_failure_upstream_is_in_the_log(name: str, caplog: pytest.LogCaptureFixture) -> None:
    """One line with the server, the route and the request id; no address of a person, nothing of it in the answer."""
    answers, expected = FAILURES[name]
    seen = detail(answers=answers)
    [record] = caplog.records
    assert record.levelno == logging.WARNING
    assert record.getMessage().startswith("GET https://api.test.paylera.dev/v1/customers: ")
    assert expected in record.getMessage()
    assert record.getMessage().endswith("request request-1")
    assert "ada@" not in record.getMessage()
    assert "paylera.dev" not in seen


def test_a_server_without_customers_is_not_paylera(caplog: pytest.LogCaptureFixture) -> None:
    """A path too much in the base URL, or somebody else's server."""
    detail(answers=[answer(404)])
    assert caplog.messages == ["Paylera answered 404 to the attempt to look up a customer; check PAYLERA_BASE_URL"]


def test_an_identity_that_leads_nowhere_is_explained() -> None:
    """An account without an address is signed in, and yet gets a 401."""
    assert "no customer_id, external_id or email" in detail(PayleraCustomerIdentity(name="Ada", email=""))
    assert "auto_create_customer is off" in detail(ADA, auto_create_customer=False)


@pytest.mark.parametrize(
    ("headers", "fields", "expected"),
    [
        ((("origin", "https://shop.example"),), {}, "Origin is another than http://inside, "),
        ((), {"success_url": "https://shop.example/"}, "success_url that leaves http://inside, "),
    ],
)
def test_a_proxy_that_hides_the_outside_shows(
    headers: Any, fields: dict[str, str], expected: str, caplog: pytest.LogCaptureFixture
) -> None:
    """The log says which site the server takes itself for; strangers are not told names from inside."""
    options: Any = {"api_token": "pl_test_x", "identify": lambda _: ADA, "csrf": not fields}
    body = json.dumps({"plan_code": "pro"} | fields).encode()
    json_type = ("content-type", "application/json")
    request = Request("POST", "http://inside/attach", (json_type, *headers), body)
    response = run(RelayCore(options).handle("attach", request), Script())
    assert expected in caplog.text
    assert b"inside" not in response.body
