"""Lint of scheme documents: every rule finds what it looks for, at its line, and nothing in what is sound."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from workflow.checking.check import pin
from workflow.checking.implied import condition_implies
from workflow.checking.lint import Located, lint
from workflow.language.conditions import Condition

ROOT = Path(__file__).parents[2]
FIRST_AID = (ROOT / "examples" / "schemes" / "first-aid.yaml").read_text("utf-8")
SCHEMES = ROOT / "workflow" / "schemes"


def found(*changes: tuple[str, str], text: str = FIRST_AID) -> list[Located]:
    """Lint a document, changed."""
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new, 1)
    return lint([("mine.yaml", pin(text, "mine.yaml"))])


def test_sound_documents_have_no_findings() -> None:
    """Neither the example nor the shipped editions, each alone, are found to say what cannot be meant."""
    assert found() == []
    for path in SCHEMES.glob("*.yaml"):
        if ".cases." not in path.name:
            assert found(text=path.read_text("utf-8")) == []


CLAUSE = "clause: {source: rules, at: x}"


def second(asks: str) -> tuple[str, str]:
    """Add a condition 2 that asks for something."""
    head = '    conditions:\n      "1a":\n'
    return head, f'    conditions:\n      "2": {{{CLAUSE}, all: [{asks}]}}\n      "1a":\n'


CASES = [
    (
        "implied_condition",
        False,
        "levels.1.conditions.2",
        second("{work: {years: 2, counted: continuous}}"),
    ),
    (
        "unreachable_condition",
        True,
        "levels.1.conditions.2.all.0.education.degree",
        second("{education: {degree: []}}"),
    ),
    (
        "unreachable_condition",
        True,
        "levels.1.conditions.2.all",
        second("{age: {least: 30}}, {age: {most: 20}}"),
    ),
    (
        "unreachable_condition",
        True,
        "levels.1.conditions.2.all.0.work.within",
        second("{work: {years: 5, counted: cumulative, within: {years: 3}}}"),
    ),
    (
        "unreachable_condition",
        True,
        "levels.1.conditions.2.all.1.work.after",
        second("{education: {status: [enrolled]}}, {work: {years: 2, counted: cumulative, after: education}}"),
    ),
    (
        "certificate_of_same_level",
        False,
        "levels.1.conditions.2.all.0.certificate.level",
        second("{certificate: {level: 1}}"),
    ),
    (
        "choice_of_all",
        False,
        "levels.1.stages.practical_test",
        ("practical_test: practical", f"practical_test: {{choose: 1, of: [practical], {CLAUSE}}}"),
    ),
    (
        "sitting_of_one",
        False,
        "levels.1.stages.practical_test.same_sitting",
        ("practical_test: practical", f"practical_test: {{all_of: [practical], same_sitting: true, {CLAUSE}}}"),
    ),
    (
        "exempt_from_all",
        False,
        "levels.1.exemptions.1.parts",
        (
            "    conditions:\n",
            f'    exemptions: {{"1": {{parts: [written, practical], {CLAUSE}, all: [{{age: {{least: 18}}}}]}}}}\n'
            "    conditions:\n",
        ),
    ),
    (
        "unreachable_exemption",
        True,
        "levels.1.exemptions.1.all.0.education.school",
        (
            "    conditions:\n",
            f'    exemptions: {{"1": {{parts: [written], {CLAUSE}, all: [{{education: {{school: []}}}}]}}}}\n'
            "    conditions:\n",
        ),
    ),
    (
        "certificate_ends_first",
        False,
        "levels.1.conditions.2.all.1.work.after",
        second("{certificate: {level: 3}}, {work: {years: 3, counted: cumulative, after: certificate}}"),
    ),
    (
        "deadline_never_ends",
        False,
        "levels.1.deadlines.inner",
        (
            "    stages:\n",
            f"    deadlines:\n      inner: {{within: {{years: 2}}, counted_from: approved, not_after: outer, "
            f"{CLAUSE}}}\n"
            f"      outer: {{within: {{years: 1}}, counted_from: approved, {CLAUSE}}}\n    stages:\n",
        ),
    ),
    ("no_marks", True, "parts.written.maximum", ("maximum: 50\n    pass_mark: 35", "maximum: 0\n    pass_mark: 0")),
    (
        "unused_part",
        False,
        "parts.oral",
        ("parts:\n", f"parts:\n  oral: {{title: Oral, maximum: 9, pass_mark: 5, {CLAUSE}}}\n"),
    ),
    ("passes_with_nothing", False, "parts.written.pass_mark", ("pass_mark: 35", "pass_mark: 0")),
    ("passes_with_all", False, "parts.written.pass_mark", ("pass_mark: 35", "pass_mark: 50")),
    ("unused_source", False, "sources.other", ("sources:\n", "sources:\n  other: Another paper\n")),
    ("unused_field", False, "certificate.fields.site", ("  number:", '  fields: {site: "01"}\n  number:')),
    ("short_series", False, "certificate.number", ("{serial:6}", "{serial:3}")),
    (
        "default_without_reason",
        False,
        "completion.clause",
        ("    reading: The rules do not say which day decides; the day of the test is a default.\n", ""),
    ),
    (
        "panel_of_exam",
        False,
        "parts.written.panel",
        ("    pass_mark: 35\n", f"    pass_mark: 35\n    panel: {{least: 3, {CLAUSE}}}\n"),
    ),
    (
        "even_panel",
        False,
        "parts.written.panel.least",
        ("    pass_mark: 35\n", f"    pass_mark: 35\n    kind: review\n    panel: {{least: 4, {CLAUSE}}}\n"),
    ),
    (
        "even_staff",
        False,
        "parts.written.staffing.least_assessors",
        (
            "    pass_mark: 35\n",
            f"    pass_mark: 35\n    staffing: {{least_assessors: 2, odd_assessors: true, {CLAUSE}}}\n",
        ),
    ),
    (
        "tolerance_of_one",
        False,
        "parts.written.entry.tolerance",
        ("    pass_mark: 35\n", f"    pass_mark: 35\n    entry: {{tolerance: 3, {CLAUSE}}}\n"),
    ),
    (
        "tolerance_of_all",
        False,
        "parts.written.entry.tolerance",
        ("    pass_mark: 35\n", f"    pass_mark: 35\n    entry: {{readers: 2, tolerance: 50, {CLAUSE}}}\n"),
    ),
    (
        "degree_without_effect",
        False,
        "misconduct.talk",
        ("certificate:\n", f"misconduct:\n  talk: {{title: Talking, voids: nothing, {CLAUSE}}}\ncertificate:\n"),
    ),
    (
        "unused_validity",
        False,
        "parts.practical.validity",
        ("    title: Practical test\n", "    title: Practical test\n    requires: [written]\n"),
    ),
    (
        "ends_before_it_begins",
        True,
        "parts.written.validity.until",
        ("    validity:\n      length:\n        months: 18\n", "    validity:\n      until: 2026-02-28\n"),
    ),
    (
        "deadline_before_sitting",
        True,
        "levels.1.deadlines.submitted",
        ("    stages:\n", f"    deadlines: {{submitted: {{within: {{days: 1}}, {CLAUSE}}}}}\n    stages:\n"),
    ),
    (
        "never_in_force",
        False,
        "edition.offered_until",
        (
            "in_force_from: 2026-01-01\n  offered_from: 2026-03-01\n",
            "in_force_from: 2027-01-01\n  offered_from: 2026-03-01\n  offered_until: 2026-12-31\n",
        ),
    ),
]


@pytest.mark.parametrize(("rule", "is_error", "field", "change"), CASES)
def test_each_rule_finds_what_it_looks_for(rule: str, is_error: bool, field: str, change: tuple[str, str]) -> None:
    """By its name, as an error or a warning, at the field and its line, with what to do."""
    ends = [("  number:", "  valid_for: {years: 2}\n  number:")] if rule == "certificate_ends_first" else []
    there = [x for x in found(change, *ends) if x.finding.rule == rule]
    assert [".".join(map(str, x.finding.path)) for x in there] == [field]
    (only,) = there
    assert only.finding.is_error is is_error
    assert only.line > 1
    assert only.finding.do


def test_every_rule_of_the_guide_is_a_rule_and_the_other_way_round() -> None:
    """The guide lists the names of all that is looked for."""
    guide = (ROOT / "docs" / "scheme-language.md").read_text("utf-8")
    table = guide.partition("examboard scheme lint SCHEME...")[2].partition("examboard scheme diff")[0]
    told = set(re.findall(r"`([a-z]+_[a-z_]+)`", table)) - {"end_of_month"}
    code = "".join(path.read_text("utf-8") for path in (ROOT / "workflow" / "checking").glob("lint_*.py"))
    named = set(re.findall(r'Finding\(\s*"([a-z_]+)"', code))
    assert told == named


def test_a_resit_that_comes_too_late() -> None:
    """Too late for the deadline of its stage, and, where a lapse ends it, for the passes that it is to complete."""
    resits = ("    pass_mark: 35\n", f"    pass_mark: 35\n    resits: {{waiting: {{years: 2}}, {CLAUSE}}}\n")
    assert found(resits) == []  # what runs out is taken again
    ending = ("effect: reopen", "effect: expire")
    assert [x.finding.rule for x in found(resits, ending)] == ["waits_too_long"]
    stage = ("    stages:\n", f"    deadlines: {{written_test: {{within: {{days: 90}}, {CLAUSE}}}}}\n    stages:\n")
    assert [x.finding.rule for x in found(resits, stage)] == ["deadline_before_resit"]
    once = ("waiting: {years: 2}", "most: 1, waiting: {years: 2}")
    assert found(resits, stage, once) == []


def edition(name: str, in_force: str, until: str = "", names: str = "") -> tuple[str, str]:
    """Write an edition of the example."""
    text = FIRST_AID.replace("scheme: first-aid", f"scheme: {name}").replace('["2026"]', f'["{names or name}"]')
    text = text.replace(
        "in_force_from: 2026-01-01\n  offered_from: 2026-03-01",
        f"in_force_from: {in_force}\n  offered_from: {in_force}",
    )
    return name, text.replace("  clause:", f"  offered_until: {until}\n  clause:", 1) if until else text


@pytest.mark.parametrize(
    ("old", "new", "rules"),
    [
        (edition("a", "2020-01-01", "2025-12-31"), edition("b", "2026-01-01"), []),
        (edition("a", "2020-01-01", "2025-12-30"), edition("b", "2026-01-01"), ["edition_gap"]),
        (edition("a", "2020-01-01", "2026-01-01"), edition("b", "2026-01-01"), ["edition_overlap"]),
        (edition("a", "2020-01-01"), edition("b", "2026-01-01"), ["edition_overlap"]),
        (edition("a", "2026-01-01", "2026-02-01"), edition("b", "2026-01-01"), ["same_day_in_force"]),
        (edition("a", "2020-01-01", "2025-12-31", "x"), edition("b", "2026-01-01", names="X"), ["shared_name"]),
    ],
)
def test_editions_together(old: tuple[str, str], new: tuple[str, str], rules: list[str]) -> None:
    """A day without an edition, days with two, and names that mean both; to the day, in whatever order."""
    documents = [(name, pin(text, name)) for name, text in (old, new)]
    for given in (documents, documents[::-1]):
        found = [(x.where, x.finding.rule, x.finding.is_error) for x in lint(given)]
        assert found == [("b", rule, rule in ("same_day_in_force", "shared_name")) for rule in rules]


def asks(**asked: object) -> Condition:
    """Write a condition."""
    return Condition.model_validate({"clause": {"source": "x"}, "all": [{k: v} for k, v in asked.items()]})


@pytest.mark.parametrize(
    ("strong", "weak", "holds"),
    [
        (asks(work={"years": 2, "counted": "continuous"}), asks(work={"years": 2, "counted": "cumulative"}), True),
        (asks(work={"years": 2, "counted": "cumulative"}), asks(work={"years": 2, "counted": "continuous"}), False),
        (asks(work={"years": 1, "counted": "cumulative"}), asks(work={"years": 2, "counted": "cumulative"}), False),
        (
            asks(education={"degree": ["master"]}, work={"years": 2, "counted": "cumulative", "after": "education"}),
            asks(education={"degree": ["master", "doctor"]}, work={"years": 2, "counted": "cumulative"}),
            True,
        ),
        (asks(education={"degree": ["master"]}), asks(education={"degree": ["doctor"]}), False),
        (asks(education={"degree": ["master"]}), asks(education={}), True),
        (asks(education={}), asks(education={"degree": ["master"]}), False),
        (asks(certificate={"level": 2}), asks(certificate={"level": 3}), False),
        (asks(certificate={"level": 2}), asks(certificate={"level": 2, "occupation": ["same", "related"]}), True),
        (asks(age={"least": 21}), asks(age={"least": 18}), True),
        (asks(age={"least": 18}), asks(age={"least": 18, "most": 60}), False),
        (asks(age={"most": 50}), asks(age={"most": 60}), True),
        (
            asks(work={"years": 2, "counted": "continuous", "gap_days": 30}),
            asks(work={"years": 2, "counted": "continuous"}),
            False,
        ),
        (
            asks(work={"years": 2, "counted": "cumulative", "within": {"years": 3}}),
            asks(work={"years": 2, "counted": "cumulative", "within": {"months": 48}}),
            True,
        ),
    ],
)
def test_which_condition_implies_which(strong: Condition, weak: Condition, holds: bool) -> None:
    """What lists less, lasts longer or asks for more is stronger; what cannot be told is not."""
    assert condition_implies(strong, weak) is holds
    assert condition_implies(strong, strong)
