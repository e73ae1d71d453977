"""
What commands print: tables and text for people, JSON for programs, progress on a terminal.

A list is a table on a terminal and one JSON object a line everywhere else, so that a pipe never gets a truncated
table. rich is imported when a table or a bar is drawn, not before.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, Final

import click

Row = Mapping[str, Any]

# Control characters, what turns the direction of writing, and half characters; not the tab.
UNSEEN: Final = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f\u200e\u200f\u2028-\u202e\u2066-\u2069\ud800-\udfff]")


def is_terminal() -> bool:
    """Tell whether stdout is read by a person."""
    return sys.stdout.isatty()


def json_line(value: object) -> None:
    """Print a value as one line of JSON, in which nothing moves a terminal's cursor."""
    text = json.dumps(value, ensure_ascii=False)
    click.echo(UNSEEN.sub(lambda found: f"\\u{ord(found[0]):04x}", text))


def listing(rows: Iterable[Row], columns: Mapping[str, str], as_json: bool) -> None:
    """
    Print a list: a table on a terminal, one JSON object a line otherwise.

    Args:
        rows: The rows, all of which are printed.
        columns: Keys of the columns that a table shows, with their titles; JSON has every key.
        as_json: Whether JSON was asked for.
    """
    if as_json or not is_terminal():
        for row in rows:
            json_line(row)
        return
    from rich import box
    from rich.console import Console
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for title in columns.values():
        table.add_column(title, overflow="fold")
    for row in rows:
        table.add_row(*(Text(cell_text(row.get(key))) for key in columns))
    if not table.row_count:
        click.echo("none")
        return
    Console().print(table)


def cell_text(value: object) -> str:
    """Write a value for people."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list | tuple):
        return ", ".join(map(str, value))
    return str(value)


def aligned(rows: Sequence[Sequence[object]], indent: int = 0) -> list[str]:
    """Write rows in columns of even width, counting a Chinese character as two."""
    from rich.cells import cell_len

    texts = [[cell_text(cell) for cell in row] for row in rows]
    widths = [max(map(cell_len, column)) for column in zip(*texts, strict=True)]
    return [
        " " * indent + "  ".join(t + " " * (w - cell_len(t)) for t, w in zip(row, widths, strict=True)).rstrip()
        for row in texts
    ]


def pairs(fields: Mapping[str, object]) -> list[str]:
    """Write names and values, one pair a line; what is empty is left out."""
    return aligned([(name, value) for name, value in fields.items() if value not in (None, "", [], ())])


@contextmanager
def progress(label: str) -> Iterator[Callable[[int, int | None], None]]:
    """Show a progress bar on stderr if that is a terminal; gives the function to tell how much of what is done."""
    if not sys.stderr.isatty():
        yield lambda _done, _total: None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    look = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # rich would send what is printed meanwhile to its own console: right above the bar, wrong into a pipe.
    with Progress(*look, console=Console(stderr=True), transient=True, redirect_stdout=is_terminal()) as bar:
        task = bar.add_task(label, total=None)

        def tell(done: int, total: int | None) -> None:
            bar.update(task, completed=done, total=total)

        yield tell
