"""
Audit: what an auditor finds, in which shape the record is read for it, and by which rules it is judged.

Pure. A finding is data, never an exception: one broken history must not hide the next. The rows are read raw, as the
database keeps them: whatever software makes nice of them might hide what was done to them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from functools import lru_cache
from typing import Any, Final, Protocol

from workflow.errors import Corrupt, ExamboardError
from workflow.events import step_pieces
from workflow.facts import FACTS, Fact
from workflow.machine import machine_of
from workflow.ports import SchemeShelf, Stores
from workflow.scheme import Rules

# (application, sequence, type, version, step, source, dest, effective_on, recorded_at, actor, command, data, previous,
# hash): the order of `events.canonical_event`, days and instants as the texts that it takes.
EventRow = tuple[Any, ...]
APPLICATION, SEQUENCE, TYPE, VERSION, STEP, SOURCE, DEST, ON, AT, ACTOR, COMMAND, DATA, PREVIOUS, HASH = range(14)

REBUILD: Final = "run: examboard db rebuild"
RESTORE: Final = "compare with the last seal and with a backup, and restore the row from there"
ASK: Final = "ask who works on the database directly; compare with the last seal and a backup"

ReadFact = Callable[[str, int, str, str], Fact]
ReadRow = Callable[[str, int, str], Fact]  # type, version and text of a row


@dataclass(frozen=True, slots=True)
class Finding:
    """
    Something in the record that does not hold.

    Attributes:
        kind: What was checked: `event`, `rules`, `row`, `certificate`, `run`, `document`, `seat`, `trace`, `seal` ...
        text: What was found, in a sentence.
        remedy: What to do.
        application: The application; empty where it is none's.
        sequence: Number of the event; 0 where it is none.
        table: The table of the row, where it is no event.
        key: The key of that row.
        decided: What was decided, where the rules say something else.
        rules_say: What they say.
        clause: By which clause.
    """

    kind: str
    text: str
    remedy: str
    application: str = ""
    sequence: int = 0
    table: str = ""
    key: str = ""
    decided: str = ""
    rules_say: str = ""
    clause: str = ""

    @property
    def where(self) -> str:
        """The row, in words."""
        if self.sequence:
            return f"{self.application}: event {self.sequence}"
        row = f"{self.table} {self.key}".strip()
        return f"{self.application}: {row}" if self.application and self.key else self.application or row

    def as_json(self) -> dict[str, Any]:
        """Give plain JSON values; what is empty is left out, and a key that is no text is written out."""
        found = {"application": self.application, "finding": self.text, **asdict(self)}
        del found["text"]
        return {n: v if isinstance(v, str | int) else str(v) for n, v in found.items() if v not in ("", 0)}

    @classmethod
    def read(cls, found: dict[str, Any]) -> Finding:
        """Read what `as_json` gave."""
        return cls(**{**{k: v for k, v in found.items() if k != "finding"}, "text": found["finding"]})


@dataclass(slots=True)
class Audited:
    """
    What came of a unit of work: a bucket, or what belongs to none.

    Attributes:
        unit: Its name.
        applications: How many applications were checked.
        events: How many events.
        certificates: How many rows of `certificate` belong to an award, each to one.
        codes: How many rows of `certificate_code` do.
        seats: How many seats are taken as a history says; 0 where nothing was put through the rules again.
        findings: What does not hold.
    """

    unit: str
    applications: int = 0
    events: int = 0
    certificates: int = 0
    codes: int = 0
    seats: int = 0
    findings: list[Finding] = field(default_factory=list)

    def as_json(self) -> dict[str, Any]:
        """Give plain JSON values."""
        names = ("unit", "applications", "events", "certificates", "codes", "seats")
        counts = {name: getattr(self, name) for name in names}
        return {**counts, "findings": [finding.as_json() for finding in self.findings]}

    @classmethod
    def read(cls, found: dict[str, Any]) -> Audited:
        """Read what `as_json` gave."""
        return cls(**{**found, "findings": [Finding.read(one) for one in found["findings"]]})


class RawRows(Protocol):
    """The rows of a database as of one moment, as they lie there; every stream is in the order of its key."""

    def events(self, bucket: int, only: Sequence[str] | None = None) -> Iterator[EventRow]:
        """Stream the events of a bucket, or of some of its applications."""

    def rows(self, bucket: int, only: Sequence[str] | None = None, with_due: bool = False) -> Iterator[tuple[Any, ...]]:
        """
        Stream the projections of a bucket.

        Each is (application, candidate, scheme, digest, level, submitted_on, state, sequence, head, recorded_at) and,
        where asked for, (next_due_on, next_due_type, next_due_data).
        """

    def parts(self, bucket: int | None = None) -> Iterator[tuple[Any, ...]]:
        """Stream the parts of runs, of a bucket or of all: (bucket, job, day, key, changes)."""

    def traces(self, table: str, bucket: int) -> Iterator[str]:
        """Stream the applications that a table of a bucket names: `admission`, `outbox` or `parked`."""

    def notices(self, bucket: int) -> Iterator[tuple[str, str]]:
        """Stream the notices of a bucket: (application, day of queueing)."""

    def admissions(self, bucket: int, only: Sequence[str] | None = None) -> Iterator[tuple[str, str, str, str]]:
        """Stream the admissions of a bucket, or of some of its applications: (application, part, sitting, day)."""

    def certificates(self, numbers: Sequence[str] | None = None) -> Iterator[tuple[Any, ...]]:
        """Stream rows of the register: (number, series, serial, bucket, application, awarded_on, code or None)."""

    def counts(self) -> tuple[int, int]:
        """Count the rows of `certificate` and of `certificate_code`."""

    def stray_codes(self) -> Iterator[tuple[str, str]]:
        """Stream the codes whose number no certificate bears: (code, number)."""

    def awards(self, applications: Sequence[str]) -> Iterator[EventRow]:
        """Stream the awards of some applications, of any bucket."""

    def missing(self, applications: Sequence[str]) -> set[str]:
        """Tell which of some applications have no event."""

    def series(self) -> Iterator[tuple[str, int]]:
        """Stream the number series: (series, last number drawn)."""

    def serials(self) -> Iterator[tuple[str, int, int]]:
        """Stream what the register has of each series: (series, certificates of it, highest number)."""

    def documents(self) -> Iterator[tuple[str, str, str, int, str]]:
        """Stream the scheme documents: (digest, text, scheme, version, title)."""

    def runs(self) -> Iterator[tuple[str, str, bool, str]]:
        """Stream the runs: (job, day, is finished, digest)."""

    def astray(self) -> Iterator[tuple[str, str]]:
        """Stream what lies in no bucket that there is, where nobody looks for it: (table, key)."""

    def seated(self) -> Iterator[tuple[str, str, str]]:
        """Stream the seats that are taken: (application, sitting, part)."""

    def taken(self) -> int:
        """Count them."""

    def seats(self, places: Sequence[tuple[str, str, str]]) -> Iterator[tuple[Any, ...]]:
        """
        Stream the seats that applications have, by (sitting, part, application).

        Each is (sitting, part, application, day, room, number).
        """

    def seatings(self, applications: Sequence[str]) -> Iterator[EventRow]:
        """Stream the admissions of some applications, and what took them back, by application and sequence."""


Checker = Callable[[Stores], Iterable[Finding]]  # what else `audit verify` checks, such as the seals


class Lawful(dict[tuple[str, int, str, str, str], tuple[str, str]]):
    """Every lawful (type, version, step, source, dest), each with the pieces of an event's text that it decides."""


class _Anything(Lawful):
    def __contains__(self, _: object) -> bool:
        return True

    def get(self, step: Any, _: Any = None) -> tuple[str, str]:
        return step_pieces(*step)


ANYTHING: Final = _Anything()


class Bench:
    """
    The rules by which histories are judged, each document read once.

    Attributes:
        faults: Digests of documents that cannot be had, with the finding about each.
    """

    def __init__(self, shelf: SchemeShelf, read_fact: ReadFact) -> None:
        """
        Take up the rules.

        Args:
            shelf: The documents.
            read_fact: Reads the stored text of a fact: (type, version, text, row for the message).
        """
        self._shelf = shelf
        self.fact = lru_cache(maxsize=8192)(lambda type_, version, data: read_fact(type_, version, data, ""))
        self.faults: dict[str, Finding] = {}
        self._rules: dict[tuple[str, int], Rules | None] = {}
        self._lawful: dict[tuple[str, int], Lawful] = {}

    def rules(self, digest: str, level: int, application: str) -> Rules | None:
        """Give the rules that an application pinned; None, and a fault, where its document cannot be had."""
        if (digest, level) not in self._rules:
            self._rules[digest, level] = self._read(digest, level, application)
        return self._rules[digest, level]

    def _read(self, digest: str, level: int, application: str) -> Rules | None:
        try:
            pinned = self._shelf.get(digest)
            if pinned is None:
                raise Corrupt(f"the scheme document {digest[:12]} is not in the database")
            return pinned.rules(level)
        except ExamboardError as error:
            text = f"{error}; no application that pinned it was judged by its rules (such as {application})"
            self.faults[digest] = Finding("document", text, RESTORE, table="scheme_document", key=digest)
            return None

    def lawful(self, digest: str, level: int, application: str) -> Lawful:
        """Give every lawful (type, version, step, source, dest); anything is lawful where there are no rules."""
        found = self._lawful.get((digest, level))
        if found is None:
            rules = self.rules(digest, level, application)
            found = self._lawful[digest, level] = ANYTHING if rules is None else lawful_of(rules)
        return found


def lawful_of(rules: Rules) -> Lawful:
    """List every (type, version, step, source, dest) that the compiled machine of a level allows."""
    steps: dict[str, list[tuple[str, str]]] = {"submit": [("", "submitted")]}
    for source, step, dest in machine_of(rules).table():
        steps.setdefault(step, []).append((source, dest))
    every = (
        (fact.__name__, version, fact.step, source, dest)
        for fact in FACTS.values()
        for version in range(1, fact.version + 1)
        for source, dest in steps.get(fact.step, ())
    )
    return Lawful((step, step_pieces(*step)) for step in every)
