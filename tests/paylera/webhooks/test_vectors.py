"""The shared vectors: every row on the function, on the parser and on the receiver."""

from __future__ import annotations

import base64
import json
from pathlib import Path
from typing import Any

import pytest

from paylera.errors import SignatureVerificationError
from paylera.flow import run
from paylera.http import Request
from paylera.system import System
from paylera.webhooks import WebhookReceiver, construct_event, verify_signature
from support.stepping import Script

_FILE = Path(__file__).parents[3] / "conformance" / "signatures.json"
ROWS = json.loads(_FILE.read_text(encoding="utf-8"))["cases"]
SINGLE = [row for row in ROWS if len(row["headers"]) < 2]


def _payload(row: dict[str, Any]) -> bytes:
    encoded = row.get("payload_base64")
    return row["payload"].encode() if encoded is None else base64.b64decode(encoded)


def _settings(row: dict[str, Any]) -> dict[str, Any]:
    return {"accepted_secrets": row.get("accepted_secrets"), "tolerance_seconds": row["tolerance_seconds"]}


def _name(row: dict[str, Any]) -> str:
    return str(row["name"])


def test_the_file_covers_every_reason() -> None:
    """No refusal is without a row, and no two rows have the same name."""
    assert {row["reason"] for row in ROWS} == {
        None,
        "missing_header",
        "malformed_header",
        "no_secret",
        "no_match",
        "timestamp_too_old",
        "timestamp_in_future",
        "malformed_payload",
    }
    assert len({row["name"] for row in ROWS}) == len(ROWS) >= 60


@pytest.mark.parametrize("row", SINGLE, ids=_name)
def test_verify_signature(row: dict[str, Any]) -> None:
    """The verdict of the function."""
    header = next(iter(row["headers"]), None)
    assert verify_signature(_payload(row), header, row["secret"], now=row["now"], **_settings(row)) is row["valid"]


@pytest.mark.parametrize("row", SINGLE, ids=_name)
def test_construct_event(row: dict[str, Any]) -> None:
    """The event, or the reason why there is none."""
    reason = None
    try:
        construct_event(
            _payload(row), next(iter(row["headers"]), None), row["secret"], now=row["now"], **_settings(row)
        )
    except SignatureVerificationError as error:
        reason = error.reason
    assert reason == row["reason"]


@pytest.mark.parametrize("row", [row for row in ROWS if row["secret"] and row["secret"].strip()], ids=_name)
def test_receiver(row: dict[str, Any]) -> None:
    """The status of the answer."""
    receiver = WebhookReceiver(
        signing_secret=row["secret"], handlers={}, system=System(now=lambda: row["now"]), **_settings(row)
    )
    headers = tuple(("paylera-signature", value) for value in row["headers"])
    response = run(receiver.handle(Request("POST", "http://localhost/", headers, _payload(row))), Script())
    expected = 200 if row["reason"] is None else 400 if row["valid"] else 401
    assert response.status == expected
