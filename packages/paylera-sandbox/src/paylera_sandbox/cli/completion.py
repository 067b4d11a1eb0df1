"""`paylera-sandbox completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import sys
from typing import Annotated

import click
from click.shell_completion import get_completion_class

from paylera_sandbox.cli.exits import misused
from paylera_sandbox.cli.parameters import Argument

_SHELLS = ("bash", "zsh", "fish")


def completion(shell: Annotated[str, Argument(help=f"One of {', '.join(_SHELLS)}.")]) -> None:
    """Write a completion script: eval "$(paylera-sandbox completion bash)"."""
    if shell not in _SHELLS:
        misused(f"must be one of {', '.join(_SHELLS)}", "SHELL")
    kind = get_completion_class(shell)
    if kind is None:
        raise AssertionError(f"click completes in {_SHELLS}")
    program = "paylera-sandbox"
    sys.stdout.write(f"{kind(click.Command(program), {}, program, _VARIABLE).source()}\n")


_VARIABLE = "_PAYLERA_SANDBOX_COMPLETE"  # click looks there for what a shell asks
