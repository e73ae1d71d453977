"""
Running worked cases: each is filed, driven and asked about through the real service over empty stores.

Owns what a case that does not hold says: its sentence, what was expected, what the rules say, and by which clause.
Nothing here decides anything; stores are handed in, and every instant is the case's own.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from itertools import count
from typing import Any, Final
from zoneinfo import ZoneInfo

from workflow.cases.asking import STANDINGS, Miss, asked, asked_of_eligibility
from workflow.cases.facts import MORNING, Step
from workflow.cases.steps import steps_of
from workflow.cases.taking import CANDIDATE, take
from workflow.cases.worked import KEY, Beginning, Case, Cases, Filed, Path
from workflow.document import nearest
from workflow.eligibility import assess, assessed
from workflow.errors import ExamboardError, Invalid, NotFound, Problem, Refused
from workflow.evidence import Evidence
from workflow.machine import machine_of
from workflow.offers import Applicant, Earlier, scheme_for
from workflow.ports import Candidate, Stores
from workflow.scheme import Pinned, Rules
from workflow.service import Service

_OF_PARTS: Final = ("held", "lapsed", "last_valid_on")


@dataclass(frozen=True)
class Proved:
    """
    What became of one case.

    Attributes:
        where: The file.
        line: Its line there.
        case: The case.
        scheme: Id of the scheme under which it was filed; empty if it was under none.
        misses: What the rules say otherwise; empty where the case holds.
        level: The level; 0 if it was filed under none.
        met: The conditions that its evidence meets.
    """

    where: str
    line: int
    case: Case
    scheme: str
    misses: tuple[Miss, ...]
    level: int = 0
    met: tuple[str, ...] = ()

    @property
    def holds(self) -> bool:
        """Whether the rules say what the case expects."""
        return not self.misses

    def as_json(self) -> dict[str, Any]:
        """Give the result as plain JSON values."""
        return {
            "file": self.where,
            "line": self.line,
            "case": self.case.case,
            "clause": self.case.clause or None,
            "scheme": self.scheme or None,
            "holds": self.holds,
            "misses": [miss.as_json() for miss in self.misses],
        }


@dataclass(frozen=True)
class _Prepared:
    """
    An application of a case, ready to be filed.

    Attributes:
        filed: The application.
        steps: Its steps.
        pinned: The scheme under which it is filed; None where none is offered to it.
        rules: The rules of its level; None likewise.
        refused: Why none is offered.
    """

    filed: Filed
    steps: list[Step]
    pinned: Pinned | None = None
    rules: Rules | None = None
    refused: str = ""


@dataclass
class _Board:
    """A service of its own for one case, whose clock is set step by step."""

    service: Service
    instant: list[datetime]

    def at(self, moment: datetime, zone: str) -> None:
        """Set the clock to a moment of the board's own; it never goes back, since recording does not."""
        self.instant[0] = max(moment.replace(tzinfo=ZoneInfo(zone)), self.instant[0])


def run_cases(cases: Cases, schemes: Sequence[Pinned], stores: Callable[[], Stores]) -> Iterator[Proved]:
    """
    Put every case of a file through the engine, in the order of the file.

    Args:
        cases: The file.
        schemes: The schemes that it names; each case is filed under one of them, as a real application would be.
        stores: Makes empty stores, once for each case.

    Raises:
        Invalid: an event cannot be read under the rules; every such problem of the file at once.
    """
    problems: list[Problem] = []
    prepared = [
        [_prepared(cases, filed, schemes, case, problems) for filed in cases.filed(i)]
        for i, case in enumerate(cases.file.cases)
    ]
    for i, applications in enumerate(prepared):
        if rules := applications[-1].rules:
            problems += _named_wrong(cases, i, rules)
    if problems:
        raise Invalid(dict.fromkeys(problems))  # a beginning that is shared is read for each case
    for i, applications in enumerate(prepared):
        own = applications[-1]
        name = own.pinned.scheme.scheme if own.pinned else ""
        misses = tuple(_misses(cases, i, applications, stores))
        level = own.rules.number if own.rules else 0
        yield Proved(cases.where, cases.line(("cases", i)), cases.file.cases[i], name, misses, level, _met(own))


def _prepared(cases: Cases, filed: Filed, schemes: Sequence[Pinned], case: Case, problems: list[Problem]) -> _Prepared:
    whole, pinned = filed.whole, schemes[0]
    if len(schemes) > 1 or case.filed_under is not None:
        applicant = Applicant(whole.cohort or "", whole.evidence or Evidence(), partial(_earlier, cases, case, schemes))
        try:
            pinned = scheme_for(schemes, _day(whole), "", whole.edition or "", applicant)
        except (NotFound, Refused) as error:
            return _Prepared(filed, [], refused=str(error))
    number = pinned.scheme.level_named(str(whole.level))
    if number is None:
        known = [str(n) for n in pinned.scheme.levels]
        text = f"{pinned.scheme.scheme} has no level {whole.level}{nearest(whole.level, known)}"
        problems.append(cases.problem((*filed.path, "level"), text))
        return _Prepared(filed, [], pinned)
    rules = pinned.rules(number)
    steps, found = steps_of(cases, filed, rules)
    problems += found
    return _Prepared(filed, steps, pinned, rules)


def _named_wrong(cases: Cases, i: int, rules: Rules) -> Iterator[Problem]:
    """Find the states, parts, conditions and standings that a case expects and that its level does not have."""
    case = cases.file.cases[i]
    expected: list[tuple[Path, str, Iterable[object], Iterable[object]]] = [
        (("by",), "condition", case.by or (), rules.level.conditions)
    ]
    for j, said in enumerate(case.expect):
        at: Path = ("expect", j)
        expected += [
            ((*at, "state"), "state", [said.state] if said.state else (), (*machine_of(rules).states, "unknown")),
            ((*at, "certificate"), "standing", [said.certificate] if said.certificate else (), STANDINGS),
            *(((*at, name), "part", getattr(said, name) or (), rules.parts) for name in _OF_PARTS),
        ]
    for path, what, names, known in expected:
        for name in names:
            if name not in known:
                text = f"there is no {what} {name!r}{nearest(name, known)}"
                yield cases.problem(("cases", i, *path), text)


def _earlier(cases: Cases, case: Case, schemes: Sequence[Pinned]) -> list[Earlier]:
    """Give the earlier applications of a case, for transition clauses; what is held in them is found by their days."""
    found = []
    for name in case.earlier:
        given = cases.file.given[name]
        pinned = scheme_for(schemes, _day(given), "", given.edition or "") if len(schemes) > 1 else schemes[0]
        found.append(Earlier(pinned.scheme.scheme, _day(given)))
    return found


def _met(x: _Prepared) -> tuple[str, ...]:
    """Give the conditions that the evidence of an application meets as it was filed."""
    if x.rules is None:
        return ()
    whole, scheme = x.filed.whole, x.rules.scheme
    evidence = whole.evidence or Evidence()
    answer = assess(x.rules.number, x.rules.level, evidence, _day(whole), scheme.terms, whole.cohort or "")
    return answer.conditions_met


def _day(whole: Beginning) -> date:
    if whole.submitted_on is None:
        raise ValueError("a case without a day")  # `read_cases` refuses it
    return whole.submitted_on


def _misses(cases: Cases, i: int, applications: Sequence[_Prepared], stores: Callable[[], Stores]) -> Iterator[Miss]:
    case, own = cases.file.cases[i], applications[-1]
    under = own.pinned.scheme.scheme if own.pinned else "none"
    if case.filed_under is not None and case.filed_under != under:
        line = cases.line(("cases", i, "filed_under"))
        yield Miss(line, f"filed under {case.filed_under}", own.refused or f"filed under {under}")
        return
    if lost := next((x for x in applications if x.rules is None), None):
        if lost is not own or case.filed_under is None:
            yield Miss(cases.line(lost.filed.path), "an edition that is offered", lost.refused)
        return
    board = _board(applications, stores())
    steps = sorted(
        ((step, x) for x in applications for step in [_submission(x, case.refused if x is own else None), *x.steps]),
        key=lambda both: both[0].recorded_at,
    )
    for step, x in steps:
        if miss := _taken(cases, board, x, step):
            yield miss
            return  # what follows would only repeat it
        if step.name == "submit" and step.refused is not None:
            return
        if step.name == "submit" and x is own and own.rules and case.asks_eligibility:
            application = board.service.draft(board.service.history(KEY)).application
            yield from asked_of_eligibility(cases, i, assessed(application, own.rules))
    if own.rules:
        zone = ZoneInfo(own.rules.scheme.time_zone)
        for j in range(len(case.expect)):
            yield from asked(cases, (i, j), board.service, own.rules, zone)


def _submission(x: _Prepared, refused: tuple[str, ...] | None = None) -> Step:
    day = _day(x.filed.whole)
    return Step("submit", day, datetime.combine(day, MORNING), x.filed.path, refused=refused)


def _board(applications: Sequence[_Prepared], stores: Stores) -> _Board:
    keys = count(1)
    first = min(_submission(x).recorded_at for x in applications)
    instant = [first.replace(tzinfo=UTC) - timedelta(days=1)]
    zone = "UTC"
    for x in applications:
        if x.pinned:
            stores.schemes.put(x.pinned, instant[0])
            zone = x.pinned.scheme.time_zone
    stores.candidates.add([Candidate(CANDIDATE, "Candidate", "passport", "C1")])
    service = Service(stores, lambda: instant[0].astimezone(UTC), lambda: f"k{next(keys)}", "board", zone)
    return _Board(service, instant)


def _taken(cases: Cases, board: _Board, x: _Prepared, step: Step) -> Miss | None:
    """Take a step; say what is amiss if it is refused and should not be, or the other way round."""
    board.at(step.recorded_at, x.pinned.scheme.time_zone if x.pinned else "UTC")
    line = cases.line((*step.path, step.name) if step.fact is None else step.path)
    what = f"{step.name} on {step.on}"
    try:
        if x.pinned and x.rules:
            take(board.service, x.filed, x.pinned, x.rules, step)
    except Refused as error:
        said = "; ".join(no.text for no in error.objections)
        clause = "; ".join(dict.fromkeys(no.clause for no in error.objections if no.clause))
        if step.refused is None:
            return Miss(line, f"{what} is possible", f"refused: {said}", clause)
        lacking = [words for words in step.refused if words.casefold() not in f"{said} {clause}".casefold()]
        if lacking:
            why = ", ".join(map(repr, lacking))
            return Miss(line, f"{what} is refused because of {why}", f"refused: {said}", clause)
        return None
    except ExamboardError as error:
        return Miss(line, f"{what} is possible", str(error))
    if step.refused is not None:
        state = board.service.history(x.filed.key)[-1].dest
        because = f" because of {', '.join(map(repr, step.refused))}" if step.refused else ""
        return Miss(line, f"{what} is refused{because}", f"the rules allow it; the application is then {state}")
    return None
