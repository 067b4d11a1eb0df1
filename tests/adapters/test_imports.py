"""What an import loads: no framework but the one that was asked for."""

from __future__ import annotations

import subprocess
import sys

import pytest

SHOW = "; import sys; print(*[m for m in ('django', 'fastapi', 'starlette', 'aiohttp', 'httpx') if m in sys.modules])"
MAKE_DJANGO = """
from django.conf import settings
settings.configure()
from paylera_django import paylera_relay_urls, paylera_webhook_urls
paylera_relay_urls(api_token='pl_test_x', identify=lambda request: None)
paylera_webhook_urls(signing_secret='whsec_x', handlers={'*': print})"""


@pytest.mark.parametrize(
    ("code", "loaded"),
    [
        ("import paylera", []),
        ("import paylera.relay, paylera.webhooks", []),
        ("import paylera_django", ["django"]),
        (MAKE_DJANGO, ["django"]),
        ("from paylera_fastapi import PayleraCustomerIdentity, PayleraCsrfOptions", []),
        ("from paylera_fastapi import InvoicePaidEvent, PayleraWebhookEvent, verify_signature", []),
        ("from paylera_fastapi import paylera_relay, paylera_webhooks", ["fastapi", "starlette", "aiohttp"]),
    ],
    ids=lambda value: value.strip().splitlines()[-1] if isinstance(value, str) else "",
)
def test_an_import_loads_its_own_framework_only(code: str, loaded: list[str]) -> None:
    """Seen in a process of its own."""
    shown = subprocess.run([sys.executable, "-c", code + SHOW], capture_output=True, text=True, check=True, timeout=60)
    assert shown.stdout.split() == loaded


def test_the_fastapi_names() -> None:
    """Every exported name is there, and an unknown one is an AttributeError."""
    import paylera_fastapi

    for name in paylera_fastapi.__all__:
        assert getattr(paylera_fastapi, name) is not None
    assert sorted(paylera_fastapi.__all__) == sorted(set(paylera_fastapi.__all__))
    with pytest.raises(AttributeError, match="nonsense"):
        _ = paylera_fastapi.nonsense
