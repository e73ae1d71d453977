"""
Exemptions: which ones the evidence of an application meets, and the board's decision to grant one, as use cases.

Judges nothing itself: the machine refuses an exemption that the rules do not give.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from workflow.eligibility import ConditionAnswer, exemption_answer
from workflow.facts import ExemptionGranted
from workflow.service import Done, Service


@dataclass(frozen=True, slots=True)
class ExemptionStanding:
    """
    Where an application stands with an exemption of its level.

    Attributes:
        exemption: Its key in the scheme.
        parts: The parts that it is of; once granted, those that were granted.
        choose: How many of them the candidate may choose; None: all of them.
        is_granted: Whether the board has granted it.
        answer: Whether the evidence meets it, and in words why not.
    """

    exemption: str
    parts: tuple[str, ...]
    choose: int | None
    is_granted: bool
    answer: ConditionAnswer

    @property
    def explanation(self) -> str:
        """The answer in sentences for the candidate."""
        return self.answer.explanation.replace("Condition", "Exemption", 1)

    def as_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {
            "exemption": self.exemption,
            "parts": list(self.parts),
            **({"choose": self.choose} if self.choose else {}),
            "granted": self.is_granted,
            "met": self.answer.met,
            "clause": self.answer.clause,
            "explanation": self.explanation,
        }


def exemptions_of(
    service: Service, application: str, as_of: date | None = None, known_at: datetime | None = None
) -> tuple[ExemptionStanding, ...]:
    """
    Say where an application stands with every exemption of its level.

    Raises:
        NotFound: there is no such application, or not on that day, or not by that knowledge.
    """
    history = service.history(application)
    rules, found = service.rules_of(history), service.stood(history, as_of, known_at).application
    return tuple(
        ExemptionStanding(
            key,
            found.exemptions.get(key, x.parts),
            x.choose,
            key in found.exemptions,
            exemption_answer(found, rules, key),
        )
        for key, x in rules.level.exemptions.items()
    )


def grant_exemption(
    service: Service,
    application: str,
    exemption: str,
    on: date | None = None,
    reason: str = "",
    authority: str = "",
    parts: tuple[str, ...] = (),
) -> Done:
    """
    Grant an exemption: its parts are held for good in this application.

    Args:
        service: The service.
        application: Key of the application.
        exemption: Its key in the scheme.
        on: The day on which it takes effect; absent: today.
        reason: Why, where there is more to say than that the evidence meets it.
        authority: Who decided, by which minute.
        parts: Those that the candidate chose, where the exemption leaves a choice; empty: all that it is of.

    Raises:
        NotFound, Refused, Conflict: see errors.

    Source: scheme clause `levels.<number>.exemptions`.
    """
    known = service.rules_of(service.history(application)).level.exemptions.get(exemption)
    of = parts or (known.parts if known and known.choose is None else ())
    fact = ExemptionGranted(exemption=exemption, parts=of, reason=reason, authority=authority)
    return service.record(application, fact, on)
