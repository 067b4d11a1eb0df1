"""The catalogue: products, plans, features and coupons."""

from __future__ import annotations

from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.rendering import Page
from paylera_sandbox.unit import public


def show(visit: Visit) -> Answer:
    """Show what can be sold."""
    catalogue, store = visit.unit.catalogue, visit.unit.store
    values = {
        "here": "catalogue",
        "plans": store.newest("plans", {"status": "active"}),
        "products": store.newest("products", {"status": "active"}),
        "features": catalogue.features,
        "coupons": store.newest("coupons", {"status": "active"}),
        "tax_rate": catalogue.tax_rate,
    }
    return Page("console/catalogue.html", values)


def plan(visit: Visit) -> Answer:
    """Show what a plan is made of."""
    found = visit.unit.need("plans", visit.ids["id"], "plan.not_found")
    product = visit.unit.store.first("products", code=found["product_code"]) if found["product_code"] else None
    return Page("console/plan.html", {"here": "catalogue", "plan": found, "product": product, "data": public(found)})


def product(visit: Visit) -> Answer:
    """Show a product with its plans."""
    found = visit.unit.need("products", visit.ids["id"], "product.not_found")
    plans = visit.unit.store.newest("plans", {"product_code": found["code"]})
    return Page("console/product.html", {"here": "catalogue", "product": found, "plans": plans, "data": public(found)})
