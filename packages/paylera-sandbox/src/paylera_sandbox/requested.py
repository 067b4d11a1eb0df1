"""Asserting on recorded requests: `assert_requested`, with an answer to "what was asked instead?"."""

from __future__ import annotations

import json
from collections.abc import Sequence
from difflib import unified_diff
from typing import Any

from paylera_sandbox.recorder import RecordedRequest

_SHOWN = 10


def check(
    requests: Sequence[RecordedRequest], method: str, path: str, *, wanted: object = None, times: int | None = None
) -> None:
    """Fail unless `method path` was asked: so many times, or at least once. `wanted` is what the body holds: of an
    object, the members that are named; other members do not matter."""
    __tracebackhide__ = True
    there = [request for request in requests if request.method == method.upper() and request.path == path]
    fitting = [request for request in there if wanted is None or holds(_body(request), wanted)]
    if len(fitting) == times or (times is None and fitting):
        return
    expected = f"{method.upper()} {path}{'' if wanted is None else ' with that body'} {_often(times)}"
    lines = [f"expected {expected}, and it was requested {_often(len(fitting))}"]
    if there and not fitting:
        lines += ["the nearest body differs (- expected, + requested):", *_difference(there, wanted)]
    raise AssertionError("\n".join([*lines, *_log(requests)]))


def holds(found: object, wanted: object) -> bool:
    """Tell whether a value holds what is wanted: objects by the members that are named, all else by equality."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        return all(name in found and holds(found[name], value) for name, value in wanted.items())
    return found == wanted and isinstance(found, bool) == isinstance(wanted, bool)


def _body(request: RecordedRequest) -> object:
    try:
        return json.loads(request.body)
    except ValueError:
        return None


def _often(times: int | None) -> str:
    return "at least once" if times is None else f"{times} time{'' if times == 1 else 's'}"


def _difference(there: Sequence[RecordedRequest], wanted: object) -> list[str]:
    """Compare with the request that differs least; members that are not asked for are left out."""
    expected = _lines(wanted)
    candidates = [_lines(_cut(_body(request), wanted)) for request in there]
    differences = [list(unified_diff(expected, found, lineterm="", n=99))[3:] for found in candidates]
    return ["  " + line for line in min(differences, key=lambda lines: sum(line[0] != " " for line in lines))]


def _cut(found: object, wanted: object) -> object:
    if isinstance(found, dict) and isinstance(wanted, dict):
        return {name: _cut(found[name], wanted[name]) for name in wanted if name in found}
    return found


def _lines(value: Any) -> list[str]:
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, default=str).splitlines()


def _log(requests: Sequence[RecordedRequest]) -> list[str]:
    if not requests:
        return ["nothing was requested at all"]
    shown = [f"  {request.method} {request.path} -> {request.status}" for request in requests[-_SHOWN:]]
    more = f" (the last {_SHOWN} of {len(requests)})" if len(requests) > _SHOWN else ""
    return [f"requested{more}:", *shown]
