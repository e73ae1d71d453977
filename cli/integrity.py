"""
Integrity: an audit put to work, bucket by bucket, in one process or many, and taken up again where it was interrupted.

Only reads: every process opens the database so that the database itself refuses every write.
"""

from __future__ import annotations

import gc
import json
import os
import signal
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from multiprocessing import get_context
from pathlib import Path
from typing import Any, Final

from storage.codec import read_fact
from storage.database import Database, open_database
from storage.raw import SqlRaw
from workflow.audit.access import audit_access
from workflow.audit.bucket import BucketAudit
from workflow.audit.findings import RESTORE, Audited, Bench, Checker, Finding, RawRows
from workflow.audit.persons import audit_persons
from workflow.audit.registers import audit_registers
from workflow.audit.sample import Drawn, draw, merged
from workflow.errors import ExamboardError, Invalid, Misconfigured, Problem, Unavailable
from workflow.ports import BUCKETS, bucket_of

SMALL: Final = 5_000  # applications up to which starting processes costs more than they save
# What else is checked, by name, such as the seals: each gives its findings from the stores.
CHECKERS: Final[list[tuple[str, Checker]]] = [("persons", audit_persons), ("access", audit_access)]

TABLES: Final = {"persons": "candidate_act", "access": "access", "seals": "seal"}  # where the rows of each check begin

Tell = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Asked:
    """
    What an audit is to do.

    Attributes:
        url: The database.
        redecides: Whether every decision is put through the rules again.
        sample: How many histories to draw; 0: all are audited.
        seed: The seed of the draw.
        jobs: How many processes; 0: one for each core where that pays.
        resume: The file that keeps what is done.
    """

    url: str
    redecides: bool = False
    sample: int = 0
    seed: int = 0
    jobs: int = 0
    resume: Path | None = None


class Auditor:
    """One process' view of the database: its rows and its rules."""

    def __init__(self, database: Database) -> None:
        self.raw = SqlRaw(database.engine)
        self._schemes = database.schemes
        self._bench = Bench(self._schemes, read_fact)

    def bucket(self, bucket: int, redecides: bool, only: Sequence[str] | None = None) -> Audited:
        """Audit a bucket, or some of its applications."""
        with _seldom_collecting():
            return self._look_twice(lambda rows: BucketAudit(rows, self._bench, bucket, redecides, only).run())

    def registers(self, buckets: Sequence[Audited], redecides: bool = False) -> Audited:
        """Audit what belongs to no bucket."""
        return self._look_twice(lambda rows: audit_registers(rows, buckets, self._bench.fact if redecides else None))

    def _look_twice(self, look: Callable[[RawRows], Audited]) -> Audited:
        """
        Look again where something was found, and keep what is found both times.

        The nodes of a cluster each show a moment of their own, so that what is being written may look half done.
        """
        found = self.raw.read(look)
        if found.findings:
            before = set(found.findings)
            self._bench = Bench(self._schemes, read_fact)  # one that has told of a document does not tell again
            found = self.raw.read(look)
            found.findings = [finding for finding in found.findings if finding in before]
        return found

    def draw(self, bucket: int, most: int, seed: int) -> list[Drawn]:
        """Draw from a bucket."""
        return self.raw.read(lambda rows: draw(rows, self._bench, bucket, most, seed))


@contextmanager
def _seldom_collecting() -> Iterator[None]:
    """Let the collector come by less often: what an audit makes and drops has no cycles, and it finds nothing."""
    before = gc.get_threshold()
    gc.set_threshold(50_000, 20, 100)
    try:
        yield
    finally:
        gc.set_threshold(*before)


_own: list[Auditor] = []  # of a process of a pool


def _begin(url: str) -> None:
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # who interrupts the audit interrupts the one that leads it
    _own.append(Auditor(open_database(url, read_only=True)))


def _bucket(task: tuple[int, bool, Sequence[str] | None]) -> Audited:
    return _own[0].bucket(*task)


def _draw(task: tuple[int, int, int]) -> list[Drawn]:
    return _own[0].draw(*task)


class Verification:
    """
    An audit of a whole database, or of a sample of its histories.

    Attributes:
        drawn: The sample, once it is drawn.
    """

    def __init__(self, database: Database, asked: Asked, checkers: Sequence[tuple[str, Checker]] = ()) -> None:
        self._database, self._asked, self._checkers = database, asked, checkers
        self._auditor = Auditor(database)
        self.drawn: list[Drawn] = []

    def run(self, tell: Tell = lambda done, total: None) -> Iterator[Audited]:
        """
        Audit; gives what came of each unit, in the order of units, however many processes there are.

        Raises:
            Unavailable: the database cannot be read; what is done is kept where a file was named.
        """
        kept = Kept(self._asked)
        with self._mapped() as mapped:
            tasks = self._tasks(mapped)
            total = len(tasks) + 1 + len(self._checkers)
            todo = [task for task in tasks if f"bucket {task[0]}" not in kept.done]
            fresh = mapped(_bucket, lambda task: self._auditor.bucket(*task), todo)
            buckets = []
            for number, task in enumerate(tasks):
                tell(number, total)
                buckets.append(kept.done.get(f"bucket {task[0]}") or kept.keep(next(fresh)))
                yield buckets[-1]
        if self._asked.sample:
            return
        registers = partial(self._auditor.registers, buckets, self._asked.redecides)
        last: dict[str, Callable[[], Audited]] = {"registers": registers}
        last |= {name: partial(_checked, name, check, self._database) for name, check in self._checkers}
        for number, (name, audit) in enumerate(last.items(), len(tasks)):
            tell(number, total)
            yield kept.done.get(name) or kept.keep(audit())

    def _tasks(self, mapped: Callable[..., Iterator[Any]]) -> list[tuple[int, bool, Sequence[str] | None]]:
        asked = self._asked
        if not asked.sample:
            return [(bucket, asked.redecides, None) for bucket in range(BUCKETS)]
        draws = [(bucket, asked.sample, asked.seed) for bucket in range(BUCKETS)]
        self.drawn = merged(mapped(_draw, lambda task: self._auditor.draw(*task), draws), asked.sample)
        only: dict[int, list[str]] = {}
        for one in self.drawn:
            only.setdefault(bucket_of(one.application), []).append(one.application)
        return [(bucket, asked.redecides, keys) for bucket, keys in sorted(only.items())]

    @contextmanager
    def _mapped(self) -> Iterator[Callable[..., Iterator[Any]]]:
        """Give what does tasks in order: `mapped(by_a_process, by_this_one, tasks)`."""
        jobs = self._asked.jobs or (_cores() if self._auditor.raw.read(lambda rows: rows.size()) > SMALL else 1)
        if jobs == 1:
            yield lambda _theirs, own, tasks: map(own, tasks)
            return
        # Not forked: what this process has open (connections, the thread of a progress bar) must not be shared.
        pool = ProcessPoolExecutor(jobs, get_context("spawn"), _begin, (self._asked.url,))
        try:
            yield lambda theirs, _own, tasks: pool.map(theirs, tasks)
        except BrokenProcessPool:
            text = "a process of the audit was ended from outside, perhaps for want of memory; try again with --jobs 1"
            raise Unavailable(text) from None
        finally:
            pool.shutdown(cancel_futures=True)


def _checked(name: str, check: Checker, database: Database) -> Audited:
    """Give what a check finds; a row that it cannot read ends it, which is a finding as well."""
    done = Audited(name)
    try:
        done.findings += check(database)
    except (Unavailable, Misconfigured):
        raise
    except Exception as error:  # SQLite keeps anything in any column, and the stores read what they wrote themselves
        text = f"the check of the {name} could not be finished, and the rest of them is not checked: {_said(error)}"
        done.findings.append(Finding(name, text, RESTORE, table=TABLES.get(name, "")))
    return done


def _said(error: Exception) -> str:
    """Say what went wrong; an error that is not ours is named by its type: its text may repeat what a row holds."""
    return str(error) if isinstance(error, ExamboardError) else f"internal error {type(error).__name__}"


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Kept:
    """
    What is done of an audit, kept in a file: a line of JSON for each unit, so that an interruption loses one at most.

    Attributes:
        done: What came of units, by their names.
    """

    def __init__(self, asked: Asked) -> None:
        """
        Take up a file, or begin it.

        Raises:
            Invalid: it is of another audit, or no such file.
            Unavailable: it cannot be read or written.
        """
        self._path = asked.resume
        self.done: dict[str, Audited] = {}
        head = {"database": _plain(asked.url), "redecide": asked.redecides, "sample": asked.sample, "seed": asked.seed}
        if self._path is None:
            return
        try:
            if self._path.exists() and self._path.stat().st_size:
                self._take_up(self._path, {"audit": head})
            else:
                with self._path.open("w", encoding="utf-8") as file:
                    file.write(json.dumps({"audit": head}) + "\n")
        except OSError as error:
            raise Unavailable(f"{self._path}: cannot be used: {error.strerror}") from error

    def _take_up(self, path: Path, head: dict[str, Any]) -> None:
        whole, _, cut = path.read_bytes().rpartition(b"\n")
        try:
            first, *rest = [json.loads(line) for line in whole.split(b"\n")]
            done = [Audited.read(one) for one in rest]
        except (ValueError, TypeError, KeyError, RecursionError):
            raise Invalid([Problem(str(path), 0, "", "keeps no audit; name another file")]) from None
        if first != head:
            text = "keeps an audit of another database or with other options; name another file, or delete it"
            raise Invalid([Problem(str(path), 1, "", text)])
        self.done = {audited.unit: audited for audited in done}
        if cut:  # the last line was being written when the audit was interrupted
            os.truncate(path, len(whole) + 1)

    def keep(self, audited: Audited) -> Audited:
        """Keep what came of a unit, and give it back."""
        if self._path is not None:
            with self._path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(audited.as_json(), ensure_ascii=False) + "\n")
        return audited


def _plain(url: str) -> str:
    from storage.engine import normal_url

    return normal_url(url).render_as_string(hide_password=True)


def distinct(found: Iterator[Audited]) -> Iterator[tuple[Audited, list[Finding]]]:
    """Leave out what several buckets say of one document."""
    said: set[str] = set()
    for audited in found:
        new = []
        for finding in audited.findings:
            if finding.kind == "document":
                if finding.key in said:
                    continue
                said.add(finding.key)
            new.append(finding)
        yield audited, new
