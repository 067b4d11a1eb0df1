"""A FastAPI site with the relay as the contract writes it; configured by the environment."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Header, HTTPException, Request

from adapters.apps.counting import made
from adapters.signing import SECRET
from paylera_fastapi import PayleraCustomerIdentity, paylera_relay, paylera_webhooks

journal = Path(os.environ["SITE_JOURNAL"])
app = FastAPI()


def identify(request: Request) -> PayleraCustomerIdentity:
    """Read the user from a header."""
    if name := request.headers.get("x-test-user"):
        return PayleraCustomerIdentity(customer_id=name)
    name = request.headers.get("x-test-new-user")
    return PayleraCustomerIdentity(external_id=name, email=f"{name}@example.com") if name else PayleraCustomerIdentity()


async def identify_async(request: Request) -> PayleraCustomerIdentity:
    """Do the same on the event loop."""
    return identify(request)


async def on_customer_created(_request: Request, _identity: PayleraCustomerIdentity, customer: dict[str, Any]) -> None:
    """Append a line that the test reads."""
    with journal.open("a") as lines:
        lines.write(f"created {customer['id']}\n")


def require_auth(authorization: Annotated[str | None, Header()] = None) -> None:
    """Refuse whoever brings no key."""
    if authorization != "Bearer door":
        raise HTTPException(401)


handled: list[str] = []


def relay(**more: Any) -> Any:
    """Return a relay's router."""
    options = {"api_token": "pl_test_x", "identify": identify, "base_url": os.environ["TEST_UPSTREAM"]}
    return paylera_relay(**options | {"on_customer_created": on_customer_created} | more)


app.include_router(relay(), prefix="/api/paylera")
app.include_router(relay(identify=identify_async), prefix="/async/paylera")
app.include_router(relay(), prefix="/guarded/paylera", dependencies=[Depends(require_auth)])
app.include_router(
    paylera_webhooks(signing_secret=SECRET, handlers={"invoice.*": lambda event: handled.append(event.id)}),
    prefix="/webhooks/paylera",
)


@app.get("/counts")
async def counts() -> dict[str, int]:
    """Show what was made so far."""
    return dict(made)


@app.get("/handled")
async def all_handled() -> list[str]:
    """Show the events that were handled."""
    return handled


@app.post("/bare-async")
async def bare_async(request: Request) -> dict[str, int]:
    """Read the body and answer: what any route costs."""
    return {"bytes": len(await request.body())}
