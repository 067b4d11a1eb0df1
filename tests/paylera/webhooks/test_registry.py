"""The decorator registry: a mapping of handlers whose types are checked when they are registered."""

from __future__ import annotations

from typing import Any

import pytest

from paylera.webhooks import EVENT_TYPES, EventHandler, InvoicePaidEvent, PayleraWebhookEvent, WebhookHandlers
from paylera.webhooks.catalogue import PATTERNS

from .deliveries import answer, delivery, receiver


def test_a_registered_function_handles_its_type_and_stays_itself() -> None:
    """The decorator changes nothing about it."""
    on = WebhookHandlers()
    seen: list[str] = []

    @on("invoice.paid")
    def paid(event: InvoicePaidEvent) -> None:
        seen.append(f"paid {event.data.id}")

    @on("subscription.*")
    async def subscribed(event: PayleraWebhookEvent) -> None:
        raise AssertionError(event)

    assert paid.__name__ == "paid"
    assert list(on) == ["invoice.paid", "subscription.*"]
    assert len(on) == 2
    assert on["invoice.paid"] == EventHandler(paid)
    target = receiver(handlers=on)
    assert answer(target, delivery(data={"id": "inv_7"})).status == 200
    assert target._handlers.find("subscription.updated").callee.is_async  # type: ignore[union-attr]
    on["invoice.paid"](delivery_event("inv_8"))
    assert seen == ["paid inv_7", "paid inv_8"]


def delivery_event(invoice_id: str) -> Any:
    """Return an event."""
    from paylera.testing import make_event

    return make_event(InvoicePaidEvent, data={"id": invoice_id})


def test_it_stands_beside_a_dict() -> None:
    """Together they are one table."""
    on = WebhookHandlers()
    seen: list[str] = []
    on("invoice.paid")(lambda event: seen.append("registry"))
    target = receiver(handlers={**on, "*": lambda event: seen.append("dict")})
    assert [answer(target, delivery(kind)).status for kind in ("invoice.paid", "invoice.voided")] == [200, 200]
    assert seen == ["registry", "dict"]


@pytest.mark.parametrize("key", [*EVENT_TYPES, *PATTERNS])
def test_every_known_type_and_pattern_is_taken(key: Any) -> None:
    """The catalogue is the measure."""
    on = WebhookHandlers()
    on(key)(print)
    assert list(on) == [key]


@pytest.mark.parametrize(
    ("key", "message"),
    [
        ("invoice.payed", r"'invoice.payed' is not in the catalogue of this version; did you mean 'invoice.paid'\?"),
        ("subscripton.canceled", r"did you mean 'subscription.canceled'\?"),
        ("galaxy.collided", "not in the catalogue of this version$"),
        ("invoic.*", "not in the catalogue"),
        ("invoice", "is no event type"),
        ("", "is no event type"),
        (7, "7 is no event type"),
        (print, r'name the event type: @on\("invoice.paid"\)'),
    ],
)
def test_a_misspelt_type_fails_when_it_is_registered(key: Any, message: str) -> None:
    """With the nearest name."""
    with pytest.raises(ValueError, match=message):
        WebhookHandlers()(key)


def test_a_type_has_one_handler() -> None:
    """The second would replace the first in silence."""
    on = WebhookHandlers()
    on("invoice.paid")(print)
    with pytest.raises(ValueError, match=r"'invoice.paid' has a handler already: <built-in function print>"):
        on("invoice.paid")(repr)


def test_options_that_need_an_inbox_are_refused_without_one() -> None:
    """They would be ignored in silence."""
    for options in ({"stale": "handle"}, {"refetch": True}):
        on = WebhookHandlers()
        on("invoice.paid", **options)(print)  # type: ignore[arg-type, call-overload]
        with pytest.raises(ValueError, match="handlers: stale= and refetch= need an inbox"):
            receiver(handlers=on)


def test_a_registry_holds_functions() -> None:
    """What is no function is found when the receiver is made."""
    on = WebhookHandlers()
    on("invoice.paid")("no function")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match=r"handlers\['invoice.paid'\] must be a function"):
        receiver(handlers=on)
