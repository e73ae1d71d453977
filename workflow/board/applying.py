"""Applying: what the board knows of whoever files an application, for the transition clauses of its editions."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from itertools import chain

from workflow.elsewhere import still_running
from workflow.evidence import Evidence
from workflow.offers import Applicant, Earlier
from workflow.parts import held_on
from workflow.replay import replay
from workflow.scheme import Rules
from workflow.service import NONE_BESIDE, Beside, Service


def applicant(
    service: Service,
    candidate: str,
    on: date,
    cohort: str = "",
    evidence: Evidence | None = None,
    application: str = "",
    beside: Beside = NONE_BESIDE,
) -> Applicant:
    """
    Say who files.

    Args:
        service: The service.
        candidate: Key of the candidate.
        on: The day of submission, on which earlier applications are looked at.
        cohort: The programme under which it is filed; empty: none.
        evidence: What is shown; None: nothing.
        application: The number of what is filed, where it is known: that is no earlier application.
        beside: Drafts of the candidate's other applications that are to be written together with it, None for one
            that is still to be filed.
    """
    return Applicant(cohort, evidence or Evidence(), lambda: _earlier(service, candidate, on, application, beside))


def _earlier(service: Service, candidate: str, on: date, but: str, beside: Beside) -> Sequence[Earlier]:
    keys = [key for key in service.stores.events.of_candidates(candidate) if key != but and key not in beside]
    recorded = service.stores.events.histories(keys) if keys else ()
    found = []
    for history in chain(recorded, ([*x.recorded_events, *x.new] for key, x in beside.items() if x and key != but)):
        rules = service.rules_of(history)
        application = replay(history, rules, on)
        if application is None:
            continue
        # What was passed before a refusal or an annulment counts for nothing.
        counts = application.state not in ("submitted", "refused", "annulled")
        held = frozenset(held_on(application, rules, on)) if counts else frozenset()
        found.append(Earlier(rules.scheme.scheme, application.submitted_on, held))
    return found


def running_beside(service: Service, candidate: str, rules: Rules, but: str = "") -> tuple[str, ...]:
    """
    Say which applications of a candidate run already at the same level, as `elsewhere.still_running` does.

    Args:
        service: The service.
        candidate: Key of the candidate.
        rules: The level at which another one is filed.
        but: The number of that one.
    """
    return tuple(still_running(rules, service.others(candidate, but), service.today))
