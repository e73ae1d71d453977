"""Rules of renewal: credits toward it, and the renewal of a certificate itself."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from workflow.errors import Objection
from workflow.renewal import certificate_standing, credits_of, decided_standing, next_end, renewed, term_of
from workflow.requirements import all_met
from workflow.rules.move import Move

# The certificate's own small machine: from which standing each step may be taken.
STANDINGS: Final[dict[str, tuple[str, ...]]] = {
    "suspend_certificate": ("valid",),
    "restore_certificate": ("suspended", "revoked"),
    "revoke_certificate": ("valid", "suspended"),
    "replace_certificate": ("valid",),
}


def certificate_stands_so(move: Move) -> Objection | None:
    """A certificate is suspended, restored, revoked or replaced only from a standing that allows it."""
    (standing, _last), allowed = certificate_standing(move.application, move.rules, move.on), STANDINGS[move.fact.step]
    if standing == "suspended" and decided_standing(move.application) == "valid" and standing in allowed:
        return _not_renewed(move) if move.fact.step == "restore_certificate" else None
    if standing in allowed:
        return None
    text = f"the certificate is {standing or 'not there'}; this is possible while it is {' or '.join(allowed)}"
    return Objection("certificate_stands_so", text)


def _not_renewed(move: Move) -> Objection:
    term, renewal = term_of(move.application, move.rules), move.rules.scheme.certificate.renewal
    assert term is not None
    text = f"the certificate is suspended since it was not renewed by {term.counts_until}, and not by a decision"
    return Objection(
        "certificate_stands_so",
        f"{text}; renew it, which is possible through {term.renewable_until}",
        str(renewal.clause) if renewal else "",
    )


def renewals_count_credits(move: Move) -> Objection | None:
    """Credits are recorded where a renewal asks for them, in the categories that it names."""
    certificate = move.rules.scheme.certificate
    renewal = certificate.renewal
    if renewal is None or not renewal.counts_credits:
        why = "asks for no credits" if renewal else "is not foreseen"
        return Objection(
            "renewals_count_credits",
            f"the renewal of certificates {why} in scheme {move.rules.scheme.scheme}",
            str(renewal.clause if renewal else certificate.clause),
        )
    named = sorted({*renewal.least, *renewal.most})
    if named and move.fact.category and move.fact.category not in named:
        text = f"there is no category {move.fact.category!r}; there are: {', '.join(named)}"
        return Objection("renewals_count_credits", text, str(renewal.clause))
    return None


def is_earned_in_time(move: Move) -> Objection | None:
    """Credits count from the award on, and are recorded once they are earned."""
    earned_on, awarded_on = move.fact.earned_on, move.application.awarded_on
    if earned_on > move.on:
        return Objection("is_earned_in_time", f"the credits are earned on {earned_on}, after {move.on}")
    if awarded_on is not None and earned_on < awarded_on:
        text = f"the credits were earned on {earned_on}, before the certificate was awarded on {awarded_on}"
        return Objection("is_earned_in_time", text)
    return None


def can_still_be_renewed(move: Move) -> Objection | None:
    """A certificate that was revoked, suspended by a decision, or has expired for good is not renewed."""
    a, term = move.application, term_of(move.application, move.rules)
    certificate = move.rules.scheme.certificate
    clause = str((certificate.renewal or certificate).clause)
    if certificate.renewal is None or term is None:
        return Objection("can_still_be_renewed", "certificates of this scheme cannot be renewed", clause)
    stored = decided_standing(a)
    if stored != "valid":
        return Objection("can_still_be_renewed", f"the certificate is {stored}; restore it first", clause)
    if move.on > term.renewable_until:
        return Objection("can_still_be_renewed", f"it could be renewed through {term.renewable_until}", clause)
    most = certificate.renewal.most_renewals
    if most is not None and len(a.renewals) >= most:
        text = f"it was renewed {len(a.renewals)} times already, and {most} are the most"
        return Objection("can_still_be_renewed", text, clause)
    return None


def can_be_renewed_already(move: Move) -> Objection | None:
    """A renewal waits until its window opens, and follows the renewals before it."""
    a, term = move.application, term_of(move.application, move.rules)
    renewal = move.rules.scheme.certificate.renewal
    if renewal is None or term is None:
        return None
    if a.renewals and move.on < a.renewals[-1][0]:
        text = f"a renewal of {a.renewals[-1][0]} is recorded already"
        return Objection("can_be_renewed_already", text, str(renewal.clause))
    if term.opens_on and move.on < term.opens_on:
        text = f"it is valid through {term.last_valid_on} and can be renewed from {term.opens_on} on"
        return Objection("can_be_renewed_already", text, str(renewal.clause))
    return None


def renewal_is_earned(move: Move) -> Objection | None:
    """A renewal has the credits and meets the requirements that the scheme asks for, unless the board waived them."""
    a, fact = move.application, move.fact
    renewal = move.rules.scheme.certificate.renewal
    if renewal is None:
        return None
    if fact.waived:
        if fact.reason and fact.authority:
            return None
        return Objection("renewal_is_earned", "a waiver needs its reason and authority", str(renewal.clause))
    missing = list(_missing_credits(move)) if renewal.counts_credits else []
    terms = move.rules.scheme.terms
    missing += [f.missing for f in all_met(renewal.all, a.level, fact.evidence, move.on, terms) if not f.met]
    if missing:
        return Objection("renewal_is_earned", "; ".join(missing), str(renewal.clause))
    return None


def _missing_credits(move: Move) -> Iterator[str]:
    """Say which credits are missing, and which of those on record take effect too late to count."""
    found = credits_of(move.application, move.rules, move.on)
    yield from found.missing
    if found.missing and found.too_late:
        events = ", ".join(f"{known.sequence} (from {known.from_day} on)" for known in found.too_late)
        yield (
            f"credits earned in time are on record only after {move.on}, by event {events}; if the board had received "
            f"them by {move.on}, reject them and record them anew with effect from the day on which it did"
        )


def renews_as_computed(move: Move) -> Objection | None:
    """A renewal lasts as long, and carries over as many credits, as the rules say."""
    a, fact, rules = move.application, move.fact, move.rules
    computed, term = renewed(a, rules, move.on), term_of(a, rules)
    if computed is None or term is None:
        return None
    if fact.last_valid_on != next_end(rules.scheme.certificate, term.last_valid_on, move.on):
        text = f"a renewal on {move.on} is valid through {computed.last_valid_on}, not {fact.last_valid_on}"
        return Objection("renews_as_computed", text, str(rules.scheme.certificate.clause))
    if (fact.credits, fact.carried) != (computed.credits, computed.carried):
        text = f"{computed.credits} credits count for it, and {computed.carried} are carried over"
        return Objection("renews_as_computed", text, str(rules.scheme.certificate.clause))
    return None


def credits_are_there(move: Move) -> Objection | None:
    """A rejection names the event that recorded the credits."""
    known = [known.sequence for known in move.application.credits if known.rejected_on is None]
    if move.fact.supersedes in known:
        return None
    text = f"event {move.fact.supersedes} recorded no credits that count; those that did: {known or 'none'}"
    return Objection("credits_are_there", text)
