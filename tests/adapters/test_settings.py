"""Faulty settings: refused when the factory runs, by name, and without the secret."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from paylera_django import paylera_relay_urls, paylera_webhook_urls
from paylera_fastapi import PayleraCsrfOptions, paylera_relay, paylera_webhooks

relays = pytest.mark.parametrize("factory", [paylera_relay_urls, paylera_relay], ids=["django", "fastapi"])
receivers = pytest.mark.parametrize("factory", [paylera_webhook_urls, paylera_webhooks], ids=["django", "fastapi"])
TOKEN = "pl_test_very_secret"
SECRET = "whsec_very_secret"


def identify(_request: Any) -> None:
    """Identify nobody."""


RELAY = {"api_token": TOKEN, "identify": identify}
RECEIVER: dict[str, Any] = {"signing_secret": SECRET, "handlers": {}}


@relays
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("api_token", None), ("api_token", ""), ("api_token", " "), ("api_token", "sk_live_very_secret"),
        ("api_token", 7), ("api_token", "pl_test_very secret"), ("identify", None), ("identify", "alice"),
        ("base_url", "paylera.dev"), ("base_url", "ftp://x"), ("base_url", "https://user:pw@x"), ("base_url", ""),
        ("api_version", ""), ("timeout", 0), ("timeout", -1), ("timeout", "10"), ("timeout", None),
        ("timeout", float("nan")), ("timeout", 1e9), ("csrf", None), ("csrf", "yes"), ("auto_create_customer", "yes"),
        ("authorize", "yes"), ("on_customer_created", 7), ("allowed_redirect_origins", "https://shop.example"),
        ("allowed_redirect_origins", ["shop.example"]), ("allowed_redirect_origins", ["https://shop.example/path"]),
        ("extra_fields", {"nonsense": {"x"}}), ("extra_fields", {"attach": "metadata"}),
        ("extra_fields", {"attach": {"customer_id"}}), ("disabled_routes", {"nonsense"}),
        ("disabled_routes", "track"), ("trackable_features", "exports"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_relay_settings(
    factory: Callable[..., Any], parameter: str, value: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Both relay factories refuse alike."""
    monkeypatch.delenv("PAYLERA_BASE_URL", raising=False)
    with pytest.raises(ValueError, match=parameter) as refused:
        factory(**RELAY | {parameter: value})
    assert "very" not in str(refused.value)


@relays
def test_relay_settings_that_are_missing_or_unknown(factory: Callable[..., Any]) -> None:
    """A missing one is named; a misspelt one is a TypeError that lists the right ones."""
    for missing in RELAY:
        with pytest.raises(ValueError, match=missing):
            factory(**{name: value for name, value in RELAY.items() if name != missing})
    with pytest.raises(TypeError, match="auto_create_customer"):
        factory(**RELAY, auto_create=True)
    with pytest.raises(TypeError):
        factory(TOKEN, identify)


@relays
def test_where_paylera_is(factory: Callable[..., Any], monkeypatch: pytest.MonkeyPatch) -> None:
    """A token with an unknown prefix is fine once somebody says where it belongs."""
    monkeypatch.delenv("PAYLERA_BASE_URL", raising=False)
    factory(**RELAY | {"api_token": "custom_secret"}, base_url="http://localhost:8787")
    monkeypatch.setenv("PAYLERA_BASE_URL", "nonsense")
    with pytest.raises(ValueError, match="PAYLERA_BASE_URL"):
        factory(**RELAY)
    monkeypatch.setenv("PAYLERA_BASE_URL", "http://localhost:8787")
    factory(**RELAY | {"api_token": "custom_secret"})


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("cookie_name", "a b"), ("cookie_name", ""), ("header_name", "x:y"), ("cookie_path", "api"),
        ("cookie_path", "/;x"), ("cookie_domain", "a;b"), ("cookie_samesite", "maybe"), ("ttl_seconds", 0),
        ("binding", "session"), ("secret", "short"), ("secret", []), ("secret", ["short"]),
        ("trusted_origins", ["shop.example"]), ("trusted_origins", "https://shop.example"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
@relays
def test_csrf_settings(factory: Callable[..., Any], parameter: str, value: Any) -> None:
    """Refused by name when the options or the relay are made."""
    with pytest.raises(ValueError, match=parameter) as refused:
        factory(**RELAY, csrf=PayleraCsrfOptions(**{parameter: value}))
    assert TOKEN not in str(refused.value)


@receivers
@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        ("signing_secret", ""), ("signing_secret", " "), ("signing_secret", None),
        ("handlers", {"invoice": identify}), ("handlers", {"": identify}), ("handlers", {"invoice.*.x": identify}),
        ("handlers", {"*.paid": identify}), ("handlers", {"invoice.paid": "f"}), ("handlers", {"invoice.paid": None}),
        ("tolerance_seconds", -1), ("tolerance_seconds", "300"), ("accepted_secrets", "whsec_very_secret"),
    ],
    ids=lambda value: str(value)[:30],
)  # fmt: skip
def test_receiver_settings(factory: Callable[..., Any], parameter: str, value: Any) -> None:
    """Both receiver factories refuse alike."""
    with pytest.raises(ValueError, match=parameter) as refused:
        factory(**RECEIVER | {parameter: value})
    assert "very" not in str(refused.value)


@receivers
def test_receiver_settings_that_are_fine(factory: Callable[..., Any]) -> None:
    """Blank accepted secrets are dropped, and every form of key is taken."""
    factory(**RECEIVER | {"accepted_secrets": ["", None]})
    factory(**RECEIVER | {"handlers": {"invoice.paid": identify, "invoice.*": identify, "*": identify}})
