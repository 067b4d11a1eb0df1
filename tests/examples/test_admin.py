"""The webhook events of the Django example, in its admin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from playwright.sync_api import expect

from examples.person import ACCOUNTS, Person

pytestmark = pytest.mark.browser


def test_the_operator_sees_what_arrived_and_handles_it_again(
    demos: Callable[..., Any], arrive: Callable[..., Person]
) -> None:
    """The worker has handled it; a replay leaves it to the worker."""
    with demos("django-gunicorn") as demo:
        arrive(demo.url).subscribe("ada", "starter")
        operator = arrive(demo.url)
        operator.open("/admin/login/?next=/admin/paylera_inbox/inboxevent/?event_type=invoice.paid")
        operator.page.fill("#id_username", "operator")
        operator.page.fill("#id_password", ACCOUNTS["password"])
        operator.page.click("input[type=submit]")
        operator.page.get_by_role("link", name="invoice.paid").first.click()
        expect(operator.page.locator(".field-payload_shown")).to_contain_text('"type": "invoice.paid"')
        operator.page.get_by_role("button", name="Replay", exact=True).click()
        expect(operator.page.locator(".messagelist")).to_contain_text("1 of 1 replayed; now 1")
