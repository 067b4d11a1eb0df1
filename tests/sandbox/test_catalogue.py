from __future__ import annotations

from pathlib import Path

import pytest

from paylera_sandbox import Sandbox
from paylera_sandbox.catalogue import CatalogueError, load
from sandbox.support import Api, problem

GOOD = """
currency = "EUR"
tax_rate = "0.2"
[features.calls]
kind = "metered"
name = "Calls"
[plans.basic]
name = "Basic"
amount = "5.00"
features = { calls = "10" }
"""


def test_default_catalogue_is_listed_in_its_order(shared: Api) -> None:
    plans = shared.get("/v1/plans").json()["data"]
    listed = [(plan["code"], plan["prices"][0]["amount"], plan["interval"]) for plan in plans]
    assert listed == [
        ("free", "0.00", "month"),
        ("starter", "19.00", "month"),
        ("pro", "49.00", "month"),
        ("pro_yearly", "490.00", "year"),
    ]
    kinds = {code: grant["kind"] for code, grant in plans[0]["features"].items()}
    assert kinds == {"api_calls": "metered", "exports": "metered", "seats": "numeric", "priority_support": "boolean"}


def test_plan_by_id_or_code(shared: Api) -> None:
    plan = shared.get("/v1/plans/pro").json()
    assert shared.get(f"/v1/plans/{plan['id']}").json() == plan
    assert not [name for name in plan if name.startswith("_")]
    problem(shared.get("/v1/plans/enterprise"), 404, "plan.not_found")


def test_own_catalogue_and_stable_ids(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.toml"
    path.write_text(GOOD)
    ids = set()
    for _ in range(2):
        with Sandbox(catalogue=path) as sandbox:
            api = Api(sandbox)
            [plan] = api.get("/v1/plans").json()["data"]
            api.close()
            ids.add(plan["id"])
    assert len(ids) == 1
    assert plan["prices"] == [{"amount": "5.00", "currency": "EUR", "interval": "month"}]


def test_plan_that_left_the_catalogue_serves_its_subscribers(tmp_path: Path) -> None:
    path, db = tmp_path / "catalogue.toml", tmp_path / "db"
    path.write_text(GOOD)
    with Sandbox(catalogue=path, db=db) as sandbox:
        api = Api(sandbox)
        customer = api.customer()
        subscription = api.subscribe(customer, "basic")
        api.close()
    path.write_text(GOOD.replace("plans.basic", "plans.other"))
    with Sandbox(catalogue=path, db=db) as sandbox:
        api = Api(sandbox)
        assert [plan["code"] for plan in api.get("/v1/plans").json()["data"]] == ["other"]
        problem(api.get("/v1/plans/basic"), 404, "plan.not_found")
        assert api.ok("/v1/check", {"customer_id": customer["id"], "feature_code": "calls"})["allowed"]
        assert (
            api.ok(f"/v1/subscriptions/{subscription['id']}/change-plan", {"plan_id": "other"})["plan_code"] == "other"
        )
        api.close()


@pytest.mark.parametrize(
    ("old", "new", "named"),
    [
        ('"EUR"', '"Euro"', "currency"),
        ('"0.2"', "0.2", "tax_rate"),
        ('"0.2"', '"2"', "tax_rate"),
        ('"metered"', '"counted"', "features.calls.kind"),
        ('name = "Calls"', "", "features.calls.name"),
        ('name = "Calls"', 'name = " "', "features.calls.name"),
        ('name = "Calls"', 'name = "Calls"\nhard_limit = "no"', "features.calls.hard_limit"),
        ('amount = "5.00"', 'amount = "5.00"\ninterval_count = 0', "plans.basic.interval_count"),
        ("[plans.basic]", '[coupons.X]\npercent_off = "0"\n[plans.basic]', "coupons.X.percent_off"),
        ('features = { calls = "10" }', "features = 5", "plans.basic.features"),
        ('"5.00"', "5", "plans.basic.amount"),
        ('"5.00"', '"5.001"', "plans.basic.amount"),
        ('"5.00"', '"-5"', "plans.basic.amount"),
        ('"5.00"', '"1e9"', "plans.basic.amount"),
        ('amount = "5.00"', 'amount = "5.00"\ncolour = "red"', "plans.basic.colour"),
        ('amount = "5.00"', 'amount = "5.00"\ninterval = "fortnight"', "plans.basic.interval"),
        ("{ calls", "{ cals", "plans.basic.features.cals"),
        ('"10"', "10", "plans.basic.features.calls"),
        ("[plans.basic]", "[plan.basic]", "plan"),
        ("[plans.basic]", '[plans."a b"]', "plans.a b"),
        ("[features.calls]", "[[features.calls]]", "features.calls"),
    ],
)
def test_bad_catalogue_names_the_key(tmp_path: Path, old: str, new: str, named: str) -> None:
    path = tmp_path / "bad.toml"
    path.write_text(GOOD.replace(old, new))
    with pytest.raises(CatalogueError) as caught:
        load(path)
    assert f" {named}: " in str(caught.value)
    assert str(path) in str(caught.value)


def test_what_a_plan_lacks_and_other_currencies(tmp_path: Path) -> None:
    path = tmp_path / "catalogue.toml"
    yen = '[plans.yen]\nname = "Yen"\ncurrency = "JPY"\namount = "500"\ninterval_count = 3\n'
    path.write_text(GOOD.replace('features = { calls = "10" }', "") + yen)
    with Sandbox(catalogue=path) as sandbox:
        api = Api(sandbox)
        customer = api.customer()
        subscription = api.subscribe(customer, "basic")
        body = {"customer_id": customer["id"], "feature_code": "calls"}
        assert api.ok("/v1/check", body)["reason"] == "not_in_plan"
        problem(api.post("/v1/track", body), 422, "feature.not_in_plan")
        path_of = f"/v1/subscriptions/{subscription['id']}/change-plan"
        problem(api.post(path_of, {"plan_id": "yen"}), 422, "subscription.currency_mismatch")
        other = api.customer()
        api.subscribe(other, "yen")
        [invoice] = api.invoices(other)
        api.close()
    assert (invoice["subtotal"], invoice["tax"], invoice["total"]) == ("500", "100", "600")


@pytest.mark.parametrize("content", [b"[[[", b"\xff", b""])
def test_unreadable_catalogue(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bad.toml"
    path.write_bytes(content)
    with pytest.raises(CatalogueError, match=r"bad\.toml"):
        load(path)
    with pytest.raises(CatalogueError, match="No such file"):
        load(tmp_path / "none.toml")
