"""Rate limits: told always, enforced on request, by class of call."""

from __future__ import annotations

import pytest

from paylera import PayleraClient, RateLimitError
from paylera_sandbox import Sandbox
from paylera_sandbox.limits import DOCUMENTED, Limits, class_of, cost_of
from paylera_sandbox.problems import Problem
from paylera_sandbox.routes import OPERATIONS
from sandbox.support import Api, problem

BY_NAME = {operation.name: operation for operation in OPERATIONS}


class Watch:
    """A machine's clock to set."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def test_every_answer_tells_what_is_left(api: Api) -> None:
    first, second = api.get("/v1/plans"), api.get("/v1/plans")
    told = {name: first.headers[f"x-ratelimit-{name}"] for name in ("limit", "remaining", "reset")}
    assert (told["limit"], told["remaining"]) == ("100", "99")
    assert int(second.headers["x-ratelimit-reset"]) >= int(told["reset"]) > 1_700_000_000


def test_nothing_is_refused_unless_asked_for(api: Api) -> None:
    assert {api.get("/v1/admin/events").status_code for _ in range(20)} == {200}


def test_documented_limits_are_a_tenth_in_test_mode(api: Api) -> None:
    api.sandbox.engine.limits.set("documented")
    answers = [api.get("/v1/admin/events") for _ in range(12)]
    refused = [answer for answer in answers if answer.status_code == 429]
    assert refused, "twelve calls took longer than two seconds"
    document = problem(refused[0], 429, "rate_limit.exceeded")
    assert "5 calls" in document["detail"]
    assert int(refused[0].headers["retry-after"]) >= 1
    assert refused[0].headers["x-ratelimit-remaining"] == "0"


def test_limits_are_an_option_of_the_sandbox_and_its_namespaces() -> None:
    with Sandbox(rate_limits={"admin": 3}) as sandbox:
        assert sandbox.engine.limits.take(BY_NAME["ListEvents"]).limit == 3
        assert sandbox.namespace("other").engine.limits.take(BY_NAME["ListEvents"]).limit == 3


def test_a_refused_call_leaves_its_key_free(api: Api) -> None:
    api.sandbox.engine.limits.set({"writes": 1})
    body = {"email": "a@b.c"}
    while api.post("/v1/customers", body).status_code != 429:
        pass
    while (answer := api.post("/v1/customers", body, key="k")).status_code == 429:
        assert "idempotent-replayed" not in answer.headers
    assert answer.status_code == 201
    assert "idempotent-replayed" not in answer.headers


def list_for_ever(paylera: PayleraClient) -> None:
    while True:
        paylera.list_plans()


def test_the_client_is_told_how_long_to_wait(api: Api) -> None:
    api.sandbox.engine.limits.set({"reads": 1})
    with (
        PayleraClient(api_token=api.sandbox.token, base_url=api.sandbox.url, max_retries=0) as paylera,
        pytest.raises(RateLimitError) as refused,
    ):
        list_for_ever(paylera)
    assert refused.value.retry_after is not None
    assert refused.value.retry_after >= 1


def test_the_window_slides() -> None:
    watch = Watch()
    limits = Limits({"reads": 2}, now=watch)
    plans = BY_NAME["ListPlans"]
    assert limits.take(plans).remaining == 1
    watch.now += 0.6
    assert limits.take(plans).remaining == 0
    with pytest.raises(Problem) as refused:
        limits.take(plans)
    assert refused.value.headers["Retry-After"] == "1"
    assert refused.value.headers["X-RateLimit-Reset"] == "1002"
    watch.now += 0.5  # the first has left, the second has not
    assert limits.take(plans).remaining == 0
    with pytest.raises(Problem):
        limits.take(plans)


def test_classes_do_not_share(api: Api) -> None:
    limits = Limits(dict.fromkeys(DOCUMENTED, 1))
    for name in ("ListPlans", "CreateCustomer", "Attach", "Track", "ListEvents"):
        limits.take(BY_NAME[name])
        with pytest.raises(Problem):
            limits.take(BY_NAME[name])


def test_a_batch_counts_its_events() -> None:
    track = BY_NAME["Track"]
    assert cost_of(track, {"events": [{}] * 7}) == 7
    assert [cost_of(track, sent) for sent in ({}, {"events": []}, {"events": 5})] == [1, 1, 1]
    assert cost_of(BY_NAME["CreateCustomer"], {"events": [{}] * 7}) == 1
    limits = Limits({"usage": 10})
    limits.take(track, 7)
    with pytest.raises(Problem):
        limits.take(track, 4)
    assert limits.take(track, 3).remaining == 0


def test_more_than_the_limit_at_once_passes_an_empty_window() -> None:
    watch = Watch()
    limits = Limits({"usage": 10}, now=watch)
    limits.take(BY_NAME["Track"], 50)
    with pytest.raises(Problem):
        limits.take(BY_NAME["Track"])
    watch.now += 1
    limits.take(BY_NAME["Track"])


@pytest.mark.parametrize("setting", ["on", "", {"reads": 0}, {"reads": -1}, {"calls": 5}, {"reads": 10**10}])
def test_bad_settings_are_refused(setting: object) -> None:
    with pytest.raises(ValueError, match="rate limits"):
        Limits(setting)


def test_live_mode_has_ten_times_as_much() -> None:
    assert Limits("documented", live=True).take(BY_NAME["ListPlans"]).limit == 1000
    assert Limits("documented").take(BY_NAME["ListPlans"]).limit == 100


def test_every_operation_has_a_class() -> None:
    classes = {operation.name: class_of(operation) for operation in OPERATIONS}
    assert set(classes.values()) <= set(DOCUMENTED)
    expected = {
        "Check": "reads",
        "Track": "usage",
        "Attach": "money",
        "UpdateCustomer": "writes",
        "ListEvents": "admin",
    }
    assert expected.items() <= classes.items()
