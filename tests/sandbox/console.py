"""A sandbox with something on every page of its console, and the addresses of all pages."""

from __future__ import annotations

from dataclasses import dataclass

from sandbox.support import CARD, DECLINED, Api

HOSTILE = '<script>alert("x")</script>\u202e\u0007'.replace("\u0007", "") + "&'\"" + "w" * 180


@dataclass(frozen=True)
class Scene:
    """What there is: ids by what they are of."""

    ids: dict[str, str]

    def paths(self) -> list[str]:
        """Every page that GET answers, detail pages included."""
        from paylera_sandbox.pages.routes import CONSOLE, START

        found = [path for path, views in {**START, **CONSOLE}.items() if "GET" in views]
        return [self._filled(path) for path in found]

    def _filled(self, path: str) -> str:
        noun = path.split("/")[2] if path.count("/") > 2 else ""
        return path.replace("{id}", self.ids.get(noun, "x")).replace("{number}", "3")


def furnish(api: Api, hook: str) -> Scene:
    """Make customers, a subscription that changed its plan, a declined payment, usage, deliveries and refusals."""
    endpoint = api.ok("/v1/admin/webhook-endpoints", {"url": hook, "description": HOSTILE})
    customer = api.customer(name=HOSTILE, external_id=HOSTILE, metadata={"note": HOSTILE})
    subscription = api.subscribe(customer, "starter")
    api.ok("/v1/track", {"customer_id": customer["id"], "feature_code": "api_calls", "quantity": "12"})
    change = f"/v1/subscriptions/{subscription['id']}/change-plan"
    api.ok(change, {"plan_code": "pro"}, key="upgrade-1")
    api.ok(change, {"plan_code": "pro"}, key="upgrade-1")
    other = api.customer(email="grace@example.com", name="Grace Hopper")
    checkout = api.attach(other, "pro")["checkout_url"]
    assert api.browser.post(checkout, data=DECLINED).status_code == 402
    assert api.browser.post(checkout, data=CARD).status_code == 303
    money = _money(api, customer, subscription["latest_invoice_id"])
    api.sandbox.wait_idle(30)
    event = api.events(type="invoice.paid")[-1]
    deliveries = api.get(f"/v1/admin/webhook-endpoints/{endpoint['id']}/deliveries", event_id=event["id"])
    return Scene(
        {
            "customers": customer["id"],
            "subscriptions": subscription["id"],
            "invoices": event["aggregate_id"],
            "payments": api.get("/v1/payments").json()["data"][0]["id"],
            "events": event["id"],
            "deliveries": deliveries.json()["data"][0]["id"],
            "webhooks": endpoint["id"],
            **money,
        }
    )


def _money(api: Api, customer: dict, invoice: str) -> dict[str, str]:
    """Make a credit note, a wallet with entries, and a plan that has prices of all kinds."""
    note = api.ok(f"/v1/invoices/{invoice}/credit-notes", {"reason": "other", "amount": "1.00"})
    wallet = api.ok("/v1/wallets", {"customer_id": customer["id"], "currency": "USD"})["id"]
    api.ok(f"/v1/wallets/{wallet}/credits", {"amount": "12.50", "external_id": HOSTILE[:200]})
    api.ok(f"/v1/wallets/{wallet}/debits", {"amount": "2.00"})
    product = api.ok("/v1/products", {"code": "suite", "name": HOSTILE, "description": HOSTILE})
    tiers = [{"up_to": "10", "unit_amount": "2.00"}, {"up_to": None, "unit_amount": "1.00"}]
    prices = [
        {"model": "flat", "amount": "19.00"},
        {"model": "per_unit", "meter": "seats", "unit_amount": "4.00", "included_units": "3"},
        {"model": "tiered", "meter": "projects", "tiers": tiers},
        {"model": "package", "meter": "mails", "package_size": "1000", "package_price": "5.00"},
        {"model": "usage", "meter": "api_calls", "charge": "volume", "tiers": tiers},
    ]
    components = [{"code": price["model"], "name": HOSTILE, "pricing": price} for price in prices]
    kind = {"product_code": "suite", "code": "everything", "name": HOSTILE, "currency": "USD", "interval": "month"}
    plan = api.ok("/v1/plans", {**kind, "components": components})
    return {"credit-notes": note["id"], "wallets": wallet, "plans": plan["id"], "products": product["id"]}
