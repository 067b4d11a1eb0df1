"""What importing loads, and what the types say."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

import paylera.client

HEAVY = [
    "aiohttp", "asyncio", "http.client", "ssl", "httpx", "httpx2", "pydantic", "fastapi", "starlette", "django",
    "opentelemetry",
]  # fmt: skip


def loaded_after(code: str) -> set[str]:
    script = f"import sys\n{code}\nprint(*(name for name in {HEAVY!r} if name in sys.modules))"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


def test_import_loads_no_http_library() -> None:
    assert loaded_after("import paylera, paylera.client, paylera.transport") == set()


def test_client_classes_load_no_http_library() -> None:
    # asyncio comes with the drivers of `paylera.flow`, ssl with asyncio.
    assert loaded_after("from paylera import PayleraClient, AsyncPayleraClient") <= {"asyncio", "ssl"}


def test_blocking_client_loads_no_aiohttp() -> None:
    assert loaded_after("from paylera.client import PayleraClient as C; C(api_token='pl_test_x')") <= {"asyncio", "ssl"}


def test_unknown_name_of_the_package() -> None:
    with pytest.raises(AttributeError, match="no attribute 'Nothing'"):
        _ = paylera.client.Nothing


TYPED = """
from typing import Any, assert_type
from paylera.client import AsyncPage, AsyncPayleraClient, Page, PayleraClient
from paylera.client.documents import Invoice
from paylera.client.models import Attach, Check, Entitlement, Entitlements, Plan

blocking = PayleraClient(api_token="pl_test_x")
awaiting = AsyncPayleraClient(api_token="pl_test_x")

assert_type(blocking.get_entitlements("sub_1"), Entitlements)
assert_type(blocking.get_entitlements("sub_1")["features"], dict[str, Entitlement])
assert_type(blocking.attach(customer_id="c", plan_id="p"), Attach)
assert_type(blocking.list_plans(), Page[Plan])
assert_type([plan for plan in blocking.list_plans()], list[Plan])
assert_type(blocking.list_invoices("cus_1").data, list[Invoice])
assert_type(blocking.delete_payment_method, Any)  # E: not Any

async def main() -> None:
    assert_type(await awaiting.check(customer_id="c", feature_code="f"), Check)
    assert_type(await awaiting.list_plans(), AsyncPage[Plan])
    assert_type([plan async for plan in awaiting.list_plans()], list[Plan])

blocking.attach(customer="c")  # E: wrong name
blocking.track(customer_id="c", feature_code="f", quantity=1.5)  # E: a float
blocking.get_plan()  # E: an argument is missing
"""


@pytest.mark.slow
def test_types_are_exact(tmp_path: Path) -> None:
    root = Path(__file__).parents[3]
    (tmp_path / "typed.py").write_text(TYPED)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--config-file", str(root / "pyproject.toml"), str(tmp_path / "typed.py")],
        capture_output=True, text=True, cwd=root, check=False,
    )  # fmt: skip
    expected = {number for number, line in enumerate(TYPED.splitlines(), 1) if "# E:" in line}
    found = {int(line.split(":")[1]) for line in done.stdout.splitlines() if ": error:" in line}
    assert found == expected, done.stdout
