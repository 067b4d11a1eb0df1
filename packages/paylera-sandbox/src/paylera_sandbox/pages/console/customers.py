"""Customers: found by what they are called, shown with all they have."""

from __future__ import annotations

import json

from paylera_sandbox.billing import subscriptions
from paylera_sandbox.pages.acting import given, perform
from paylera_sandbox.pages.console.listing import Where, listing
from paylera_sandbox.pages.console.telling import told
from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.rendering import Page, Redirect
from paylera_sandbox.unit import public

_SHOWN = 25
_LONGEST_SEARCH = 200


def show(visit: Visit) -> Answer:
    """List customers, all or those that the search finds."""
    search = visit.query.get("q", "").strip()[:_LONGEST_SEARCH]
    found = listing(visit, "customers", where=_where(search))
    return Page("console/customers.html", {"here": "customers", "listing": found, "search": search})


def create(visit: Visit) -> Answer:
    """Add a customer."""
    customer = perform(visit, "POST", "/v1/customers", given(visit, "email", "name", "external_id"))
    return Redirect(f"/console/customers/{customer['id']}")


def detail(visit: Visit) -> Answer:
    """Show one customer."""
    unit, store = visit.unit, visit.unit.store
    customer = unit.customer(visit.ids["id"])
    own = {"customer_id": customer["id"]}
    values = {
        "here": "customers",
        "customer": customer,
        "subscriptions": store.newest("subscriptions", own, limit=_SHOWN),
        "invoices": store.newest("invoices", own, limit=_SHOWN),
        "payments": store.newest("payments", own, limit=_SHOWN),
        "methods": store.newest("payment_methods", own, limit=_SHOWN),
        "wallets": store.newest("wallets", own, limit=_SHOWN),
        "events": [told(event) for event in store.newest("events", {"aggregate_id": customer["id"]}, limit=_SHOWN)],
        "plans": store.newest("plans", {"status": "active"}),
        "subscribed": subscriptions.current(unit, customer["id"]) is not None,
        "data": public(customer),
    }
    return Page("console/customer.html", values)


def attach(visit: Visit) -> Answer:
    """Subscribe the customer to a plan; if there is something to pay, the checkout page comes next."""
    home = f"/console/customers/{visit.ids['id']}"
    back = f"{visit.engine.base_url}{home}"
    body = {"customer_id": visit.ids["id"], "success_url": back, "cancel_url": back, **given(visit, "plan_code")}
    if coupon := visit.form.get("coupon", "").strip():
        body["coupons"] = [coupon]
    answer = perform(visit, "POST", "/v1/attach", body)
    return Redirect(answer["checkout_url"] or home)


def portal(visit: Visit) -> Answer:
    """Open the portal as this customer."""
    back = f"{visit.engine.base_url}/console/customers/{visit.ids['id']}"
    path = "/v1/customers/{id}/billing-portal-sessions"
    return Redirect(perform(visit, "POST", path, {"return_url": back}, id=visit.ids["id"])["url"])


def _where(search: str) -> Where:
    """Look for the words anywhere in id, name, e-mail address or external id. The text of the whole object is looked
    at first, because that needs no parsing."""
    where = Where()
    if search:
        escaped = json.dumps(search, ensure_ascii=False)[1:-1]
        where.add(r"doc LIKE ? ESCAPE '!'", _pattern(escaped))
        names = ("id", "name", "email", "external_id")
        within = " || char(10) || ".join(f"coalesce(json_extract(doc, '$.{name}'), '')" for name in names)
        where.add(rf"{within} LIKE ? ESCAPE '!'", _pattern(search))
    return where


def _pattern(search: str) -> str:
    for special in "!%_":
        search = search.replace(special, f"!{special}")
    return f"%{search}%"
