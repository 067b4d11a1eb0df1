"""The pages. They hold no billing data: the browser reads that through the relay."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from functools import wraps
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_required
from django.contrib.auth.views import LoginView, LogoutView
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.views.decorators.http import require_safe

from skyline.models import ReceivedEvent

CONTENT_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
ASSETS = {p.name: p for p in (settings.PAGES_DIR / "static").iterdir() if p.suffix in CONTENT_TYPES}
DEMO = json.loads((settings.PAGES_DIR / "accounts.json").read_text())
POLICY = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"
EVENTS_PER_ANSWER = 100

View = Callable[..., HttpResponseBase]


def page(view: View) -> View:
    """Decorate a view of a page: only our own files run on it, and no cache keeps it, since it shows a name."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        response = view(request, *args, **kwargs)
        response["Content-Security-Policy"] = POLICY
        response["Cache-Control"] = "no-store"
        return response

    return guarded


def person(request: HttpRequest) -> dict[str, Any]:
    """Context processor: who is signed in, in the form that the shared pages use."""
    user = request.user
    return {"user": {"name": user.get_full_name() or user.get_username()} if user.is_authenticated else None}


@require_safe
@page
def pricing(request: HttpRequest) -> HttpResponse:
    return render(request, "pricing.html", {"page": "pricing"})


@require_safe
@page
@login_required
def dashboard(request: HttpRequest) -> HttpResponse:
    return render(request, "dashboard.html", {"page": "dashboard"})


@require_safe
@page
@login_required
def welcome(request: HttpRequest) -> HttpResponse:
    return render(request, "welcome.html", {"page": "welcome"})


class SignIn(LoginView):
    """Django's own login, with its faults said in one line."""

    template_name = "login.html"
    redirect_authenticated_user = True

    def get_context_data(self, **kwargs: Any) -> dict[str, Any]:
        context = super().get_context_data(**kwargs)
        error = "This name and password do not belong together. Try again." if context["form"].errors else None
        return context | {"page": "login", "demo": DEMO, "error": error, "next": self.get_redirect_url()}


class SignOut(LogoutView):
    """Django's own logout, by POST alone."""

    http_method_names = ["post", "options"]  # noqa: RUF012 - Django's own form of this attribute


@require_safe
def events(request: HttpRequest) -> JsonResponse:
    """Answer the signed-in person's events after number `after`, oldest first; without `after`, the newest."""
    if not request.user.is_authenticated:
        return JsonResponse({"type": "skyline.signed_out", "status": 401}, status=401)
    after = request.GET.get("after", "0")
    if not re.fullmatch("[0-9]{1,15}", after):
        return JsonResponse({"type": "skyline.invalid", "status": 400, "detail": "after must be a number"}, status=400)
    newest = ReceivedEvent.of(request.user.email).filter(pk__gt=int(after)).order_by("-pk")[:EVENTS_PER_ANSWER]
    return JsonResponse({"events": [event.as_json() for event in reversed(newest)]})


@require_safe
def asset(request: HttpRequest, name: str) -> HttpResponse:
    """Serve a file of the shared pages. So few and small that the example needs no file server in front."""
    if name not in ASSETS:
        raise Http404
    path = ASSETS[name]
    return HttpResponse(
        path.read_bytes(), content_type=CONTENT_TYPES[path.suffix], headers={"Cache-Control": "no-cache"}
    )
