"""The documentation is complete, and its Python runs."""

from __future__ import annotations

import re
from dataclasses import fields
from pathlib import Path

import pytest

from paylera.problems import TITLES
from paylera.relay.csrf import PayleraCsrfOptions
from paylera.relay.identity import PayleraCustomerIdentity
from paylera.relay.options import RelayOptions
from paylera.relay.routes import PATHS, ROUTES

ROOT = Path(__file__).resolve().parents[2]
RELAY = (ROOT / "docs" / "relay.md").read_text()
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
WEBHOOK_CODES = {code for code in TITLES if code.startswith("paylera.webhook_")}
BLOCK = re.compile(r"(?:<!-- runs: ([a-z]+) -->\n)?```python\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?://)([^)#]+)")


def in_table(name: str) -> bool:
    return re.search(rf"^\|[^\n]*`{re.escape(name)}`", RELAY, re.MULTILINE) is not None


@pytest.mark.parametrize("option", sorted(RelayOptions.__annotations__))
def test_every_relay_option_is_documented(option: str) -> None:
    """A new option needs a row."""
    assert in_table(option)


@pytest.mark.parametrize("cls", [PayleraCsrfOptions, PayleraCustomerIdentity])
def test_every_setting_is_documented(cls: type) -> None:
    """A new field of the option classes needs a row."""
    assert [f.name for f in fields(cls) if not in_table(f.name)] == []


@pytest.mark.parametrize("code", sorted(set(TITLES) - WEBHOOK_CODES))
def test_every_error_is_documented_with_its_status(code: str) -> None:
    """A new code needs a row with its status."""
    assert re.search(rf"^\| `{re.escape(code)}` \| {TITLES[code][0]}\b", RELAY, re.MULTILINE)


@pytest.mark.parametrize("code", sorted(WEBHOOK_CODES))
def test_every_answer_of_the_receiver_is_documented(code: str) -> None:
    """The same for the webhook receiver."""
    page = (ROOT / "docs" / "webhooks.md").read_text()
    assert re.search(rf"^\| `{re.escape(code)}` \| {TITLES[code][0]}\b", page, re.MULTILINE)


@pytest.mark.parametrize("path", sorted(PATHS))
def test_every_route_is_documented(path: str) -> None:
    """A new route needs a row with its Django name."""
    row = next(line for line in RELAY.splitlines() if re.match(rf"\| `(GET|POST) {re.escape(path)}[`\[?]", line))
    assert f"`paylera-{PATHS[path]}`" in row


@pytest.mark.parametrize("route", [r for r in ROUTES if r.is_unsafe], ids=lambda route: str(route.action))
def test_every_body_field_is_documented(route: object) -> None:
    """A new field needs its place in its route's row."""
    action, allowed = route.action, route.fields.allowed  # type: ignore[attr-defined]
    row = next(line for line in RELAY.splitlines() if line.startswith(f"| `{action}` |"))
    assert [name for name in allowed if f"`{name}`" not in row] == []


def test_no_link_is_broken() -> None:
    """Every relative link leads to a file."""
    broken = [
        f"{page.name}: {target}"
        for page in [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
        for target in LINK.findall(page.read_text())
        if not (page.parent / target).exists()
    ]
    assert broken == []


def blocks() -> list[tuple[str, str, str]]:
    return [(page.name, kind, code) for page in PAGES for kind, code in BLOCK.findall(page.read_text())]


def test_every_python_block_says_how_it_runs() -> None:
    """A block without a `runs:` mark would rot unseen."""
    assert [(page, code[:60]) for page, kind, code in blocks() if not kind] == []
