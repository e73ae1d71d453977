"""How `examboard scheme show` tells a document to people: every rule in it in one line, with its clause."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from cli.errors import clause_text
from cli.output import aligned
from cli.resit_words import endorsement_words, resits_words
from workflow.calendar import count
from workflow.evidence import Evidence
from workflow.language.assessed import Component, Level, Part
from workflow.language.awarding import CertificateNumber, Renewal
from workflow.language.conditions import Clause, Condition, OnlyFor, Requirement
from workflow.language.durations import Deadline, SetWindow
from workflow.language.editions import Edition
from workflow.language.stages import Stage
from workflow.requirements import all_met
from workflow.scheme import Pinned, Scheme

EFFECTS = {
    "expire": "the application expires",
    "reopen": "it is taken again",
    "restart": "all parts are taken again",
}


def scheme_text(pinned: Pinned) -> Iterator[str]:
    """Tell a scheme: the edition, its parts, its levels, the certificate, misconduct."""
    known = pinned.scheme
    edition = known.edition
    yield f"{known.title} ({known.scheme}, version {known.version})"
    offer = f"offered from {edition.offered_from} until {edition.offered_until or 'further notice'}"
    yield f"  occupation {known.occupation.code} {known.occupation.title}; {offer}"
    yield f"  names of the edition: {', '.join(edition.names)}"
    yield f"  sha256 {pinned.digest}"
    yield from _edition(edition)
    yield f"  when a held part runs out: {known.lapse.effect} {_by(known.lapse.clause)}"
    yield f"  completion is judged on the day {known.completion.judged_on}"
    if years := known.exam_years:
        left_out = f"; not held: {', '.join(map(str, years.not_held))}" if years.not_held else ""
        yield f"  exam years begin on {years.begins.month:02}-{years.begins.day:02}{left_out} {_by(years.clause)}"
    yield "parts"
    rows = [(name, part.title, part.kind, *_marks(part)) for name, part in known.parts.items()]
    for row, part in zip(aligned(rows, indent=2), known.parts.values(), strict=True):
        yield row
        yield from (f"    {line}" for line in _part(part, known))
    for number, level in known.levels.items():
        yield f"level {number}: {level.title}"
        yield from (f"  {line}" for line in _level(number, level, known))
    yield from _certificate(known.certificate, known)
    yield from _misconduct(known)


def _by(clause: Clause) -> str:
    return f"[{clause_text(str(clause))}]"


def _edition(edition: Edition) -> Iterator[str]:
    if edition.closes_on:
        yield f"  every application under it ends on {edition.closes_on} {_by(edition.clause)}"
    for x in edition.still_open_for:
        who = [f"programmes {', '.join(x.cohorts)}"] if x.cohorts else []
        who += [f"who filed before {x.filed_before}"] if x.filed_before else []
        who += [f"who holds {' or '.join(x.holds)}"] if x.holds else []
        who += ["who holds a certificate"] if x.certificate else []
        yield f"  open until {x.until} for {' and '.join(who)} {_by(x.clause)}"
    for mapped in edition.counts_as:
        levels = ", ".join(f"{old} as {new}" for old, new in mapped.levels.items())
        yield f"  levels of {', '.join(mapped.edition)} count: {levels} {_by(mapped.clause)}"


def _marks(part: Part) -> tuple[str, str]:
    valid = f"valid {part.validity}" if part.validity else "no validity of its own"
    if part.validity and part.validity.on_lapse:
        valid += f", then {EFFECTS[part.validity.on_lapse]}"
    return f"{part.pass_mark} of {part.maximum} passes", valid


def _part(part: Part, known: Scheme) -> Iterator[str]:
    for key, component in part.components.items():
        yield f"component {key}: {_component(component)}"
    if part.may_fail:
        yield f"at most {count(part.may_fail, 'component')} may miss the pass mark of its own"
    if part.forms:
        yield f"forms: {', '.join(part.forms)}"
    if part.requires:
        yield f"after {' and '.join(part.requires)} {_by(part.clause)}"
    yield from _conditions(part.conditions, "who is let in", 1, known)
    if part.endorsement:
        yield f"before each sitting: {endorsement_words(part.endorsement)} {_by(part.endorsement.clause)}"
    if part.resits:
        yield f"attempts: {resits_words(part.resits)} {_by(part.resits.clause)}"
    if part.entry and part.entry.readers > 1:
        yield f"marked by 2 readers, who may differ by {part.entry.tolerance} {_by(part.entry.clause)}"
    if part.panel:
        odd = ", an odd number" if part.panel.odd else ""
        yield f"panel: the {part.panel.rule} of at least {part.panel.least} members{odd} {_by(part.panel.clause)}"
    if part.recheck:
        within, decided = _window(part.recheck.request_within), _window(part.recheck.decide_within)
        yield f"a recheck may be asked for within {within}, and is decided within {decided} {_by(part.recheck.clause)}"


def _window(window: object) -> str:
    said = {name: getattr(window, name) for name in ("days", "working_days", "months")}
    return next(count(amount, name[:-1].replace("_", " ")) for name, amount in said.items() if amount)


def _component(x: Component) -> str:
    weight = f", weight {x.weight}" if x.weight is not None else ""
    own = f", {x.pass_mark} passes it" if x.pass_mark is not None else ""
    floor = f", below {x.floor} the part is failed" if x.floor is not None else ""
    return f"{x.title}, {x.maximum} marks{weight}{own}{floor}"


def _level(number: int, level: Level, known: Scheme) -> Iterator[str]:
    course = "waived" if level.training.waived else f"{level.training.hours} class hours and a certificate"
    yield f"training: {course} {_by(level.training.clause)}"
    yield f"stages: {', '.join(f'{state} ({stage})' for state, stage in level.stages.items())}"
    for name, stage in level.stages.items():
        if not stage.is_plain and stage.clause and (said := _stage(stage)):
            yield f"stage {name}: {said} {_by(stage.clause)}"
    if level.window:
        yield f"all parts within {_set_window(level.window, known)} {_by(level.window.clause)}"
    for name, deadline in level.deadlines.items():
        title = f" ({deadline.title})" if deadline.title else ""
        yield f"deadline of {name}{title}: {_deadline(deadline)} {_by(deadline.clause)}"
    if level.measured_on:
        yield f"eligibility is measured on the next {level.measured_on.month:02}-{level.measured_on.day:02}"
    yield from _conditions(level.conditions, "condition", number, known)
    for key, x in level.exemptions.items():
        yield f"exemption {key}: {x}: {_asked(x.all, number, known)} {_by(x.clause)}"
    yield from _conditions(level.award_conditions, "before the award", number, known)
    for carried in level.carries_from:
        pairs = ", ".join(f"{old} as {new}" for old, new in carried.parts.items())
        terms = f", until {carried.until}" if carried.until else ""
        terms += f"; {_asked(carried.all, number, known)}" if carried.all else ""
        yield f"carries over from {carried.scheme} level {carried.level}: {pairs}{terms} {_by(carried.clause)}"


def _stage(stage: Stage) -> str:
    said = [f"after {' and '.join(stage.requires)}"] if stage.requires else []
    said += ["all passed at one sitting"] if stage.same_sitting else []
    weighed = ", ".join(f"{part} {weight}" for part, weight in stage.weights.items())
    weights = f" (weights: {weighed}; any other 1)" if weighed else ""
    said += [f"{stage.average} on average{weights}"] if stage.average is not None else []
    said += [f"{stage.total} marks in all"] if stage.total is not None else []
    said += [f"a part of {stage.kept_from} marks is kept although the group was failed"] if stage.kept_from else []
    said += ["once complete, for good"] if stage.for_good else []
    return "; ".join(said)


def _set_window(window: SetWindow, known: Scheme) -> str:
    words = {**EFFECTS, "reopen": "the oldest pass is lost and the next opens the window"}
    return f"{window}; when it closes, {words[window.on_lapse or known.lapse.effect]}"


def _deadline(x: Deadline) -> str:
    cut = f", never after {x.not_after}" if x.not_after else ""
    sittings = f", for {count(x.sittings, 'sitting')}" if x.sittings else ""
    closes = "; nobody is admitted outside it" if x.effect == "close" else "; then the application expires"
    return f"{x}{cut}{sittings}{closes}"


def _conditions(conditions: Mapping[str, Condition], what: str, number: int, known: Scheme) -> Iterator[str]:
    for key, condition in conditions.items():
        only = f"{_only_for(condition.only_for)}: " if condition.only_for else ""
        yield f"{what} {key}: {only}{_asked(condition.all, number, known)} {_by(condition.clause)}"


def _only_for(only: OnlyFor) -> str:
    said = [f"programmes {', '.join(only.cohorts)}"] if only.cohorts else []
    said += [f"filed from {only.filed_from}"] if only.filed_from else []
    said += [f"filed until {only.filed_until}"] if only.filed_until else []
    return f"only for {' and '.join(said)}"


def _asked(requirements: Sequence[Requirement], number: int, known: Scheme) -> str:
    """Tell what is asked for, in the order of the document; requirements are judged with work last."""
    findings = all_met(requirements, number, Evidence(), known.edition.in_force_from, known.terms)
    judged = sorted(range(len(requirements)), key=lambda i: requirements[i].work is not None)
    words = dict(zip(judged, (x.requirement for x in findings), strict=True))
    return " and ".join(words[i] for i in range(len(requirements)))


_LAST_DAYS: Final = {
    "one_less": ", through the day before the same date",
    "end_of_month": ", through the end of that month",
    "end_of_year": ", through the end of that year",
}


def _certificate(x: CertificateNumber, known: Scheme) -> Iterator[str]:
    yield "certificate"
    ends = "does not end"
    if x.valid_for:
        how = _LAST_DAYS.get(x.last_day, "")
        ends = f"valid {x.valid_for} from the award{how}"
    elif x.cycle:
        which = f"every {count(x.cycle.every, 'year')}" if x.cycle.every > 1 else "each year"
        first = f", a first one after {x.cycle.at_least} at least" if x.cycle.at_least else ""
        nth = f", the {x.cycle.number}. such day" if x.cycle.number > 1 else ""
        ends = f"ends on {x.cycle.month:02}-{x.cycle.day:02} {which}{nth}{first}"
    yield f"  {x.title}, number {x.number}; {ends} {_by(x.clause)}"
    if x.renewal:
        yield f"  renewal: {'; '.join(_renewal(x.renewal, known))} {_by(x.renewal.clause)}"


def _renewal(x: Renewal, known: Scheme) -> Iterator[str]:
    if x.credits is not None:
        yield f"{x.credits} credits"
    yield from (f"at least {least} of {category}" for category, least in x.least.items())
    yield from (f"at most {most} count of {category}" for category, most in x.most.items())
    if x.carries_over:
        yield f"up to {x.carries_over} credits above those count for the next time"
    if x.all:
        yield _asked(x.all, 1, known)
    if x.opens:
        yield f"from {x.opens} before the last day on"
    late = f", or within {x.late} after it, in which the certificate still counts" if x.late else ""
    yield f"to be renewed by the last valid day{late}"
    if x.suspended:
        yield f"after that suspended for {x.suspended}, in which it can still be renewed"
    if x.most_renewals:
        yield f"at most {count(x.most_renewals, 'time')}"


def _misconduct(known: Scheme) -> Iterator[str]:
    if known.misconduct:
        yield "misconduct"
    for key, x in known.misconduct.items():
        said = [f"voids {'the ' if x.voids in ('part', 'session') else ''}{x.voids}"]
        said += [f"bars for {x.bar}"] if x.bar else []
        said += ["ends the application"] if x.ends else []
        said += ["the certificate is to be revoked"] if x.voids_certificate else []
        yield f"  {key}: {x.title}; {'; '.join(said)} {_by(x.clause)}"
