"""Take the pictures in `docs/images/`: walk through the Django example in headless Chromium.

Run it as `python examples/python/screenshots.py`. The pictures look best where the font Inter is installed.
"""

from __future__ import annotations

import base64
import shutil
from tempfile import TemporaryFile
from typing import Any

from demo import HERE, Demo
from playwright.sync_api import Browser, Page, StorageState, ViewportSize, expect, sync_playwright

IMAGES = HERE.parents[1] / "docs" / "images"
ARGUMENTS = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
PORT, SANDBOX_PORT = 8011, 8797
MOST_BYTES = 120_000
BUSY_MONTH = """import("/static/paylera.js").then(({ createPaylera }) =>
  createPaylera().track({ feature_code: "api_calls", quantity: "3127" }))"""
STILL: dict[str, Any] = {"reduced_motion": "reduce"}
DESKTOP = ViewportSize(width=1280, height=760)
TALL = ViewportSize(width=1280, height=960)
WIDE = ViewportSize(width=1480, height=760)
PHONE = ViewportSize(width=375, height=812)


def save(page: Page, name: str, *, only: str | None = None) -> None:
    """Save the visible part of the page, or only one element of it, once everything has come to rest."""
    page.mouse.move(0, 0)
    options: dict[str, object] = {"format": "webp", "quality": 90}
    if only:
        options["clip"] = {**(page.get_by_test_id(only).bounding_box() or {}), "scale": 1}
    # Playwright itself saves no WebP; Chromium does, in a third of the bytes.
    image = base64.b64decode(page.context.new_cdp_session(page).send("Page.captureScreenshot", options)["data"])
    if len(image) > MOST_BYTES:
        msg = f"{name} has {len(image)} bytes; at most {MOST_BYTES} are wanted"
        raise SystemExit(msg)
    (IMAGES / f"{name}.webp").write_bytes(image)


def subscribe(page: Page, url: str) -> None:
    """Sign in and subscribe, with pictures of the plans, the checkout and the success page."""
    page.goto(url)
    expect(page.get_by_test_id("choose-pro")).to_be_visible()
    save(page, "pricing")
    page.get_by_test_id("choose-starter").click()
    page.get_by_label("Name").fill("ada")
    page.get_by_label("Password").fill("skyline-demo")
    page.get_by_test_id("sign-in").click()
    page.get_by_test_id("choose-starter").click()
    for label, value in (("Card number", "4242 4242 4242 4242"), ("Expires", "12/39"), ("Security code", "123")):
        page.get_by_label(label).fill(value)
    page.get_by_label("Name on the card").fill("Ada Example")
    save(page, "checkout")
    page.get_by_role("button", name="Pay").click()
    expect(page.get_by_test_id("step-webhook")).to_have_attribute("data-state", "done", timeout=20_000)
    save(page, "welcome")


def use(page: Page, url: str) -> None:
    """Spend some calls, upgrade, spend some more."""
    page.set_viewport_size(TALL)
    page.goto(f"{url}/app")
    spend(page, calls=14)
    page.get_by_test_id("change-plan").click()
    page.get_by_test_id("to-pro").check()
    save(page, "change-plan", only="change-dialog")
    page.get_by_test_id("confirm-change").click()
    expect(page.get_by_test_id("plan-name")).to_have_text("Pro")
    page.evaluate(BUSY_MONTH)


def spend(page: Page, *, calls: int) -> None:
    """Press the metered button so many times, each time waiting for the answer."""
    for _ in range(calls):
        with page.expect_response("**/track"):
            page.get_by_test_id("run").click()
    expect(page.get_by_test_id("result")).to_contain_text("calls left")


def look(browser: Browser, state: StorageState, url: str, name: str, *, viewport: ViewportSize, scheme: str) -> None:
    """Open the dashboard anew, in another size or colour scheme."""
    with browser.new_context(**STILL, viewport=viewport, color_scheme=scheme, storage_state=state) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(f"{url}/app")
        expect(page.get_by_test_id("event").first).to_be_visible()
        expect(page.get_by_test_id("invoice").first).to_be_visible()
        spend(page, calls=1)
        save(page, name)


def operate(browser: Browser, url: str) -> None:
    """Look at the events in the admin."""
    with browser.new_context(**STILL, viewport=WIDE) as context:
        page = context.new_page()
        page.goto(f"{url}/admin/login/?next=/admin/paylera_inbox/inboxevent/")
        page.get_by_label("Username").fill("operator")
        page.get_by_label("Password").fill("skyline-demo")
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Select event to view")).to_be_visible()
        save(page, "inbox-admin")


def walk(browser: Browser, url: str) -> None:
    """Take all pictures."""
    with browser.new_context(**STILL, viewport=DESKTOP) as context:
        page = context.new_page()
        subscribe(page, url)
        use(page, url)
        state = context.storage_state()
    for name, viewport, scheme in (
        ("dashboard-light", TALL, "light"),
        ("dashboard-dark", TALL, "dark"),
        ("dashboard-phone", PHONE, "light"),
    ):
        look(browser, state, url, name, viewport=viewport, scheme=scheme)
    operate(browser, url)


def main() -> None:
    """Start everything, walk, stop everything."""
    IMAGES.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium")
    if chromium is None:
        raise SystemExit("there is no chromium here; on Debian: apt-get install chromium")
    with (
        TemporaryFile() as log,
        Demo("django", port=PORT, sandbox_port=SANDBOX_PORT, log=log) as demo,
        sync_playwright() as playwright,
    ):
        browser = playwright.chromium.launch(executable_path=chromium, args=ARGUMENTS)
        walk(browser, demo.url)
        browser.close()


if __name__ == "__main__":
    main()
