"""Who wants which event: `*`, `prefix.*` or an exact type."""

from __future__ import annotations

import re
from collections.abc import Sequence

from paylera_sandbox.kinds import Invalid, accepts, matching

_PATTERN = re.compile(r"\*|[a-z][a-z_]*\.(\*|[a-z][a-z_]*)")


def wants(patterns: Sequence[str], event_type: str) -> bool:
    """Tell whether one of the patterns takes the event type."""
    family = event_type.partition(".")[0]
    return not {"*", event_type, f"{family}.*"}.isdisjoint(patterns)


@accepts({"type": "array", "items": matching(_PATTERN, examples=["invoice.paid"]), "minItems": 1, "maxItems": 100})
def patterns(value: object) -> list[str]:
    """Take the `events` of an endpoint."""
    if not isinstance(value, list) or not 1 <= len(value) <= 100:
        raise Invalid("type.list", 'must be a list of 1 to 100 event types, for example ["invoice.paid", "customer.*"]')
    for item in value:
        if not isinstance(item, str) or not _PATTERN.fullmatch(item):
            raise Invalid("event_type.invalid", "each must be an event type, 'prefix.*' or '*'")
    return list(dict.fromkeys(value))
