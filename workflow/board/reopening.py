"""
Reopening: what follows if a decision on eligibility is taken back, shown before anyone confirms it.

Pure but for the histories that the service loads. A certified application is never reopened: it is flagged, and the
board decides about the certificate (design.md, law 4; domain.md, section 2.4).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Any

from workflow.board.decisions import explanation, propose_decision
from workflow.document import LAST_DAY
from workflow.eligibility import assessed
from workflow.errors import Objection, Refused
from workflow.facts import EligibilityReopened
from workflow.parts import held_on
from workflow.replay import run_clock
from workflow.service import Done, Service
from workflow.sets import Pass


@dataclass(frozen=True, slots=True)
class Consequences:
    """
    What reopening would bring.

    Attributes:
        application: Key of the application.
        state: Its state now.
        state_after: Its state once reopened; the same where it cannot be.
        condition: The condition under which it was accepted; empty where it was refused.
        measured_on: The day on which eligibility is measured, now as then: that of submission.
        conditions_met: Conditions met by the evidence as it is weighed now.
        explanation: The answer of every condition, in words.
        state_decided: Where a new decision by the rules alone would lead.
        held: The parts held now, with their last valid days.
        certificate: Number of a certificate that would be flagged; empty if there is none.
    """

    application: str
    state: str
    state_after: str
    condition: str
    measured_on: date
    conditions_met: tuple[str, ...]
    explanation: tuple[str, ...]
    state_decided: str
    held: tuple[Pass, ...]
    certificate: str = ""

    @property
    def lost(self) -> tuple[str, ...]:
        """Parts held that would count for nothing, because no condition is met any more."""
        return () if self.conditions_met else tuple(p.part for p in self.held)

    def as_json(self) -> dict[str, Any]:
        """Give the consequences as plain JSON values."""
        return {
            "application": self.application,
            "state": self.state,
            "state_after": self.state_after,
            "accepted_under": self.condition or None,
            "measured_on": self.measured_on.isoformat(),
            "conditions_met": list(self.conditions_met),
            "explanation": list(self.explanation),
            "state_decided_anew": self.state_decided,
            "held": [
                {"part": p.part, "last_valid_on": None if p.last_valid_on == LAST_DAY else p.last_valid_on.isoformat()}
                for p in self.held
            ],
            "parts_lost": list(self.lost),
            "certificate_flagged": self.certificate or None,
        }


def consequences(service: Service, application: str, fact: EligibilityReopened, on: date) -> Consequences:
    """
    Say what reopening on a day would bring; nothing is written.

    Raises:
        NotFound: there is no such application.
        Refused: it cannot be reopened from where it is, and is not certified either.
    """
    history = service.history(application)
    rules = service.rules_of(history)
    draft = service.draft(history)
    now = run_clock(draft.application, rules, service.today(rules.scheme.time_zone))[0]
    answer = assessed(now, rules)
    after = decided = "certified"
    if now.state != "certified":
        draft.propose(fact, on, "reopen?")
        after = draft.application.state
        propose_decision(draft, max(on, draft.application.on), "decide?")
        decided = draft.application.state
    return Consequences(
        application,
        now.state,
        after,
        now.condition,
        now.submitted_on,
        answer.conditions_met,
        explanation(answer),
        decided,
        tuple(held_on(now, rules, now.on if now.state == "certified" else max(on, now.on)).values()),
        now.certificate.number if now.certificate and now.certificate_standing != "revoked" else "",
    )


def reopen(service: Service, application: str, fact: EligibilityReopened, on: date) -> Done:
    """
    Take the decision on eligibility back; what was passed stays recorded and counts if it is accepted again.

    Raises:
        Refused: it is certified (it is flagged instead), or cannot be reopened from where it is.
    """
    state = service.standing(application).application.state
    if state == "certified":
        text = (
            "a certified application is not reopened; its certificate stands until the board revokes it: "
            "record what turned out false with: examboard evidence check, then revoke the certificate"
        )
        raise Refused(f"application {application}: EligibilityReopened", [Objection("is_not_certified", text)])
    return service.record(application, fact, on)
