"""Where the secrets come from: given once as text, or asked of the merchant's own (async) callable at every delivery.

So a rotation is a change of data: a provider that reads a vault or a row needs no restart.
"""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

from paylera.flow import Callee, Flow, invoke
from paylera.problems import Problem
from paylera.secret import Secret
from paylera.webhooks.signatures import Verifier, checked_secret, checked_tolerance, is_blank

SecretSource = str | Callable[[], str | None] | Callable[[], Awaitable[str | None]]
"""A secret, or a callable that returns one, sync or async."""

SecretList = Iterable[str | None]
AcceptedSecrets = Iterable[SecretSource | None] | Callable[[], SecretList] | Callable[[], Awaitable[SecretList]]
"""A list of secrets or of providers, or one provider of a list."""

_RETRY = (("retry-after", "15"),)

log = logging.getLogger("paylera.webhooks")


class Secrets:
    """The secrets of a receiver; a provider is called once for every delivery whose headers have the right form, so it
    should remember what is dear to ask for."""

    def __init__(
        self, signing_secret: SecretSource, *, accepted_secrets: AcceptedSecrets | None, tolerance_seconds: float
    ) -> None:
        self._tolerance = checked_tolerance(tolerance_seconds)
        self._all: Callee | None = None
        self._each = [_first(signing_secret)]
        if callable(accepted_secrets):
            self._all = Callee.of(accepted_secrets)
        else:
            self._each += _list(accepted_secrets)
        fixed = [source for source in self._each if isinstance(source, Secret)]
        self._fixed = self._verifier(fixed) if self._all is None and len(fixed) == len(self._each) else None

    def verifier(self) -> Flow[Verifier]:
        """Return what checks this delivery; a `Problem` if a provider fails or there is no secret at all."""
        if self._fixed is not None:
            return self._fixed
        try:
            verifier = self._verifier((yield from self._gathered()))
        except Exception:
            log.exception("a provider of secrets failed")
            raise _unavailable() from None
        if not verifier.has_secrets:
            log.error("the providers of secrets gave none")
            raise _unavailable()
        return verifier

    def _gathered(self) -> Flow[list[Secret]]:
        found = []
        for source in self._each:
            if isinstance(source, Callee):
                found.append(_secret((yield from invoke(source))))
            else:
                found.append(source)
        if self._all is not None:
            found += _secrets((yield from invoke(self._all)))
        return found

    def _verifier(self, secrets: Iterable[Secret]) -> Verifier:
        return Verifier(secrets, tolerance_seconds=self._tolerance)


def _first(source: Any) -> Callee | Secret:
    if callable(source):
        return Callee.of(source)
    if is_blank(source):
        raise ValueError("signing_secret must be the endpoint's secret (whsec_...), not blank")
    if source != source.strip():
        # As a file or a variable gives it; every delivery would be refused.
        log.warning("signing_secret begins or ends with white space, and is used as it is")
    return Secret(source)


def _list(sources: Any) -> list[Callee | Secret]:
    # A string is a sequence of strings, and every one of its characters would become an accepted secret.
    if isinstance(sources, str | bytes) or not isinstance(sources, Iterable | None):
        raise ValueError("accepted_secrets must be a list of secrets, not a single one")
    return [Callee.of(one) if callable(one) else checked_secret("accepted_secrets", one) for one in sources or ()]


def _secret(given: Any) -> Secret:
    # What a provider gives is hidden at once: no frame that a failure passes through has it in a local.
    return Secret(given if isinstance(given, str) else "")


def _secrets(given: Any) -> list[Secret]:
    is_list = isinstance(given, Iterable) and not isinstance(given, str | bytes)
    return [_secret(one) for one in given] if is_list else []


def _unavailable() -> Problem:
    return Problem("paylera.webhook_secret_unavailable", "send it again later", headers=_RETRY)
