"""The command line, `paylera-sandbox`: `program.py` is the table of its commands."""

from paylera_sandbox.cli.program import main

__all__ = ["main"]
