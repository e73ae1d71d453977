"""
What the board did to an application besides the straight path, in words for `application show`.

Pure text from the events that were known; each line says what, who, when, why and by whose authority.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cli.evidence import item_lines
from workflow import facts as f
from workflow.board.evidence_desk import items_of
from workflow.events import Event
from workflow.replay import known
from workflow.standing import Standing


def desk_sections(standing: Standing, history: Sequence[Event]) -> Iterator[tuple[str, list[str]]]:
    """Give the titles and lines of the sections: evidence that was looked at, decisions of the board, flags."""
    a = standing.application
    events = known(history, standing.as_of, standing.known_at)
    items = [item for item in items_of(a, events) if item.checked or item.judged]
    yield "evidence", [line for item in items for line in item_lines(item)]
    yield "decisions", [_line(event, words) for event in events if (words := _words(event.fact))]
    yield "flags", list(standing.flags)


def _line(event: Event, words: str) -> str:
    reason, authority = getattr(event.fact, "reason", ""), getattr(event.fact, "authority", "")
    why = f": {reason}" if reason else ""
    by = f"; authority {authority}" if authority else ""
    return f"{event.effective_on} {words} by {event.actor}{why}{by}"


def _words(fact: f.Fact) -> str:
    match fact:
        case f.InformationRequested():
            return "returned for information"
        case f.Resubmitted():
            return "resubmitted"
        case f.EvidenceAdded():
            return "evidence added"
        case f.EligibilityReopened():
            return "eligibility reopened"
        case f.TrainingWaived():
            return "training waived"
        case f.ValidityExtended(part=part, until=until):
            return f"{part} extended through {until}"
        case f.DeadlineExtended(deadline=deadline, until=until):
            return f"the deadline of {deadline} extended through {until}"
        case f.AuthorizationGiven(reference=reference, until=until, part=part):
            words = ("authorized to test", part and f"for {part}", reference, until and f"through {until}")
            return " ".join(word for word in words if word)
        case f.PartCarriedOver(part=part, from_application=source, last_valid_on=last):
            return f"{part} carried over from {source}, valid through {last}"
        case f.ApplicationSuspended():
            return "suspended"
        case f.ApplicationResumed():
            return "resumed"
    return ""
