"""
The work of `audit what-if`, shared out over processes: each opens the database for itself, so that nothing is written.

Owns how applications are handed out and effects come back, in the order of the applications whatever the processes do.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

from cli import wiring
from workflow.audit.whatif import Effect, Totals, effect_on
from workflow.checking.check import pin_again
from workflow.errors import ExamboardError
from workflow.reading import each_history
from workflow.roles.rights import Actor
from workflow.scheme import Pinned
from workflow.service import Service

CHUNK: Final = 250
READER: Final = Actor("what-if", ("auditor",), "member")  # who asked was signed in by the process that shares out
ALONE: Final = 2_000  # applications that one process has looked at before another has started


@dataclass(frozen=True, slots=True)
class Task:
    """
    What is asked of every application.

    Attributes:
        database: URL of the database.
        text: The changed document, which has been checked.
        name: Its name in messages.
        as_of: The day asked about.
        known_at: The moment of knowledge; None: all that is recorded.
        states: Only those in one of these; empty: all.
    """

    database: str
    text: str
    name: str
    as_of: date
    known_at: datetime | None = None
    states: tuple[str, ...] = ()


@dataclass(slots=True)
class Found:
    """
    What became of some applications.

    Attributes:
        effects: The effects by which anything changes.
        totals: All effects counted.
        stuck: What is wrong with histories that cannot be read or do not replay under their own rules.
    """

    effects: list[Effect] = field(default_factory=list)
    totals: Totals = field(default_factory=Totals)
    stuck: list[str] = field(default_factory=list)

    def add(self, other: Found) -> None:
        """Add what became of further applications."""
        self.effects += other.effects
        self.totals.looked_at += other.totals.looked_at
        self.totals.affected += other.totals.affected
        self.totals.kinds.update(other.totals.kinds)
        self.stuck += other.stuck


def look_at(service: Service, changed: Pinned, task: Task, keys: Sequence[str]) -> Found:
    """Say what the changed document would make of some applications."""
    found = Found()
    for key, history, error in each_history(service.stores.events, keys):
        if error is not None:
            found.stuck.append(f"{key}: {error}")
            continue
        try:
            rules = service.rules_of(history)
            effect = effect_on(history, rules, changed, task.as_of, task.known_at, task.states)
        except ExamboardError as error:
            found.stuck.append(f"{key}: {error}")
            continue
        if effect is not None:
            found.totals.add([effect])
            found.effects += [effect] if effect.kinds else []
    return found


def work(
    service: Service, task: Task, keys: Sequence[str], jobs: int, tell: Callable[[int, int | None], None]
) -> Found:
    """
    Say what the changed document would make of many applications.

    Args:
        service: The service of this process.
        task: What is asked.
        keys: Keys of the applications.
        jobs: How many processes to use; 0: as many as there are processors, and one for few applications.
        tell: Told how many are done.
    """
    chunks = [list(chunk) for chunk in _chunks(keys)]
    jobs = jobs or (1 if len(keys) <= ALONE else os.cpu_count() or 1)
    found = Found()
    for done, part in enumerate(_parts(service, task, chunks, min(jobs, len(chunks) or 1)), 1):
        found.add(part)
        tell(min(done * CHUNK, len(keys)), len(keys))
    return found


def _chunks(keys: Sequence[str]) -> Iterator[Sequence[str]]:
    return (keys[start : start + CHUNK] for start in range(0, len(keys), CHUNK))


def _parts(service: Service, task: Task, chunks: Sequence[Sequence[str]], jobs: int) -> Iterator[Found]:
    if jobs == 1:
        changed = pin_again(task.text, task.name)
        yield from (look_at(service, changed, task, chunk) for chunk in chunks)
        return
    # A fresh process for each: connections and threads of this one must not be shared.
    context = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(jobs, context, _start, (task,))
    try:
        yield from pool.map(_look, chunks)
    finally:
        pool.shutdown(cancel_futures=True)


_mine: dict[Task, tuple[Service, Pinned]] = {}


def _start(task: Task) -> None:
    from storage.database import open_database

    database = open_database(task.database, read_only=True)
    _mine[task] = (Service(database, wiring.now, str, READER), pin_again(task.text, task.name))


def _look(keys: Sequence[str]) -> Found:
    ((task, (service, changed)),) = _mine.items()
    return look_at(service, changed, task, keys)
