"""Offers: which edition of which scheme an application is filed under."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from workflow.errors import NotFound, Objection, Refused
from workflow.scheme import Pinned


def scheme_for(shelf: Sequence[Pinned], submitted_on: date, occupation: str = "", edition: str = "") -> Pinned:
    """
    Find the scheme for an application: the edition that it names, else the one in force on its day.

    Args:
        shelf: The newest version of every scheme.
        submitted_on: The day of submission.
        occupation: Code of the occupation; empty: any.
        edition: A scheme id or a name of an edition; empty: the day of submission picks it.

    Raises:
        NotFound: no such occupation or edition.
        Refused: the board does not offer it on that day.

    Source: domain.md A3.
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
    if not edition:
        offered = [p for p in offered if p.scheme.edition.in_force_from <= submitted_on]
    if not offered:
        clause = str(known[0].scheme.edition.clause)
        name = edition or occupation or "any scheme"
        raise Refused(name, [Objection("is_offered", f"not offered on {submitted_on}", clause)])
    return max(offered, key=lambda p: p.scheme.edition.in_force_from)
