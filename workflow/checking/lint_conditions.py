"""Lint of conditions: those that nobody can meet, and those that add nothing. Pure."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

from workflow.checking.finding import Finding, Path
from workflow.checking.implied import condition_implies, least_days, most_days
from workflow.language.assessed import Level
from workflow.language.conditions import Condition, EducationRequirement
from workflow.scheme import Scheme


def condition_findings(scheme: Scheme) -> Iterator[Finding]:
    """Find the conditions of every level and part that nobody can meet, or that another one makes needless."""
    for name, part in scheme.parts.items():
        for key, condition in part.conditions.items():
            yield from _unreachable(scheme, ("parts", name, "conditions", key), condition)
    for number, level in scheme.levels.items():
        for key, condition in level.conditions.items():
            at: Path = ("levels", number, "conditions", key)
            yield from _unreachable(scheme, at, condition)
            yield from _doubtful(scheme, number, at, condition)
        yield from _needless(number, level)
        for key, condition in level.award_conditions.items():
            yield from _unreachable(scheme, ("levels", number, "award_conditions", key), condition)
        for key, exemption in level.exemptions.items():
            at = ("levels", number, "exemptions", key)
            for path, text, do in _never_met(scheme, exemption):
                yield Finding("unreachable_exemption", (*at, *path), text, do, str(exemption.clause), is_error=True)


def _unreachable(scheme: Scheme, at: Path, condition: Condition) -> Iterator[Finding]:
    for path, text, do in _never_met(scheme, condition):
        yield Finding("unreachable_condition", (*at, *path), text, do, str(condition.clause), is_error=True)


def _needless(number: int, level: Level) -> Iterator[Finding]:
    for key, condition in level.conditions.items():
        for other, weaker in level.conditions.items():
            if other == key or not condition_implies(condition, weaker):
                continue
            is_same = condition_implies(weaker, condition)
            if is_same and list(level.conditions).index(key) < list(level.conditions).index(other):
                continue  # the later of two that ask for the same is the one that is named
            what = "asks for the same as" if is_same else "is implied by"
            yield Finding(
                "implied_condition",
                ("levels", number, "conditions", key),
                f"condition {key} {what} condition {other}: whoever meets {key} meets {other} as well",
                f"leave {key} out, or find what of it the words ask for beyond {other} [{weaker.clause}]",
                str(condition.clause),
            )


def _never_met(scheme: Scheme, condition: Condition) -> Iterator[tuple[Path, str, str]]:
    """Name what of a condition cannot be met by anybody: where, why, and what to do."""
    only = condition.only_for
    last = _last_filing(scheme)
    if only and only.filed_from and last and only.filed_from > last:
        text = f"is for applications filed from {only.filed_from} on, but the last day of the edition is {last}"
        yield ("only_for", "filed_from"), text, "leave the condition out, or set edition.offered_until later"
    if only and only.filed_until and only.filed_until < scheme.edition.offered_from:
        text = (
            f"is for applications filed until {only.filed_until}; the first is taken on {scheme.edition.offered_from}"
        )
        yield ("only_for", "filed_until"), text, "leave the condition out, or set edition.offered_from earlier"
    for i, requirement in enumerate(condition.all):
        path: Path = ("all", i, requirement.kind)
        study, work = requirement.education, requirement.work
        if study:
            yield from _study(path, study)
        if work and work.within and work.length and least_days(work.length) > most_days(work.within):
            text = f"asks for {work.length} of work within the last {work.within}, which are fewer days"
            yield (*path, "within"), text, "make `within` at least as long as the work that is asked for"
        if work and work.after == "education" and _is_never_finished(condition):
            text = "counts work after the diploma, but asks for studies that are not finished, which have none"
            yield (*path, "after"), text, "ask for status graduated, or leave `after` out"
    ages = [x.age for x in condition.all if x.age]
    least = max((age.least for age in ages if age.least is not None), default=0)
    most = min((age.most for age in ages if age.most is not None), default=200)
    if least > most:
        yield ("all",), f"nobody is at least {least} and at most {most} years old", "say which of the ages is meant"


def _study(path: Path, study: EducationRequirement) -> Iterator[tuple[Path, str, str]]:
    for name in ("degree", "school", "field", "status"):
        if getattr(study, name) == ():
            do = f"leave `{name}` out, or list what counts"
            yield (*path, name), "lists nothing that counts, so nobody meets it", do


def _is_never_finished(condition: Condition) -> bool:
    studies = [x.education for x in condition.all if x.education]
    return bool(studies) and all("graduated" not in study.status for study in studies)


def _last_filing(scheme: Scheme) -> date | None:
    edition = scheme.edition
    if edition.offered_until is None:
        return None
    return max([edition.offered_until, *(late.until for late in edition.still_open_for)])


def _doubtful(scheme: Scheme, number: int, at: Path, condition: Condition) -> Iterator[Finding]:
    """Name what can be met and is hardly meant."""
    clause = str(condition.clause)
    certificate = scheme.certificate
    for i, requirement in enumerate(condition.all):
        asked, work = requirement.certificate, requirement.work
        path = (*at, "all", i, requirement.kind)
        if asked and isinstance(asked.level, int) and asked.level <= number and asked.occupation == ("same",):
            yield Finding(
                "certificate_of_same_level",
                (*path, "level"),
                f"asks for a certificate of level {asked.level} to apply for level {number}, which is no higher",
                "level 1 is the highest: ask for the level below, or say `occupation: [related]` if that is meant",
                clause,
            )
        if (
            work
            and work.after == "certificate"
            and work.length
            and certificate.valid_for
            and certificate.renewal is None
            and most_days(certificate.valid_for) < least_days(work.length)
        ):
            yield Finding(
                "certificate_ends_first",
                (*path, "after"),
                f"asks for {work.length} after a certificate that is itself valid for {certificate.valid_for}",
                "say in `reading` that an expired certificate counts, or shorten the work",
                clause,
            )
