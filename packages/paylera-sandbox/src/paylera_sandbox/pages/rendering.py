"""Rendering: templates, and the headers that every page carries."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from starlette.responses import HTMLResponse, RedirectResponse, Response

from paylera_sandbox.pages import words

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
# There is no form-action: browsers apply it to redirects too, and a paid checkout redirects to the merchant.
HEADERS = {
    "Content-Security-Policy": (
        "default-src 'self'; script-src 'self'; style-src 'self'; object-src 'none'; base-uri 'none'; "
        "frame-ancestors 'none'"
    ),
    "X-Frame-Options": "DENY",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cache-Control": "no-store",
}


@dataclass(frozen=True, slots=True)
class Site:
    """What all pages of one sandbox share: the path that its addresses begin with (of a namespace, `/n/<name>`), its
    clock's moment, how that clock goes (`real`, `moved`, `pinned` or `advancing`), its name, and where the consoles of
    all namespaces of the server are."""

    base: str
    now: str
    mode: str
    namespace: str
    consoles: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Page:
    """A template with its values."""

    template: str
    values: dict[str, Any]
    status: int = 200

    def response(self, site: Site) -> Response:
        """Render the page."""
        content = _environment().get_template(self.template).render(self.values, site=site, base=site.base)
        return HTMLResponse(content, status_code=self.status, headers=HEADERS)


@dataclass(frozen=True, slots=True)
class Redirect:
    """The way to another page: a path within the sandbox, or a URL. `cookies` are those to set, by name, for one
    path."""

    location: str
    cookies: dict[str, str] = field(default_factory=dict)
    path: str = "/"

    def response(self, site: Site) -> Response:
        """Build the redirect."""
        location = site.base + self.location if self.location.startswith("/") else self.location
        response = RedirectResponse(location, status_code=303, headers=HEADERS)
        for name, value in self.cookies.items():
            response.set_cookie(name, value, path=site.base + self.path, httponly=True, samesite="lax")
        return response


def notice(
    status: int,
    title: str,
    text: str,
    *,
    link: str | None = None,
    link_text: str = "Go back",
    frame: str = "layout.html",
) -> Page:
    """Return a page that says one thing, within the frame that the pages around it have."""
    values = {"title": title, "text": text, "link": link, "link_text": link_text, "frame": frame}
    return Page("notice.html", values, status)


@cache
def _environment() -> Environment:
    """Load Jinja when the first page is asked for; the API starts without it."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    loader = FileSystemLoader(HERE / "templates")
    environment = Environment(
        loader=loader,
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=False,
    )
    environment.filters.update(words.FILTERS)
    return environment
