"""
Checking scheme documents: every problem at once, each with its line and field.

Owns what a single field cannot know: references that lead nowhere, and machines in which an application would be
trapped. Pure; `pin` is the only door through which a document becomes rules, and `pin_again` the door for those that
have been through it.
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from workflow.checking.check_asked import asked_faults
from workflow.checking.check_assessed import assessed_faults
from workflow.checking.check_time import time_faults
from workflow.document import line_of, nearest, read_again, read_document, read_yaml
from workflow.errors import Invalid, Problem
from workflow.language.alike import told_once
from workflow.language.assessed import Level
from workflow.machine import machine_of
from workflow.scheme import Pinned, Scheme

Path = tuple[str | int, ...]


@lru_cache(maxsize=64)  # reading takes a third of a second, and the same few documents are asked for again and again
def pin(text: str, where: str) -> Pinned:
    """
    Read a scheme document, check that it holds together, and pin it.

    Raises:
        Invalid: with every problem, each with line and field.
    """
    return _pinned(text, where, read_yaml(text, where))


@lru_cache(maxsize=64)
def pin_again(text: str, where: str) -> Pinned:
    """
    Pin a document that `pin` has accepted before: the same checks, but lines are looked for only if one fails.

    Raises:
        Invalid: today's software no longer accepts it; as for `pin`.
    """
    try:
        return _pinned(text, where, read_again(text, where))
    except Invalid:
        return pin(text, where)


def _pinned(text: str, where: str, node: Any) -> Pinned:
    if isinstance(node, dict) and "levels" not in node and isinstance(node.get("cases"), list):
        why = "holds worked cases, not rules; they are put to their scheme by: examboard scheme test SCHEME.yaml"
        raise Invalid([Problem(where, 1, "", why)])
    scheme = read_document(Scheme, text, where, node)
    found = list(faults(scheme))
    own = [fault for fault, is_told in zip(found, told_once(found, node), strict=True) if is_told]
    problems = [Problem(where, line_of(node, path), ".".join(map(str, path)), why) for path, why in own]
    pinned = Pinned(scheme, text, hashlib.sha256(text.encode()).hexdigest())
    if not problems:
        for number in scheme.levels:
            path = ("levels", number)
            traps = machine_of(pinned.rules(number)).traps()
            problems += [Problem(where, line_of(node, path), ".".join(map(str, path)), why) for why in traps]
    if problems:
        raise Invalid(problems)
    return pinned


def faults(scheme: Scheme) -> Iterator[tuple[Path, str]]:
    """Name every reference inside a document that leads nowhere, with its path and what is wrong."""
    try:
        ZoneInfo(scheme.time_zone)
    except (ZoneInfoNotFoundError, ValueError):
        yield ("time_zone",), f"no such time zone: {scheme.time_zone}"
    edition = scheme.edition
    if edition.offered_until and edition.offered_until < edition.offered_from:
        yield ("edition", "offered_until"), f"lies before offered_from, {edition.offered_from}"
    known = {"year", "yy", "level", *scheme.certificate.fields}
    for name in re.findall(r"\{(\w+)\}", scheme.certificate.number):
        if name not in known:
            yield ("certificate", "number"), f"nothing fills {{{name}}}{nearest(name, sorted(known))}"
    yield from _unknown_sources(scheme.model_dump(), frozenset(scheme.sources) | {"board", "none"}, ())
    for key, part in scheme.parts.items():
        for needed in part.requires:
            if needed not in scheme.parts or needed == key:
                others = [other for other in scheme.parts if other != key]
                yield ("parts", key, "requires"), f"no other part is called {needed!r}{nearest(needed, others)}"
    for number, level in scheme.levels.items():
        yield from _level_faults(scheme, number, level)
    yield from asked_faults(scheme)
    yield from time_faults(scheme)
    yield from _shared_names("parts", {key: {key, part.title, *part.names} for key, part in scheme.parts.items()})
    levels = {number: {str(number), level.title, *level.names} for number, level in scheme.levels.items()}
    yield from _shared_names("levels", levels)


def _shared_names(where: str, names: Mapping[Any, set[str]]) -> Iterator[tuple[Path, str]]:
    owners: dict[str, object] = {}
    for key, known in names.items():
        for name in sorted(n.casefold() for n in known):
            if owners.setdefault(name, key) != key:
                yield (where, key), f"the name {name!r} is that of {owners[name]} as well"


def _level_faults(scheme: Scheme, number: int, level: Level) -> Iterator[tuple[Path, str]]:
    at = ("levels", number)
    used = [part for stage in level.stages.values() for part in stage.parts]
    yield from assessed_faults(scheme, number, level)
    for i, source in enumerate(level.carries_from):
        for part in source.parts.values():
            if part not in used:
                yield (*at, "carries_from", i, "parts"), f"this level has no part {part!r}{nearest(part, used)}"
    for key, condition in level.conditions.items():
        for i, requirement in enumerate(condition.all):
            if (
                requirement.training
                and requirement.training.course is None
                and level.training.waived is False
                and requirement.training.hours != level.training.hours
            ):
                path = (*at, "conditions", key, "all", i, "training", "hours")
                yield (
                    path,
                    f"the course of this level has {level.training.hours} hours, not {requirement.training.hours}",
                )


def _unknown_sources(node: object, known: frozenset[str], path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(node, dict):
        source = node.get("source")
        if isinstance(source, str) and "reading" in node and source not in known:
            yield (*path, "source"), f"{source!r} is not among the sources{nearest(source, sorted(known))}"
        for key, value in node.items():
            yield from _unknown_sources(value, known, (*path, key))
    elif isinstance(node, tuple | list):
        for i, value in enumerate(node):
            yield from _unknown_sources(value, known, (*path, i))
