"""The API of the shops: the sandbox that the environment names, or none."""

from __future__ import annotations

import os

from paylera import PayleraClient


def api() -> PayleraClient | None:
    """Return a client for SHOP_API."""
    url = os.environ.get("SHOP_API")
    return PayleraClient(api_token="pl_test_sandbox", base_url=url) if url else None
