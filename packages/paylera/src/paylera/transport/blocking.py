"""The default blocking transport: sockets of the standard library, one pool a process."""

from __future__ import annotations

import os
import socket
import ssl
import weakref
from dataclasses import dataclass

from paylera.http import SAFE_METHODS, Request, Response
from paylera.transport.connection import Connection, Deadline, connect
from paylera.transport.incoming import BrokenOffError, NotHttpError, TooLargeError
from paylera.transport.outgoing import (
    BROKEN_OFF,
    CLOSED_EARLY,
    Failure,
    Origin,
    broken,
    encoded,
    malformed,
    origin_and_target,
    timed_out,
    too_large,
    untrusted,
)
from paylera.transport.pool import Pool


@dataclass(frozen=True, slots=True)
class _Call:
    request: Request
    origin: Origin
    target: str
    max_bytes: int
    deadline: Deadline


class HttpTransport:
    """Sends requests on the calling thread: no event loop, no thread, no redirects, no proxies from the environment.

    One instance serves all threads, and every process forked from this one (each has connections of its own).
    `ssl_context` replaces the default one, for example to trust a private CA. Usable again after `close()`.
    """

    __slots__ = ("__weakref__", "_context", "_pools")

    def __init__(self, *, ssl_context: ssl.SSLContext | None = None) -> None:
        self._context = ssl_context
        self._pools: dict[int, Pool] = {}
        # A client that is dropped without `close()` leaves neither open sockets nor warnings.
        weakref.finalize(self, _close_all, self._pools)

    def send(self, request: Request, *, timeout: float, max_bytes: int) -> Response:
        """Return the answer, whatever its status, or raise `TransportError`.

        `timeout` covers connecting, TLS, sending and the whole answer; a name lookup alone cannot be cut short.
        `ValueError` for a request that is not safe to put on the wire.
        """
        origin, target = origin_and_target(request)
        outcome = self._outcome(_Call(request, origin, target, max_bytes, Deadline(timeout)), timeout)
        if isinstance(outcome, Failure):
            raise outcome.error(origin)
        return outcome

    def close(self) -> None:
        """Close the idle connections."""
        self._pool().close()

    def _outcome(self, call: _Call, timeout: float) -> Response | Failure:
        try:
            return self._answered(call)
        except (OSError, EOFError, BrokenOffError, NotHttpError, TooLargeError) as error:
            return _failure(error, call, timeout)

    def _answered(self, call: _Call) -> Response:
        call.deadline.left()
        pool = self._pool()
        if (kept := pool.take(call.origin)) is not None:
            try:
                return _exchanged(pool, kept, call)
            except TimeoutError:
                raise
            except (EOFError, OSError):
                # The peer gave the kept connection up at that moment. Once more, if it cannot have acted on the call.
                if not (kept.is_unsent or (kept.is_silent and call.request.method in SAFE_METHODS)):
                    raise
        return _exchanged(pool, connect(call.origin, call.deadline, self._tls(call.origin)), call)

    def _pool(self) -> Pool:
        pid = os.getpid()
        pool = self._pools.get(pid)
        return pool if pool is not None else self._new_pool(pid)

    def _new_pool(self, pid: int) -> Pool:
        # A forked child must not speak on its parent's connections. No lock here: one held at the moment of the fork
        # stays held in the child for ever; `pop` and `setdefault` are atomic.
        for other in [known for known in list(self._pools) if known != pid]:
            self._pools.pop(other, Pool()).abandon()
        return self._pools.setdefault(pid, Pool())

    def _tls(self, origin: Origin) -> ssl.SSLContext | None:
        if origin.scheme == "http":
            return None
        if self._context is None:  # two first calls at once may build two; the later one stays
            context = ssl.create_default_context()
            context.set_alpn_protocols(["http/1.1"])
            self._context = context
        return self._context


def _close_all(pools: dict[int, Pool]) -> None:
    for pool in pools.values():
        pool.abandon()


def _exchanged(pool: Pool, connection: Connection, call: _Call) -> Response:
    is_kept = False
    try:
        response, is_kept = connection.exchange(
            encoded(call.request, call.origin, call.target),
            method=call.request.method,
            max_bytes=call.max_bytes,
            deadline=call.deadline,
        )
    finally:
        if not is_kept:
            connection.close()
    pool.give(call.origin, connection)
    return response


def _failure(error: Exception, call: _Call, timeout: float) -> Failure:
    match error:
        case TimeoutError():
            return timed_out(timeout)
        case TooLargeError():
            return too_large(call.max_bytes)
        case NotHttpError():
            return malformed(str(error))
        case BrokenOffError():
            return BROKEN_OFF
        case EOFError():
            return CLOSED_EARLY
        case _:
            return _broken(error)


def _broken(error: Exception) -> Failure:
    match error:
        case ssl.SSLCertVerificationError():
            return untrusted(error.verify_message)
        case ssl.SSLError():
            return broken(f"TLS failed: {error.reason or 'the handshake was cut off'}")
        case socket.gaierror():
            return broken("its name cannot be resolved")
        case _:
            return broken((getattr(error, "strerror", None) or "the connection broke").lower())
