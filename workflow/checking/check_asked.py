"""
Faults of what is asked for: words in conditions, editions and renewals that the document itself does not know.

Pure; `workflow/checking/check.py` puts them together with all other faults of a document.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workflow.language.conditions import EducationRequirement, Requirement
from workflow.language.terms import unknown
from workflow.scheme import Scheme

Path = tuple[str | int, ...]


def asked_faults(scheme: Scheme) -> Iterator[tuple[Path, str]]:
    """Name every degree, school, part and period that a requirement or a transition clause cannot mean."""
    yield from _edition_faults(scheme)
    if renewal := scheme.certificate.renewal:
        yield from _faults(("certificate", "renewal"), renewal.all, scheme)
    for part_key, part in scheme.parts.items():
        for key, condition in part.conditions.items():
            yield from _faults(("parts", part_key, "conditions", key), condition.all, scheme)
    for number, level in scheme.levels.items():
        at: Path = ("levels", number)
        for key, condition in level.conditions.items():
            yield from _faults((*at, "conditions", key), condition.all, scheme)
        for key, condition in level.award_conditions.items():
            yield from _faults((*at, "award_conditions", key), condition.all, scheme)
        for key, exemption in level.exemptions.items():
            yield from _faults((*at, "exemptions", key), exemption.all, scheme)
        for i, source in enumerate(level.carries_from):
            yield from _faults((*at, "carries_from", i), source.all, scheme)


def _faults(at: Path, requirements: Sequence[Requirement], scheme: Scheme) -> Iterator[tuple[Path, str]]:
    kinds = scheme.education
    for i, requirement in enumerate(requirements):
        asked, path = requirement.asked, (*at, "all", i, requirement.kind)
        if isinstance(asked, EducationRequirement):
            for n, degree in enumerate(asked.degree or ()):
                if degree not in kinds.degrees:
                    yield (*path, "degree", n), unknown("degree", degree, kinds.degrees)
            if asked.degree_at_least and asked.degree_at_least not in kinds.degrees:
                yield (*path, "degree_at_least"), unknown("degree", asked.degree_at_least, kinds.degrees)
            for n, school in enumerate(asked.school or ()):
                if school not in kinds.schools:
                    yield (*path, "school", n), unknown("kind of school", school, kinds.schools)


def _edition_faults(scheme: Scheme) -> Iterator[tuple[Path, str]]:
    edition = scheme.edition
    for i, clause in enumerate(edition.still_open_for):
        at: Path = ("edition", "still_open_for", i)
        if edition.offered_until is None:
            yield (*at, "until"), "the edition is offered without an end; give offered_until, or leave this out"
        elif clause.until <= edition.offered_until:
            yield (*at, "until"), f"lies within the time in which everybody may apply, until {edition.offered_until}"
        for n, part in enumerate(clause.holds):
            if part not in scheme.parts:
                yield (*at, "holds", n), unknown("part", part, scheme.parts)
    named: dict[str, int] = {}
    for i, mapped in enumerate(edition.counts_as):
        for name in mapped.edition:
            if named.setdefault(name.casefold(), i) != i:
                yield ("edition", "counts_as", i, "edition"), f"the edition {name!r} is mapped twice; write one entry"
