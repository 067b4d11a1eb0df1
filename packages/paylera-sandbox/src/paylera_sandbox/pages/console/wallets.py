"""Wallets: what customers have paid ahead, and what went in and out."""

from __future__ import annotations

from paylera_sandbox.pages.console.listing import Where, list_of_customers, listing
from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.rendering import Page
from paylera_sandbox.unit import public


def show(visit: Visit) -> Answer:
    """List wallets."""
    return list_of_customers(visit, "wallets", filters=("customer_id",))


def detail(visit: Visit) -> Answer:
    """Show one wallet with its entries."""
    wallet = visit.unit.need("wallets", visit.ids["id"], "wallet.not_found")
    own = Where()
    own.add("wallet_id = ?", wallet["id"])
    values = {
        "here": "wallets",
        "wallet": wallet,
        "customer": visit.unit.customer(wallet["customer_id"]),
        "listing": listing(visit, "wallet_entries", where=own),
        "data": public(wallet),
    }
    return Page("console/wallet.html", values)
