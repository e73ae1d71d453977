"""
Retelling: a recorded history put through other rules, as a board under those rules would have recorded it.

Pure; writes nothing. The facts that people recorded are proposed one after the other to a draft under the other rules.
What the clock recorded is left out, since the clock follows from the rules: where it had come by, it comes by again and
writes what those rules say. The same holds for what follows from rules in a person's fact: the condition of an
acceptance, the end of a bar, the ending that a reinstatement takes back. A fact that the other rules do not allow is a
divergence, and the telling goes on without it as far as the machine allows. What another application of the candidate
brings (a bar, attempts that count as well) is not asked for: one history is told alone.

Under the very rules that it pinned, a history is retold to what it is: a test holds that.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from workflow import facts as f
from workflow.application import Application
from workflow.draft import CLOCK, Draft
from workflow.eligibility import assessed
from workflow.errors import Objection, Refused
from workflow.events import Event
from workflow.replay import run_clock
from workflow.scheme import Rules

_OF_THE_CLOCK: Final = (f.PartLapsed, f.CourseVoided, f.Expired, f.RenewalMissed, f.CertificateExpired)
_BY_THE_CLOCK: Final = 0  # no event of the draft: what the clock wrote there may be another step, or none


@dataclass(frozen=True, slots=True)
class Divergence:
    """
    A recorded fact that is not lawful under the other rules.

    Attributes:
        sequence: Number of its event.
        type: Name of the fact.
        on: Its effective day.
        objections: Why it is not lawful.
        follows: Whether an earlier divergence stands before it, of which it may be no more than a consequence.
    """

    sequence: int
    type: str
    on: date
    objections: tuple[Objection, ...]
    follows: bool = False

    @property
    def why(self) -> str:
        """The objections in one line."""
        return "; ".join(map(str, self.objections))


@dataclass(frozen=True, slots=True)
class Retold:
    """
    What a history comes to under other rules.

    Attributes:
        application: The application on the day asked about.
        divergences: The facts that are not lawful under these rules, in the order of recording.
    """

    application: Application
    divergences: tuple[Divergence, ...]


def retell(events: Sequence[Event], rules: Rules, as_of: date) -> Retold:
    """
    Put the facts of a point of view through other rules, and let the clock run to a day.

    Args:
        events: The events of one application that had taken effect by the day, in the order of recording; at least the
            submission.
        rules: The other rules, of the same level.
        as_of: The day asked about.
    """
    first = events[0]
    assert isinstance(first.fact, f.Submitted)
    opening = first.fact.model_copy(update={"digest": rules.digest, "scheme": rules.scheme.scheme})
    draft = Draft.opening(
        first.application, opening, first.effective_on, rules, first.recorded_at, first.actor, first.command
    )
    found: list[Divergence] = []
    numbers = {first.sequence: 1}
    for event in events[1:]:
        if isinstance(event.fact, _OF_THE_CLOCK):
            draft.write_down(event.effective_on)
            numbers[event.sequence] = _BY_THE_CLOCK
            continue
        if (fact := _under(event, draft, numbers)) is None:
            continue
        try:
            draft.propose(fact, event.effective_on, event.command)
            numbers[event.sequence] = draft.sequence
        except Refused as refused:
            where = (event.sequence, event.type, event.effective_on)
            found.append(Divergence(*where, refused.objections, follows=bool(found)))
    return Retold(run_clock(draft.application, rules, as_of)[0], tuple(found))


def _under(event: Event, draft: Draft, numbers: dict[int, int]) -> f.Fact | None:
    """Give a fact as it would have been recorded under the draft's rules; None where there was nothing to record."""
    match event.fact:
        case f.EligibilityAccepted() | f.EligibilityRefused() as decision:
            return _decided(decision, draft)
        case f.Reinstated():
            return _reinstated(event, event.fact, draft, numbers)
        case f.AnnulmentLifted(supersedes=number) | f.EndorsementWithdrawn(supersedes=number):
            # Of what was never found or recorded here, nothing is taken back.
            moved = {"supersedes": numbers.get(number)}
            return event.fact.model_copy(update=moved) if number in numbers else None
        case f.ExemptionGranted(exemption=key) if (own := draft.rules.level.exemptions.get(key)) and not own.choose:
            return event.fact.model_copy(update={"parts": own.parts})
        case f.MisconductFound(degree=degree):
            known = draft.rules.scheme.misconduct.get(degree)
            until = known.bar.after(event.effective_on) if known and known.bar else None
            return event.fact.model_copy(update={"barred_until": until}) if known else event.fact
    return event.fact


def _decided(decision: f.EligibilityAccepted | f.EligibilityRefused, draft: Draft) -> f.Fact:
    """
    Decide eligibility by the evidence under the draft's rules.

    Accepted is under the recorded condition where it is met, else under the first that is. Nothing met: an acceptance
    stays one, to be refused by the machine with what is missing. A refusal that the board made although a condition was
    met had a reason of its own, and stays.
    """
    met = assessed(draft.application, draft.rules).conditions_met
    if isinstance(decision, f.EligibilityRefused):
        if not met or decision.conditions_met:
            return decision
        return f.EligibilityAccepted(condition=met[0], conditions_met=met, evidence_digest="")
    if decision.condition in met:  # all that were met at the time are kept as they were told
        return decision
    return decision.model_copy(update={"condition": met[0], "conditions_met": met}) if met else decision


def _reinstated(event: Event, fact: f.Reinstated, draft: Draft, numbers: dict[int, int]) -> f.Fact | None:
    """
    Give a reinstatement with the number of what it takes back here; None where there is nothing to take back.

    What the draft's own late entries and corrections take back, the draft reinstates by itself.
    """
    if event.actor == CLOCK and fact.authority == "replay":
        return None
    draft.write_down(event.effective_on)
    ending, recorded = draft.application.ending, numbers.get(fact.supersedes)
    is_same = draft.application.expiry is not None if recorded == _BY_THE_CLOCK else recorded == ending
    return fact.model_copy(update={"supersedes": ending}) if ending and is_same else None
