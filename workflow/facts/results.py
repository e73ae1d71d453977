"""Facts of sittings and results: admission, attendance, marks, announcement, correction, recheck."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from workflow.document import Day, Marks, Strict, Text
from workflow.facts.base import Changes, Fact, Reason

if TYPE_CHECKING:
    from workflow.application import Application, Components


class Admitted(Fact):
    """
    The candidate was admitted to a sitting of a part.

    Attributes:
        ticket: Number of the admission ticket; empty where no tickets are used.
        room: Room of the sitting.
        seat: Seat in the room; 0 where seats are not given out.
        accommodations: What was granted, such as `extra_time`, `reader`, `separate_room`.
        registration_closed_on: Last day of admission to the sitting; absent: it had none but its own day.
    """

    step = "admit"
    part: Text
    sitting: Text
    sat_on: Day
    ticket: Text = ""
    room: Text = ""
    seat: int = 0
    accommodations: tuple[Text, ...] = Field(default=(), strict=False)
    registration_closed_on: Day | None = None

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """An attempt is open, and holds the clock from the day of the sitting."""
        return application.with_new_attempt(
            self.part, self.sitting, self.sat_on, "admitted", registration_closed_on=self.registration_closed_on
        )


class AdmissionCancelled(Fact):
    """An admission was taken back before the result was known: the sitting fell out, or the seat was released."""

    step = "cancel_admission"
    part: Text
    sitting: Text
    reason: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The attempt no longer counts for anything."""
        return application.with_attempt(self.part, self.sitting, outcome="cancelled")


class AbsenceRecorded(Fact):
    """The candidate did not come to a sitting; no attempt was made and nothing held is touched."""

    step = "record_absence"
    part: Text
    sitting: Text
    sat_on: Day

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The attempt is closed without a result."""
        return application.with_attempt(self.part, self.sitting, outcome="absent")


class ComponentMark(Strict):
    """The marks of one component of a part."""

    component: Text
    score: Marks


ComponentMarks = Annotated[tuple[ComponentMark, ...], Field(strict=False)]


def component_marks(marks: Mapping[str, Decimal]) -> tuple[ComponentMark, ...]:
    """Write the marks of components, by name, as a fact bears them."""
    return tuple(ComponentMark(component=name, score=score) for name, score in marks.items())


def _by_name(components: tuple[ComponentMark, ...]) -> Components:
    return tuple((x.component, x.score) for x in components)


class ScoreEntered(Fact):
    """
    One reader's marks for an attempt, before the readers are compared; they count for nothing yet.

    Attributes:
        components: The marks of the components of which they are made, where the part has any.
    """

    step = "enter_score"
    part: Text
    sitting: Text
    reader: Literal[1, 2, 3]
    score: Marks
    components: ComponentMarks = ()

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The entry waits for the other reader's."""
        attempt = application.attempt(self.part, self.sitting)
        changes: Changes = {"entries": (*(attempt.entries if attempt else ()), (self.reader, self.score))}
        if self.components:
            before = attempt.component_entries if attempt else ()
            changes["component_entries"] = (*before, (self.reader, _by_name(self.components)))
        return application.with_attempt(self.part, self.sitting, **changes)


class PanelMark(Strict):
    """One member's marks in a review; the assessor is named by an opaque key."""

    assessor: Text
    score: Marks


class ScoreRecorded(Fact):
    """
    Marks were established for an attempt; they are held back until announced.

    Attributes:
        form: Form that a review took.
        panel: The members' marks, where a panel gave them.
        components: The marks of the components of which the score is made, where the part has any.
        assessed_on: Day on which it was assessed; absent: the day of the sitting.
    """

    step = "record_score"
    part: Text
    sitting: Text
    sat_on: Day
    score: Marks
    form: Text = ""
    panel: tuple[PanelMark, ...] = Field(default=(), strict=False)
    components: ComponentMarks = ()
    assessed_on: Day | None = None

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The marks are known to the board."""
        known: Changes = {
            "outcome": "recorded",
            "score": self.score,
            "form": self.form,
            "assessed_on": self.assessed_on,
        }
        if self.components:
            known["components"] = _by_name(self.components)
        if application.attempt(self.part, self.sitting) is None:  # a review is held by a panel, without an admission
            return application.with_new_attempt(self.part, self.sitting, self.sat_on, **known)
        return application.with_attempt(self.part, self.sitting, **known)


class ScoreRetracted(Fact):
    """What was recorded of an attempt and not yet announced, marks or an absence, was taken back."""

    step = "retract_score"
    part: Text
    sitting: Text
    reason: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The attempt waits for its result again; marks taken back stay visible."""
        attempt = application.attempt(self.part, self.sitting)
        if attempt is None:
            return {}
        return application.with_attempt(
            self.part,
            self.sitting,
            outcome="admitted",
            score=None,
            components=(),
            entries=(),
            component_entries=(),
            earlier_scores=(*attempt.earlier_scores, *(() if attempt.score is None else (attempt.score,))),
            retractions=attempt.retractions + 1,
        )


class ScoreAnnounced(Fact):
    """
    The result of an attempt was announced to the candidate.

    Attributes:
        released_on: Day on which it was released; absent: the day of the announcement.
    """

    step = "announce_score"
    part: Text
    sitting: Text
    released_on: Day | None = None

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The result counts; its validity runs from this day, whatever is corrected later."""
        return application.with_attempt(
            self.part, self.sitting, outcome="announced", announced_on=on, released_on=self.released_on
        )


class ScoreAmended(Fact):
    """
    The marks of an attempt were corrected; the marks before stay visible.

    Attributes:
        components: The marks of all components, where the part has any.
    """

    step = "amend_score"
    is_correction = True
    part: Text
    sitting: Text
    score: Marks
    reason: Reason
    authority: Reason
    components: ComponentMarks = ()

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The new marks count."""
        return application.with_marks(self.part, self.sitting, self.score, _by_name(self.components))


class RecheckRequested(Fact):
    """
    The candidate asked for a result to be looked at again.

    The calendar of rest days is knowledge from outside that changes from year to year; so the days that were counted
    with it are kept, and replay never counts them again.

    Attributes:
        last_day: Last day on which it could be asked for, as counted when it was; absent: counted by the rules.
        decide_by: Last day for the decision, counted likewise.
    """

    step = "request_recheck"
    part: Text
    sitting: Text
    reason: Text = ""
    last_day: Day | None = None
    decide_by: Day | None = None

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The recheck is open until it is decided."""
        return application.with_attempt(self.part, self.sitting, recheck_on=on, recheck_due_on=self.decide_by)


class RecheckDecided(Fact):
    """
    A recheck was decided: the marks went up, down, or stay as they are; every score stays visible.

    Attributes:
        components: The marks of all components, where the part has any.
    """

    step = "decide_recheck"
    is_correction = True
    part: Text
    sitting: Text
    score: Marks
    reason: Reason
    authority: Reason
    components: ComponentMarks = ()

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The marks decided on count, and the recheck is closed."""
        changes = application.with_marks(self.part, self.sitting, self.score, _by_name(self.components))
        return {**changes, **application.but(**changes).with_attempt(self.part, self.sitting, recheck_decided_on=on)}
