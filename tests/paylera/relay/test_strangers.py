"""What strangers and users send to hold a server up, to make it fail, or to pass for somebody else."""

from __future__ import annotations

import time

import pytest

from paylera import strict_json


@pytest.mark.parametrize(
    "text",
    ["[" * 33 + '"' + r"\"" * 32_000, "[" * 33 + '"' * 64_000, "[" * 33 + '"' + "\\" * 64_001, "[" * 65_000],
    ids=["quotes escaped", "quotes", "backslashes", "brackets"],
)
def test_no_body_holds_the_server(text: str) -> None:
    """64 kB of anything are refused in an instant: under ASGI every other call would wait."""
    before = time.process_time()
    with pytest.raises(strict_json.StrictJsonError):
        strict_json.loads(text.encode())
    assert time.process_time() - before < 1


@pytest.mark.parametrize("text", ['{"a": "[[[[", "b": "\\\\", "c": "]{"}', '"' + "[" * 40 + '\\"' + "[" * 40 + '"'])
def test_brackets_in_strings_are_text(text: str) -> None:
    """Depth counts outside strings only."""
    strict_json.loads(text.encode())
