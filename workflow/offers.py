"""Offers: which edition of which scheme an application is filed under, and who may still file under a closed one."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date

from workflow.errors import NotFound, Objection, Refused
from workflow.evidence import Evidence
from workflow.language.editions import StillOpen
from workflow.requirements import certificate_finding
from workflow.scheme import Pinned, Scheme


@dataclass(frozen=True, slots=True)
class Earlier:
    """
    An earlier application of the same candidate.

    Attributes:
        scheme: Id of its scheme.
        filed_on: Its day of submission.
        held: The parts held in it on the day asked about.
    """

    scheme: str
    filed_on: date
    held: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Applicant:
    """
    Who files: what the transition clauses of an edition ask about.

    Attributes:
        cohort: The programme under which it is filed; empty: none.
        evidence: What is shown.
        earlier: Gives the earlier applications; asked only where a clause needs them.
    """

    cohort: str = ""
    evidence: Evidence = field(default_factory=Evidence)
    earlier: Callable[[], Sequence[Earlier]] = tuple


NOBODY = Applicant()


def scheme_for(
    shelf: Sequence[Pinned], submitted_on: date, occupation: str = "", edition: str = "", applicant: Applicant = NOBODY
) -> Pinned:
    """
    Find the scheme for an application: the edition that it names, else the one in force on its day.

    An edition that is closed is still offered to those for whom its `still_open_for` keeps it open; with `by_default`
    they get it also where they name none.

    Args:
        shelf: The newest version of every scheme.
        submitted_on: The day of submission.
        occupation: Code of the occupation; empty: any.
        edition: A scheme id or a name of an edition; empty: the day of submission picks it.
        applicant: Who files.

    Raises:
        NotFound: no such occupation or edition.
        Refused: the board does not offer it on that day, with what it would be open for.

    Source: domain.md A3; the editions' `still_open_for`.
    """
    known = [p for p in shelf if not occupation or p.scheme.occupation.code == occupation]
    if not known:
        codes = ", ".join(sorted({p.scheme.occupation.code for p in shelf}))
        raise NotFound(f"no scheme for occupation {occupation}; there are schemes for: {codes or 'none'}")
    if edition:
        named = [
            p for p in known if edition.casefold() in {p.scheme.scheme, *(n.casefold() for n in p.scheme.edition.names)}
        ]
        if not named:
            names = ", ".join(f"{p.scheme.scheme} ({p.scheme.edition.names[0]})" for p in known)
            raise NotFound(f"no edition {edition!r}; there are: {names}")
        known = named
    offered = [p for p in known if p.scheme.edition.is_offered_on(submitted_on)]
    if edition:
        offered = offered or [p for p in known if kept_open(p.scheme, submitted_on, applicant)]
    else:
        offered = [p for p in offered if p.scheme.edition.in_force_from <= submitted_on]
        kept = [(p, kept_open(p.scheme, submitted_on, applicant)) for p in known]
        offered = [p for p, why in kept if why and why.by_default] or offered
    if not offered:
        name = edition or occupation or "any scheme"
        raise Refused(name, _not_offered(known, submitted_on, applicant))
    # A board's own policy comes before the standard that it extends, which is in force from the same day.
    return max(offered, key=lambda p: (p.scheme.edition.in_force_from, p.scheme.extends is not None))


def kept_open(scheme: Scheme, on: date, applicant: Applicant) -> StillOpen | None:
    """
    Give the transition clause by which a closed edition is still open to an applicant; None if there is none.

    Any one is enough; where several are, one that gives the edition by default comes first.
    """
    edition = scheme.edition
    if edition.offered_until is None or on <= edition.offered_until:
        return None
    clauses = sorted(edition.still_open_for, key=lambda clause: not clause.by_default)
    return next((clause for clause in clauses if not _shut_out(clause, scheme, on, applicant)), None)


def _shut_out(clause: StillOpen, scheme: Scheme, on: date, applicant: Applicant) -> str:
    """Say in words why a transition clause does not help an applicant; empty where it does."""
    if on > clause.until:
        return f"it was open through {clause.until}"
    if clause.cohorts and applicant.cohort not in clause.cohorts:
        return f"it is open for {' or '.join(clause.cohorts)}"
    if clause.filed_before or clause.holds:
        earlier = [a for a in applicant.earlier() if a.scheme == scheme.scheme]
        if clause.filed_before and not any(a.filed_on < clause.filed_before for a in earlier):
            return f"it is open for those who filed an application under it before {clause.filed_before}"
        if clause.holds and not any(a.held & set(clause.holds) for a in earlier):
            return f"it is open for those who hold {' or '.join(clause.holds)} in an application under it"
    if clause.certificate:
        found = certificate_finding(clause.certificate, applicant.evidence.certificates, on, scheme.terms)
        if not found.met:
            return f"it is open for holders of a {found.requirement}; {found.missing}"
    return ""


def _not_offered(known: Sequence[Pinned], on: date, applicant: Applicant) -> list[Objection]:
    newest = known[0].scheme
    found = [Objection("is_offered", f"not offered on {on}", str(newest.edition.clause))]
    for pinned in known:
        edition = pinned.scheme.edition
        if edition.offered_until and on > edition.offered_until:
            found += [
                Objection("is_still_open", f"closed on {edition.offered_until}; {why}", str(clause.clause))
                for clause in edition.still_open_for
                if (why := _shut_out(clause, pinned.scheme, on, applicant))
            ]
    return found
