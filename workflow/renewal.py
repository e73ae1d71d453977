"""
Renewal: when a certificate ends, how it can be renewed, and where it stands on a day.

Pure; every answer is computed from the award, the renewals, the credits and the pinned rules.
Source: the scheme's `certificate`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from dateutil.relativedelta import relativedelta

from workflow.application import Application
from workflow.calendar import ONE_DAY, Period
from workflow.facts import CertificateExpired, CertificateRenewed, Fact, KnownCredit, RenewalMissed
from workflow.language.awarding import CertificateNumber, Renewal
from workflow.scheme import Rules


@dataclass(frozen=True, slots=True)
class Term:
    """
    The time for which a certificate is valid, as it was last renewed.

    Attributes:
        last_valid_on: Its last valid day.
        opens_on: First day on which it can be renewed; None: at any time, if at all.
        counts_until: Last day on which it counts, though not renewed.
        renewable_until: Last day on which it can be renewed; if it cannot at all, its last valid day.
    """

    last_valid_on: date
    opens_on: date | None
    counts_until: date
    renewable_until: date


def term_of(application: Application, rules: Rules) -> Term | None:
    """Give the time for which the certificate is valid; None where there is none, or it does not end."""
    certificate = rules.scheme.certificate
    if application.awarded_on is None or not certificate.ends:
        return None
    renewals = application.renewals
    last = renewals[-1][1].last_valid_on if renewals else first_end(certificate, application.awarded_on)
    renewal = certificate.renewal
    if renewal is None or _is_used_up(application, renewal):
        return Term(last, None, last, last)
    counts_until = renewal.late.after(last) if renewal.late else last
    renewable_until = renewal.suspended.after(counts_until) if renewal.suspended else counts_until
    return Term(last, _before(last, renewal.opens) if renewal.opens else None, counts_until, renewable_until)


def _is_used_up(application: Application, renewal: Renewal) -> bool:
    return renewal.most_renewals is not None and len(application.renewals) >= renewal.most_renewals


def _before(day: date, period: Period) -> date:
    return day - relativedelta(years=period.years or 0, months=period.months or 0, days=period.days or 0)


def first_end(certificate: CertificateNumber, awarded_on: date) -> date:
    """Give the last valid day of a certificate that ends and was awarded on a day."""
    if certificate.cycle:
        return certificate.cycle.first_end(awarded_on)
    return _end_of_period(certificate, awarded_on)


def next_end(certificate: CertificateNumber, last_valid_on: date, renewed_on: date) -> date:
    """
    Give the last valid day of a certificate that ends and is renewed.

    Args:
        certificate: The rules.
        last_valid_on: Its last valid day so far.
        renewed_on: The day of the renewal.
    """
    renewal = certificate.renewal
    start = last_valid_on
    if renewal and renewal.counted_from == "renewed":
        start = max(renewed_on, last_valid_on)
    if certificate.cycle:
        return certificate.cycle.next_end(start)
    if certificate.last_day == "one_less" and start == last_valid_on:
        start += ONE_DAY  # the new time begins on the day after the old one
    return _end_of_period(certificate, start)


def _end_of_period(certificate: CertificateNumber, start: date) -> date:
    assert certificate.valid_for is not None
    day = certificate.valid_for.after(start)
    match certificate.last_day:
        case "one_less":
            return day - ONE_DAY
        case "end_of_month":
            return day + relativedelta(day=31)
        case "end_of_year":
            return date(day.year, 12, 31)
        case _:
            return day


def certificate_standing(application: Application, rules: Rules, day: date) -> tuple[str, date | None]:
    """
    Give where a certificate stands on a day, and its last valid day.

    Returns:
        `valid`, `suspended`, `revoked`, or `expired`; empty without a certificate. It is suspended or expired also
        where its time has run out and nobody wrote it down. The last valid day counts; None where it does not end.
    """
    stored, term = decided_standing(application), term_of(application, rules)
    if term is None:
        return stored, None
    if stored in ("valid", "suspended") and day > term.renewable_until:
        return "expired", term.last_valid_on
    if stored == "valid" and day > term.counts_until:
        return "suspended", term.last_valid_on
    return stored, term.last_valid_on


def decided_standing(application: Application) -> str:
    """
    Give the standing of a certificate by decisions alone, whatever the clock has made of it since.

    What takes effect on a day before the end is judged by it: that the end was written down meanwhile changes nothing.
    """
    if application.certificate_standing == "expired":
        return application.certificate_before
    return application.certificate_standing


def next_step(application: Application, rules: Rules) -> tuple[date, Fact] | None:
    """Give the next step that the clock takes with a certificate, and its day; None if there is none."""
    if application.certificate_standing not in ("valid", "suspended"):
        return None
    if (term := term_of(application, rules)) is None:
        return None
    certificate = rules.scheme.certificate
    if term.renewable_until == term.last_valid_on:
        ended = CertificateExpired(last_valid_on=term.last_valid_on, clause=str(certificate.clause))
        return term.last_valid_on + ONE_DAY, ended
    assert certificate.renewal is not None
    clause = str(certificate.renewal.clause)
    if not application.is_renewal_missed:
        missed = RenewalMissed(
            last_valid_on=term.last_valid_on,
            counts_until=term.counts_until,
            renewable_until=term.renewable_until,
            clause=clause,
        )
        return term.last_valid_on + ONE_DAY, missed
    later = term.renewable_until if term.renewable_until > term.counts_until else None
    ended = CertificateExpired(last_valid_on=term.counts_until, clause=clause, renewable_until=later)
    return term.renewable_until + ONE_DAY, ended


@dataclass(frozen=True, slots=True)
class Credits:
    """
    The credits toward a renewal.

    Attributes:
        counted: How many count.
        by_category: How many of them count of each category.
        carried_in: How many of them were carried over from the time before.
        missing: What is lacking, in words; empty where it is enough.
        too_late: Events whose credits were earned in time, but are on record only from a later day on.
    """

    counted: Decimal
    by_category: dict[str, Decimal]
    carried_in: Decimal
    missing: tuple[str, ...]
    too_late: tuple[KnownCredit, ...] = ()

    def carried_over(self, renewal: Renewal) -> Decimal:
        """Give how many count for the next time."""
        if renewal.carries_over is None or renewal.credits is None:
            return Decimal(0)
        return max(Decimal(0), min(renewal.carries_over, self.counted - renewal.credits))


def credits_of(application: Application, rules: Rules, on: date) -> Credits:
    """
    Count the credits toward the next renewal, as if it were on a day.

    Those count that were earned since the award, or after the time that the last renewal counted, up to the day; where
    the scheme says so, not after the last valid day. They must be on record with effect from that day or before, and
    not rejected by then, in whatever order all this is entered. A credit counts once.
    """
    renewal, term = rules.scheme.certificate.renewal, term_of(application, rules)
    if renewal is None or term is None or application.awarded_on is None:
        return Credits(Decimal(0), {}, Decimal(0), ())
    last = on if renewal.credits_until == "renewed" else min(on, term.last_valid_on)
    first = _counted_from(application, rules, renewal)
    in_time = [known for known in application.credits if first <= known.fact.earned_on <= last]
    earned: dict[str, Decimal] = {}
    for credit in (known.fact for known in in_time if known.counts_on(on)):
        earned[credit.category] = earned.get(credit.category, Decimal(0)) + credit.credits
    counted = {name: min(n, renewal.most.get(name, n)) for name, n in earned.items()}
    carried = application.renewals[-1][1].carried if application.renewals else Decimal(0)
    total = sum(counted.values(), carried)
    too_late = tuple(known for known in in_time if on < known.from_day and known.rejected_on is None)
    return Credits(total, counted, carried, tuple(_missing(renewal, total, counted)), too_late)


def _missing(renewal: Renewal, total: Decimal, counted: dict[str, Decimal]) -> Iterator[str]:
    if renewal.credits is not None and total < renewal.credits:
        yield f"{renewal.credits - total} of {renewal.credits} credits are missing"
    for name, least in renewal.least.items():
        if (have := counted.get(name, Decimal(0))) < least:
            yield f"{least - have} of {least} credits in {name} are missing"


def _counted_from(application: Application, rules: Rules, renewal: Renewal) -> date:
    """Give the first day of which credits count toward the next renewal."""
    assert application.awarded_on is not None
    if not application.renewals:
        return application.awarded_on
    renewed_on, _ = application.renewals[-1]
    if renewal.credits_until == "renewed":
        return renewed_on + ONE_DAY
    before = application.but(renewals=application.renewals[:-1])
    term = term_of(before, rules)
    return (min(renewed_on, term.last_valid_on) if term else renewed_on) + ONE_DAY


def renewed(application: Application, rules: Rules, on: date) -> CertificateRenewed | None:
    """Give the fact that renews a certificate on a day, as the rules compute it; None where they know no renewal."""
    certificate, term = rules.scheme.certificate, term_of(application, rules)
    if certificate.renewal is None or term is None:
        return None
    last_valid_on = next_end(certificate, term.last_valid_on, on)
    if not certificate.renewal.counts_credits:
        return CertificateRenewed(last_valid_on=last_valid_on)
    found = credits_of(application, rules, on)
    carried = found.carried_over(certificate.renewal)
    return CertificateRenewed(last_valid_on=last_valid_on, credits=found.counted, carried=carried)


def renewal_doubts(application: Application, rules: Rules) -> tuple[str, ...]:
    """Name the renewals that rest on credits which have been rejected since."""
    renewal = rules.scheme.certificate.renewal
    if renewal is None or not renewal.counts_credits:
        return ()
    found = []
    valid = tuple(known for known in application.credits if known.rejected_on is None)
    for n, (on, fact) in enumerate(application.renewals):
        then = application.but(renewals=application.renewals[:n], credits=valid)
        counted = credits_of(then, rules, on)
        if not fact.waived and counted.missing:
            found.append(f"the renewal of {on} rests on credits that no longer count: {' and '.join(counted.missing)}")
        elif fact.carried > (left := counted.carried_over(renewal)):
            found.append(f"the renewal of {on} carried {fact.carried} credits over, of which {left} still count")
    return tuple(found)


def renewed_from_suspension(application: Application, rules: Rules) -> Iterator[date]:
    """Give the days on which a certificate that did not count any more was renewed."""
    for n, (on, _) in enumerate(application.renewals):
        before = application.but(renewals=application.renewals[:n], certificate_standing="valid")
        if certificate_standing(before, rules, on)[0] != "valid":
            yield on


def awaited_renewal(application: Application, rules: Rules, as_of: date) -> str:
    """Say from when to when a certificate can be renewed and what is missing for it; empty where it cannot be."""
    renewal, term = rules.scheme.certificate.renewal, term_of(application, rules)
    standing, _ = certificate_standing(application, rules, as_of)
    is_by_decision = application.certificate_standing != "valid"
    if renewal is None or term is None or standing not in ("valid", "suspended") or is_by_decision:
        return ""
    if _is_used_up(application, renewal):
        return ""
    start = f"from {term.opens_on} " if term.opens_on and as_of < term.opens_on else ""
    late = f", or late through {term.renewable_until}" if term.renewable_until > term.last_valid_on else ""
    missing = credits_of(application, rules, as_of).missing if renewal.counts_credits else ()
    what = f"the renewal of the certificate {start}through {term.last_valid_on}{late}"
    return f"{what}{': ' if missing else ''}{'; '.join(missing)}"
