"""The pages. They hold no billing data: the browser reads that through the relay."""

from __future__ import annotations

from typing import Annotated, Any
from urllib.parse import quote

import received
from accounts import DEMO, Account, matching, refuse_other_sites, safe_path, signed_in
from fastapi import APIRouter, Depends, Form, Query, Request, Response
from fastapi.responses import JSONResponse, RedirectResponse
from fastapi.staticfiles import StaticFiles
from fastapi.templating import Jinja2Templates
from settings import PAGES_DIR

POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
# Only our own files run on a page, and no cache keeps it, since it shows a name.
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Cache-Control": "no-store",
    "X-Content-Type-Options": "nosniff",
}
router = APIRouter()
files = StaticFiles(directory=PAGES_DIR / "static")
templates = Jinja2Templates(directory=PAGES_DIR / "templates")

Who = Annotated[Account | None, Depends(signed_in)]


def render(request: Request, page: str, **context: Any) -> Response:
    """Render a shared page. `csrf_input` is Django's: the forms here are guarded by `refuse_other_sites`."""
    values = {"user": signed_in(request), "page": page, "csrf_input": "", **context}
    return templates.TemplateResponse(request, f"{page}.html", values, headers=HEADERS)


@router.get("/")
def pricing(request: Request) -> Response:
    return render(request, "pricing")


@router.get("/app")
def dashboard(request: Request, who: Who) -> Response:
    return render(request, "dashboard") if who else to_login(request)


@router.get("/welcome")
def welcome(request: Request, who: Who) -> Response:
    return render(request, "welcome") if who else to_login(request)


def to_login(request: Request) -> Response:
    here = request.url.path + (f"?{request.url.query}" if request.url.query else "")
    return RedirectResponse(f"/login?next={quote(here)}", status_code=303)


@router.get("/login")
def login(request: Request, who: Who, next: str = "") -> Response:  # noqa: A002 - the name in the address
    return RedirectResponse(safe_path(next), status_code=303) if who else login_page(request, next)


@router.post("/login", dependencies=[Depends(refuse_other_sites)])
def sign_in(
    request: Request,
    username: Annotated[str, Form()] = "",
    password: Annotated[str, Form()] = "",
    next: Annotated[str, Form()] = "",  # noqa: A002 - the name in the form
) -> Response:
    account = matching(username, password)
    if account is None:
        return login_page(request, next, error="This name and password do not belong together. Try again.")
    request.session.clear()
    request.session["username"] = account.username
    return RedirectResponse(safe_path(next), status_code=303)


def login_page(request: Request, then: str, *, error: str | None = None) -> Response:
    return render(request, "login", demo=DEMO, error=error, next=then)


@router.post("/logout", dependencies=[Depends(refuse_other_sites)])
def sign_out(request: Request) -> Response:
    request.session.clear()
    return RedirectResponse("/", status_code=303)


@router.get("/events")
async def events(who: Who, after: Annotated[int, Query(ge=0, lt=10**15)] = 0) -> Response:
    """Answer the signed-in person's events after number `after`, oldest first; without `after`, the newest."""
    if who is None:
        return JSONResponse({"type": "skyline.signed_out", "status": 401}, status_code=401)
    return JSONResponse({"events": await received.events_of(who.email, after=after)})
