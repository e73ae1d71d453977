"""Applying: what the board knows of whoever files an application, for the transition clauses of its editions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from itertools import chain

from workflow.draft import Draft
from workflow.evidence import Evidence
from workflow.offers import Applicant, Earlier
from workflow.parts import held_on
from workflow.replay import replay
from workflow.scheme import Rules
from workflow.service import NONE_BESIDE, Service
from workflow.steps import ENDED


def applicant(
    service: Service,
    candidate: str,
    on: date,
    cohort: str = "",
    evidence: Evidence | None = None,
    application: str = "",
    beside: Mapping[str, Draft] = NONE_BESIDE,
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
        beside: Drafts of the candidate's other applications that are to be written together with it.
    """
    return Applicant(cohort, evidence or Evidence(), lambda: _earlier(service, candidate, on, application, beside))


def _earlier(service: Service, candidate: str, on: date, but: str, beside: Mapping[str, Draft]) -> Sequence[Earlier]:
    keys = [key for key in service.stores.events.of_candidates(candidate) if key != but and key not in beside]
    recorded = service.stores.events.histories(keys) if keys else ()
    found = []
    for history in chain(recorded, ([*x.recorded_events, *x.new] for key, x in beside.items() if key != but)):
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
    Say which applications of a candidate run already at the same level of the same occupation, as things stand today.

    Nothing forbids a second one; whoever files it should know.

    Args:
        service: The service.
        candidate: Key of the candidate.
        rules: The level at which another one is filed.
        but: The number of that one.
    """
    keys = [key for key in service.stores.events.of_candidates(candidate) if key != but]
    found = []
    for history in service.stores.events.histories(keys) if keys else ():
        its, stands = service.rules_of(history), service.standing_in(history, None, None)
        is_alike = (its.scheme.occupation.code, its.number) == (rules.scheme.occupation.code, rules.number)
        if stands and is_alike and stands.application.state not in ENDED:
            a = stands.application
            found.append(
                f"the candidate has an application at this level that has not ended: {a.key} ({a.state}, submitted on "
                f"{a.submitted_on}); where this one was filed by mistake: examboard application withdraw"
            )
    return tuple(found)
