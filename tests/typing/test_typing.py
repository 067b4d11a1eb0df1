"""Small programs of users, checked by mypy and never run: what is right passes, what is wrong is found."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

import paylera
import paylera_django
import paylera_fastapi
from paylera.webhooks import EVENT_TYPES

HERE = Path(__file__).parent
CACHE = HERE.parents[1] / ".mypy_cache" / "users"

pytestmark = pytest.mark.slow


def mypy(*files: Path | str, cwd: Path) -> subprocess.CompletedProcess[str]:
    """Check files as a user would who has no settings and no plugins; an ignore that is not needed is a fault."""
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--no-error-summary", "--cache-dir", CACHE]
    return subprocess.run([*command, *files], cwd=cwd, capture_output=True, text=True, timeout=110, check=False)


def test_programs() -> None:
    """Every expectation in the programs holds."""
    programs = sorted(path.name for path in HERE.glob("*.py") if path != Path(__file__))
    assert programs == ["calls.py", "events.py", "handlers.py", "relays.py"]
    result = mypy(*programs, cwd=HERE)
    assert (result.stdout, result.stderr) == ("", "")


def test_every_public_name_is_known(tmp_path: Path) -> None:
    """A name that is resolved on first use has a type of its own, in all three packages; others do not exist."""
    names = [
        (package.__name__, name) for package in (paylera, paylera_fastapi, paylera_django) for name in package.__all__
    ]
    revealed = [f"from {package} import {name} as it\nreveal_type(it)" for package, name in names]
    for number, program in enumerate(revealed):
        (tmp_path / f"name_{number}.py").write_text(program)
    (tmp_path / "nobody.py").write_text("from paylera import nobody")
    told = mypy(".", cwd=tmp_path).stdout.splitlines()
    assert [line for line in told if ": error:" in line] == [
        'nobody.py:1: error: Module "paylera" has no attribute "nobody"  [attr-defined]'
    ]
    assert sum("Revealed type is" in line for line in told) == len(names)
    assert [line for line in told if 'is "Any"' in line] == []


def test_every_type_of_the_catalogue_has_its_overload() -> None:
    """The overloads are what their generator makes of the catalogue: python .ci/overloads.py"""
    spec = importlib.util.spec_from_file_location("overloads", HERE.parents[1] / ".ci" / "overloads.py")
    assert spec is not None
    assert spec.loader is not None
    generator = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(generator)
    assert generator.TARGET.read_text() == generator.rendered()
    for event_type, cls in EVENT_TYPES.items():
        assert f'Literal["{event_type}"], /, **options: Unpack[HandlerOptions]) -> Registrar[{cls.__name__}]:' in (
            generator.rendered()
        )
