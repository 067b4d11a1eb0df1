"""What the journeys need: the demo as `demo.py` starts it, a headless Chromium, and people who use it."""

from __future__ import annotations

import importlib.util
import socket
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from playwright.sync_api import Browser

from examples.person import Person

EXAMPLES = Path(__file__).parents[2] / "examples" / "python"
PATIENCE_MS = 10_000


def load_demo() -> ModuleType:
    """Import `demo.py`, which is a script and in no package."""
    if "skyline_demo" not in sys.modules:
        spec = importlib.util.spec_from_file_location("skyline_demo", EXAMPLES / "demo.py")
        assert spec
        assert spec.loader
        module = sys.modules["skyline_demo"] = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules["skyline_demo"]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@contextmanager
def running_demo(name: str, log_path: Path, **env: str) -> Iterator[Any]:
    """Run the demo on free ports; afterwards its log must hold no traceback."""
    with log_path.open("wb") as log:
        demo = load_demo().Demo(name, port=free_port(), sandbox_port=free_port(), env=env, log=log)
        with demo:
            yield demo
    text = log_path.read_text(errors="replace")
    assert "Traceback" not in text, text[-4000:]


@pytest.fixture(scope="session")
def demos(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., Any]:
    """Return `running_demo` with its log in a directory of this test run."""

    def start(name: str, **env: str) -> Any:
        return running_demo(name, tmp_path_factory.mktemp("demo") / f"{name}.log", **env)

    return start


@pytest.fixture
def arrive(browser: Browser) -> Iterator[Callable[..., Person]]:
    """Return a function that brings a new person, with a browser profile of their own, to an app."""
    contexts = []

    def bring(app_url: str, **options: Any) -> Person:
        context = browser.new_context(**options)
        context.set_default_timeout(PATIENCE_MS)
        contexts.append(context)
        return Person(context, app_url)

    yield bring
    for context in contexts:
        context.close()
