"""What the commands share that talk to a running sandbox: the options for where it is, and how results are shown."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Any, Concatenate, ParamSpec, get_type_hints

from paylera_sandbox.cli.connection import Connection, opened
from paylera_sandbox.cli.exits import DEFAULT_TOKEN
from paylera_sandbox.cli.output import Output
from paylera_sandbox.cli.parameters import Option

P = ParamSpec("P")
DEFAULT_URL = "http://127.0.0.1:8787"  # as in `engine`, which is slow to load
Url = Annotated[str, Option("--url", envvar="PAYLERA_BASE_URL", help="Where the sandbox is.")]
Token = Annotated[str, Option("--token", envvar="PAYLERA_API_TOKEN", help="Its token, which picks a namespace.")]
Json = Annotated[bool, Option("--json", help="Write JSON for programs.")]
_OPTIONS: dict[str, tuple[Any, object]] = {
    "url": (Url, DEFAULT_URL),
    "token": (Token, DEFAULT_TOKEN),
    "as_json": (Json, False),
}


@dataclass(frozen=True, slots=True)
class Session:
    """One command at work: the sandbox that it talks to and where it shows what it found."""

    sandbox: Connection
    out: Output


def talks(command: Callable[Concatenate[Session, P], None]) -> Callable[P, None]:
    """Give a command the options `--url`, `--token` and `--json`, and a session made from them in their place."""

    @functools.wraps(command)
    def run(*args: P.args, **kwargs: P.kwargs) -> None:
        url, token, as_json = (kwargs.pop(name) for name in _OPTIONS)
        command(Session(opened(str(url), str(token)), Output(as_json=bool(as_json))), *args, **kwargs)

    hints = get_type_hints(command, include_extras=True)
    parameters = list(inspect.signature(command).parameters.values())[1:]
    own = [parameter.replace(annotation=hints[parameter.name]) for parameter in parameters]
    more = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)
        for name, (kind, default) in _OPTIONS.items()
    ]
    run.__signature__ = inspect.Signature([*own, *more])  # type: ignore[attr-defined]  # what `parameters.command` reads
    run.__annotations__ = {**hints, **{name: kind for name, (kind, _) in _OPTIONS.items()}}
    return run
