"""
Measuring: the product and its floor in turns, on fresh copies of one database, as medians of several rounds.

Each program runs in a process of its own, so that neither warms the other's caches of code; the files lie warm in the
machine's memory for both. What is compared is the ratio within a round: it holds on a noisy machine, times do not.
"""

from __future__ import annotations

import json
import os
import platform
import shutil
import sqlite3
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass
class Result:
    """
    What was measured of one work on one database.

    Attributes:
        work: The work.
        database: `sqlite` or `postgresql`.
        count: How many units were done.
        unit: What a unit is.
        target: The ratio that we aim at, time against the floor.
        product: Seconds of each round.
        floor: Seconds of the floor in the same rounds.
        memory: Peak memory of the product, in megabytes.
    """

    work: str
    database: str
    count: int
    unit: str
    target: float
    product: list[float] = field(default_factory=list)
    floor: list[float] = field(default_factory=list)
    memory: int = 0

    @property
    def ratio(self) -> float:
        """The median of the rounds' ratios."""
        return statistics.median(p / f for p, f in zip(self.product, self.floor, strict=True))

    @property
    def row(self) -> tuple[str, ...]:
        """The result as cells of a table."""
        product, floor = statistics.median(self.product), statistics.median(self.floor)
        return (
            self.work,
            self.database,
            f"{self.count:,} {self.unit}",
            f"{floor:.3g} s ({self.count / floor:,.0f}/s)",
            f"{product:.3g} s ({self.count / product:,.0f}/s)",
            f"{self.ratio:.2f}",
            f"{self.target:.1f}",
            f"{self.memory} MB" if self.memory else "",
        )


COLUMNS = ("work", "database", "amount", "floor", "product", "ratio", "target", "peak memory")


def in_a_process(program: str, **arguments: Any) -> dict[str, Any]:
    """
    Run a program of `benchmarks.programs` in a process of its own.

    Returns:
        What it says: `seconds`, `count`, `memory` in megabytes.
    """
    call = [sys.executable, "-m", "benchmarks.programs", program, json.dumps(arguments, default=str)]
    done = subprocess.run(call, check=True, stdout=subprocess.PIPE, encoding="utf-8")
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def rounds(
    result: Result, number: int, copies: Callable[[], Any], product: dict[str, Any], floor: dict[str, Any]
) -> Result:
    """
    Measure in turns; who goes first changes with each round.

    Args:
        result: Is filled.
        number: How many rounds.
        copies: A context manager that gives the URL of a fresh copy.
        product: Program and arguments of the product.
        floor: Program and arguments of the floor.
    """
    for turn in range(number):
        order = [(product, result.product), (floor, result.floor)]
        for call, seconds in order if turn % 2 else reversed(order):
            with copies() as url:
                said = in_a_process(**call, url=url)
            seconds.append(said["seconds"])
            result.count = said["count"]
            if call is product:
                result.memory = max(result.memory, said["memory"])
    return result


@contextmanager
def sqlite_copy(source: Path) -> Iterator[str]:
    """Copy an SQLite database that nobody writes to, and take the copy away afterwards."""
    copy = source.with_name(f"{source.stem}-copy.db")
    shutil.copyfile(source, copy)
    os.sync()  # what the copy left to be written must not be counted to who runs first
    try:
        yield str(copy)
    finally:
        for name in (copy, copy.with_name(f"{copy.name}-wal"), copy.with_name(f"{copy.name}-shm")):
            name.unlink(missing_ok=True)


def machine() -> str:
    """Describe the machine."""
    cpu = next(
        (line.split(":")[1].strip() for line in _lines("/proc/cpuinfo") if line.startswith("model name")),
        platform.processor() or platform.machine(),
    )
    memory = next((int(line.split()[1]) // 1024**2 for line in _lines("/proc/meminfo") if "MemTotal" in line), 0)
    return (
        f"{os.cpu_count()} cores ({cpu}), {memory} GB of memory, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}, SQLite {sqlite3.sqlite_version}"
    )


def load() -> float:
    """Give the load of the last minute: above half a core, times are not to be trusted."""
    return os.getloadavg()[0]


def _lines(file: str) -> list[str]:
    try:
        return Path(file).read_text().splitlines()
    except OSError:
        return []


class Clock:
    """Takes the time of what happens within it, and then says what it took."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __enter__(self) -> Clock:
        self._started = time.perf_counter()
        return self

    def __exit__(self, *_: object) -> None:
        self.seconds = time.perf_counter() - self._started
