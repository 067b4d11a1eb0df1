"""What a subscription costs and grants from here on, for the pages that customers see."""

from __future__ import annotations

from paylera_sandbox.billing import cycles, invoices, pricing, subscriptions
from paylera_sandbox.billing.usage import state
from paylera_sandbox.store import Doc
from paylera_sandbox.unit import Unit


def renewal(unit: Unit, subscription: Doc) -> Doc:
    """Return what the next period costs, with tax, and when it begins (`at`); usage comes on top of that."""
    plan = unit.need("plans", subscription["plan_id"], "plan.not_found")
    following = {**subscription, **cycles.following(subscription, plan)}
    draft = invoices.draft(unit, subscription, subscriptions.items(unit, plan, following))
    at, metered = subscription["current_period_end"], pricing.meters_usage(plan)
    return {"total": draft["total"], "currency": draft["currency"], "at": at, "metered": metered}


def meters(unit: Unit, subscription: Doc, plan: Doc) -> list[Doc]:
    """Return the state of each metered feature."""
    states = [state(unit, subscription, code, grant) for code, grant in plan["features"].items()]
    return [each for each in states if each["kind"] == "metered"]
