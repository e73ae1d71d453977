"""
Taking the steps of a worked case: each by the use case of the board that there is for it, and else as a fact.

Owns no rule: what the rules count themselves, such as last days, bars and credits, is never for a case to say.
"""

from __future__ import annotations

from typing import Final

from workflow import facts as f
from workflow.board import certificates, decisions
from workflow.board.carrying import carry_over
from workflow.board.conduct import find_misconduct
from workflow.board.rechecks import request_recheck
from workflow.board.renewing import renew
from workflow.cases.facts import BY_ITSELF, IF_ELIGIBLE, Step
from workflow.cases.worked import Filed
from workflow.eligibility import assessed
from workflow.evidence import Evidence
from workflow.scheme import Pinned, Rules
from workflow.service import Service

CANDIDATE: Final = "c"
# What a fact takes back where no number is given: the latest of these.
_TAKEN_BACK: Final = {
    f.AnnulmentLifted: "findings",
    f.EndorsementWithdrawn: "endorsements",
    f.CreditRejected: "credits",
}


def take(service: Service, filed: Filed, under: Pinned, rules: Rules, step: Step) -> None:
    """
    Take a step of an application, as the board would: by the use case that there is for it.

    Args:
        service: The service.
        filed: The application.
        under: The scheme under which it is filed.
        rules: The rules of its level.
        step: The step.

    Raises:
        ExamboardError: as the use case.
    """
    key, whole = filed.key, filed.whole
    if step.fact is not None:
        _record(service, key, step, step.fact)
    elif step.name == "submit":
        evidence, cohort = whole.evidence or Evidence(), whole.cohort or ""
        service.submit(
            CANDIDATE, under, rules.number, evidence, step.on, key, cohort=cohort, is_draft=bool(whole.draft)
        )
    elif step.name == "accept" and step.said == IF_ELIGIBLE:
        if assessed(service.draft(service.history(key)).application, rules).is_eligible:
            decisions.accept(service, key, on=step.on)
    elif step.name == "accept":
        decisions.accept(service, key, step.said, step.on)
    elif step.name == "refuse":
        decisions.refuse(service, key, step.said, step.on)
    elif step.name == "award":
        certificates.award(service, key, step.on)
    elif step.name == "carry_over":
        carry_over(service, key, step.source, step.said, BY_ITSELF, BY_ITSELF, step.on)
    else:
        draft = service.draft(service.history(key))
        if draft.write_down(step.on):
            service.stores.events.append([draft.append()])


def _record(service: Service, key: str, step: Step, fact: f.Fact) -> None:
    match fact:  # what the rules count themselves is not for a case to say: last days, bars, credits
        case f.CertificateRenewed():
            renew(service, key, step.on, fact.evidence, fact.waived, fact.reason, fact.authority)
            return
        case f.RecheckRequested():
            request_recheck(service, key, fact.part, fact.sitting, fact.reason, step.on)
            return
        case f.MisconductFound(barred_until=None):
            find_misconduct(
                service,
                key,
                fact.degree,
                reason=fact.reason,
                authority=fact.authority,
                sitting=fact.sitting,
                part=fact.part,
                heard_on=fact.heard_on,
                on=step.on,
            )
            return
    if step.supersedes_last:
        application = service.draft(service.history(key)).application
        known = getattr(application, _TAKEN_BACK.get(type(fact), ""), ())
        number = application.ending if isinstance(fact, f.Reinstated) else known[-1][0] if known else 0
        fact = fact.model_copy(update={"supersedes": number})
    service.record(key, fact, step.on)
