"""The exit codes as one table, and the errors that lead to them. Scripts may rely on both."""

from __future__ import annotations

from typing import NoReturn

import click

DEFAULT_TOKEN = "pl_test_sandbox"  # noqa: S105 as in `engine`, which is slow to load
OK, FAILED, USAGE, UNREACHABLE, REFUSED, INTERRUPTED = 0, 1, 2, 3, 4, 130
CODES = {
    OK: "done",
    FAILED: "it was done and the outcome is bad: doctor found problems, a delivery failed",
    USAGE: "the command line, a file or an option is wrong",
    UNREACHABLE: "no sandbox answers at the URL",
    REFUSED: "the sandbox refused; the message says why",
    INTERRUPTED: "interrupted",
}


class CommandError(Exception):
    """Why a command ends early, in one line, with its exit code. `problem` is the sandbox's problem document."""

    def __init__(self, message: str, code: int, *, problem: dict[str, object] | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.problem = problem


def misused(message: str, option: str) -> NoReturn:
    """Refuse the value of an option."""
    raise click.BadParameter(message, param_hint=option)
