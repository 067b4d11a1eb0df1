"""The four factories as a type checker sees them: both frameworks take the same options."""

from collections.abc import Mapping
from typing import Any, assert_type

from django.http import HttpRequest
from django.urls import URLPattern
from events import Store, any_event, paid
from fastapi import APIRouter, Request

from paylera import PayleraWebhookEvent, WebhookReceiver
from paylera_django import paylera_relay_urls, paylera_webhook_urls
from paylera_fastapi import PayleraCsrfOptions, PayleraCustomerIdentity, paylera_relay, paylera_webhooks


def identify(request: HttpRequest) -> PayleraCustomerIdentity:
    """Say who is calling."""
    return PayleraCustomerIdentity(external_id=str(request.user.pk), metadata={"role": "owner"})


async def identify_later(request: Request) -> PayleraCustomerIdentity:
    """Say who is calling, asynchronously."""
    return PayleraCustomerIdentity(external_id=request.headers["x-user"])


def identify_wrongly(_: Request) -> str:
    """Forget the identity around the id."""
    return "cus_1"


def authorize(action: str, identity: PayleraCustomerIdentity, resource: str | None) -> bool:
    """Say who may do what."""
    return action == "plans" or (identity.metadata or {}).get("role") == "owner" or resource is None


async def created(_: Any, identity: PayleraCustomerIdentity, customer: Mapping[str, Any]) -> None:
    """Store the id."""
    print(identity.external_id, customer["id"])


def good() -> None:
    """Every option, in its own type."""
    assert_type(paylera_relay_urls(api_token="pl_test_x", identify=identify), list[URLPattern])
    assert_type(paylera_relay(api_token="pl_test_x", identify=identify_later), APIRouter)
    paylera_relay(
        api_token="pl_test_x",
        identify=identify_later,
        auto_create_customer=False,
        csrf=PayleraCsrfOptions(cookie_samesite="strict", secret=["a" * 16, "b" * 16], binding=lambda _: "session"),
        base_url=None,
        api_version="2026-05-01",
        tenant_id="acme",
        timeout=5,
        authorize=authorize,
        allowed_redirect_origins=["https://app.example"],
        on_customer_created=created,
        extra_fields={"attach": {"metadata"}},
        disabled_routes={"track"},
        trackable_features={"api_calls"},
        tracer=None,
    )


def bad() -> None:
    """A misspelt option, a wrong type and a missing one are found before the program runs."""
    paylera_relay(api_token="pl_test_x", identify=identify_later, auto_create_customers=True)  # type: ignore[call-arg]
    paylera_relay(api_token="pl_test_x", identify=identify_later, timeout="10")  # type: ignore[arg-type]
    paylera_relay(api_token="pl_test_x", identify=identify_later, csrf="yes")  # type: ignore[arg-type]
    paylera_relay(api_token="pl_test_x")  # type: ignore[call-arg]
    paylera_relay(identify=identify_later)  # type: ignore[call-arg]
    paylera_relay("pl_test_x", identify=identify_later)  # type: ignore[call-arg]
    paylera_relay(api_token="pl_test_x", identify=identify_wrongly)  # type: ignore[arg-type]
    paylera_relay(api_token="pl_test_x", identify=identify_later, authorize=identify_later)  # type: ignore[arg-type]
    paylera_relay_urls(api_token="pl_test_x", identify=identify, auto_create=True)  # type: ignore[call-arg]
    paylera_relay_urls(api_token="pl_test_x")  # type: ignore[call-arg]
    PayleraCsrfOptions(binding=lambda: "session")  # type: ignore[misc,arg-type]
    PayleraCsrfOptions(cookie_samesite="loose")  # type: ignore[arg-type]
    PayleraCustomerIdentity("cus_1")  # type: ignore[call-arg]
    PayleraCustomerIdentity(external=1)  # type: ignore[call-arg]


async def rest(event: PayleraWebhookEvent) -> None:
    """Take what has no handler of its own."""
    print(event.type)


def receivers() -> None:
    """Handlers of any colour and of any event class."""
    handlers = {"invoice.paid": paid, "invoice.*": any_event, "*": rest}
    assert_type(paylera_webhooks(signing_secret="whsec_x", handlers=handlers), APIRouter)
    assert_type(paylera_webhook_urls(signing_secret="whsec_x", handlers={"*": rest}), list[URLPattern])
    paylera_webhooks(signing_secret="whsec_x", accepted_secrets=[None, ""], handlers={}, claims=Store())
    paylera_webhooks(signing_secret="whsec_x", handlers={}, claims=object())  # type: ignore[arg-type]
    paylera_webhook_urls(signing_secret="whsec_x", handlers={"*": "app.tasks.handle"})  # type: ignore[dict-item]
    paylera_webhook_urls(secret="whsec_x", handlers={})  # type: ignore[call-arg]
    WebhookReceiver(signing_secret="whsec_x", handlers={"*": rest})
