"""Lint of what is assessed, of marks, sources and numbers: what has no effect, or another than it seems. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from workflow.checking.finding import Finding, Path
from workflow.scheme import Scheme


def part_findings(scheme: Scheme) -> Iterator[Finding]:
    """Find what a document says of parts, panels, degrees, sources and numbers to no effect."""
    yield from _unused_parts(scheme)
    yield from _groups(scheme)
    yield from _marks(scheme)
    yield from _policies(scheme)
    yield from _degrees(scheme)
    yield from _numbers(scheme)
    yield from _sources(scheme)
    yield from _clauses(scheme.model_dump(), (), frozenset())


def _unused_parts(scheme: Scheme) -> Iterator[Finding]:
    used = {part for level in scheme.levels.values() for stage in level.stages.values() for part in stage.parts}
    for key, part in scheme.parts.items():
        if key not in used:
            text = f"no stage of any level assesses the part {key}"
            do = f"name it in the stages of a level (stages: {{{key}_exam: {key}}}), or take the part out"
            yield Finding("unused_part", ("parts", key), text, do, str(part.clause))


def _groups(scheme: Scheme) -> Iterator[Finding]:
    for number, level in scheme.levels.items():
        parts = {part for stage in level.stages.values() for part in stage.parts}
        for name, stage in level.stages.items():
            at: Path = ("levels", number, "stages", name)
            if stage.of is not None and stage.choose == len(stage.of):
                text = f"chooses {stage.choose} of {len(stage.of)}, which is all of them"
                yield Finding("choice_of_all", at, text, "write all_of, or choose fewer", str(stage.clause or ""))
            if stage.same_sitting and all(len(way) == 1 for way in stage.ways):
                text = "asks for one sitting, but is complete with one part"
                do = "leave same_sitting out, or look at the parts once more"
                yield Finding("sitting_of_one", (*at, "same_sitting"), text, do, str(stage.clause or ""))
        for key, exemption in level.exemptions.items():
            if parts <= set(exemption.parts) and not exemption.choose:
                text = f"exemption {key} holds every part of the level: nothing is assessed"
                do = "look at its parts; for a certificate without an exam, say so in `reading`"
                path = ("levels", number, "exemptions", key, "parts")
                yield Finding("exempt_from_all", path, text, do, str(exemption.clause))


def _marks(scheme: Scheme) -> Iterator[Finding]:
    for key, part in scheme.parts.items():
        clause = str(part.clause)
        if part.maximum == 0:
            text, do = "has no marks to be had", "set `maximum` to the most marks that can be had"
            yield Finding("no_marks", ("parts", key, "maximum"), text, do, clause, is_error=True)
        elif part.pass_mark == 0 and not part.passes_by_components:
            text = "passes with no marks at all: whoever comes passes"
            do = "set `pass_mark`; where only attendance counts, say so in `reading`"
            yield Finding("passes_with_nothing", ("parts", key, "pass_mark"), text, do, clause)
        elif part.pass_mark == part.maximum != 1:  # 1 of 1 is how passed or failed is written
            text = f"passes with full marks alone ({part.maximum} of {part.maximum})"
            yield Finding("passes_with_all", ("parts", key, "pass_mark"), text, "look at `maximum` once more", clause)


def _policies(scheme: Scheme) -> Iterator[Finding]:
    for key, part in scheme.parts.items():
        at: Path = ("parts", key)
        if part.panel and part.kind == "exam":
            text = "has a panel but is an exam: its marks are recorded for a sitting, and no panel is asked"
            yield Finding(
                "panel_of_exam",
                (*at, "panel"),
                text,
                "write kind: review, or leave the panel out",
                str(part.panel.clause),
            )
        if part.panel and part.panel.odd and part.panel.least % 2 == 0:
            text = f"asks for at least {part.panel.least} members, and an odd number: so {part.panel.least + 1}"
            yield Finding(
                "even_panel",
                (*at, "panel", "least"),
                text,
                f"write least: {part.panel.least + 1}",
                str(part.panel.clause),
            )
        staffing = part.staffing
        if staffing and staffing.odd_assessors and staffing.least_assessors and staffing.least_assessors % 2 == 0:
            more = staffing.least_assessors + 1
            text = f"asks for at least {staffing.least_assessors} assessors, and an odd number: so {more}"
            yield Finding(
                "even_staff",
                (*at, "staffing", "least_assessors"),
                text,
                f"write least_assessors: {more}",
                str(staffing.clause),
            )
        entry = part.entry
        if entry and entry.readers == 1 and entry.tolerance:
            text = "has a tolerance between readers, but one reader alone"
            yield Finding(
                "tolerance_of_one",
                (*at, "entry", "tolerance"),
                text,
                "write readers: 2, or leave it out",
                str(entry.clause),
            )
        if entry and entry.tolerance >= part.maximum:
            text = f"a tolerance of {entry.tolerance} marks is the whole scale: no third reader is ever asked"
            yield Finding(
                "tolerance_of_all", (*at, "entry", "tolerance"), text, "set a smaller tolerance", str(entry.clause)
            )


def _degrees(scheme: Scheme) -> Iterator[Finding]:
    for key, degree in scheme.misconduct.items():
        if degree.voids == "nothing" and not (degree.bar or degree.ends or degree.voids_certificate):
            text = f"a finding of {key} brings nothing"
            do = "say what it voids, or a bar; for a warning that brings nothing, say so in `reading`"
            yield Finding("degree_without_effect", ("misconduct", key), text, do, str(degree.clause))


def _numbers(scheme: Scheme) -> Iterator[Finding]:
    number, clause = scheme.certificate.number, str(scheme.certificate.clause)
    filled = set(re.findall(r"\{(\w+)", number))
    for name in scheme.certificate.fields:
        if name not in filled:
            text, do = f"the number has no {{{name}}}", f"write {{{name}}} in `number`, or take the field out"
            yield Finding("unused_field", ("certificate", "fields", name), text, do, clause)
    digits = int(next(iter(re.findall(r"\{serial:(\d+)\}", number)), "12"))
    if digits <= 3:
        text = f"a series ends after {10**digits - 1} certificates, and nobody can be certified after it"
        do = "give the serial more digits, or make series shorter with {yy} or {level}"
        yield Finding("short_series", ("certificate", "number"), text, do, clause)


def _sources(scheme: Scheme) -> Iterator[Finding]:
    cited = set(_cited(scheme.model_dump()))
    for key in scheme.sources:
        if key not in cited and not any(re.search(rf"\b{re.escape(key)}\b", text) for text in _readings(scheme)):
            text = f"nothing cites the source {key}"
            yield Finding(
                "unused_source", ("sources", key), text, "name it in the clauses that rest on it, or take it out"
            )


def _cited(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("source"), str) and "reading" in node:
            yield node["source"]
        for value in node.values():
            yield from _cited(value)
    elif isinstance(node, tuple | list):
        for value in node:
            yield from _cited(value)


def _readings(scheme: Scheme) -> list[str]:
    """Give the texts in which a source may be named without being the one cited."""
    found: list[str] = list(scheme.sources.values())

    def walk(node: Any) -> None:
        if isinstance(node, dict):
            if "reading" in node and isinstance(node["reading"], str):
                found.append(node["reading"])
            for value in node.values():
                walk(value)
        elif isinstance(node, tuple | list):
            for value in node:
                walk(value)

    walk(scheme.model_dump())
    return found


def _clauses(node: Any, path: Path, seen: frozenset[str]) -> Iterator[Finding]:
    """Find the defaults that nobody explains."""
    if isinstance(node, dict):
        if node.get("source") == "none" and "reading" in node and not node["reading"]:
            text = "is a default that the rules do not give, and nothing says why it was chosen"
            yield Finding("default_without_reason", path, text, "say in `reading` what the board takes and why", "none")
        for key, value in node.items():
            yield from _clauses(value, (*path, key), seen)
    elif isinstance(node, tuple | list):
        for i, value in enumerate(node):
            yield from _clauses(value, (*path, i), seen)
