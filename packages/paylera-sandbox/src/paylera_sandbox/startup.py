"""Starting a sandbox from options: everything that can be wrong with them is found here, before it serves."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from paylera_sandbox import fields
from paylera_sandbox.app import create_app
from paylera_sandbox.catalogue import CatalogueError, load
from paylera_sandbox.engine import Engine
from paylera_sandbox.fields import Invalid
from paylera_sandbox.namespaces import Namespaces
from paylera_sandbox.server import Server, listen, url_of
from paylera_sandbox.store import Store, StoreError
from paylera_sandbox.webhooks.endpoints import ensure
from paylera_sandbox.webhooks.endpoints import secret as secret_rule

DEFAULT_DB = "paylera-sandbox.db"


class StartError(Exception):
    """Why the sandbox cannot start, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """What the command line was given."""

    host: str
    port: int
    db: str
    token: str
    catalogue: Path | None
    webhook_url: str | None
    webhook_secret: str | None
    time_scale: float
    rate_limits: str


def serve(options: Options) -> None:
    """Serve until SIGINT or SIGTERM. Raises StartError."""
    _check_webhook(options)
    namespaces = _namespaces(options)
    engine = namespaces.default.engine
    try:
        listener = listen(options.host, options.port)
    except OSError as error:
        namespaces.close()
        raise StartError(f"cannot listen on {options.host} port {options.port}: {error.strerror}") from None
    namespaces.locate(url_of(listener))
    secret = _register(engine, options)
    server = Server(create_app(namespaces), announce=lambda: _announce(engine, options, secret))
    try:
        server.run(sockets=[listener])
    finally:
        namespaces.close()


def _check_webhook(options: Options) -> None:
    if options.webhook_secret and not options.webhook_url:
        raise StartError("--webhook-secret needs --webhook-url")
    for name, value, rule in (
        ("--webhook-url", options.webhook_url, fields.url),
        ("--webhook-secret", options.webhook_secret, secret_rule),
    ):
        try:
            _ = value is None or rule(value)
        except Invalid as error:
            raise StartError(f"{name} {error.message}") from None


def _namespaces(options: Options) -> Namespaces:
    try:
        catalogue = load(options.catalogue)
        store = Store(options.db)
        engine = Engine(
            store=store,
            catalogue=catalogue,
            token=options.token,
            time_scale=options.time_scale,
            rate_limits=options.rate_limits,
        )
        return Namespaces(engine)
    except (CatalogueError, StoreError) as error:
        raise StartError(str(error)) from None


def _register(engine: Engine, options: Options) -> str | None:
    """Register the webhook endpoint, if there is one, and return the secret that signs."""
    if not options.webhook_url:
        return None
    with engine.unit() as unit:
        endpoint = ensure(unit, url=options.webhook_url, secret=options.webhook_secret)
    return str(endpoint["_secrets"][0]["secret"])


def _announce(engine: Engine, options: Options, webhook_secret: str | None) -> None:
    place = "in memory" if options.db == ":memory:" else f"in {options.db}"
    sys.stdout.write(f"{engine.base_url}\nPaylera sandbox ready: token {options.token}, data {place}\n")
    if webhook_secret:
        sys.stdout.write(f"Webhooks go to {options.webhook_url}, signed with {webhook_secret}\n")
    sys.stdout.flush()
