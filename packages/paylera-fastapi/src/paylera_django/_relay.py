"""The relay as Django URL patterns."""

from __future__ import annotations

from functools import partial
from typing import Unpack

from django.contrib.auth import HASH_SESSION_KEY, SESSION_KEY
from django.contrib.sessions.backends.signed_cookies import SessionStore as CookieSession
from django.http import HttpRequest
from django.urls import URLPattern, path

from paylera.flow import Callee
from paylera.relay import MAX_BODY_BYTES, PATHS, RelayCore, RelayOptions
from paylera.relay.options import relay_factory
from paylera_django._host import Performers, View


@relay_factory
def paylera_relay_urls(**options: Unpack[RelayOptions]) -> list[URLPattern]:
    """Return the relay's URL patterns: `path("api/paylera/", include(paylera_relay_urls(...)))`.

    The options are those of `paylera.relay.RelayOptions`; a bad one is a `ValueError` that names it.
    `identify(request)` gets Django's request, after the middleware, and may be `def` or `async def`. The patterns are
    named `paylera-attach`, `paylera-check`, ... Source: contract sections 1 to 5 and 8.
    """
    core = RelayCore(options, session_binding=Callee.of(session_binding))
    performers = Performers()
    return [
        path(
            # `path:` lets ids with encoded slashes reach the core, whose 404 is the same on every host.
            route.replace("<sub_id>", "<path:sub_id>"),
            View(
                f"paylera-{action}",
                partial(core.handle, action),
                performers,
                max_bytes=MAX_BODY_BYTES,
                # With our check off, the host's own protection applies.
                csrf_exempt=core.settings.csrf is not None,
            ),
            name=f"paylera-{action}",
        )
        for route, action in PATHS.items()
    ]


def session_binding(request: HttpRequest) -> str | None:
    """Return the logged-in session as a string that changes with every login, or None when nobody is logged in.

    The key of a cookie-backed session changes with every save; the session's auth hash stands in for it.
    """
    session = getattr(request, "session", None)
    user = session.get(SESSION_KEY) if session is not None else None
    if session is None or user is None:
        return None
    in_cookie = isinstance(session, CookieSession)
    return f"{user}:{session.get(HASH_SESSION_KEY) if in_cookie else session.session_key}"
