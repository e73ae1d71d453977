"""
The clock: what time alone does to an application, and when.

Pure; the day asked about is passed in. The nightly job writes down what this module says, and replay applies it, so an
application is expired the day it is expired, whether or not a job ran (design.md, laws 1 and 2).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from workflow.application import Application
from workflow.calendar import ONE_DAY
from workflow.facts import CertificateExpired, Expired, Fact, PartLapsed
from workflow.parts import certificate_standing, complete_set, open_attempts, passes
from workflow.scheme import FIXED_STATES, Rules

# Steps after which the clock has nothing more to do, and the state to which they lead ("": the state stays). The
# nightly job can write such a step down without the history; a test holds that both ways give the same rows.
LAST_STEPS: Final[dict[type[Fact], str]] = {Expired: "expired", CertificateExpired: ""}


@dataclass(frozen=True, slots=True)
class Due:
    """
    A step that the clock will take.

    Attributes:
        on: The day on which it falls due: the day after a last valid day or a deadline.
        fact: What becomes true.
    """

    on: date
    fact: Fact


def next_due(application: Application, rules: Rules) -> Due | None:
    """
    Give the next step that the clock takes if nothing else happens; None if there is none.

    A lapse is held while the result of an attempt that was sat by the last valid day is still to come: the
    application waits for the result instead of expiring under it. A deadline waits in the same way, and both wait
    while the application is suspended. After the award only the certificate can still run out.

    Source: design.md, section 3; the scheme's `lapse`, `deadlines` and `certificate`.
    """
    if application.state == "certified":
        return _end_of_certificate(application, rules)
    if application.state in FIXED_STATES[2:] or application.suspended:
        return None
    due = [d for d in (_lapse(application, rules), _deadline(application, rules)) if d]
    return min(due, key=lambda d: d.on, default=None)


def _lapse(application: Application, rules: Rules) -> Due | None:
    if complete_set(application, rules):
        return None
    last: dict[str, date] = {}
    for p in passes(application, rules):
        if (p.part, p.sitting) not in application.lapsed and rules.parts[p.part].validity:
            last[p.part] = max(p.last_valid_on, last.get(p.part, p.last_valid_on))
    if not last:
        return None
    part, last_valid_on = min(last.items(), key=lambda item: item[1])
    if open_attempts(application, last_valid_on):
        return None
    lapse = rules.scheme.lapse
    if lapse.effect == "expire":
        expired = Expired(
            cause=f"{part} lapsed",
            last_valid_on=last_valid_on,
            expired_on=last_valid_on + ONE_DAY,
            clause=str(lapse.clause),
        )
        return Due(expired.expired_on, expired)
    parts = (part,) if lapse.effect == "reopen" else tuple(rules.parts)
    return Due(
        last_valid_on + ONE_DAY,
        PartLapsed(part=part, parts=parts, last_valid_on=last_valid_on, clause=str(lapse.clause)),
    )


def _deadline(application: Application, rules: Rules) -> Due | None:
    deadline = rules.level.deadlines.get(application.state)
    if deadline is None:
        return None
    last = deadline.within.after(application.entered_on)
    if open_attempts(application, last):
        return None
    expired = Expired(
        cause=f"deadline of {application.state} passed",
        last_valid_on=last,
        expired_on=last + ONE_DAY,
        clause=str(deadline.clause),
    )
    return Due(expired.expired_on, expired)


def _end_of_certificate(application: Application, rules: Rules) -> Due | None:
    if application.certificate_standing not in ("valid", "suspended"):
        return None
    _standing, last = certificate_standing(application, rules, application.on)
    if last is None:
        return None
    clause = str(rules.scheme.certificate.clause)
    return Due(last + ONE_DAY, CertificateExpired(last_valid_on=last, clause=clause))
