"""Counts what is made per call; imported before anything else, so that nothing is missed."""

from __future__ import annotations

import asyncio.base_events
import functools
import ssl
import threading
from collections import Counter
from collections.abc import Callable
from typing import Any

import aiohttp

from paylera.transport import AsyncHttpTransport, HttpTransport

made: Counter[str] = Counter()


def _counted(owner: Any, method: str, name: str) -> None:
    original: Callable[..., Any] = getattr(owner, method)

    @functools.wraps(original)
    def counting(*args: Any, **kwargs: Any) -> Any:
        made[name] += 1
        return original(*args, **kwargs)

    setattr(owner, method, counting)


_counted(threading.Thread, "start", "threads")
_counted(asyncio.base_events.BaseEventLoop, "__init__", "event loops")
_counted(aiohttp.ClientSession, "__init__", "clients")
_counted(HttpTransport, "__init__", "transports")
_counted(AsyncHttpTransport, "__init__", "transports")
_counted(ssl, "create_default_context", "TLS contexts")
_counted(ssl.SSLContext, "load_default_certs", "TLS contexts")
