"""
Filing: what the rows of bulk files say of one application, put through its draft in the order of the days.

Pure. A row is taken whole or rejected with every objection; each fact's command is named after its row, so a row that
was taken before changes nothing. The row's digest names only rows that hold no personal value.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Final

from workflow import facts as f
from workflow.application import Application, Attempt
from workflow.board.decisions import propose_decision
from workflow.board.marks import made_of
from workflow.bulk.rows import ApplicationRow, EvidenceRow, Parsed, ReviewRow, Row, RowProblem, ScoreRow, TrainingRow
from workflow.draft import Draft
from workflow.eligibility import assessed
from workflow.errors import Conflict, Refused
from workflow.evidence import Certificate, Education, Evidence, Work
from workflow.facts import Fact
from workflow.ports import Sitting
from workflow.scheme import Pinned

Reject = Callable[[str, str, str], RowProblem]
Moment = tuple[date, int]  # a day, and the rank within it
EVIDENCE: Final = ("education", "certificates", "work", "training")
_OF_A_SITTING: Final = (f.Admitted, f.AbsenceRecorded, f.ScoreRecorded, f.ScoreAnnounced)


@dataclass
class Filing:
    """
    The rows of one application.

    Attributes:
        application: The board's own number.
        parsed: The files, for the titles of their columns.
        row: The application's own row, where the files have it.
        pinned: The scheme that the row asks for, where it was found.
        level: The level that it asks for.
        admits: Whether a score's row stands for the admission too; else it needs one.
        others: All other rows, by kind.
        rejects: The rows that were not taken.
        sittings: The sittings that the rows taken speak of.
        taken: How many rows were taken now, and how many had been taken before.
        lacks_evidence: Whether a row of its evidence could not be read.
        is_left: Whether it was left undecided, since without its rejected evidence it would have been refused.
        is_stuck: Whether it was left as it was, since a record does not hold.
    """

    application: str
    parsed: Mapping[str, Parsed]
    row: ApplicationRow | None = None
    pinned: Pinned | None = None
    level: int = 0
    admits: bool = True
    others: dict[str, list[Row]] = field(default_factory=dict)
    rejects: list[RowProblem] = field(default_factory=list)
    sittings: set[Sitting] = field(default_factory=set)
    taken: int = 0
    unchanged: int = 0
    lacks_evidence: bool = False
    is_left: bool = False
    is_stuck: bool = False

    def reset(self) -> None:
        """Forget what became of the rows, to file them again."""
        self.rejects, self.sittings, self.taken, self.unchanged = [], set(), 0, 0
        self.is_left = self.is_stuck = False

    def reject(self, kind: str, row: Row, column: str, text: str, value: str = "") -> None:
        """Reject a row."""
        self.rejects.append(self.parsed[kind].reject(row, column, text, value))

    def reject_all(self, text: str) -> None:
        """Reject every row but the application's own: there is nothing that they could belong to."""
        for kind, rows in self.others.items():
            for row in rows:
                self.reject(kind, row, "application", text, row.application)

    def leave(self, error: Exception) -> None:
        """Leave the application as it is, since its record does not hold; every row is rejected with that."""
        self.reset()
        self.is_stuck = True
        text = f"{error}; see: examboard audit verify"
        if self.row:
            self.reject("applications", self.row, "application", text, self.application)
        self.reject_all(text)

    @property
    def evidence(self) -> Evidence:
        """The evidence that the rows show."""
        items = [row.item for kind in self.others for row in self.others[kind] if isinstance(row, EvidenceRow)]
        courses = [row.course for row in self._courses() if self._is_evidence(row)]
        return Evidence(
            education=tuple(x for x in items if isinstance(x, Education)),
            certificates=tuple(x for x in items if isinstance(x, Certificate)),
            work=tuple(x for x in items if isinstance(x, Work)),
            training=tuple(courses),
        )

    @property
    def evidence_rows(self) -> int:
        """How many rows the evidence was made of."""
        shown = self.evidence
        return len(shown.education) + len(shown.certificates) + len(shown.work) + len(shown.training)

    def file(self, draft: Draft, today: date) -> Iterator[Moment]:
        """
        Propose everything that the rows say, in the order of the days.

        Args:
            draft: The application's draft, open with its submission.
            today: The board's day; a row of a later day is rejected.

        Returns:
            The moment of each step, which is taken when the next one is asked for.
        """
        self._decide(draft)
        steps = sorted(self._steps(draft), key=lambda step: (step.on, step.rank, step.row.line))
        refused: set[str] = set()
        for step in steps:
            if step.row.digest in refused:
                continue
            yield step.on, step.rank
            if step.on > today:
                self.reject(
                    step.kind, step.row, step.column, f"lies in the future; the board's day is {today}", str(step.on)
                )
                refused.add(step.row.digest)
            elif not self._take(draft, step):
                refused.add(step.row.digest)

    def _decide(self, draft: Draft) -> None:
        """
        Decide what is filed here by the rules alone; nobody is refused for want of a row that was rejected.

        What was filed before and is undecided waits for the board: it was left so, or filed by hand.
        """
        a = draft.application
        if self.row is None or a.state != "submitted" or a.condition or a.is_draft or a.returned:
            return
        has_gap = self.lacks_evidence or any(reject.kind in EVIDENCE for reject in self.rejects)
        self.is_left = has_gap and not assessed(a, draft.rules).is_eligible
        if not self.is_left and not draft.recorded_events:
            propose_decision(draft, a.submitted_on, "round:decision")

    def compare_evidence(self, draft: Draft) -> None:
        """Reject evidence that the application was submitted without, and say by what it is taken in."""
        shown = draft.application.evidence
        for kind, rows in self.others.items():
            for row in rows:
                item = (
                    row.item if isinstance(row, EvidenceRow) else row.course if isinstance(row, TrainingRow) else None
                )
                if item is None or (isinstance(row, TrainingRow) and not self._is_evidence(row, draft)):
                    continue
                if item in (*shown.education, *shown.certificates, *shown.work, *shown.training):
                    self.unchanged += 1
                else:
                    self.reject(kind, row, "application", _too_late(draft.application), row.application)

    def _courses(self) -> list[TrainingRow]:
        return [row for row in self.others.get("training", []) if isinstance(row, TrainingRow)]

    def _is_evidence(self, row: TrainingRow, draft: Draft | None = None) -> bool:
        if row.phase:
            return row.phase == "before"
        filed_on = draft.application.submitted_on if draft else self.row.submitted_on if self.row else date.max
        return row.course.completed_on is not None and row.course.completed_on <= filed_on

    def _steps(self, draft: Draft) -> Iterator[_Step]:
        for course in self._courses():
            if not self._is_evidence(course, draft):
                yield from self._training(draft, course)
        for row in self.others.get("scores", []):
            if isinstance(row, ScoreRow):
                part = draft.rules.scheme.parts_by_name.get(row.part.casefold(), row.part)
                yield from self._result(draft, "scores", row, part, row.session, row.sat_on, "sat_on")
        for row in self.others.get("reviews", []):
            if isinstance(row, ReviewRow):
                review = next((key for key, part in draft.rules.parts.items() if part.kind == "review"), "review")
                yield from self._result(
                    draft, "reviews", row, review, f"review-{row.reviewed_on}", row.reviewed_on, "reviewed_on"
                )

    def _training(self, draft: Draft, row: TrainingRow) -> Iterator[_Step]:
        course, a = row.course, draft.application
        if course.for_level != a.level:
            text = f"the application is for level {a.level}"
            self.reject("training", row, "level", text, str(course.for_level))
        elif course.completed_on is None:
            self.reject("training", row, "completed_on", "is blank; training after filing needs the day of completion")
        else:
            fact = f.TrainingRecorded(
                hours=course.hours,
                completion_certificate=course.completion_certificate,
                completed_on=course.completed_on,
            )
            on = max(course.completed_on, a.submitted_on)
            yield _Step("training", row, on, 0, "completed_on", [fact])

    def _result(
        self, draft: Draft, kind: str, row: ScoreRow | ReviewRow, part: str, sitting: str, sat_on: date, column: str
    ) -> Iterator[_Step]:
        facts: list[Fact] = []
        if kind == "scores" and self.admits:
            facts.append(f.Admitted(part=part, sitting=sitting, sat_on=sat_on))
        if row.absent or row.score is None:
            facts.append(f.AbsenceRecorded(part=part, sitting=sitting, sat_on=sat_on))
        else:
            form = row.form if isinstance(row, ReviewRow) else ""
            try:
                score, components = made_of(draft.rules, part, row.score)
            except Refused as refused:
                self.reject(kind, row, "score", "; ".join(map(str, refused.objections)))
                return
            facts.append(
                f.ScoreRecorded(
                    part=part, sitting=sitting, sat_on=sat_on, score=score, components=components, form=form
                )
            )
        if row.announced_on and row.announced_on < sat_on:
            self.reject(
                kind, row, "announced_on", f"lies before the day of the sitting, {sat_on}", str(row.announced_on)
            )
            return
        rank = 2 if kind == "scores" else 4
        yield _Step(kind, row, sat_on, rank, column, facts)
        if row.announced_on and not row.absent:
            # An absence is known on the day itself; there is no result to be announced.
            fact = f.ScoreAnnounced(part=part, sitting=sitting)
            after = rank + 1 if row.announced_on == sat_on else 1
            yield _Step(kind, row, row.announced_on, after, "announced_on", [fact])

    def _take(self, draft: Draft, step: _Step) -> bool:
        proposals = []
        for fact in step.facts:
            command = f"row:{step.row.digest}:{fact.step}"
            attempt = None
            if isinstance(fact, _OF_A_SITTING):
                attempt = draft.application.attempt(fact.part, fact.sitting)
            is_known = attempt is not None and _is_there(fact, attempt)
            if attempt and attempt.retractions:  # what was taken back may be recorded again by the very same row
                command += f":{attempt.retractions}"
            if not is_known:
                proposals.append((fact, step.on, command))
        before = len(draft.new)
        try:
            draft.propose_all(proposals)
        except Refused as refused:
            text = "; ".join(map(str, refused.objections))
            is_score = any(
                o.rule in ("is_in_scale", "is_open", "components_make_the_score") for o in refused.objections
            )
            column, value = ("score", step.marks) if is_score else (step.column, str(step.on))
            self.reject(step.kind, step.row, column, text, value)
            return False
        except Conflict as conflict:
            self.reject(step.kind, step.row, step.column, str(conflict))
            return False
        self.sittings |= {Sitting(x.sitting, x.part, x.sat_on) for x in step.facts if isinstance(x, f.Admitted)}
        if step.facts[0].step != "announce_score":
            self.taken += len(draft.new) > before
            self.unchanged += len(draft.new) == before
        return True


def _is_there(fact: Fact, attempt: Attempt) -> bool:
    """Tell whether a row says what is recorded already, whoever recorded it: then there is nothing to take back."""
    match fact:
        case f.Admitted():
            return True
        case f.AbsenceRecorded():
            return attempt.outcome == "absent" and attempt.sat_on == fact.sat_on
        case f.ScoreRecorded():
            there = (attempt.sat_on, attempt.form, attempt.score, dict(attempt.components))
            said = (fact.sat_on, fact.form, fact.score, {x.component: x.score for x in fact.components})
            return attempt.outcome in ("recorded", "announced") and there == said
    return False


def _too_late(application: Application) -> str:
    """Say that an application was submitted without a piece of evidence, and by what it is taken in."""
    if application.state == "submitted":
        return (
            "the application was submitted without this evidence; to take it in: examboard application return, then "
            "examboard application resubmit"
        )
    way = "examboard evidence add" if application.condition else "examboard eligibility reopen, then application return"
    return f"the application was submitted and decided without this evidence; to take it in: {way}"


@dataclass(frozen=True, slots=True)
class _Step:
    """
    Facts of one row that take effect on one day and stand or fall together.

    Attributes:
        rank: Order within a day: training first, then announcements of what was sat before, then sittings, then
            reviews; what was announced on its very day comes right behind it.
        column: The column to name if the day is at fault.
    """

    kind: str
    row: Row
    on: date
    rank: int
    column: str
    facts: Sequence[Fact]

    @property
    def marks(self) -> str:
        """The marks that its row gives, as text."""
        return "absent" if getattr(self.row, "absent", False) else str(getattr(self.row, "score", ""))
