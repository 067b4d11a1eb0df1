"""Reading the cases; `conformance/README.md` says what the data means."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

DATA = Path(__file__).resolve().parents[2] / "conformance"


@dataclass(frozen=True)
class Case:
    """One case of one file; its name is unique over all files."""

    file: str
    name: str
    mount: str
    steps: tuple[dict[str, Any], ...]

    def __str__(self) -> str:
        return f"{self.file}: {self.name}"


def load(kind: str) -> list[Case]:
    """Return the cases of `conformance/<kind>/`, in the order of their files."""
    return [
        Case(path.stem, entry["name"], entry.get("mount", "default"), tuple(entry["steps"]))
        for path in sorted((DATA / kind).glob("*.json"))
        for entry in json.loads(path.read_text())
    ]


def mounts(kind: str) -> dict[str, dict[str, Any]]:
    """Return what `conformance/<kind>-mounts.json` says of every mount."""
    found: dict[str, dict[str, Any]] = json.loads((DATA / f"{kind}-mounts.json").read_text())
    return found
