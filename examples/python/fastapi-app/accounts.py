"""Who is signed in: a name in a signed cookie. A real product keeps people in a database, with hashed passwords."""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass
from urllib.parse import urlsplit

from fastapi import HTTPException, Request
from settings import PAGES_DIR

DEMO = json.loads((PAGES_DIR / "accounts.json").read_text())


@dataclass(frozen=True, slots=True)
class Account:
    username: str
    email: str
    name: str


ACCOUNTS = {
    person["username"]: Account(person["username"], person["email"], f"{person['first_name']} {person['last_name']}")
    for person in DEMO["people"]
}


def signed_in(request: Request) -> Account | None:
    """Return who sent the request, or None."""
    return ACCOUNTS.get(request.session.get("username", ""))


def matching(username: str, password: str) -> Account | None:
    """Return the account when the password is right."""
    is_right = secrets.compare_digest(password.encode(), DEMO["password"].encode())
    return ACCOUNTS.get(username) if is_right else None


def require_auth(request: Request) -> None:
    """Refuse who is not signed in, on every relay route but the plans: the pricing page is for everyone.

    The relay would answer 401 by itself where it needs a customer; this also closes what needs none.
    """
    if signed_in(request) is None and not request.url.path.endswith("/plans"):
        raise HTTPException(401, "Sign in first")


def refuse_other_sites(request: Request) -> None:
    """Refuse a form that another site's page sent: browsers tell the origin of every POST."""
    origin = request.headers.get("origin")
    if origin is not None and urlsplit(origin).netloc != request.headers.get("host"):
        raise HTTPException(403, "This form was sent by another site")


def safe_path(path: str | None) -> str:
    """Return `path` when it stays on this site, else the dashboard."""
    is_local = path and path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    return path if path and is_local else "/app"
