"""`rate-limits`: whether too many calls are refused."""

from __future__ import annotations

from typing import Annotated, Any

from paylera_sandbox.cli.exits import misused
from paylera_sandbox.cli.parameters import Argument
from paylera_sandbox.cli.session import Session, talks


@talks
def rate_limits(
    session: Session,
    settings: Annotated[
        list[str] | None, Argument(metavar="[off|documented|CLASS=N...]", help="For example writes=5 reads=20.")
    ] = None,
) -> None:
    """Show the rate limits, or set them: off (count only), documented, or calls a second by class."""
    if settings:
        found = session.sandbox.put("/sandbox/rate-limits", {"setting": _setting(settings)})
    else:
        found = session.sandbox.get("/sandbox/rate-limits")
    setting = found["setting"]
    shown = setting if isinstance(setting, str) else " ".join(f"{name}={number}" for name, number in setting.items())
    session.out.result(found, f"{shown}: {'what is more is refused' if found['enforced'] else 'nothing is refused'}")


def _setting(given: list[str]) -> Any:
    if len(given) == 1 and "=" not in given[0]:
        return given[0]
    numbers = {}
    for item in given:
        name, _, number = item.partition("=")
        if not (number.isascii() and number.isdigit() and len(number) < 10):
            misused(f"'{item}' is not of the form class=number", "CLASS=N")
        numbers[name] = int(number)
    return numbers
