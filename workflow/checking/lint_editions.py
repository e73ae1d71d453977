"""Lint of the editions of one occupation together: days without an edition, and days with more than one. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from itertools import combinations, pairwise

from workflow.calendar import ONE_DAY
from workflow.checking.finding import Finding
from workflow.document import LAST_DAY
from workflow.scheme import Scheme


def edition_findings(schemes: Sequence[Scheme]) -> list[list[Finding]]:
    """
    Look at documents together.

    Args:
        schemes: The documents; those of one occupation are taken as editions of one another.

    Returns:
        The findings of each, in the order given.
    """
    found: list[list[Finding]] = [list(_alone(scheme)) for scheme in schemes]
    occupations: dict[str, list[int]] = {}
    for i, scheme in enumerate(schemes):
        occupations.setdefault(scheme.occupation.code, []).append(i)
    for places in occupations.values():
        extended = {extends.scheme for i in places if (extends := schemes[i].extends)}
        # A policy takes the place of the standard that it extends: the two are no editions of one another.
        editions = [i for i in places if schemes[i].scheme not in extended or schemes[i].extends]
        ordered = sorted(editions, key=lambda i: (schemes[i].edition.in_force_from, schemes[i].scheme))
        for earlier, later in combinations(ordered, 2):
            found[later] += _names(schemes[earlier], schemes[later])
        for earlier, later in pairwise(ordered):
            found[later] += _between(schemes[earlier], schemes[later])
    return found


def _alone(scheme: Scheme) -> Iterator[Finding]:
    edition = scheme.edition
    clause = str(edition.clause)
    if edition.offered_until and edition.offered_until < edition.in_force_from:
        text = f"is offered until {edition.offered_until}, but in force only from {edition.in_force_from}"
        do = "an application that names no edition never gets it: look at the two days"
        yield Finding("never_in_force", ("edition", "offered_until"), text, do, clause)


def _names(earlier: Scheme, later: Scheme) -> Iterator[Finding]:
    mine = {name.casefold(): name for name in (later.scheme, *later.edition.names)}
    shared = [mine[n.casefold()] for n in (earlier.scheme, *earlier.edition.names) if n.casefold() in mine]
    if shared and earlier.scheme != later.scheme:
        text = f"{', '.join(shared)} names {earlier.scheme} as well: an application that names it could mean either"
        yield Finding("shared_name", ("edition", "names"), text, "give each edition names of its own", "", True)


def _between(earlier: Scheme, later: Scheme) -> Iterator[Finding]:
    if earlier.scheme == later.scheme:
        return
    first, second = earlier.edition, later.edition
    clause = str(second.clause)
    if first.in_force_from == second.in_force_from:
        text = f"is in force from {second.in_force_from}, the same day as {earlier.scheme}: neither is the later one"
        do = "set in_force_from of one of them to another day, or give them occupations of their own"
        yield Finding("same_day_in_force", ("edition", "in_force_from"), text, do, clause, True)
        return
    last = first.offered_until or LAST_DAY
    begins = max(second.offered_from, second.in_force_from)
    if last + ONE_DAY < begins:
        gap = f"from {last + ONE_DAY} to {begins - ONE_DAY}"
        text = f"nobody who names no edition can apply {gap}: {earlier.scheme} is over"
        do = f"if not meant: offer this edition from {last + ONE_DAY}, or {earlier.scheme} until {begins - ONE_DAY}"
        yield Finding("edition_gap", ("edition", "offered_from"), text, do, clause)
    elif last >= second.offered_from:
        yield _overlap(earlier, second.offered_from, last, clause)


def _overlap(earlier: Scheme, begins: date, last: date, clause: str) -> Finding:
    until = "without an end" if last == LAST_DAY else f"until {last}"
    text = f"{earlier.scheme} is offered beside it from {begins} on, {until}, to whoever names it"
    do = f"set edition.offered_until of {earlier.scheme}, if the older edition is no longer to be taken"
    return Finding("edition_overlap", ("edition", "offered_from"), text, do, clause)
