"""Payouts, affiliates and revenue recognition. The documentation names these routes without their shapes: results are
plain dicts."""

from __future__ import annotations

from typing import Any

from paylera.client.bodies import given
from paylera.client.calls import Call, ListCall, fetch, listing, write


def list_payout_batches(
    *, status: str | None = None, limit: int | None = None, cursor: str | None = None
) -> ListCall[dict[str, Any]]:
    """List payout batches."""
    return listing("ListPayoutBatches", "/v1/payouts/batches", {"status": status}, limit=limit, cursor=cursor)


def get_payout_batch(batch_id: str) -> Call[dict[str, Any]]:
    """Read a payout batch."""
    return fetch("GetPayoutBatch", "/v1/payouts/batches/{batch_id}", batch_id=batch_id)


def list_affiliates(*, limit: int | None = None, cursor: str | None = None) -> ListCall[dict[str, Any]]:
    """List affiliates."""
    return listing("ListAffiliates", "/v1/affiliates", limit=limit, cursor=cursor)


def get_affiliate(affiliate_id: str) -> Call[dict[str, Any]]:
    """Read an affiliate."""
    return fetch("GetAffiliate", "/v1/affiliates/{affiliate_id}", affiliate_id=affiliate_id)


def close_revenue_period(*, period: str, idempotency_key: str | None = None) -> Call[dict[str, Any]]:
    """Close a period of revenue recognition, for example `2026-10`."""
    return write("CloseRevenuePeriod", "POST /v1/revrec/periods/close", given(period=period), idempotency_key)
