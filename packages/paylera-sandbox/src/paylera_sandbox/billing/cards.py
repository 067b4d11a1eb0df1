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
    Card("4000000000000259", "tok_visa_chargeback", "visa", "charged_back", "Works, charged back a minute later"),
    Card("4000000000001976", "tok_visa_dispute_won", "visa", "dispute_won", "Charged back, won another minute later"),
)
BY_NAME: Mapping[str, Card] = {name: card for card in CARDS for name in (card.number, card.token)}


class Token(NamedTuple):
    """What a token stands for that is no card: the type of the payment method, and how it behaves."""

    token: str
    type: str
    behaviour: str
    details: Mapping[str, str]


_BANK = {"bank_name": "Sandbox Bank", "last4": "6789", "country": "US", "currency": "USD"}
TOKENS: Mapping[str, Token] = {
    item.token: item
    for item in (
        Token("tok_bank_success", "bank_account", "succeeds", _BANK),
        Token("tok_bank_decline", "bank_account", "insufficient_funds", _BANK),
        Token("tok_paypal_success", "paypal", "succeeds", {}),
        Token("tok_paypal_decline", "paypal", "card_declined", {}),
        Token("tok_apple_pay", "wallet", "succeeds", {"kind": "apple_pay"}),
        Token("tok_google_pay", "wallet", "succeeds", {"kind": "google_pay"}),
    )
}
# What arrives on a bank account to prove that it is the payer's.
MICRO_DEPOSITS = ("0.32", "0.45")

DECLINES: Mapping[str, Decline] = {
    "card_declined": Decline("card_declined", "The bank declined this card. Try another card.", False),
    "insufficient_funds": Decline("insufficient_funds", "There is not enough money on this card.", True),
    "expired_card": Decline("expired_card", "This card has expired. Try another card.", False),
    "authentication_failed": Decline("authentication_failed", "The bank could not confirm that it was you.", True),
    "authentication_required": Decline("authentication_required", "The bank wants to ask you first.", False),
    "method_removed": Decline("method_removed", "The payment method is not there any more.", False),
    "not_verified": Decline("not_verified", "This bank account is not verified yet.", False),
}
# Behaviour -> the decline of a charge that is not the first.
LATER_DECLINES: Mapping[str, str] = {"declines_later": "card_declined"}
# Behaviour -> what becomes of a payment, one minute after the other.
DISPUTES: Mapping[str, tuple[str, ...]] = {
    "charged_back": ("charged_back",),
    "dispute_won": ("charged_back", "dispute_won"),
}


def spaced(number: str) -> str:
    """Write a card number in groups of four."""
    return " ".join(number[i : i + 4] for i in range(0, len(number), 4))
