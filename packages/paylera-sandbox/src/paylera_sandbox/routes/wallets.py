"""Wallets and their entries."""

from __future__ import annotations

from paylera_sandbox.api import wallets
from paylera_sandbox.models.common import Page
from paylera_sandbox.models.wallets import Wallet, WalletEntry
from paylera_sandbox.operations import Operation

TABLE = (
    Operation(
        "POST",
        "/v1/wallets",
        wallets.create,
        body=wallets.CREATE,
        status=201,
        name="CreateWallet",
        answer=Wallet,
        problems=("wallet.exists", "payment_method.not_found"),
    ),
    Operation("GET", "/v1/wallets", wallets.listing, query=wallets.FILTERS, name="ListWallets", answer=Page[Wallet]),
    Operation("GET", "/v1/wallets/{id}", wallets.get, name="GetWallet", answer=Wallet),
    Operation(
        "PATCH",
        "/v1/wallets/{id}",
        wallets.update,
        body=wallets.CHANGES,
        name="UpdateWallet",
        answer=Wallet,
        problems=("payment_method.not_found",),
    ),
    Operation(
        "POST",
        "/v1/wallets/{id}/credits",
        wallets.credit,
        body=wallets.CREDIT,
        status=201,
        name="CreditWallet",
        answer=WalletEntry,
        problems=("wallet.external_id_conflict",),
    ),
    Operation(
        "POST",
        "/v1/wallets/{id}/debits",
        wallets.debit,
        body=wallets.DEBIT,
        status=201,
        name="DebitWallet",
        answer=WalletEntry,
        problems=("wallet.external_id_conflict", "wallet.insufficient_funds"),
    ),
    Operation(
        "GET",
        "/v1/wallets/{id}/entries",
        wallets.entries,
        query=wallets.ENTRY_FILTERS,
        name="ListWalletEntries",
        answer=Page[WalletEntry],
    ),
)
