"""The commands of an inbox: `python -m paylera_fastapi.inbox shop.billing:inbox process`."""

from __future__ import annotations

import argparse
import asyncio
import importlib
import sys
from collections.abc import Callable, Sequence

from paylera.webhooks import console
from paylera_fastapi.inbox.host import Inbox

_NO_TABLES = """\
the tables of the inbox are missing: {}
make them with your migrations (for Alembic: paylera_fastapi.inbox.metadata), or by `await inbox.create_tables()`\
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; the exit status is 0, 1 (drift) or 2 (what was asked cannot be done)."""
    parser = argparse.ArgumentParser(prog="python -m paylera_fastapi.inbox", description=__doc__)
    parser.add_argument("inbox", type=_inbox, metavar="module:inbox", help="where your Inbox is, shop.billing:inbox")
    console.commands(parser)
    options = parser.parse_args(arguments)
    inbox: Inbox = options.inbox
    with console.stopping() as is_stopping:
        return asyncio.run(_run(inbox, options, is_stopping))


async def _run(inbox: Inbox, options: argparse.Namespace, is_stopping: Callable[[], bool]) -> int:
    missing = await inbox.missing_tables()
    if missing:
        print(_NO_TABLES.format(", ".join(missing)), file=sys.stderr)
        return 2
    return await inbox.drive(console.execute(inbox, options, say=print, is_stopping=is_stopping))


def _inbox(path: str) -> Inbox:
    module, _, name = path.partition(":")
    sys.path.insert(0, "")  # as uvicorn does: the application is where the command is given
    try:
        found = getattr(importlib.import_module(module), name)
    except (ImportError, ValueError, AttributeError) as error:
        raise argparse.ArgumentTypeError(f"{path!r} cannot be imported: {error}") from None
    if not isinstance(found, Inbox):
        raise argparse.ArgumentTypeError(f"{path!r} is a {type(found).__name__}, not a paylera_fastapi.inbox.Inbox")
    return found


if __name__ == "__main__":
    sys.exit(main())
