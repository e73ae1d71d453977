"""
Worked cases: what the rules of a scheme must come to, written down as a reader of the regulation would.

Owns the form of a file of cases and its reading; `steps` turns its events into steps, `running` puts them
through the real engine. Never opens a file. docs/scheme-language.md explains each field.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Annotated, Any, Final

from pydantic import Field, PlainValidator, WithJsonSchema, model_validator

from workflow.document import Day, Strict, Text, line_of, nearest, parse_day, read_document, read_yaml
from workflow.errors import Invalid, Problem
from workflow.evidence import Evidence

Path = tuple[str | int, ...]
KEY: Final = "case"


def parse_moment(value: object) -> date | datetime:
    """
    Read a day, or an instant such as 2026-05-02T09:30 in the scheme's time zone.

    Raises:
        ValueError: neither of the two, or an instant that names a zone of its own.
    """
    if isinstance(value, str) and len(value.strip()) > len("2026-05-02"):
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            raise ValueError("must be a day, or an instant written 2026-05-02T09:30") from None
        if moment.tzinfo is not None:
            raise ValueError("is read in the scheme's time zone; leave the zone out")
        parse_day(moment.date())
        return moment
    return parse_day(value)


Moment = Annotated[date | datetime, PlainValidator(parse_moment), WithJsonSchema({"type": "string"})]
Words = Annotated[tuple[Text, ...], PlainValidator(lambda value: _words(value)), WithJsonSchema({"type": "string"})]


def _words(value: object) -> tuple[str, ...]:
    """Read one text or a list of texts."""
    texts = value if isinstance(value, list | tuple) else [value]
    if not texts or not all(isinstance(text, str) and text for text in texts):
        quotes = ", in quotes" if any(isinstance(text, int | float) for text in texts) else ""
        raise ValueError(f"must be a text or a list of texts{quotes}")
    return tuple(str(text) for text in texts)


class Expectation(Strict):
    """
    What must be true on a day.

    Attributes:
        on: The day asked about.
        known_at: What the board had recorded by then counts; a day means its end. Absent: all that is recorded.
        state: State of the application; `unknown` where it had not been submitted, by that day and that knowledge.
        held: The exam parts held, all of them.
        lapsed: The parts of which a pass has run out.
        last_valid_on: Last valid day of the pass held, for each part named; null where it does not run out.
        expired_on: The day from which the application has expired; null where it has not.
        because: Words of why it expired.
        awaits: Words of what it waits for.
        next_on: The day on which the clock will next do something; null where never.
        next: Words of what the clock will do.
        certificate: Where the certificate stands on that day; `none` where there is none.
        certificate_until: Last valid day of the certificate; null where it does not end.
        flags: Words of what the board is told to look at.
        shows: Any other field of `examboard application show --json`, with its value.
    """

    on: Day
    known_at: Moment | None = None
    state: Text | None = None
    held: tuple[Text, ...] | None = Field(default=None, strict=False)
    lapsed: tuple[Text, ...] | None = Field(default=None, strict=False)
    last_valid_on: dict[Text, Day | None] | None = None
    expired_on: Day | None = None
    because: Words | None = None
    awaits: Words | None = None
    next_on: Day | None = None
    next: Words | None = None
    certificate: Text | None = None
    certificate_until: Day | None = None
    flags: Words | None = None
    shows: dict[Text, Any] | None = None

    @model_validator(mode="after")
    def _expects_something(self) -> Expectation:
        if not self.model_fields_set - {"on", "known_at"}:
            raise ValueError("expects nothing; say what must be true on that day, such as `state`")
        return self


class Beginning(Strict):
    """
    How a case begins; `given` shares one among several cases.

    Attributes:
        level: Number or name of the level.
        submitted_on: Day of submission, on which eligibility is measured.
        evidence: What the candidate shows.
        cohort: The programme under which the application is filed.
        edition: The edition that the application names; absent: none.
        draft: Whether it is filed as a draft, which an event `resubmit` completes.
        decided: Whether eligibility is decided on the day of submission by the rules alone, where no event decides it.
        events: What happened; `cases/steps.py` reads them.
    """

    level: int | Text | None = None
    submitted_on: Day | None = None
    evidence: Evidence | None = None
    cohort: Text | None = None
    edition: Text | None = None
    draft: bool | None = None
    decided: bool | None = None
    events: tuple[dict[str, Any], ...] = Field(default=(), strict=False)


class Case(Beginning):
    """
    One worked case.

    Attributes:
        case: The sentence that a reader of the regulation would say.
        clause: The clause that it proves.
        given: Name of the beginning that it goes on from.
        earlier: Names of beginnings that are earlier applications of the same candidate.
        filed_under: Expected: id of the scheme under which it is filed; `none` where no edition is offered to it.
        refused: Expected: words of why the submission itself is refused, by what earlier applications bring.
        eligible: Expected: whether any condition is met.
        by: Expected: the conditions that are met, all of them.
        missing: Expected: words of what the candidate is told is missing.
        eligible_from: Expected: first day on which it would be enough; null where waiting does not help.
        expect: What must be true on which days.
    """

    case: Annotated[Text, Field(min_length=1)]
    clause: Text = ""
    given: Text | None = None
    earlier: tuple[Text, ...] = Field(default=(), strict=False)
    filed_under: Text | None = None
    refused: Words | None = None
    eligible: bool | None = None
    by: tuple[Text, ...] | None = Field(default=None, strict=False)
    missing: Words | None = None
    eligible_from: Day | None = None
    expect: tuple[Expectation, ...] = Field(default=(), strict=False)

    @property
    def asks_eligibility(self) -> bool:
        """Whether it expects anything of the eligibility."""
        return bool(self.model_fields_set & {"eligible", "by", "missing", "eligible_from"})

    @model_validator(mode="after")
    def _proves_something(self) -> Case:
        refuses = any("refused" in event for event in self.events)
        if self.refused and (self.expect or self.asks_eligibility or self.events):
            raise ValueError("nothing follows a submission that is refused; leave eligible, events and expect out")
        if not (self.expect or self.asks_eligibility or self.filed_under or self.refused or refuses):
            raise ValueError("expects nothing; give `eligible`, `expect`, or an event that is `refused`")
        return self


class CasesFile(Strict):
    """
    A file of worked cases.

    Attributes:
        scheme: File or id of the scheme, or of several among which each case is filed; absent: the scheme beside.
        given: Beginnings that cases share, by name.
        cases: The cases, at least one.
    """

    scheme: Words | None = None
    given: dict[Text, Beginning] = Field(default_factory=dict)
    cases: tuple[Case, ...] = Field(min_length=1, strict=False)


@dataclass(frozen=True)
class Filed:
    """
    One application of a case.

    Attributes:
        key: Its key: `case`, or the name of the beginning that it is.
        path: Where it stands in the file.
        whole: What is said of it, that of a `given` included.
        events: What happened, each with where it stands.
    """

    key: str
    path: Path
    whole: Beginning
    events: tuple[tuple[Path, dict[str, Any]], ...]


@dataclass(frozen=True)
class Cases:
    """
    A file of worked cases as read.

    Attributes:
        where: Its name in messages.
        file: Its content.
        node: The same with its lines, as `read_yaml` gives it.
    """

    where: str
    file: CasesFile
    node: Any

    def line(self, path: Path) -> int:
        """Give the line at which a path lies."""
        return line_of(self.node, path)

    def problem(self, path: Path, text: str) -> Problem:
        """Name something wrong at a path."""
        return Problem(self.where, self.line(path), ".".join(map(str, path)), text)

    def beginning(self, case: Case) -> Beginning:
        """Give the beginning that a case goes on from; an empty one where it names none."""
        return self.file.given[case.given] if case.given else Beginning()

    def filed(self, i: int) -> list[Filed]:
        """Give the applications of a case: its earlier ones by their names, and last its own, called `case`."""
        case = self.file.cases[i]
        found = [self._filed(name, self.file.given[name], ("given", name)) for name in case.earlier]
        given = self.beginning(case)
        own = {name: getattr(case, name) for name in Beginning.model_fields if getattr(case, name) is not None}
        whole = given.model_copy(update={name: value for name, value in own.items() if name != "events"})
        shared = self._filed(KEY, given, ("given", case.given or "")).events
        return [*found, Filed(KEY, ("cases", i), whole, (*shared, *self._filed(KEY, case, ("cases", i)).events))]

    @staticmethod
    def _filed(key: str, beginning: Beginning, path: Path) -> Filed:
        events = tuple(((*path, "events", n), event) for n, event in enumerate(beginning.events))
        return Filed(key, path, beginning, events)


def read_cases(text: str, where: str, node: Any = None) -> Cases:
    """
    Read a file of worked cases.

    Args:
        text: The file.
        where: Its name in messages.
        node: The file as `read_yaml` gives it, where the caller has it already: reading takes longer than the cases.

    Raises:
        Invalid: with every problem, each with line and field.
    """
    node = read_yaml(text, where) if node is None else node
    cases = Cases(where, read_document(CasesFile, text, where, node), node)
    if found := list(_faults(cases)):
        raise Invalid(found)
    return cases


def is_cases(node: object) -> bool:
    """Tell whether a document, as `read_yaml` gives it, is a file of worked cases and not a scheme."""
    return isinstance(node, dict) and isinstance(node.get("cases"), list)


def _faults(cases: Cases) -> Iterator[Problem]:
    seen: dict[str, int] = {}
    for i, case in enumerate(cases.file.cases):
        path: Path = ("cases", i)
        if case.case in seen:
            yield cases.problem(
                (*path, "case"), f"the case of line {cases.line(('cases', seen[case.case]))} says the same"
            )
        seen.setdefault(case.case, i)
        named = [("given", case.given or ""), *(("earlier", name) for name in case.earlier)]
        unknown = [(field, name) for field, name in named if name and name not in cases.file.given]
        for field, name in unknown:
            text = f"no beginning is called {name!r}{nearest(name, cases.file.given)}"
            yield cases.problem((*path, field), text)
        for filed in cases.filed(i) if not unknown else ():
            for name in ("level", "submitted_on"):
                if getattr(filed.whole, name) is None:
                    yield cases.problem(filed.path, f"needs `{name}`, of its own or from a `given`")
