"""What makes a method out of an endpoint function: its name, docstring and signature, with the result's own type."""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from typing import Any, TypeVar

M = TypeVar("M", bound=Callable[..., Any])

_RESULT = re.compile(r"(?:List)?Call\[(.+)\]")


def dressed(method: M, endpoint: Callable[..., Any], result: str, owner: str) -> M:
    """Make `method` look like `endpoint` with a `self`; `result` wraps the type that the endpoint's call gives."""
    shape = inspect.signature(endpoint)
    me = inspect.Parameter("self", inspect.Parameter.POSITIONAL_ONLY)
    given = _RESULT.fullmatch(shape.return_annotation)
    answer = result.format(given[1] if given else "Any")
    method.__name__ = endpoint.__name__
    method.__qualname__ = f"{owner}.{endpoint.__name__}"
    method.__doc__ = endpoint.__doc__
    method.__module__ = f"paylera.client.{'blocking' if owner == 'PayleraClient' else 'awaiting'}"
    signature = shape.replace(parameters=[me, *shape.parameters.values()], return_annotation=answer)
    method.__signature__ = signature  # type: ignore[attr-defined]  # what `inspect` reads
    return method
