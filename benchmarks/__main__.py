"""
`make bench`: the product beside its floors, on SQLite and PostgreSQL.

    python -m benchmarks                      the works at a tenth of their size, in minutes
    python -m benchmarks --full --record      the full size, kept in benchmarks/RESULTS.md
    python -m benchmarks night scores --database sqlite
"""

from __future__ import annotations

import argparse
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from functools import partial
from pathlib import Path
from typing import Any

from benchmarks import caseload
from benchmarks.measure import COLUMNS, Result, in_a_process, load, machine, rounds, sqlite_copy
from tests import postgres

RESULTS = Path(__file__).with_name("RESULTS.md")
WORKS = ("start", "life", "night", "scores", "audit", "redecide")


def main() -> None:
    """Measure what is asked for."""
    asked = _arguments()
    size = asked.applications or (1_000_000 if asked.full else 100_000)
    print(f"{machine()}; load {load():.1f}; {size:,} applications, {asked.rounds} rounds\n")
    results = []
    with tempfile.TemporaryDirectory(prefix="examboard-bench-", dir=asked.folder) as folder:
        if "start" in asked.works:
            results += [_start(asked.rounds)]
        databases = {"sqlite": _on_sqlite, "postgresql": _on_postgresql}
        for name in databases if asked.database == "both" else [asked.database]:
            with databases[name](Path(folder), size) as (copies, generated):
                print(f"{name}: generated in {generated:.0f} s", file=sys.stderr)
                for work in asked.works:
                    if work != "start":
                        results.append(_measured(work, name, asked, size, copies, Path(folder)))
                        print(" | ".join(results[-1].row), flush=True)
    _show(results, asked.record)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("works", nargs="*", choices=[*WORKS, []], help=f"any of {', '.join(WORKS)}; default: all")
    parser.add_argument("--database", choices=["sqlite", "postgresql", "both"], default="both")
    parser.add_argument("--rounds", type=int, default=3, help="rounds of product and floor in turns; default: 3")
    parser.add_argument("--applications", type=int, help="size of the caseload; default: 100,000, or a million")
    parser.add_argument("--full", action="store_true", help="a million applications, 100,000 of them due")
    parser.add_argument("--record", action="store_true", help=f"write {RESULTS.name}")
    parser.add_argument("--folder", help="where the databases lie; default: the system's folder for temporary files")
    asked = parser.parse_args()
    asked.works = asked.works or list(WORKS)
    return asked


Copies = Callable[[], Any]


@contextmanager
def _on_sqlite(folder: Path, size: int) -> Iterator[tuple[Copies, float]]:
    source = folder / "caseload.db"
    said = in_a_process("generate", url=str(source), size=size)
    yield partial(sqlite_copy, source), said["seconds"]


@contextmanager
def _on_postgresql(folder: Path, size: int) -> Iterator[tuple[Copies, float]]:
    with ExitStack() as stack:
        server = stack.enter_context(postgres.server(is_durable=True))
        template = stack.enter_context(postgres.database(server))
        said = in_a_process("generate", url=template, size=size)
        yield partial(postgres.database, server, template), said["seconds"]


def _measured(work: str, database: str, asked: argparse.Namespace, size: int, copies: Copies, folder: Path) -> Result:
    if work == "night":
        result = Result("nightly expiry", database, 0, "expiries", 1.5)
        return rounds(result, asked.rounds, copies, {"program": "night"}, {"program": "night_floor"})
    if work == "audit":
        result = Result("fast audit of everything", database, 0, "events", 1.4)
        return rounds(result, asked.rounds, copies, {"program": "audit"}, {"program": "audit_floor"})
    if work == "redecide":  # there is no floor that decides anything: two processes beside one
        result = Result("re-deciding in 2 processes (floor: in 1)", database, 0, "events", 0.6)
        two, one = {"program": "redecide", "jobs": 2}, {"program": "redecide", "jobs": 1}
        return rounds(result, asked.rounds, copies, two, one)
    if work == "life":
        cases = {"cases": 1_000 if asked.full else 200}
        result = Result("case life", database, 0, "durable steps", 1.5 if database == "sqlite" else 1.8)
        return rounds(result, asked.rounds, copies, {"program": "life", **cases}, {"program": "life_floor", **cases})
    file = folder / "scores.csv"
    caseload.write_scores(file, size)
    result, given = Result("bulk score import", database, 0, "scores", 2.0), {"file": str(file)}
    return rounds(result, asked.rounds, copies, {"program": "scores", **given}, {"program": "scores_floor", **given})


def _start(number: int) -> Result:
    """Measure `--help` beside a Python that does nothing; the target is 80 ms where that takes 15."""
    result = Result("start-up: --help", "none", 1, "start", 80 / 15)
    command = [str(Path(sys.executable).with_name("examboard")), "--help"]
    for _ in range(max(number, 15)):
        result.product.append(_seconds(command))
        result.floor.append(_seconds([sys.executable, "-c", "pass"]))
    return result


def _seconds(command: list[str]) -> float:
    started = time.perf_counter()
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return time.perf_counter() - started


def _show(results: list[Result], record: bool) -> None:
    rows = [COLUMNS, *(result.row for result in results)]
    widths = [max(len(row[n]) for row in rows) for n in range(len(COLUMNS))]
    print()
    for row in rows:
        print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)))
    missed = [result.work for result in results if result.ratio > result.target]
    print(f"\nabove the target: {', '.join(missed) or 'none'}; median load {statistics.mean([load()]):.1f}")
    if record:
        table = ["| " + " | ".join(row) + " |" for row in rows]
        table.insert(1, "|" + " --- |" * len(COLUMNS))
        before = RESULTS.read_text(encoding="utf-8") if RESULTS.exists() else "<!-- table -->\n<!-- end -->\n"
        head, _, rest = before.partition("<!-- table -->")
        _, _, tail = rest.partition("<!-- end -->")
        body = f"\n{time.strftime('%Y-%m-%d')}, {machine()}\n\n" + "\n".join(table) + "\n"
        RESULTS.write_text(f"{head}<!-- table -->{body}<!-- end -->{tail}", encoding="utf-8")


if __name__ == "__main__":
    main()
