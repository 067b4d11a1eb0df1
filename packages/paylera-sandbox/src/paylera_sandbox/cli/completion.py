"""`paylera-sandbox completion`: what a shell needs to complete commands and options."""

from __future__ import annotations

import os
import sys
from importlib import import_module
from typing import Annotated

import typer

from paylera_sandbox.cli.exits import misused

_SHELLS = ("bash", "zsh", "fish")


def completion(shell: Annotated[str, typer.Argument(help=f"One of {', '.join(_SHELLS)}.")]) -> None:
    """Write a completion script: eval "$(paylera-sandbox completion bash)"."""
    if shell not in _SHELLS:
        misused(f"must be one of {', '.join(_SHELLS)}", "SHELL")
    script = import_module("typer.completion").get_completion_script(
        prog_name="paylera-sandbox", complete_var=_VARIABLE, shell=shell
    )
    sys.stdout.write(f"{script}\n")


def prepare() -> None:
    """Tell typer which shells there are, when one of them asks for completions."""
    if _VARIABLE in os.environ:
        import_module("typer.completion").completion_init()


_VARIABLE = "_PAYLERA_SANDBOX_COMPLETE"
