"""Rendering: templates, and the headers that every page carries."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, RedirectResponse, Response

from paylera_sandbox.billing.cards import spaced
from paylera_sandbox.store import Doc

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
# There is no form-action: browsers apply it to redirects too, and a paid checkout redirects to the merchant.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; object-src 'none'; base-uri 'none'; frame-ancestors 'none'; script-src 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Page:
    """A template with its values."""

    template: str
    values: dict[str, Any]
    status: int = 200

    def response(self) -> Response:
        """Render the page."""
        content = _environment().get_template(self.template).render(self.values)
        return HTMLResponse(content, status_code=self.status, headers=HEADERS)


@dataclass(frozen=True, slots=True)
class Redirect:
    """The way to another page; `cookies` are those to set, by name, for one path."""

    location: str
    cookies: dict[str, str] = field(default_factory=dict)
    path: str = "/"

    def response(self) -> Response:
        """Build the redirect."""
        response = RedirectResponse(self.location, status_code=303, headers=HEADERS)
        for name, value in self.cookies.items():
            response.set_cookie(name, value, path=self.path, httponly=True, samesite="lax")
        return response


def notice(status: int, title: str, text: str, *, link: str | None = None, link_text: str = "Go back") -> Page:
    """Return a page that says one thing."""
    return Page("notice.html", {"title": title, "text": text, "link": link, "link_text": link_text}, status)


@cache
def _environment() -> Environment:
    """Load Jinja when the first page is asked for; the API starts without it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(HERE / "templates")
    environment = Environment(loader=loader, autoescape=True, undefined=StrictUndefined, trim_blocks=True)
    environment.filters.update(day=_day, clock=_clock, words=_words, card=spaced, last_answer=_last_answer)
    return environment


def _day(stamp: str) -> str:
    moment = datetime.fromisoformat(stamp)
    return f"{moment.day} {moment:%B %Y}"


def _clock(stamp: str) -> str:
    return stamp[11:19]


def _words(name: str) -> str:
    return name.replace("_", " ").capitalize()


def _last_answer(delivery: Doc) -> str:
    if not delivery["attempts"]:
        return ""
    last = delivery["attempts"][-1]
    return str(last["status"] or last["error"])
