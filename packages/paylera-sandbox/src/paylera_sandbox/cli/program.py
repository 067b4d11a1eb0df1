"""The program: its commands as a table, and how it ends. What the user got wrong is one line on stderr."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from importlib import import_module

import click

from paylera_sandbox.cli.exits import INTERRUPTED, USAGE, CommandError
from paylera_sandbox.cli.parameters import command

PROGRAM = "paylera-sandbox"
Commands = Mapping[str, str]  # name -> the module of this package and the function in it
Groups = Mapping[str, tuple[str, Commands]]  # name -> what it is about, and its commands
COMMANDS: Commands = {
    "serve": "serve.serve",
    "status": "data.status",
    "seed": "seed.seed",
    "reset": "data.reset",
    "snapshot": "data.snapshot",
    "restore": "data.restore",
    "listen": "listen.listen",
    "trigger": "events.trigger",
    "requests": "requests.requests",
    "rate-limits": "limits.rate_limits",
    "doctor": "doctor.doctor",
    "completion": "completion.completion",
}
GROUPS: Groups = {
    "clock": (
        "The sandbox's time.",
        {
            "show": "clock.show",
            "advance": "clock.advance",
            "stop": "clock.stop",
            "pin": "clock.pin",
            "run": "clock.run",
            "real": "clock.real",
        },
    ),
    "events": (
        "What happened, and sending it again.",
        {"list": "events.listing", "show": "events.show", "resend": "events.resend"},
    ),
    "faults": (
        "What is to go wrong, on demand.",
        {
            "list": "faults.listing",
            "add": "faults.add",
            "remove": "faults.remove",
            "clear": "faults.clear",
            "actions": "faults.actions",
        },
    ),
    "namespaces": (
        "Isolated sandboxes on one server.",
        {"list": "namespaces.listing", "create": "namespaces.create", "delete": "namespaces.delete"},
    ),
}


class Group(click.Group):
    """Commands and groups from a table. What a command needs is loaded when it is asked for."""

    def __init__(self, name: str, words: str, commands: Commands, groups: Groups | None = None) -> None:
        super().__init__(name, help=words, no_args_is_help=False)
        self._places, self._groups = commands, groups or {}

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names, in the order of the tables."""
        return [*self._places, *self._groups]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command or a group by its name."""
        if cmd_name in self._groups:
            return Group(cmd_name, *self._groups[cmd_name])
        if cmd_name not in self._places:
            return None
        module, _, function = self._places[cmd_name].partition(".")
        return command(cmd_name, getattr(import_module(f"paylera_sandbox.cli.{module}"), function))


def program() -> click.Group:
    """Build the program from the tables."""
    return Group(PROGRAM, "A local Paylera: no account, no network.", COMMANDS, GROUPS)


def main() -> None:
    """Run the command line and exit with a code of `exits.CODES`."""
    try:
        sys.exit(program()(standalone_mode=False, prog_name=PROGRAM))
    except CommandError as error:
        sys.exit(_told(str(error), error.code, problem=error.problem))
    except click.ClickException as error:
        sys.exit(_told(f"{_message(error)} (see {_help(error)} --help)", USAGE))
    except (click.Abort, KeyboardInterrupt):
        sys.exit(INTERRUPTED)
    except BrokenPipeError:  # `| head` has seen enough
        sys.stderr.close()
        sys.exit(0)


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
