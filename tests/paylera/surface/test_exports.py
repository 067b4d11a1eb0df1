"""What users may import, and what an import costs."""

from __future__ import annotations

import importlib
import subprocess
import sys

import pytest

ROOTS = ["paylera", "paylera.client", "paylera.relay", "paylera.testing", "paylera.transport", "paylera.webhooks",
         "paylera_django", "paylera_fastapi"]  # fmt: skip


def _kind(name: str) -> tuple[bool, bool, str]:
    return not name.isupper(), not name[0].isupper(), name  # CONSTANTS, Classes, functions


@pytest.mark.parametrize("root", ROOTS)
def test_every_public_name_is_there(root: str) -> None:
    """`__all__` tells the truth, once for each name."""
    names = importlib.import_module(root).__all__
    assert len(names) == len(set(names))
    assert [name for name in names if not hasattr(importlib.import_module(root), name)] == []


@pytest.mark.parametrize("root", [root for root in ROOTS if root != "paylera_fastapi"])
def test_public_names_are_sorted(root: str) -> None:
    """A reader finds a name where they look for it."""
    names = importlib.import_module(root).__all__
    assert names == sorted(names, key=_kind)


def test_the_fastapi_root_adds_the_webhook_names() -> None:
    """Its own names, sorted, then those of `paylera.webhooks`."""
    import paylera_fastapi
    from paylera import webhooks

    own = paylera_fastapi.__all__[: -len(webhooks.__all__)]
    assert own == sorted(own, key=_kind)
    assert paylera_fastapi.__all__[len(own) :] == webhooks.__all__


@pytest.mark.parametrize("root", ["paylera", "paylera_fastapi"])
def test_an_unknown_name_is_an_attribute_error(root: str) -> None:
    """A slip is told like any other."""
    with pytest.raises(AttributeError, match="NoSuchName"):
        _ = importlib.import_module(root).NoSuchName


HEAVY = ("fastapi", "starlette", "django", "aiohttp", "http.client", "ssl", "pydantic", "paylera_sandbox")


@pytest.mark.parametrize(
    ("statement", "allowed"),
    [
        ("import paylera", ()),
        ("from paylera import PayleraClient", ("ssl",)),
        ("from paylera import verify_signature", ()),
        ("from paylera_fastapi import PayleraCustomerIdentity", ()),
        ("from paylera_fastapi import InvoicePaidEvent", ("pydantic",)),
        ("import paylera_django", ("django", "ssl", "http.client")),
    ],
)
def test_an_import_loads_what_it_needs(statement: str, allowed: tuple[str, ...]) -> None:
    """No framework, HTTP library or model machinery comes along unasked."""
    script = f"import sys\n{statement}\nprint(*[m for m in {HEAVY!r} if m in sys.modules])"
    loaded = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout.split()
    assert set(loaded) <= set(allowed)
