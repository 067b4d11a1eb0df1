"""Settings are checked when the relay is built: the parameter is named, the token never."""

from __future__ import annotations

import importlib
import inspect
from typing import Any

import pytest

from paylera.flow import run
from paylera.http import Request
from paylera.relay import PayleraCsrfOptions, PayleraCustomerIdentity, RelayCore, RelayOptions
from support.stepping import Script, answer

TOKEN = "pl_test_canary"


def build(**options: Any) -> RelayCore:
    return RelayCore({"api_token": TOKEN, "identify": lambda _: PayleraCustomerIdentity(customer_id="cus_1")} | options)


@pytest.mark.parametrize(
    ("options", "named"),
    [
        ({"api_token": None}, "api_token"), ({"api_token": "  "}, "api_token"),
        ({"api_token": "sk_live_canary"}, "base_url"),
        ({"identify": None}, "identify"), ({"identify": "me"}, "identify"),
        ({"auto_create_customer": "yes"}, "auto_create"),
        ({"csrf": "yes"}, "csrf"), ({"csrf": None}, "csrf"), ({"base_url": "ftp://x"}, "base_url"),
        ({"api_version": ""}, "api_version"), ({"timeout": 0}, "timeout"), ({"timeout": True}, "timeout"),
        ({"timeout": float("nan")}, "timeout"), ({"timeout": 601}, "timeout"), ({"authorize": 1}, "authorize"),
        ({"allowed_redirect_origins": ["shop.example"]}, "allowed_redirect_origins"),
        ({"allowed_redirect_origins": "https://shop.example"}, "allowed_redirect_origins"),
        ({"on_customer_created": 1}, "on_customer_created"), ({"extra_fields": {"attatch": {"x"}}}, "extra_fields"),
        ({"extra_fields": {"attach": "metadata"}}, "extra_fields"),
        ({"extra_fields": {"attach": {""}}}, "extra_fields"),
        ({"extra_fields": {"attach": {"customer_id"}}}, "customer_id"), ({"extra_fields": "attach"}, "extra_fields"),
        ({"disabled_routes": {"trak"}}, "disabled_routes"), ({"disabled_routes": "track"}, "disabled_routes"),
        ({"trackable_features": "api_calls"}, "trackable_features"),
    ],
)  # fmt: skip
def test_a_bad_setting_is_named(options: dict[str, Any], named: str) -> None:
    """Each is a ValueError whose text shows the parameter and hides the token."""
    with pytest.raises(ValueError, match=named) as caught:
        build(**options)
    assert "canary" not in str(caught.value)


def test_an_unknown_option_is_named() -> None:
    """A misspelt option is not ignored."""
    with pytest.raises(TypeError, match="auto_create_costumer"):
        build(auto_create_costumer=True)


def test_the_environment_gives_the_base_url(monkeypatch: pytest.MonkeyPatch) -> None:
    """PAYLERA_BASE_URL wins over the prefix, an argument over both."""
    assert build().settings.endpoint.base_url == "https://api.test.paylera.dev"
    monkeypatch.setenv("PAYLERA_BASE_URL", "http://127.0.0.1:8787")
    assert build().settings.endpoint.base_url == "http://127.0.0.1:8787"
    assert build(base_url="https://other.example").settings.endpoint.base_url == "https://other.example"


def test_settings_hide_the_token() -> None:
    """Neither settings nor core show it."""
    core = build(csrf=PayleraCsrfOptions(secret="a canary of sixteen bytes"))
    assert "canary" not in repr(core.settings)
    assert "canary" not in repr(vars(core))


def test_a_callable_that_raises_is_a_500_that_says_nothing() -> None:
    """Nothing of the merchant's exception reaches the browser."""

    def identify(_request: object) -> PayleraCustomerIdentity:
        raise RuntimeError("postgres://app:hunter2@db")

    response = run(build(identify=identify).handle("me", Request("GET", "https://a.example/me")), Script([]))
    assert response.status == 500
    assert b"hunter2" not in response.body


@pytest.mark.parametrize(("returned", "status"), [(None, 401), ({"customer_id": "x"}, 500), ("cus_1", 500)])
def test_identify_returns_an_identity(returned: object, status: int) -> None:
    """None is a visitor; anything else that is no identity is the merchant's mistake."""
    response = run(build(identify=lambda _: returned).handle("me", Request("GET", "https://a.example/me")), Script([]))
    assert response.status == status


@pytest.mark.parametrize("customer_id", ["../v1", "a/b", "a?b", "x" * 129, "a b", "é"])
def test_a_customer_id_that_no_path_may_hold_goes_nowhere(customer_id: str) -> None:
    """Even the merchant's own value is checked before it becomes part of a path."""
    core = build(identify=lambda _: PayleraCustomerIdentity(customer_id=customer_id))
    script = Script([answer()])
    assert run(core.handle("me", Request("GET", "https://a.example/me")), script).status == 404
    assert script.sent == []


@pytest.mark.parametrize("module", ["paylera_fastapi", "paylera_django"])
def test_the_factories_show_their_options(module: str) -> None:
    """`help()` and editors see every option, keyword-only, with its default."""
    name = "paylera_relay" if module == "paylera_fastapi" else "paylera_relay_urls"
    parameters = inspect.signature(getattr(importlib.import_module(module), name)).parameters
    assert list(parameters) == list(RelayOptions.__annotations__)
    assert {p.kind for p in parameters.values()} == {inspect.Parameter.KEYWORD_ONLY}
    required = [p.name for p in parameters.values() if p.default is inspect.Parameter.empty]
    assert required == ["api_token", "identify"]
    assert (parameters["timeout"].default, parameters["csrf"].default) == (10.0, True)
