"""Two documents compared: what changes for candidates, in words, and what does not concern them."""

from __future__ import annotations

from pathlib import Path

import pytest

from workflow.checking.check import pin
from workflow.checking.diff import AREAS, Change, compare
from workflow.scheme import Scheme

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "examples" / "schemes" / "first-aid.yaml").read_text("utf-8")


def scheme(*changes: tuple[str, str]) -> Scheme:
    """Give the example, changed."""
    text = TEXT
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return pin(text, "x.yaml").scheme


def changes(*what: tuple[str, str]) -> list[Change]:
    """Compare the example with itself, changed."""
    return compare(scheme(), scheme(*what))


def test_nothing_changes() -> None:
    """A document and itself."""
    assert changes() == []


CLAUSE = "clause: {source: rules, at: x}"


@pytest.mark.parametrize(
    ("what", "area", "text", "clause"),
    [
        (
            ("pass_mark: 35", "pass_mark: 40"),
            "what passes",
            "written: the pass mark: 40 instead of 35 (harder)",
            "rules 3.1",
        ),
        (
            ("pass_mark: 35", "pass_mark: 30"),
            "what passes",
            "written: the pass mark: 30 instead of 35 (easier)",
            "rules 3.1",
        ),
        (
            ("months: 18", "years: 2"),
            "how long it counts",
            "written: how long a pass is kept: "
            "2 years from the day announced instead of 18 months from the day announced (easier)",
            "rules 3.1",
        ),
        (
            ("effect: reopen", "effect: expire"),
            "how long it counts",
            "lapse: when a pass runs out before all is passed: "
            "the application ends instead of that part is taken again",
            "rules 3.3",
        ),
        (
            ("hours: 16\n      clause", "hours: 20\n      clause"),
            "the course",
            "level 1: class hours of the course: 20 instead of 16 (harder)",
            "rules 2",
        ),
        (
            ("    pass_mark: 35\n", f"    pass_mark: 35\n    resits: {{most: 3, {CLAUSE}}}\n"),
            "taking it again",
            "written: resits: newly attempts at most 3",
            "rules x",
        ),
        (
            ("    stages:", f"    deadlines: {{trained: {{within: {{days: 90}}, {CLAUSE}}}}}\n    stages:"),
            "deadlines",
            "level 1, deadlines: trained: newly 90 days",
            "rules x",
        ),
        (
            ("              years: 1\n", "              years: 2\n"),
            "who may apply",
            "level 1, condition 1a: asks for 2 years of cumulative work in this occupation, "
            "instead of 1 year of cumulative work in this occupation",
            "rules 1 (a)",
        ),
        (
            ("    conditions:\n", f'    conditions:\n      "0": {{{CLAUSE}, all: [{{certificate: {{level: 3}}}}]}}\n'),
            "who may apply",
            "level 1, condition 0: a new way to be eligible: level-3 certificate of this occupation",
            "rules x",
        ),
        (
            ('      "1b":\n', '      "1c":\n'),
            "who may apply",
            "level 1, condition 1b: no longer a way to be eligible "
            "(before: level-1 course of 16 class hours with a completion certificate)",
            "rules 1 (b)",
        ),
    ],
)
def test_each_change_is_told_in_words(what: tuple[str, str], area: str, text: str, clause: str) -> None:
    """In its area, with what was before, and the clause that stands beside it now."""
    if "16\n      clause" in what[0]:
        found = changes(what, ("              hours: 16", "              hours: 20"))
    else:
        found = changes(what)
    told = [(change.area, change.text, change.clause) for change in found]
    assert (area, text, clause) in told
    assert all(change.is_for_candidates for change in found)


@pytest.mark.parametrize(
    ("what", "area"),
    [
        (("version: 1", "version: 2"), "names, sources and readings"),
        (("title: Written test", "title: Paper"), "names, sources and readings"),
        (("counts as well as last year", "counts"), "names, sources and readings"),
        (("    pass_mark: 35\n", f"    pass_mark: 35\n    entry: {{readers: 2, {CLAUSE}}}\n"), "the board's own work"),
    ],
)
def test_what_changes_nothing_for_candidates(what: tuple[str, str], area: str) -> None:
    """Names, readings and the board's own work are told apart."""
    (only,) = changes(what)
    assert (only.area, only.is_for_candidates) == (area, False)


def test_levels_come_and_go() -> None:
    """A new level is told with the ways into it; one that is gone, as a whole."""
    paths = [ROOT / "workflow" / "schemes" / f"{name}.yaml" for name in ("lrc-three-level", "lrc-2019")]
    old, new = (pin(path.read_text("utf-8"), path.name).scheme for path in paths)
    told = [change.text for change in compare(old, new)]
    assert "level 4: a new level (Level 4, intermediate worker)" in told
    assert any(text.startswith("level 4, condition 2a: a new way to be eligible: ") for text in told)
    back = compare(new, old)
    assert [change.text for change in back if "level 4" in change.text] == [
        "level 4: no longer assessed (Level 4, intermediate worker)"
    ]
    assert [AREAS.index(change.area) for change in back] == sorted(AREAS.index(change.area) for change in back)
