"""The page about the sandbox: its commands run and say what it shows, and nothing is left out."""

from __future__ import annotations

import re
import shlex
import sys
from pathlib import Path

import pytest

from paylera_sandbox import Sandbox
from paylera_sandbox.cli import exits, main, program
from paylera_sandbox.control.routes import COMMANDS
from paylera_sandbox.workbench import Workbench

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "sandbox.md").read_text(encoding="utf-8")
# What runs until it is interrupted, or needs an application; the sandbox's own tests run those.
ELSEWHERE = ("serve", "listen", "doctor")
FOUND = re.compile(r"^\$ paylera-sandbox (.*)\n((?:(?!\$ |```).*\n)*)", re.MULTILINE)


def test_the_commands_of_the_page_say_what_it_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    shown = [(line, words) for line, words in FOUND.findall(PAGE) if not line.startswith(ELSEWHERE)]
    assert len(shown) > 15
    with Sandbox() as sandbox:
        monkeypatch.setenv("PAYLERA_BASE_URL", sandbox.url)
        monkeypatch.delenv("PAYLERA_API_TOKEN", raising=False)
        for line, words in shown:
            monkeypatch.setattr(sys, "argv", ["paylera-sandbox", *shlex.split(line)])
            with pytest.raises(SystemExit) as ended:
                main()
            said = capsys.readouterr()
            assert not ended.value.code, (line, said)
            pattern = re.escape(words).replace(re.escape("…"), ".+?")
            assert re.fullmatch(pattern, said.out, re.DOTALL), (line, said.out, words)


@pytest.mark.parametrize(
    "name", [*program.COMMANDS, *(f"{g} {c}" for g, (_, cs) in program.GROUPS.items() for c in cs)]
)
def test_every_command_and_option_is_on_the_page(
    name: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert re.search(rf"(?:`|\$ paylera-sandbox |\(paylera-sandbox ){name}\b", PAGE), name
    if name == "serve":
        return  # its options are in the README
    monkeypatch.setattr(sys, "argv", ["paylera-sandbox", *name.split(), "--help"])
    monkeypatch.setenv("COLUMNS", "200")
    with pytest.raises(SystemExit):
        main()
    options = set(re.findall(r"--[a-z-]+", capsys.readouterr().out)) - {"--help", "--wait", "--webhooks", "--relay"}
    assert {option for option in options if option not in PAGE} == set()


def test_every_exit_code_is_on_the_page() -> None:
    assert [int(code) for code in re.findall(r"^\| (\d+) \|", PAGE, re.MULTILINE)] == list(exits.CODES)


def test_every_request_of_the_control_api_is_on_the_page() -> None:
    section = PAGE.split("## The control API")[1]
    told = re.findall(r"`((?:GET|PUT|POST|DELETE) /sandbox[^`]*)`", section)
    assert sorted(told) == sorted(f"{command.method} {command.path}" for command in COMMANDS)


def test_every_member_of_a_workbench_is_on_the_page() -> None:
    members = {name for name in dir(Workbench) if not name.startswith("_")} | {"url", "token", "clock", "faults"}
    assert {name for name in members - {"name", "call"} if not re.search(rf"`{name}\b", PAGE)} == set()
