"""When a fault happens: to which subjects, and to which of these."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Callable, Mapping
from functools import cache

from paylera_sandbox.billing.cards import BY_NAME
from paylera_sandbox.faults.actions import ACTIONS, MATCHERS
from paylera_sandbox.store import Doc
from paylera_sandbox.webhooks.subscribers import wants

Subject = Mapping[str, "str | None"]


def matches(fault: Doc, subject: Subject) -> bool:
    """Tell whether a fault is meant for a request, a delivery or a charge."""
    limits = (name for name in MATCHERS[ACTIONS[fault["action"]].place] if name in fault)
    return all(_COMPARE.get(name, _same)(fault[name], subject.get(name) or "") for name in limits)


def happens(fault: Doc, ordinal: int) -> bool:
    """Decide for the next subject that matches; `fault["matched"]` counts it already.

    Chance is a hash of the seed, the fault's number and the subject's ordinal: it depends on nothing that differs
    between two runs, least of all on time.
    """
    if fault["matched"] <= fault["skip"] or (fault["times"] is not None and fault["fired"] >= fault["times"]):
        return False
    return fault["probability"] is None or chance(fault["seed"], fault["number"], ordinal) < fault["probability"]


def chance(seed: int, number: int, ordinal: int) -> float:
    """Return a number from 0 to 1 that the three determine."""
    digest = hashlib.sha256(f"{seed}:{number}:{ordinal}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def _same(wanted: str, found: str) -> bool:
    return wanted == found


def _path(wanted: str, found: str) -> bool:
    return _pattern(wanted).fullmatch(found) is not None


@cache
def _pattern(path: str) -> re.Pattern[str]:
    """Turn a path with wildcards into a pattern that never goes back over what it has matched but for the last part."""
    first, *rest = ("[^/]+".join(map(re.escape, re.split(r"\{[a-z_]+\}", part))) for part in re.split(r"\*+", path))
    between, last = rest[:-1], rest[-1:]
    return re.compile(first + "".join(f"(?>.*?{part})" for part in between) + "".join(f".*{part}" for part in last))


def _card(wanted: str, found: str) -> bool:
    """Compare the last four digits, which is all that is kept of a card."""
    digits = re.sub(r"[ -]", "", wanted)
    return (BY_NAME[digits].number if digits in BY_NAME else digits)[-4:] == found


_COMPARE: Mapping[str, Callable[[str, str], bool]] = {
    "path": _path,
    "event_type": lambda wanted, found: wants([wanted], found),
    "card": _card,
}
