"""Facts of time: what runs out, what is taken back, what is extended, carried over or held."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING

from pydantic import Field

from workflow.document import Day, Marks, Text
from workflow.facts.base import Changes, Fact, Reason

if TYPE_CHECKING:
    from workflow.application import Application


class PartLapsed(Fact):
    """A held part ran out before the set was complete; `parts` are all that must be taken again for it."""

    step = "lapse"
    part: Text
    parts: tuple[Text, ...] = Field(strict=False)
    last_valid_on: Day
    clause: Text

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """
        The passes that had run out no longer help, unless they turn out to belong to a complete set.

        After a restart, that is where more than the one part must be taken again, they help no more in any case.
        """
        run_out = {
            (x.part, x.sitting): on for x in application.attempts if x.outcome == "announced" and x.part in self.parts
        }
        lapsed = run_out | dict(application.lapsed)
        return {"lapsed": lapsed, "restarted": tuple(lapsed)} if len(self.parts) > 1 else {"lapsed": lapsed}


class Expired(Fact):
    """The clock ended the application: `expired_on` is the day after the last day on which it could still succeed."""

    step = "expire"
    cause: Text
    last_valid_on: Day
    expired_on: Day
    clause: Text

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The expiry is in force until a reinstatement takes it back."""
        return {"expiry": self, "expiry_sequence": sequence}


class Reinstated(Fact):
    """
    An ending that had been recorded is taken back.

    An expiry by a fact that was not known when the clock struck; a withdrawal or an annulment by the board's decision.
    """

    step = "reinstate"
    supersedes: int
    reason: Reason
    authority: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """No ending is in force."""
        return {"expiry": None, "expiry_sequence": 0, "ended": "", "ended_sequence": 0}


class ValidityExtended(Fact):
    """
    The board granted that a pass stays valid longer.

    Attributes:
        part: The part; every pass of it is extended, whether held now or still to come.
        until: The new last valid day; a pass that lasts longer by itself keeps its own.
    """

    step = "extend_validity"
    is_correction = True
    part: Text
    until: Day
    reason: Reason
    authority: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The latest extension of a part is the one that counts; what of it had run out can run out once more."""
        kept = tuple(x for x in application.extensions if x[0] != self.part)
        still_lapsed = {x: since for x, since in application.lapsed.items() if x[0] != self.part}
        changes: Changes = {"extensions": (*kept, (self.part, self.until)), "lapsed": still_lapsed}
        if application.restarted:
            changes["restarted"] = tuple(x for x in application.restarted if x[0] != self.part)
        return changes


class DeadlineExtended(Fact):
    """
    The board granted more time for a deadline.

    Attributes:
        deadline: Its name in the scheme.
        until: The new last day; one that ends later by itself keeps its own.
    """

    step = "extend_deadline"
    is_correction = True
    deadline: Text
    until: Day
    reason: Reason
    authority: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The latest extension of a deadline is the one that counts."""
        kept = tuple(x for x in application.deadline_extensions if x[0] != self.deadline)
        return {"deadline_extensions": (*kept, (self.deadline, self.until))}


class AuthorizationGiven(Fact):
    """
    The candidate was authorized to take sittings, of every part or of one, for as long as the scheme says.

    Attributes:
        until: The last day given in it, where it is earlier than the scheme's own.
        reference: Number of the authorization; empty if it has none.
        part: The one part that it is for; empty: for every part.
    """

    step = "authorize"
    until: Day | None = None
    reference: Text = ""
    part: Text = ""

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The latest one of a part is the one that counts, for the sittings to which nobody has admitted yet."""
        given = (on, self.until, len(application.attempts), self.part)
        return {"authorizations": (*application.authorizations, given)}


class PartCarriedOver(Fact):
    """
    A part held in another application was carried over, with its marks and a last valid day.

    Attributes:
        last_valid_on: Its old last valid day, unless the scheme's credit map says another.
        pass_mark: The marks that passed there, where they are not those that pass here.
    """

    step = "carry_over"
    part: Text
    sitting: Text
    sat_on: Day
    announced_on: Day
    score: Marks
    last_valid_on: Day
    from_application: Text
    reason: Text = ""
    authority: Text = ""
    pass_mark: Marks | None = None

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The pass counts here as it did there, no longer."""
        return application.with_new_attempt(
            self.part,
            self.sitting,
            self.sat_on,
            "announced",
            score=Decimal(self.score),
            announced_on=self.announced_on,
            last_valid_on=self.last_valid_on,
            carried_from=self.from_application,
            pass_mark=self.pass_mark,
        )


class ApplicationSuspended(Fact):
    """The board suspended an application: nobody is admitted, and the clock is held until it is resumed."""

    step = "suspend"
    reason: Reason
    authority: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The clock is held from this day: what would have run out since has not yet."""
        return {"suspended": self.reason, "suspended_on": on}


class ApplicationResumed(Fact):
    """A suspension was ended; what ran out meanwhile runs out now, unless its validity was extended."""

    step = "resume"
    reason: Reason
    authority: Reason

    def changes(self, application: Application, on: date, sequence: int) -> Changes:
        """The application goes on."""
        return {"suspended": "", "suspended_on": None}
