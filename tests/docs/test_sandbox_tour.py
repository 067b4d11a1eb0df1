"""A newcomer follows the tour of the sandbox, with a browser: at its end a renewal's webhook has been sent twice."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from docs.tutorial import Tutorial

pytestmark = [pytest.mark.browser, pytest.mark.slow]

PAID_BY_ADA = re.compile(r"^paid: INV-\d{4}-\d{6} 52\.92 USD$", re.MULTILINE)


def paid_lines(log: str) -> int:
    return len(re.findall(r"^paid: ", log, re.MULTILINE))


def test_a_month_in_ten_minutes(tmp_path: Path, page: Page) -> None:
    """Every command and every file, in the page's order."""
    tour = Tutorial(tmp_path, "sandbox-tour.md")
    tour.write("receiver.py")
    tour.write("subscribe.py")
    with tour.serving("receiver", tour.shop), tour.serving("sandbox", tour.sandbox):
        page.goto(tour.sandbox)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        tour.run("seed")
        tour.wait_for(lambda log: paid_lines(log) > 20)
        subscribe(page, tour)
        tour.run("advance")
        resend_the_renewal(page, tour)
        assert "evt_" in tour.run("resend")
        assert "Traceback" not in tour.log.read_text()


def subscribe(page: Page, tour: Tutorial) -> None:
    """Do step 5."""
    before = len(PAID_BY_ADA.findall(tour.log.read_text()))
    page.goto(tour.run("subscribe").strip())
    page.get_by_role("link", name="4242 4242 4242 4242").click()
    page.get_by_role("button", name="Pay 52.92 USD").click()
    tour.wait_for(lambda log: len(PAID_BY_ADA.findall(log)) > before)


def resend_the_renewal(page: Page, tour: Tutorial) -> None:
    """Do steps 7 and 8."""
    page.goto(tour.sandbox)
    page.get_by_role("link", name="Customers", exact=True).click()
    page.get_by_role("link", name="Ada Lovelace").first.click()
    page.get_by_role("link", name="pro", exact=True).click()
    renewal = page.get_by_role("listitem").filter(has=page.get_by_role("link", name="invoice.paid", exact=True)).first
    expect(renewal.get_by_role("link", name="Succeeded")).to_be_visible()
    renewal.get_by_role("link", name="Succeeded").click()
    before = paid_lines(tour.log.read_text())
    page.get_by_role("button", name="Resend").click()
    expect(page.get_by_role("row").filter(has_text="200")).to_have_count(2)
    assert paid_lines(tour.log.read_text()) == before
