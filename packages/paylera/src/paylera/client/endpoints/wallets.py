"""Wallets: what customers have paid ahead."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from paylera.client.bodies import UNSET, Quantity, Unset, changed, decimal, given
from paylera.client.calls import Call, ListCall, fetch, listing, write
from paylera.client.documents import Wallet, WalletEntry

_ONE = "/v1/wallets/{wallet_id}"


def create_wallet(
    *,
    customer_id: str,
    currency: str,
    auto_top_up: Mapping[str, Any] | None = None,
    drift_floor: Quantity | None = None,
    idempotency_key: str | None = None,
) -> Call[Wallet]:
    """Open a wallet, one per customer and currency.

    `auto_top_up` holds enabled, trigger_at, amount and payment_method_id; the balance may go down to `drift_floor`.
    """
    body = given(
        customer_id=customer_id,
        currency=currency,
        auto_top_up=auto_top_up,
        drift_floor=decimal("drift_floor", drift_floor),
    )
    return write("CreateWallet", "POST /v1/wallets", body, idempotency_key)


def list_wallets(
    *,
    customer_id: str | None = None,
    filters: Mapping[str, Any] | None = None,
    sort: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> ListCall[Wallet]:
    """List wallets, newest first."""
    params = {**(filters or {}), "customer_id": customer_id, "sort": sort}
    return listing("ListWallets", "/v1/wallets", params, limit=limit, cursor=cursor)


def get_wallet(wallet_id: str) -> Call[Wallet]:
    """Read a wallet."""
    return fetch("GetWallet", _ONE, wallet_id=wallet_id)


def update_wallet(
    wallet_id: str,
    *,
    auto_top_up: Mapping[str, Any] | Unset | None = UNSET,
    drift_floor: Quantity | Unset = UNSET,
    idempotency_key: str | None = None,
) -> Call[Wallet]:
    """Change what is given; None ends the automatic top-up."""
    floor = drift_floor if drift_floor is UNSET else decimal("drift_floor", drift_floor)
    body = changed(auto_top_up=auto_top_up, drift_floor=floor)
    return write("UpdateWallet", f"PATCH {_ONE}", body, idempotency_key, wallet_id=wallet_id)


def credit_wallet(
    wallet_id: str,
    *,
    amount: Quantity,
    reason: str | None = None,
    external_id: str | None = None,
    idempotency_key: str | None = None,
) -> Call[WalletEntry]:
    """Add to a wallet; `reason` is manual_topup, auto_topup, credit_note, promotional, refund or migration."""
    body = given(amount=decimal("amount", amount), reason=reason, external_id=external_id)
    return write("CreditWallet", f"POST {_ONE}/credits", body, idempotency_key, wallet_id=wallet_id)


def debit_wallet(
    wallet_id: str,
    *,
    amount: Quantity,
    external_id: str | None = None,
    idempotency_key: str | None = None,
) -> Call[WalletEntry]:
    """Take from a wallet, down to its drift floor."""
    body = given(amount=decimal("amount", amount), external_id=external_id)
    return write("DebitWallet", f"POST {_ONE}/debits", body, idempotency_key, wallet_id=wallet_id)


def list_wallet_entries(
    wallet_id: str, *, limit: int | None = None, cursor: str | None = None
) -> ListCall[WalletEntry]:
    """List what went in and out of a wallet, newest first."""
    return listing("ListWalletEntries", f"{_ONE}/entries", limit=limit, cursor=cursor, wallet_id=wallet_id)
