"""The command line: `paylera-sandbox serve`."""

from __future__ import annotations

import ipaddress
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from paylera_sandbox.engine import DEFAULT_TOKEN

app = typer.Typer(help="A local Paylera: no account, no network.", add_completion=False, rich_markup_mode=None)


@app.callback()
def _commands() -> None:
    """Keep `serve` a command of its own: more will stand beside it."""


@app.command()
def serve(
    *,
    host: Annotated[str, typer.Option(help="A loopback address.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 picks a free port.")] = 8787,
    db: Annotated[Path | None, typer.Option(help="Keep the data in this file.", dir_okay=False)] = None,
    memory: Annotated[bool, typer.Option("--memory", help="Keep the data in memory only.")] = False,
    token: Annotated[str, typer.Option(help="The API token to accept.")] = DEFAULT_TOKEN,
    catalogue: Annotated[Path | None, typer.Option(help="A TOML file with features, plans and coupons.")] = None,
    webhook_url: Annotated[str | None, typer.Option(help="Send every event to this URL.")] = None,
    webhook_secret: Annotated[str | None, typer.Option(help="Sign those with this secret, whsec_...")] = None,
    time_scale: Annotated[float, typer.Option(help="Shorten the waits between webhook attempts so many times.")] = 1,
) -> None:
    """Serve the API, the checkout and the portal on loopback until interrupted."""
    from paylera_sandbox import startup

    _check_host(host)
    _check_token(token)
    if memory and db is not None:
        raise typer.BadParameter("take one of them", param_hint="--db, --memory")
    if not 0 < time_scale <= 1_000_000:
        raise typer.BadParameter("must be above 0 and at most 1000000", param_hint="--time-scale")
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
            )
        )
    except startup.StartError as error:
        _refuse(str(error))


def _check_host(host: str) -> None:
    try:
        loopback = host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        loopback = False
    if not loopback:
        message = f"{host!r} is not a loopback address; the sandbox has no real security and stays on this machine"
        raise typer.BadParameter(message, param_hint="--host")


def _check_token(token: str) -> None:
    if not token.isascii() or not token.isprintable() or not token or " " in token:
        raise typer.BadParameter("must be visible ASCII characters", param_hint="--token")


def _refuse(message: str) -> NoReturn:
    sys.stderr.write(f"paylera-sandbox: {message}\n")
    raise typer.Exit(2)


def main() -> None:
    """Run the command line. What the user got wrong is one line on stderr and exit code 2."""
    try:
        sys.exit(app(standalone_mode=False))
    except _UserError as error:
        sys.exit(_told(error))
    except typer.Abort:
        sys.exit(130)


# typer carries its own copy of click in newer versions, so the base class is found through one that it exports.
_UserError: type[Exception] = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")


def _told(error: BaseException) -> int:
    message = " ".join(error.format_message().split()) if hasattr(error, "format_message") else str(error)
    sys.stderr.write(f"paylera-sandbox: {message} (see paylera-sandbox serve --help)\n")
    return 2
