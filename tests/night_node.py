"""
A node of the night as a process of its own: `python -m tests.night_node URL NAME INSTANT ORIGIN`.

It catches up with whatever is owed. Each time that it is about to write, it says so and waits for a word on its input:
it then holds what it has claimed, and whoever started it can let it go on, kill it or freeze it right there. Where the
word is `batch`, it goes on and freezes by itself in the middle of the next batch of rows.
"""

from __future__ import annotations

import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import psycopg

from scheduler.jobs import catch_up
from scheduler.night import Night
from storage.database import open_database
from workflow.errors import ExamboardError
from workflow.service import Service


def freeze_in_a_batch() -> None:
    """Stop this process when it has handed the driver the first row of a batch; the server then waits for the rest."""
    real = psycopg.Cursor.executemany

    def executemany(self: Any, query: Any, rows: Sequence[Any]) -> None:
        def stopping() -> Iterator[Any]:
            psycopg.Cursor.executemany = real  # type: ignore[method-assign]
            yield rows[0]
            os.kill(os.getpid(), signal.SIGSTOP)
            yield from rows[1:]

        real(self, query, stopping())

    psycopg.Cursor.executemany = executemany  # type: ignore[method-assign,assignment]


def main(url: str, name: str, instant: str, origin: str) -> int:
    """Run what is owed; the clock began at an instant, when the machine's own stood at the origin."""
    numbers = count(1)

    def now() -> datetime:
        return datetime.fromisoformat(instant) + timedelta(seconds=time.monotonic() - float(origin))

    def new_key() -> str:
        print("holds", flush=True)
        if sys.stdin.readline() == "batch\n":
            freeze_in_a_batch()
        return f"{name}-{os.getpid()}-{next(numbers)}"

    try:
        with open_database(url) as stores:
            for _receipt in catch_up(Night(Service(stores, now, new_key, name), name, wait=time.sleep)):
                pass
    except ExamboardError as error:
        print(f"{type(error).__name__}: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
