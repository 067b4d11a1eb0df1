"""Dialects: the API date that a caller asks for, and how refusals are written to it.

Two generations of callers exist. SDKs send `Paylera-Api-Version` and read RFC 9457 problems whose `type` is a short
code. Callers of the older API generation send `Paylera-Version` and read RFC 7807 problems whose `type` is a URL and
whose code stands in `problem`. Who sends both speaks the SDKs' dialect.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import format_datetime
from typing import Any, NamedTuple

from paylera_sandbox import fields
from paylera_sandbox.problems import CODES, Problem

SDK_HEADER, API_HEADER = "Paylera-Api-Version", "Paylera-Version"
CURRENT = "2026-05-01"
ERRORS = "https://errors.paylera.io/"


class Lifetime(NamedTuple):
    """From when an API date is deprecated, and until when it is answered."""

    deprecated: date
    sunset: date


# The API dates that are answered, and for those that are old how long they still are: at least twelve months.
VERSIONS: Mapping[str, Lifetime | None] = {
    CURRENT: None,
    "2026-04-01": Lifetime(date(2026, 5, 1), date(2027, 5, 1)),
}
# Codes that the API generation names otherwise, or answers with another status.
_NAMES: Mapping[str, str] = {
    "paylera.idempotency_conflict": "idempotency.body_mismatch",
    "paylera.idempotency_in_progress": "idempotency.in_progress",
}
_STATUS_OF_CODE: Mapping[str, int] = {"paylera.idempotency_conflict": 422, "auth.wrong_environment": 401}
_STATUS_OF_STATUS: Mapping[int, int] = {402: 422, 412: 409}  # it has neither 402 nor 412


@dataclass(frozen=True, slots=True)
class Dialect:
    """What one caller speaks."""

    version: str = CURRENT
    of_api: bool = False

    def headers(self) -> dict[str, str]:
        """Return the headers that every answer has."""
        lifetime = VERSIONS[self.version]
        told = {SDK_HEADER: self.version, **({API_HEADER: self.version} if self.of_api else {})}
        return told if lifetime is None else {**told, **_notice(lifetime)}

    def status(self, problem: Problem) -> int:
        """Return the status of a refusal."""
        return api_status(problem.code) if self.of_api else problem.status

    def document(self, problem: Problem, *, request_id: str, path: str) -> dict[str, Any]:
        """Write a refusal."""
        document = problem.document(request_id=request_id)
        if not self.of_api:
            return document
        del document["code"], document["request_id"]
        name = api_name(problem.code)
        told = {"type": ERRORS + name, "status": self.status(problem), "instance": path, "problem": name}
        return {**document, **told}


def api_name(code: str) -> str:
    """Return what the API generation calls a code."""
    return _NAMES.get(code, code)


def api_status(code: str) -> int:
    """Return the status with which the API generation answers a code."""
    status = CODES[code][0]
    return _STATUS_OF_CODE.get(code, _STATUS_OF_STATUS.get(status, status))


def generation(headers: Mapping[str, str]) -> Dialect:
    """Return the dialect of a caller as far as its generation, before its version is looked at."""
    return Dialect(of_api=SDK_HEADER not in headers and API_HEADER in headers)


def spoken(headers: Mapping[str, str]) -> Dialect:
    """Return the dialect of a caller, or refuse a version that is not answered."""
    asked = {name: _version(name, headers[name]) for name in (SDK_HEADER, API_HEADER) if name in headers}
    version = asked.get(SDK_HEADER, asked.get(API_HEADER, CURRENT))
    return Dialect(version, generation(headers).of_api)


def _version(name: str, asked: str) -> str:
    try:
        version = fields.date(asked)
    except fields.Invalid as error:
        raise Problem("version.invalid", f"{name} {error.message}.") from None
    if version not in VERSIONS:
        detail = f"{name} {version} is not answered here. Supported are {', '.join(sorted(VERSIONS))}."
        raise Problem("version.unsupported", detail, supported=sorted(VERSIONS))
    return version


def _notice(lifetime: Lifetime) -> dict[str, str]:
    """Say that a version ends: RFC 9745 and RFC 8594."""
    return {
        "Deprecation": f"@{int(_midnight(lifetime.deprecated).timestamp())}",
        "Sunset": format_datetime(_midnight(lifetime.sunset), usegmt=True),
    }


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
