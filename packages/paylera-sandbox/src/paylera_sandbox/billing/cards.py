"""Test cards: what each number or token does when it is charged."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple


class Decline(NamedTuple):
    """Why a charge failed: a code for programs, words for the payer."""

    code: str
    message: str
    retriable: bool


class Card(NamedTuple):
    """A card number or token and what happens with it."""

    number: str
    token: str
    brand: str
    behaviour: str
    hint: str


CARDS = (
    Card("4242424242424242", "tok_visa_success", "visa", "succeeds", "The payment succeeds"),
    Card("5555555555554444", "tok_mastercard_success", "mastercard", "succeeds", "The payment succeeds"),
    Card("4000000000000002", "tok_visa_decline", "visa", "card_declined", "The bank declines"),
    Card("4000000000009995", "tok_visa_insufficient_funds", "visa", "insufficient_funds", "Not enough money"),
    Card("4000000000003220", "tok_visa_3ds", "visa", "requires_action", "The bank asks for confirmation first"),
    Card("4000000000000341", "tok_visa_decline_later", "visa", "declines_later", "Works once, declined afterwards"),
)
BY_NAME: Mapping[str, Card] = {name: card for card in CARDS for name in (card.number, card.token)}

DECLINES: Mapping[str, Decline] = {
    "card_declined": Decline("card_declined", "The bank declined this card. Try another card.", False),
    "insufficient_funds": Decline("insufficient_funds", "There is not enough money on this card.", True),
    "authentication_failed": Decline("authentication_failed", "The bank could not confirm that it was you.", True),
}
# Behaviour of a card that is stored already -> the decline of a later charge.
LATER_DECLINES: Mapping[str, str] = {"declines_later": "card_declined"}


def spaced(number: str) -> str:
    """Write a card number in groups of four."""
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))
