"""The conformance mounts on FastAPI; configured by the environment, because a server starts it."""

from __future__ import annotations

import os

from fastapi import FastAPI

from conformance.apps.options import Journal, relay_options, webhook_options
from conformance.cases import mounts
from paylera_fastapi import paylera_relay, paylera_webhooks

journal = Journal()
upstream = {"base_url": os.environ["TEST_UPSTREAM"], "nobody_url": os.environ["TEST_NOBODY"], "journal": journal}
app = FastAPI()
for name, mount in mounts("relay").items():
    app.include_router(paylera_relay(**relay_options(mount, **upstream)), prefix=f"/relay/{name}")
for name, mount in mounts("webhooks").items():
    app.include_router(paylera_webhooks(**webhook_options(mount, journal=journal)), prefix=f"/webhooks/{name}")


@app.get("/debug/drain")
async def drain() -> list[str]:
    """Return what the merchant's callables were told."""
    return journal.drain()
