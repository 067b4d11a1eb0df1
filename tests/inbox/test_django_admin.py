"""The inbox in Django's admin, in a browser, on a server with ATOMIC_REQUESTS."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Browser, Page, expect

from .shops import Shop, new_shop, serving

pytestmark = pytest.mark.browser

USERS = """
from django.contrib.auth.models import Permission, User
User.objects.create_superuser("root", password="pw")
people = {"viewer": ["view_inboxevent"], "replayer": ["view_inboxevent", "replay_inboxevent"], "nobody": []}
for name, codes in people.items():
    user = User.objects.create_user(name, password="pw", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename__in=codes))
"""
GROUPS = "from django.contrib.auth.models import Group; Group.objects"
EVENTS = "/admin/paylera_inbox/inboxevent/"


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Shop]:
    """Return a shop with users."""
    home = tmp_path_factory.mktemp("admin")
    found = new_shop(str(home / "db.sqlite3"), home, SHOP_ATOMIC="1")
    made = found.manage("shell", "-c", USERS)
    assert made.returncode == 0, made.stderr
    with serving(found, "gunicorn", "--workers", "2"):
        yield found


@pytest.fixture
def open_as(shop: Shop, browser: Browser) -> Iterator[Callable[[str, str], Page]]:
    """Return a function that opens a page of the admin as somebody."""
    contexts = []

    def open_page(user: str, path: str) -> Page:
        context = browser.new_context(base_url=f"http://127.0.0.1:{shop.port}")
        contexts.append(context)
        context.set_default_timeout(60_000)
        page = context.new_page()
        page.goto(f"/admin/login/?next={path}")
        page.fill("#id_username", user)
        page.fill("#id_password", "pw")
        page.click("input[type=submit]")
        return page

    yield open_page
    for context in contexts:
        context.close()


def event_page(event_id: str) -> str:
    return f"{EVENTS}{event_id.replace('_', '_5F')}/change/"


def test_a_failure_is_seen_with_its_traceback_and_replayed(shop: Shop, open_as: Callable[[str, str], Page]) -> None:
    """Its record survived the rollback; the replay's failure does too, then the mended shop handles it."""
    assert shop.deliver("evt_bad_1", aggregate="fail_1") == 500
    page = open_as("root", event_page("evt_bad_1"))
    expect(page.locator(".field-state_shown")).to_contain_text("failed")
    expect(page.locator(".field-error_shown")).to_contain_text("RuntimeError: the shop is closed")
    shown = page.locator(".field-payload_shown pre").inner_text()
    assert json.loads(shown)["id"] == "evt_bad_1"
    assert '\n  "id"' in shown
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.locator(".messagelist .warning")).to_have_text("1 of 1 replayed; now 1 failed.")
    expect(page.locator(".paylera-past details")).to_have_count(2)
    assert "evt_bad_1" not in shop.effects()
    mended = shop.manage(
        "shell", "-c", "from django.contrib.auth.models import Group; Group.objects.create(name='mended')"
    )
    assert mended.returncode == 0, mended.stderr
    page.get_by_role("button", name="Replay", exact=True).click()
    expect(page.locator(".messagelist .success")).to_have_text("1 of 1 replayed; now 1 done.")
    outcomes = page.locator(".paylera-past .paylera-state").all_inner_texts()
    assert outcomes == ["failed", "failed", "done"]
    assert shop.effects().count("evt_bad_1") == 1
    page.get_by_role("link", name="History").click()
    expect(page.locator("#change-history tbody tr")).to_have_count(2)
    expect(page.locator("#change-history")).to_contain_text("Replayed.")
    shop.manage("shell", "-c", f"{GROUPS}.all().delete()")


def test_stale_events_are_found_and_handled_if_asked_for(shop: Shop, open_as: Callable[[str, str], Page]) -> None:
    """By the filter, in one action on all that are ticked."""
    for event_id, minute in (("evt_new", 9), ("evt_old_1", 1), ("evt_old_2", 2)):
        assert shop.deliver(event_id, aggregate="inv_stale", minute=minute) == 200
    assert shop.effects() == ["evt_new"]
    page = open_as("root", EVENTS)
    page.get_by_role("link", name="Yes", exact=True).click()
    expect(page.locator("#result_list tbody tr")).to_have_count(2)
    page.locator("#action-toggle").check()
    page.select_option("select[name=action]", "replay")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".messagelist .success")).to_have_text("2 of 2 replayed; now 2 done.")
    assert shop.effects() == ["evt_new"]
    page.locator("#action-toggle").check()
    page.select_option("select[name=action]", "replay_even_if_stale")
    page.get_by_role("button", name="Go").click()
    expect(page.locator(".messagelist .success")).to_have_text("2 of 2 replayed; now 2 done.")
    assert shop.effects() == ["evt_new", "evt_old_1", "evt_old_2"]


def test_the_list_is_searched_and_followed_along_a_lane(shop: Shop, open_as: Callable[[str, str], Page]) -> None:
    """From an event to all of its aggregate."""
    for number in range(3):
        shop.deliver(f"evt_lane_{number}", aggregate="sub_77", minute=number)
    shop.deliver("evt_else", aggregate="sub_78")
    page = open_as("viewer", f"{EVENTS}?q=evt_lane_1")
    expect(page.locator("#result_list tbody tr")).to_have_count(1)
    page.get_by_role("link", name="invoice:sub_77").click()
    expect(page.locator("#result_list tbody tr")).to_have_count(3)
    for query in ("state__exact=done", "event_type=invoice.paid", "received_at__gte=2020-01-01"):
        page.goto(f"{EVENTS}?{query}")
        expect(page.locator("#result_list")).to_be_visible()


def test_who_is_on_call_sees_what_failed_and_why_and_replays_it_in_one_click(
    shop: Shop, open_as: Callable[[str, str], Page]
) -> None:
    """Also how much waits behind it; the list is as it was afterwards, and so are its filters."""
    answers = [shop.deliver(f"evt_call_{number}", aggregate="fail_call", minute=number) for number in range(3)]
    assert answers == [500, 503, 503]
    failed = f"{EVENTS}?state__exact=failed"
    viewer = open_as("viewer", failed)
    assert viewer.locator("#result_list button").count() == 0
    page = open_as("replayer", EVENTS)
    expect(page.locator(".paylera-standing")).to_contain_text("2 received waiting")
    page.get_by_role("link", name="1 failed").click()
    row = page.locator("#result_list tbody tr")
    expect(row.locator(".field-reason")).to_have_text("RuntimeError: the shop is closed")
    expect(row.locator(".field-behind")).to_have_text("2")
    row.get_by_role("button", name="Replay").click()
    expect(page.locator(".messagelist .warning")).to_have_text("1 of 1 replayed; now 1 failed.")
    assert page.url.endswith("?state__exact=failed")
    shop.manage("shell", "-c", f"{GROUPS}.create(name='mended')")
    row.get_by_role("button", name="Replay").click()
    expect(page.locator(".messagelist .success")).to_have_text("1 of 1 replayed; now 1 done.")
    expect(row).to_have_count(0)
    expect(page.locator(".paylera-standing")).to_have_text("Nothing failed.")
    assert [one for one in shop.effects() if "call" in one] == ["evt_call_0", "evt_call_1", "evt_call_2"]
    shop.manage("shell", "-c", f"{GROUPS}.all().delete()")


def test_nothing_can_be_changed_but_by_a_replay(shop: Shop, open_as: Callable[[str, str], Page]) -> None:
    """Not even by root; and who may only look sees no button, and is refused."""
    shop.deliver("evt_look", aggregate="inv_look")
    root = open_as("root", event_page("evt_look"))
    assert root.locator("#content-main input:not([type=hidden]), #content-main textarea, .deletelink").count() == 0
    assert root.goto(f"{EVENTS}add/").status == 403  # type: ignore[union-attr]
    replayer = open_as("replayer", event_page("evt_look"))
    replayer.get_by_role("button", name="Replay even if stale").click()
    # The name of a group is unique: this shop does not grant twice.
    expect(replayer.locator(".messagelist .warning")).to_have_text("1 of 1 replayed; now 1 failed.")
    viewer = open_as("viewer", event_page("evt_look"))
    expect(viewer.locator(".field-payload_shown")).to_be_visible()
    assert viewer.get_by_role("button", name="Replay").count() == 0
    path = f"{EVENTS}evt_5Flook/replay/"
    token = {"X-CSRFToken": next(c["value"] for c in viewer.context.cookies() if c["name"] == "csrftoken")}
    assert viewer.request.post(path, headers=token).status == 403
    assert viewer.request.get(path).status == 405
    assert replayer.request.post(path).status == 403  # without the token
    token = {"X-CSRFToken": next(c["value"] for c in replayer.context.cookies() if c["name"] == "csrftoken")}
    assert replayer.request.post(f"{EVENTS}no_5Fsuch/replay/", headers=token).status == 404
    viewer.goto(EVENTS)
    assert viewer.locator("select[name=action]").count() == 0
    assert open_as("nobody", EVENTS).locator("#result_list").count() == 0


def test_without_the_setting_the_events_can_be_read(browser: Browser, tmp_path: Path) -> None:
    """And a replay says what is missing."""
    bare = new_shop(str(tmp_path / "db.sqlite3"), tmp_path, SHOP_INBOX="")
    assert bare.manage("shell", "-c", USERS).returncode == 0
    with serving(bare, "uvicorn"):
        bare.deliver("evt_1")
        page = browser.new_page(base_url=f"http://127.0.0.1:{bare.port}")
        page.goto(f"/admin/login/?next={event_page('evt_1')}")
        page.fill("#id_username", "root")
        page.fill("#id_password", "pw")
        page.click("input[type=submit]")
        page.get_by_role("button", name="Replay", exact=True).click()
        expect(page.locator(".messagelist .error")).to_contain_text("setting PAYLERA_INBOX is missing")
        page.close()
