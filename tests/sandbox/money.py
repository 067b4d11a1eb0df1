"""What the tests about money share."""

from __future__ import annotations

from sandbox.support import Api


def card(api: Api, customer: dict, token: str = "tok_visa_success", **fields: object) -> dict:
    """Attach a payment method."""
    body = {"type": "card", "token": token, **fields}
    return api.ok(f"/v1/customers/{customer['id']}/payment-methods", body)


def draft(api: Api, customer: dict, *lines: dict, **fields: object) -> dict:
    """Write an invoice."""
    body = {"customer_id": customer["id"], "currency": "USD", "lines": list(lines), **fields}
    return api.ok("/v1/invoices", body)


def opened(api: Api, customer: dict, *, amount: str = "100.00", **fields: object) -> dict:
    """Write an invoice over an amount before tax, and open it."""
    invoice = draft(api, customer, {"description": "Work", "amount": amount}, **fields)
    return api.ok(f"/v1/invoices/{invoice['id']}/finalize")


def paid(api: Api, customer: dict, *, amount: str = "100.00", **fields: object) -> tuple[dict, dict]:
    """Have an invoice paid; return it and its payment."""
    invoice = opened(api, customer, amount=amount, **fields)
    payment = api.ok(f"/v1/invoices/{invoice['id']}/pay")
    return api.get(f"/v1/invoices/{invoice['id']}").json(), payment


def invoice_events(api: Api, doc: dict) -> list[str]:
    """The events of one object, the oldest first."""
    return [event["type"] for event in api.events(aggregate_id=doc["id"])]
