"""`paylera-sandbox serve`: the one command that is a sandbox itself."""

from __future__ import annotations

import ipaddress
from pathlib import Path
from typing import Annotated

import click

from paylera_sandbox.cli.exits import DEFAULT_TOKEN, USAGE, CommandError
from paylera_sandbox.cli.parameters import Option


def serve(
    *,
    host: Annotated[str, Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, Option(min=0, max=65535, help="0 picks a free port.")] = 8787,
    db: Annotated[Path | None, Option(help="Keep the data in this file.", dir_okay=False)] = None,
    memory: Annotated[bool, Option("--memory", help="Keep the data in memory only.")] = False,
    token: Annotated[str, Option(help="The API token to accept.")] = DEFAULT_TOKEN,
    catalogue: Annotated[Path | None, Option(help="A TOML file with features, plans and coupons.")] = None,
    webhook_url: Annotated[str | None, Option(help="Send every event to this URL.")] = None,
    webhook_secret: Annotated[str | None, Option(help="Sign those with this secret, whsec_...")] = None,
    rate_limits: Annotated[str, Option(help="off, or documented: refuse what is too much.")] = "off",
    time_scale: Annotated[float, Option(help="Shorten the waits between webhook attempts so many times.")] = 1,
) -> None:
    """Serve the API, the checkout and the portal on loopback until interrupted."""
    from paylera_sandbox import startup

    _check_host(host)
    _check_token(token)
    if memory and db is not None:
        raise click.BadParameter("take one of them", param_hint="--db, --memory")
    if rate_limits not in {"off", "documented"}:
        raise click.BadParameter("must be off or documented", param_hint="--rate-limits")
    if not 0 < time_scale <= 1_000_000:
        raise click.BadParameter("must be above 0 and at most 1000000", param_hint="--time-scale")
    try:
        startup.serve(
            startup.Options(
                host="127.0.0.1" if host == "localhost" else host,
                port=port,
                db=":memory:" if memory else str(db or startup.DEFAULT_DB),
                token=token,
                catalogue=catalogue,
                webhook_url=webhook_url,
                webhook_secret=webhook_secret,
                time_scale=time_scale,
                rate_limits=rate_limits,
            )
        )
    except startup.StartError as error:
        raise CommandError(str(error), USAGE) from None


def _check_host(host: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        message = f"{host!r} is not a loopback address; the sandbox has no real security and stays on this machine"
        raise click.BadParameter(message, param_hint="--host")


def _check_token(token: str) -> None:
    if not token.isascii() or not token.isprintable() or not token or " " in token:
        raise click.BadParameter("must be visible ASCII characters", param_hint="--token")
