"""Lookups: the addresses of receivers' hosts. A host that no name server answers for takes a minute, and there may be
dozens of them; so each host is looked up in a thread of its own, for which neither other hosts nor a stop wait.

(The threads of the event loop are waited for when it stops, and uvloop's, which are four, even one after another.)"""

from __future__ import annotations

import asyncio
import contextlib
import ipaddress
import socket
import threading

Addresses = list[str]


class Lookups:
    """What is being looked up. Who asks for a host that is being looked up already waits for the same answer."""

    def __init__(self) -> None:
        self._under_way: dict[str, asyncio.Future[Addresses | OSError]] = {}

    async def find(self, host: str) -> Addresses:
        """Return the addresses of a host, the one to try first in front. Raises OSError."""
        if _is_address(host):
            return [host]
        found = await asyncio.shield(self._under_way.get(host) or self._begin(host))
        if isinstance(found, OSError):
            raise found
        return found

    def _begin(self, host: str) -> asyncio.Future[Addresses | OSError]:
        loop = asyncio.get_running_loop()
        future = self._under_way[host] = loop.create_future()

        def end(found: Addresses | OSError) -> None:
            del self._under_way[host]
            future.set_result(found)

        def look() -> None:
            found = _look_up(host)
            with contextlib.suppress(RuntimeError):  # the loop has stopped meanwhile
                loop.call_soon_threadsafe(end, found)

        threading.Thread(target=look, name=f"lookup of {host}", daemon=True).start()
        return future


def _look_up(host: str) -> Addresses | OSError:
    try:
        found = socket.getaddrinfo(host, None, type=socket.SOCK_STREAM)
    except OSError as error:
        return error
    except UnicodeError:
        return OSError(f"{host!r} is no name of a host")
    return list(dict.fromkeys(str(address[0]) for *_, address in found))


def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True
