"""Renewing: the renewal of a certificate, as a use case; credits toward it are facts like any other."""

from __future__ import annotations

from datetime import date

from workflow.errors import Objection, Refused
from workflow.evidence import Evidence
from workflow.renewal import renewed
from workflow.service import Done, Service


def renew(
    service: Service,
    application: str,
    on: date | None = None,
    evidence: Evidence | None = None,
    waived: bool = False,
    reason: str = "",
    authority: str = "",
) -> Done:
    """
    Renew a certificate: through which day, and what counts for it, follow from the rules and the history alone.

    Args:
        service: The service.
        application: Key of the application that led to it.
        on: The day of the renewal; absent: today.
        evidence: What is shown for it, where the scheme asks for more than credits.
        waived: Whether the board waives what the scheme asks for.
        reason: Why; needed for a waiver.
        authority: On whose decision; needed for a waiver.

    Raises:
        NotFound: there is no such application.
        Refused: there is no certificate, it cannot be renewed on that day, or something is missing for it.

    Source: the scheme's `certificate`.
    """
    rules = service.rules_of(service.history(application))
    day = on or service.today(rules.scheme.time_zone)
    service.refuse_future(day, rules)
    found = service.standing(application, day).application
    fact = renewed(found, rules, day)
    if fact is None or found.certificate is None:
        clause = rules.scheme.certificate.renewal or rules.scheme.certificate
        why = "certificates of this scheme cannot be renewed" if found.certificate else f"no certificate by {day}"
        raise Refused(f"application {application}", [Objection("can_still_be_renewed", why, str(clause.clause))])
    known = {"evidence": evidence or Evidence(), "waived": waived, "reason": reason, "authority": authority}
    return service.record(application, fact.model_copy(update=known), day)
