"""The catalogue: plans, features and coupons."""

from __future__ import annotations

from paylera_sandbox.pages.endpoint import Answer, Visit
from paylera_sandbox.pages.rendering import Page


def show(visit: Visit) -> Answer:
    """Show what can be sold."""
    catalogue, store = visit.unit.catalogue, visit.unit.store
    values = {
        "here": "catalogue",
        "plans": store.newest("plans", {"status": "active"}),
        "features": catalogue.features,
        "coupons": store.newest("coupons", {"status": "active"}),
        "tax_rate": catalogue.tax_rate,
    }
    return Page("console/catalogue.html", values)
