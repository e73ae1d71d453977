"""
Clauses: by which clause of the pinned scheme a fact was judged.

Pure; read from the fact itself where it bears its clause, else from the rules, for the application as it stood before.
"""

from __future__ import annotations

from typing import Any

from workflow import facts as f
from workflow.application import Application
from workflow.scheme import Rules


def clause_of(fact: f.Fact, before: Application | None, rules: Rules) -> str:
    """
    Give the clause that applied to a fact.

    Args:
        fact: The fact.
        before: The application before it; None for the submission.
        rules: The rules that the application pinned.

    Returns:
        The clause as the scheme writes it; empty where the scheme has none, and the board's own decision stands alone.
    """
    if own := getattr(fact, "clause", ""):
        return str(own)
    match fact:
        case f.Submitted():
            return str(rules.scheme.edition.clause)
        case f.EligibilityAccepted() | f.EligibilityRefused():
            return _of_decision(fact, rules)
        case f.TrainingRecorded() | f.TrainingWaived():
            return str(rules.level.training.clause)
        case f.ExemptionGranted(exemption=key) | f.ExemptionWithdrawn(exemption=key):
            return str(rules.level.exemptions[key].clause) if key in rules.level.exemptions else ""
        case f.Reinstated():
            return before.expiry.clause if before and before.expiry else ""
        case f.MisconductFound(degree=degree):
            return _of_degree(degree, rules)
        case f.AnnulmentLifted(supersedes=number):
            found = [x.degree for n, _on, x in before.findings if n == number] if before else []
            return _of_degree(found[0], rules) if found else ""
        case f.DeadlineExtended(deadline=deadline):
            return rules.countdowns[deadline].clause if deadline in rules.countdowns else ""
        case f.AuthorizationGiven():
            asking = (x.clause for x in rules.countdowns.values() if x.counted_from == "authorized")
            return next(asking, "")
        case f.CreditRecorded() | f.CreditRejected() | f.CertificateRenewed():
            return str(rules.scheme.certificate.renewal.clause) if rules.scheme.certificate.renewal else ""
        case f.CertificateAwarded() | f.CertificateReplaced():
            return str(rules.scheme.certificate.clause)
    return _of_part(fact, rules)


def _of_decision(fact: f.EligibilityAccepted | f.EligibilityRefused, rules: Rules) -> str:
    conditions = rules.level.conditions
    if isinstance(fact, f.EligibilityAccepted):
        return str(conditions[fact.condition].clause) if fact.condition in conditions else ""
    # A refusal rests on every condition at once: any one would have been enough.
    return "; ".join(dict.fromkeys(str(condition.clause) for condition in conditions.values()))


def _of_degree(degree: str, rules: Rules) -> str:
    known = rules.scheme.misconduct.get(degree)
    return str(known.clause) if known else ""


def _of_part(fact: Any, rules: Rules) -> str:
    """Give the clause of what a fact does with a part: of the readers, the panel, the recheck, else of the part."""
    part = rules.scheme.parts.get(getattr(fact, "part", ""))
    if part is None or isinstance(fact, f.IncidentReported):
        return ""
    match fact:
        case f.EndorsementRecorded() if part.endorsement:
            return str(part.endorsement.clause)
        case f.EndorsementRecorded() if part.resits and part.resits.remediation:
            return str(part.resits.remediation.clause)
        case f.ScoreEntered() if part.entry:
            return str(part.entry.clause)
        case f.ScoreRecorded(panel=panel) if part.panel and panel:
            return str(part.panel.clause)
        case f.ScoreRecorded() if part.entry and part.entry.readers > 1:
            return str(part.entry.clause)
        case f.RecheckRequested() | f.RecheckDecided() if part.recheck:
            return str(part.recheck.clause)
    return str(part.clause)
