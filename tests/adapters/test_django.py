"""What Django adds: logins, sessions, its own CSRF protection, transactions and middleware."""

from __future__ import annotations

from typing import Any

import pytest

from adapters.browser import Browser
from adapters.conftest import Site
from adapters.signing import event, signed

pytestmark = pytest.mark.slow
API = "/api/paylera"
both = pytest.mark.parametrize("site", ["django-wsgi", "django-asgi"], indirect=True)
every_session = pytest.mark.parametrize(
    "site",
    ["django-wsgi", "django-wsgi-cache", "django-wsgi-cookies", "django-asgi", "django-asgi-cookies"],
    indirect=True,
)


def signed_in(site: Site, name: str = "alice") -> Browser:
    browser = site.browser()
    assert browser.post(f"/sign-in/{name}").status == 204
    return browser


def check(browser: Browser, token: str, base: str = API) -> int:
    return browser.post(f"{base}/check", {"feature_code": "exports"}, Paylera_CSRF_Token=token).status


@every_session
def test_a_login_session_serves(site: Site) -> None:
    """A token of this session passes, also after the session was saved; the customer is the session's user."""
    alice = signed_in(site)
    token = alice.token(API)
    assert check(alice, token) == 200
    assert alice.post("/touch").status == 204
    assert check(alice, token) == 200
    assert alice.get(f"{API}/me").json["email"] == "alice@example.com"


@every_session
def test_a_token_from_before_login_is_refused_after(site: Site) -> None:
    """What an attacker could have planted before the login is worth nothing after it; a fresh token is."""
    alice = site.browser()
    before = alice.token(API)
    assert alice.post("/sign-in/alice").status == 204
    assert check(alice, before) == 403
    assert check(alice, alice.token(API)) == 200


@every_session
def test_a_token_ends_with_its_session(site: Site) -> None:
    """After logout, and for whoever logs in next in the same browser."""
    alice = signed_in(site)
    token = alice.token(API)
    assert alice.post("/sign-out").status == 204
    assert check(alice, token) == 403
    assert alice.post("/sign-in/bob").status == 204
    assert check(alice, token) == 403


@pytest.mark.parametrize("site", ["django-wsgi", "django-wsgi-cache", "django-asgi"], indirect=True)
def test_a_token_of_the_same_user_s_other_session_is_refused(site: Site) -> None:
    """Where sessions have keys, a token belongs to one of them."""
    laptop, phone = signed_in(site), signed_in(site)
    token = laptop.token(API)
    phone.cookies["paylera_csrf"] = token
    assert check(phone, token) == 403


@every_session
def test_another_user_s_token_is_refused(site: Site) -> None:
    """Bob's token in Alice's browser, cookie and all."""
    alice, bob = signed_in(site), signed_in(site, "bob")
    token = bob.token(API)
    alice.cookies["paylera_csrf"] = token
    assert check(alice, token) == 403


@both
def test_django_s_csrf_and_ours_stand_side_by_side(site: Site) -> None:
    """Our views need no Django token, and Django's views are protected as ever."""
    alice = signed_in(site)
    assert check(alice, alice.token(API)) == 200
    assert alice.post("/guarded", {}).status == 403
    assert alice.post(f"{API}/check", {"feature_code": "exports"}, X_CSRFToken="a" * 32).status == 403


@both
def test_without_ours_django_s_own_is_in_force(site: Site) -> None:
    """`csrf=False` leaves the views to Django's protection."""
    alice = signed_in(site)
    body = {"feature_code": "exports"}
    assert alice.post("/plain/paylera/check", body).status == 403
    alice.cookies["csrftoken"] = "a" * 32
    assert alice.post("/plain/paylera/check", body, X_CSRFToken="a" * 32).status == 200


@both
def test_nobody_is_redirected_to_a_login_page(site: Site) -> None:
    """Under `LoginRequiredMiddleware` a stranger gets our 401, and webhooks and plans their answers."""
    stranger = site.browser()
    answer = stranger.get(f"{API}/me")
    assert (answer.status, answer.json["type"]) == (401, "paylera.unauthenticated")
    assert stranger.get(f"{API}/plans").status == 200
    body, signature = signed(event("evt_login_required", "subscription.created"))
    assert stranger.post("/webhooks/paylera/", body, Paylera_Signature=signature).status == 200


@both
def test_routes_have_no_trailing_slash_and_get_none(site: Site) -> None:
    """`APPEND_SLASH` is on: our routes answer as they are written."""
    stranger = site.browser()
    assert stranger.get(f"{API}/me").status == 401
    assert stranger.get(f"{API}/plans").status == 200
    assert stranger.get(f"{API}/me/").status == 404


@both
def test_every_name_reverses(site: Site) -> None:
    """The names of the contract, and their paths."""
    paths = site.browser().get("/names").json
    plain = ("csrf-token", "attach", "check", "track", "entitlements", "me", "plans", "invoices", "billing-portal")
    expected = {name: name for name in plain}
    expected |= {f"subscription-{action}": f"subscriptions/sub_1/{action}" for action in ("upgrade", "cancel")}
    # The relay is mounted more than once here: what follows the mount is what counts.
    assert {name: path.partition("/paylera/")[2] for name, path in paths.items()} == expected


@both
@pytest.mark.parametrize("base", [API, "/async/paylera"])
def test_identify_of_both_colours_reads_the_session(site: Site, base: str) -> None:
    """A `def` may use `request.user` and the ORM under ASGI too; an `async def` is awaited under WSGI too."""
    alice = signed_in(site)
    answer = alice.get(f"{base}/me")
    assert answer.status == 200
    assert answer.json["email"] == "alice@example.com"


@both
def test_auto_create_announces_once_within_a_transaction_of_its_own(site: Site) -> None:
    """`ATOMIC_REQUESTS` is on, and `on_customer_created` writes to the database."""
    new = site.browser(X_Test_New_User=f"new-{site.name}")
    assert [new.get(f"{API}/me").status for _ in range(3)] == [200, 200, 200]
    assert [line.split()[0] for line in site.journal.read_text().splitlines()] == ["created"]
    assert f"customer new-{site.name}" in new.get("/groups").json


def deliver(site: Site, document: dict[str, Any]) -> int:
    body, signature = signed(document)
    return site.browser().post("/webhooks/paylera/", body, Paylera_Signature=signature).status


@both
@pytest.mark.parametrize("kind", ["invoice.paid", "invoice.updated"], ids=["def", "async def"])
def test_handlers_of_both_colours_write(site: Site, kind: str) -> None:
    """An async handler is really awaited, on a server with and without an event loop."""
    name = f"evt-{site.name}-{kind}"
    assert deliver(site, event(name, kind)) == 200
    assert f"event {name}" in site.browser().get("/groups").json


@both
def test_a_handler_that_raises_leaves_no_writes(site: Site) -> None:
    """`ATOMIC_REQUESTS` is on, and a 500 of the receiver is no exception: what was written is rolled back."""
    name = f"evt-{site.name}-fails"
    assert deliver(site, event(name, "invoice.voided")) == 500
    assert f"event {name}" not in site.browser().get("/groups").json
    assert deliver(site, event(name, "invoice.voided")) == 500  # it is run again
