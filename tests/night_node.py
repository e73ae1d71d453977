"""
A node of the night as a process of its own: `python -m tests.night_node URL NAME INSTANT ORIGIN`.

It catches up with whatever is owed. Each time that it is about to write, it says so and waits for a word on its input:
it then holds what it has claimed, and whoever started it can let it go on, kill it or freeze it right there.
"""

from __future__ import annotations

import os
import sys
import time
from datetime import datetime, timedelta
from itertools import count

from scheduler.jobs import catch_up
from scheduler.night import Night
from storage.database import open_database
from workflow.errors import ExamboardError
from workflow.service import Service


def main(url: str, name: str, instant: str, origin: str) -> int:
    """Run what is owed; the clock began at an instant, when the machine's own stood at the origin."""
    numbers = count(1)

    def now() -> datetime:
        return datetime.fromisoformat(instant) + timedelta(seconds=time.monotonic() - float(origin))

    def new_key() -> str:
        print("holds", flush=True)
        sys.stdin.readline()
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
