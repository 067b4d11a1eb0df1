"""The documentation is complete, and its Python runs."""

from __future__ import annotations

import re
from dataclasses import fields
from importlib import import_module
from inspect import signature
from pathlib import Path
from types import FunctionType
from typing import get_args

import pytest

from paylera.problems import TITLES
from paylera.relay.csrf import PayleraCsrfOptions
from paylera.relay.identity import PayleraCustomerIdentity
from paylera.relay.options import RelayOptions
from paylera.relay.routes import PATHS, ROUTES
from paylera.webhooks import Inbox
from paylera.webhooks.lanes import State

ROOT = Path(__file__).resolve().parents[2]
RELAY = (ROOT / "docs" / "relay.md").read_text()
PYPI = sorted((ROOT / "packages").glob("*/README.md"))
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").glob("*.md")])
WEBHOOK_CODES = {code for code in TITLES if code.startswith("paylera.webhook_")}
BLOCK = re.compile(r"(?:<!-- (?:runs|file|append): (\S+) -->\n)?```python\n(.*?)```", re.DOTALL)
LINK = re.compile(r"\]\((?!https?://)([^)#]*)(#[^)]+)?\)")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)


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


def test_every_option_and_state_of_the_inbox_is_documented() -> None:
    """A new one needs a row."""
    page = (ROOT / "docs" / "inbox.md").read_text()
    names = set(signature(Inbox).parameters) - {"store", "around", "system"} | set(get_args(State))
    assert [name for name in sorted(names) if not re.search(rf"^\| `{name}` \|", page, re.MULTILINE)] == []


@pytest.mark.parametrize(
    "name", ["paylera.webhooks", "paylera_django.inbox", "paylera_fastapi.inbox", "paylera.testing"]
)
def test_every_public_name_is_on_a_page(name: str) -> None:
    """But events and their data, which are one class for each type of the catalogue."""
    text = "".join(page.read_text() for page in PAGES)
    names = [one for one in import_module(name).__all__ if not one.endswith(("Event", "Data"))]
    assert [one for one in names if not re.search(rf"\b{one}\b", text)] == []


@pytest.mark.parametrize("name", ["paylera.webhooks", "paylera_fastapi.inbox", "paylera.testing"])
def test_every_public_class_and_function_tells_the_editor(name: str) -> None:
    """In a docstring of its own."""
    module = import_module(name)
    told = {one: getattr(module, one) for one in module.__all__}
    assert [one for one, what in told.items() if isinstance(what, type | FunctionType) and not what.__doc__] == []


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


@pytest.mark.parametrize("code", sorted(TITLES))
def test_every_error_has_a_way_out(code: str) -> None:
    """A new code needs a row that says what to do."""
    page = (ROOT / "docs" / "troubleshooting.md").read_text()
    assert re.search(rf"^\| `{re.escape(code)}` {TITLES[code][0]}\b", page, re.MULTILINE)


def test_the_refusals_of_csrf_are_quoted_as_they_are() -> None:
    """A person searches the page for the words they were told."""
    section = (ROOT / "docs" / "troubleshooting.md").read_text().split("\n## CSRF", 1)[1].split("\n## ", 1)[0]
    quoted = [
        row.split(" | ")[0].strip("| ").removesuffix(" ...") for row in section.splitlines() if row.startswith("| ")
    ]
    source = (ROOT / "packages/paylera/src/paylera/relay/csrf.py").read_text()
    assert len(quoted) == 7
    assert [words for words in quoted[1:] if words not in source] == []


def slugs(page: Path) -> set[str]:
    """Return the anchors of a page's headings, as GitHub makes them."""
    headings = HEADING.findall(re.sub(r"```.*?```", "", page.read_text(), flags=re.DOTALL))
    return {"#" + re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def is_broken(page: Path, target: str, anchor: str) -> bool:
    path = page.parent / target if target else page
    return not path.exists() or bool(anchor and anchor not in slugs(path))


def test_no_link_is_broken() -> None:
    """Every relative link leads to a file, every anchor to a heading."""
    pages = [*PAGES, *PYPI, *ROOT.glob("examples/**/README.md"), ROOT / "CONTRIBUTING.md", ROOT / "SECURITY.md"]
    assert [
        f"{page}: {target}{anchor}"
        for page in pages
        for target, anchor in LINK.findall(page.read_text())
        if is_broken(page, target, anchor)
    ] == []


def test_what_the_package_index_shows_has_no_relative_links() -> None:
    """Nothing is beside the page there."""
    assert [(page.parent.name, found) for page in PYPI for found in LINK.findall(page.read_text())] == []


def blocks() -> list[tuple[str, str, str]]:
    return [(page.name, kind, code) for page in [*PAGES, *PYPI] for kind, code in BLOCK.findall(page.read_text())]


def test_every_python_block_says_how_it_runs() -> None:
    """A block without a `runs:` mark would rot unseen."""
    assert [(page, code[:60]) for page, kind, code in blocks() if not kind] == []
