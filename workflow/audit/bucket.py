"""
The audit of a bucket: its histories, the rows derived from them, and whatever else names its applications.

Pure; in the memory of one bucket, however many there are. Nothing of a bucket hangs on another one, so that buckets
are audited side by side, by any number of processes.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Iterator, Sequence
from itertools import groupby
from operator import itemgetter
from typing import Any, Final, NamedTuple

from workflow.audit.findings import (
    ACTOR,
    ASK,
    AT,
    DATA,
    DEST,
    HASH,
    ON,
    REBUILD,
    RESTORE,
    SEQUENCE,
    TYPE,
    VERSION,
    Audited,
    Bench,
    EventRow,
    Finding,
    RawRows,
)
from workflow.audit.history import break_of, derived, opening, row_findings
from workflow.audit.redecide import due_of, redecided
from workflow.audit.seats import SeatsByHistories
from workflow.facts import ATTEMPTING
from workflow.persons.forgetting import ERASED
from workflow.ports import bucket_of
from workflow.roles.rights import CLOCK_NAME

_ATTEMPTING: Final = frozenset(kind.__name__ for kind in ATTEMPTING)
_actor: Final = itemgetter(ACTOR)
LOOKED_UP: Final = 500  # awards looked up in the register at a time
TRACES: Final = ("admission", "outbox", "parked")


class Line(NamedTuple):
    """A line of the run ledger: what a part of a run says that it did to an application."""

    part: str
    what: str
    on: str
    sequence: int


class BucketAudit:
    """The audit of one bucket, or of some of its applications."""

    def __init__(self, raw: RawRows, bench: Bench, bucket: int, redecides: bool, only: Sequence[str] | None) -> None:
        """
        Take up a bucket.

        Args:
            raw: The rows, as of one moment.
            bench: The rules.
            bucket: Its number.
            redecides: Whether every decision is put through the rules again.
            only: Only these applications; None: all, and whatever else names one.
        """
        self._raw, self._bench, self._bucket, self._redecides, self._only = raw, bench, bucket, redecides, only
        self._done = Audited(f"bucket {bucket}")
        self._lines: dict[str, list[Line]] = defaultdict(list)
        self._notices: list[tuple[str, Line]] = []
        self._awards: list[tuple[tuple[Any, ...], int]] = []
        self._admissions: dict[str, dict[tuple[str, str], str]] = defaultdict(dict)
        self._seats = SeatsByHistories(raw, bench.fact)

    def run(self) -> Audited:
        """Audit it."""
        raw, done = self._raw, self._done
        rows = {row[0]: row for row in raw.rows(self._bucket, self._only, self._redecides)}
        self._read_lines()
        for application, part, sitting, on in raw.admissions(self._bucket, self._only) if self._redecides else ():
            self._admissions[application][part, sitting] = on
        seen: set[str] = set()
        for application, events in groupby(raw.events(self._bucket, self._only), itemgetter(0)):
            history = list(events)
            seen.add(application)
            done.events += len(history)
            try:
                done.findings += self._of_history(application, history, rows.get(application))
            except (TypeError, ValueError) as error:  # SQLite keeps anything in any column
                text = f"its history or its row holds what cannot be: {error}"
                done.findings.append(Finding("event", text, RESTORE, str(application), 0, "event", str(application)))
        done.applications = len(seen)
        self._look_up()
        done.findings += self._seats.look_up()
        done.seats = self._seats.found
        for application in sorted(map(str, rows.keys() - seen)):
            text = "has a row but no history: all its events are deleted"
            done.findings.append(Finding("row", text, RESTORE, application, table="application", key=application))
        done.findings += self._of_ledger(seen)
        if self._only is None:
            done.findings += self._of_traces(seen | rows.keys())
        done.findings[:0] = self._bench.faults.values()
        self._bench.faults = {}
        return done

    def _of_history(
        self, application: str, history: list[tuple[Any, ...]], stored: tuple[Any, ...] | None
    ) -> list[Finding]:
        first = opening(history)
        if isinstance(first, Finding):
            return [first]
        digest, level = first["digest"], first["level"]
        broken = break_of(history, self._bench.lawful(digest, level, application))
        if bucket_of(application) != self._bucket:
            text = f"lies in bucket {self._bucket}, where nobody will look for it, not in {bucket_of(application)}"
            return [Finding("row", text, RESTORE, application, table="event", key=application)]
        lines = self._lines.pop(application, ())
        if lines:
            self._done.findings += _of_lines(application, history, lines)
        right = derived(first, history)
        if broken is not None:
            # What the row says is no news then, unless it knows of more than there is.
            is_short = stored is not None and history[-1][SEQUENCE] < stored[7]
            return [broken, *(row_findings(stored, right) if is_short else ())]
        if history[-1][DEST] == "certified":
            self._take_awards(application, history)
        found: list[Finding] = []
        if CLOCK_NAME in map(_actor, history):
            found += _of_the_clock(application, history, lines)
        if self._redecides and (rules := self._bench.rules(digest, level, application)):
            diverging, projection = redecided(history, rules, self._bench)
            found += diverging
            if not diverging:
                found += self._of_admissions(application, history)
            found += self._seats.take(history)
            right = right if projection is None else (*right, *due_of(projection))
        if stored is None or stored[: len(right)] != right:
            found += row_findings(stored, right)
        return found

    def _of_admissions(self, application: str, history: Sequence[EventRow]) -> Iterator[Finding]:
        """Compare the rows of `admission` with the facts that begin an attempt: the first one of a session holds."""
        wanted: dict[tuple[str, str], str] = {}
        for row in history:
            if row[TYPE] not in _ATTEMPTING:
                continue
            fact = self._bench.fact(row[TYPE], row[VERSION], row[DATA])
            if isinstance(fact, ATTEMPTING):
                wanted.setdefault((fact.part, fact.sitting), fact.sat_on.isoformat())
        kept = self._admissions.get(application, {})
        for place in sorted(wanted.keys() | kept.keys(), key=str):
            if wanted.get(place) != kept.get(place):
                part, sitting = place
                says = f"on {kept[place]}" if place in kept else "not at all"
                must = f"on {wanted[place]}" if place in wanted else "not at all"
                text = f"table admission has it for {part} at {sitting} {says}, its history {must}"
                yield Finding("row", text, REBUILD, application, 0, "admission", f"{sitting}/{part}")

    # -- the certificate register ------------------------------------------------------------------------------------

    def _take_awards(self, application: str, history: list[tuple[Any, ...]]) -> None:
        for row in history:
            if row[TYPE] == "CertificateAwarded":
                try:
                    award = json.loads(row[DATA])
                    number = str(award["number"])
                    code = hashlib.sha256(f"{number}\n{row[HASH]}".encode()).hexdigest()[:16]
                    wanted = (number, award["series"], award["serial"], self._bucket, application, row[ON], code)
                except (ValueError, KeyError, TypeError) as error:
                    text = f"its award cannot be read: {type(error).__name__}"
                    self._done.findings.append(Finding("event", text, RESTORE, application, row[SEQUENCE]))
                    continue
                self._awards.append((wanted, row[SEQUENCE]))
        if len(self._awards) >= LOOKED_UP:
            self._look_up()

    def _look_up(self) -> None:
        """Compare awards with the register."""
        if not self._awards:
            return
        numbers = [wanted[0] for wanted, _sequence in self._awards]
        kept = {row[0]: row for row in self._raw.certificates(numbers)}
        for wanted, sequence in self._awards:
            found = kept.get(wanted[0])
            is_its_own = found is not None and found[4] == wanted[4]  # another's is counted with the other's award
            self._done.certificates += is_its_own
            self._done.codes += found is not None and is_its_own and found[6] is not None
            if found != wanted:
                self._done.findings.append(_of_certificate(wanted, found, sequence))
        self._awards = []

    # -- the run ledger and other traces -----------------------------------------------------------------------------

    def _read_lines(self) -> None:
        for _bucket, job, day, key, changes in self._raw.parts(self._bucket):
            part = f"{job}/{day}/{key}"
            for written in str(changes).split("\n"):
                try:
                    line = json.loads(written)
                    name = str(line["application"])
                    said = Line(part, line["what"], line["on"], line.get("sequence", 0))
                    if self._only is not None and name not in self._only:
                        continue
                    if said.what == ERASED:  # names a person; the register of acts is checked by itself
                        continue
                    if said.sequence:
                        self._lines[name].append(said)
                    else:
                        self._notices.append((name, said))
                except (ValueError, KeyError, TypeError, AttributeError):
                    text = "a line of what a run did cannot be read"
                    self._done.findings.append(Finding("run", text, RESTORE, table="run_part", key=part))

    def _of_ledger(self, seen: set[str]) -> Iterator[Finding]:
        """Say which lines name an application that has no history, or a notice that is gone."""
        yield from self._of_notices(seen)
        for application in sorted(self._lines):
            if application not in seen:
                line = self._lines[application][0]
                text = f"the run ledger says {line.what} on {line.on}, but it has no history: it is deleted"
                yield Finding("run", text, RESTORE, application, 0, "run_part", line.part)

    def _of_notices(self, seen: set[str]) -> Iterator[Finding]:
        if not self._notices:
            return
        there = set(self._raw.notices(self._bucket))
        for application, line in self._notices:
            if (application, line.on) not in there:
                text = f"the run ledger says that a notice was queued on {line.on}, but there is none: it is deleted"
                gone = "" if application in seen else "; nor has the application a history"
                yield Finding("run", text + gone, RESTORE, application, 0, "run_part", line.part)

    def _of_traces(self, known: set[str]) -> Iterator[Finding]:
        """Say which tables name an application that has neither history nor row."""
        for table in TRACES:
            for application in sorted(map(str, set(self._raw.traces(table, self._bucket)) - known)):
                text = f"table {table} names it, but it has neither history nor row: it is deleted, or was never there"
                yield Finding("trace", text, RESTORE, application, 0, table, application)


def _of_the_clock(application: str, history: Sequence[EventRow], lines: Sequence[Line]) -> Iterator[Finding]:
    """
    Say which steps of the clock no run tells of.

    One that a command had to write down first bears the command's instant; a night's stands in the run ledger.
    """
    told, at = {line.sequence for line in lines}, ""
    for row in reversed(history):
        if row[ACTOR] != CLOCK_NAME:
            at = row[AT]
        elif row[AT] != at and row[SEQUENCE] not in told:
            text = (
                f"the clock's {row[TYPE]} on {row[ON]} was recorded by no command, and the run ledger has no line of it"
            )
            yield Finding("run", text, RESTORE, application, row[SEQUENCE], "run_part")


def _of_lines(application: str, history: Sequence[EventRow], lines: Sequence[Line]) -> Iterator[Finding]:
    """Say which lines of the run ledger name an event that is another, or not there."""
    events = {row[SEQUENCE]: row for row in history}
    for line in lines:
        row = events.get(line.sequence)
        if row is None or (row[TYPE], row[ON]) != (line.what, line.on):
            there = f"is {row[TYPE]} on {row[ON]}" if row else "is not there"
            text = f"the run ledger says that event {line.sequence} is {line.what} on {line.on}; it {there}"
            yield Finding("run", text, RESTORE, application, line.sequence, "run_part", line.part)


def _of_certificate(wanted: tuple[Any, ...], found: tuple[Any, ...] | None, sequence: int) -> Finding:
    number, application = wanted[0], wanted[4]
    if found is None:
        text = f"its award of certificate {number} is not in the register"
        return Finding("certificate", text, RESTORE, application, sequence, "certificate", number)
    if found[4] != application:
        text = f"certificate {number} is kept for {found[4] or 'nobody'}, not for it"
        return Finding("certificate", text, ASK, application, sequence, "certificate", number)
    if found[6] is None:
        text = f"certificate {number} has no code in the register: its paper cannot be verified"
        return Finding("certificate", text, RESTORE, application, sequence, "certificate_code", number)
    if found[6] != wanted[6]:
        text = (
            f"the code of certificate {number} is {found[6]}, by its award it must be {wanted[6]}: the history was "
            "changed after the award and its hashes made anew, or the code was forged"
        )
        return Finding("certificate", text, ASK, application, sequence, "certificate_code", number)
    names = ("number", "series", "serial", "bucket", "application", "awarded_on")
    name, was, must = next((n, a, b) for n, a, b in zip(names, found, wanted, strict=False) if a != b)
    text = f"the register says {name} {was} of certificate {number}, its award {must}"
    return Finding("certificate", text, RESTORE, application, sequence, "certificate", number)
