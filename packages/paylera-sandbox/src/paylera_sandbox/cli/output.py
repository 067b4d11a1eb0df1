"""How results are shown: JSON for programs, lines and tables for people. Progress goes to stderr, and only to a
terminal."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Protocol


class Bar(Protocol):
    """A progress bar that is told how far the work is."""

    def __call__(self, done: float, words: str = "") -> None:
        """Show that so much is done, from 0 to 1."""
        ...


@dataclass(frozen=True, slots=True)
class Output:
    """Where a command shows what it found."""

    as_json: bool = False

    def result(self, value: object, *lines: str) -> None:
        """Show a result: the value as JSON, or the lines that say it to a person."""
        if self.as_json:
            self.json(value)
        else:
            sys.stdout.write("".join(f"{line}\n" for line in lines))
            sys.stdout.flush()

    def json(self, value: object) -> None:
        """Write one JSON value on one line."""
        sys.stdout.write(json.dumps(value, ensure_ascii=False) + "\n")
        sys.stdout.flush()

    def table(self, rows: Sequence[dict[str, Any]], columns: Sequence[str], *, empty: str) -> None:
        """Show a list: `{"data": [...]}` as JSON, or a table of some columns."""
        if self.as_json:
            self.json({"data": list(rows)})
        elif not rows:
            sys.stdout.write(f"{empty}\n")
        else:
            _print_table(rows, columns)

    @contextmanager
    def progress(self, words: str) -> Iterator[Bar]:
        """Show a bar while the block works, if somebody is there to see it."""
        if self.as_json or not sys.stderr.isatty():
            yield lambda done, words="": None
            return
        with _bar(words) as bar:
            yield bar


def _print_table(rows: Sequence[dict[str, Any]], columns: Sequence[str]) -> None:
    """Lay the columns out, never shortened: ids are there to be copied. A pipe gets them tab-separated."""
    cells = [[_cell(row.get(column)) for column in columns] for row in rows]
    if sys.stdout.isatty():
        cells.insert(0, [column.replace("_", " ") for column in columns])
        widths = [max(map(len, column)) for column in zip(*cells, strict=True)]
        cells = [["  ".join(map(str.ljust, line, widths)).rstrip()] for line in cells]
    sys.stdout.write("".join("\t".join(line) + "\n" for line in cells))


def _cell(value: object) -> str:
    return "" if value is None else " ".join(str(value).split())


@contextmanager
def _bar(words: str) -> Iterator[Bar]:
    from rich.console import Console
    from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

    columns = (TextColumn("{task.description}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(words, total=1.0)
        yield lambda done, words="": progress.update(task, completed=done, description=words or None)
