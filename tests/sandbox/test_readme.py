"""The README says what is true."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

import paylera_sandbox
from paylera_sandbox import cli
from paylera_sandbox.billing.cards import CARDS, spaced
from paylera_sandbox.catalogue import parse

README = (Path(__file__).parents[2] / "packages/paylera-sandbox/README.md").read_text(encoding="utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_python_runs(capsys: pytest.CaptureFixture[str]) -> None:
    for block in blocks("python"):
        exec(compile(block, "README.md", "exec"), {})
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+ pl_test_sandbox\n", capsys.readouterr().out)


def test_catalogue_is_one() -> None:
    [block] = blocks("toml")
    assert [plan["code"] for plan in parse(tomllib.loads(block)).plans] == ["team"]


def test_every_option_is_described(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr("sys.argv", ["paylera-sandbox", "serve", "--help"])
    with pytest.raises(SystemExit):
        cli.main()
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help"}
    assert options == set(re.findall(r"^\| `(--[a-z-]+)", README, re.MULTILINE))


def test_every_card_is_described() -> None:
    rows = re.findall(r"^\| ([\d ]{19}) \| `(\w+)` \| (.*?)(?: \(.*\))? \|$", README, re.MULTILINE)
    assert rows == [(spaced(card.number), card.token, card.hint) for card in CARDS]


def test_public_names() -> None:
    assert paylera_sandbox.__all__ == sorted(paylera_sandbox.__all__)
    assert all(getattr(paylera_sandbox, name) for name in paylera_sandbox.__all__)
    with pytest.raises(AttributeError, match="nothing"):
        _ = paylera_sandbox.nothing
