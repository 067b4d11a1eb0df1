"""Write the overloads by which a type checker knows the event class from its type: python .ci/overloads.py"""

from __future__ import annotations

from pathlib import Path

from paylera.webhooks.catalogue import EVENT_TYPES, FAMILIES, PATTERNS, names_of

TARGET = Path(__file__).parents[1] / "packages/paylera/src/paylera/webhooks/_overloads.py"

TEMPLATE = '''"""Which class the handler of each event type gets; written by .ci/overloads.py from the catalogue."""

# fmt: off
# ruff: noqa: E501

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Literal, Protocol, TypeVar, Unpack, overload

{before}    from paylera.webhooks.event import PayleraWebhookEvent
    from paylera.webhooks.handlers import HandlerOptions
{after}
    E = TypeVar("E")
    R = TypeVar("R")

    class Registrar(Protocol[E]):
        """Registers a handler of one class of events."""

        def __call__(self, handler: Callable[[E], R], /) -> Callable[[E], R]:
            """Register it."""
            ...

    class TypedCall:
        """What `on(...)` is to a type checker."""

{overloads}        def __call__(self, event_type: str, /, **options: Unpack[HandlerOptions]) -> object:
            """Return the decorator that registers a function for `event_type`."""
            ...

else:

    class TypedCall:
        """Nothing at run time."""
'''
OVERLOAD = """        @overload
        def __call__(self, event_type: Literal[{key}], /, **options: Unpack[HandlerOptions]) -> Registrar[{event}]: ...
"""


def rendered() -> str:
    """Return the module."""
    overloads = [OVERLOAD.format(key=f'"{item}"', event=names_of(item)[0]) for item in EVENT_TYPES]
    patterns = ", ".join(f'"{pattern}"' for pattern in PATTERNS)
    overloads.append(OVERLOAD.format(key=patterns, event="PayleraWebhookEvent"))
    return TEMPLATE.format(
        before="".join(_imports(module) for module in sorted(FAMILIES) if module < "event"),
        after="".join(_imports(module) for module in sorted(FAMILIES) if module > "handlers"),
        overloads="".join(overloads),
    )


def _imports(module: str) -> str:
    names = "".join(f"        {name},\n" for name in sorted(names_of(item)[0] for item in FAMILIES[module]))
    return f"    from paylera.webhooks.{module} import (\n{names}    )\n"


if __name__ == "__main__":
    TARGET.write_text(rendered())
