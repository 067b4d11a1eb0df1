"""A local Paylera for development and tests: no account, no network."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paylera_sandbox.recorder import RecordedRequest
    from paylera_sandbox.sandbox import Sandbox
    from paylera_sandbox.workbench import SandboxError, Workbench
else:
    _HOMES = {
        "RecordedRequest": "paylera_sandbox.recorder",
        "Sandbox": "paylera_sandbox.sandbox",
        "SandboxError": "paylera_sandbox.workbench",
        "Workbench": "paylera_sandbox.workbench",
    }

    def __getattr__(name: str) -> object:
        """Load a public name when it is first asked for: the command line must start fast."""
        from importlib import import_module

        if name not in _HOMES:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(import_module(_HOMES[name]), name)


__all__ = ["RecordedRequest", "Sandbox", "SandboxError", "Workbench"]
