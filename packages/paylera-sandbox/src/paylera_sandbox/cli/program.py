"""The program: its commands as a table, and how it ends. What the user got wrong is one line on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Mapping

import typer

from paylera_sandbox.cli import (
    clock,
    completion,
    data,
    doctor,
    events,
    faults,
    limits,
    listen,
    namespaces,
    requests,
    seed,
    serve,
)
from paylera_sandbox.cli.exits import INTERRUPTED, USAGE, CommandError

PROGRAM = "paylera-sandbox"
Commands = Mapping[str, Callable[..., None]]
COMMANDS: Commands = {
    "serve": serve.serve,
    "status": data.status,
    "seed": seed.seed,
    "reset": data.reset,
    "snapshot": data.snapshot,
    "restore": data.restore,
    "listen": listen.listen,
    "trigger": events.trigger,
    "requests": requests.requests,
    "rate-limits": limits.rate_limits,
    "doctor": doctor.doctor,
    "completion": completion.completion,
}
GROUPS: Mapping[str, tuple[str, Commands]] = {
    "clock": (
        "The sandbox's time.",
        {
            "show": clock.show,
            "advance": clock.advance,
            "stop": clock.stop,
            "pin": clock.pin,
            "run": clock.run,
            "real": clock.real,
        },
    ),
    "events": (
        "What happened, and sending it again.",
        {"list": events.listing, "show": events.show, "resend": events.resend},
    ),
    "faults": (
        "What is to go wrong, on demand.",
        {
            "list": faults.listing,
            "add": faults.add,
            "remove": faults.remove,
            "clear": faults.clear,
            "actions": faults.actions,
        },
    ),
    "namespaces": (
        "Isolated sandboxes on one server.",
        {"list": namespaces.listing, "create": namespaces.create, "delete": namespaces.delete},
    ),
}


def program() -> typer.Typer:
    """Build the program from the tables."""
    app = _group("A local Paylera: no account, no network.", COMMANDS)
    for name, (words, commands) in GROUPS.items():
        app.add_typer(_group(words, commands), name=name)
    return app


def _group(words: str, commands: Commands) -> typer.Typer:
    group = typer.Typer(help=words, add_completion=False, rich_markup_mode=None, pretty_exceptions_enable=False)
    for name, command in commands.items():
        group.command(name)(command)
    return group


def main() -> None:
    """Run the command line and exit with a code of `exits.CODES`."""
    completion.prepare()
    try:
        sys.exit(program()(standalone_mode=False, prog_name=PROGRAM))
    except CommandError as error:
        sys.exit(_told(str(error), error.code, problem=error.problem))
    except _UserError as error:
        sys.exit(_told(f"{_message(error)} (see {_help(error)} --help)", USAGE))
    except (typer.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # `| head` has seen enough
        sys.stderr.close()
        sys.exit(0)


# typer carries its own copy of click in newer versions, so the base class is found through one that it exports.
_UserError: type[Exception] = next(base for base in typer.BadParameter.__mro__ if base.__name__ == "ClickException")


def _told(message: str, code: int, *, problem: Mapping[str, object] | None = None) -> int:
    """Say on one line of stderr why there is no result: to a program, with the sandbox's problem document."""
    line = " ".join(message.split())
    if "--json" in sys.argv:
        error = {"message": line, "exit_code": code, "problem": problem}
        sys.stderr.write(json.dumps({"error": error}, ensure_ascii=False) + "\n")
    else:
        sys.stderr.write(f"{PROGRAM}: {line}\n")
    return code


def _message(error: Exception) -> str:
    return str(error.format_message()) if hasattr(error, "format_message") else str(error)


def _help(error: Exception) -> str:
    context = getattr(error, "ctx", None)
    return str(context.command_path) if context is not None else PROGRAM
