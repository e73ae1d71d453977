"""`scheme show`: every rule of a document in words, each with its clause."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.unit.assessing import RICH, C, scheme

EXAMPLES = Path(__file__).parents[2] / "examples" / "schemes"
SHOWN = sorted(path for path in EXAMPLES.glob("*.yaml") if not path.name.endswith(".cases.yaml"))
LIMITS = scheme(
    "{one: far}",
    level=f"""    deadlines:
      permit: {{title: permit to sit, within: {{days: 90}}, counted_from: authorized, effect: close, sittings: 1, {C}}}
    window: {{length: {{months: 30}}, counted_from: released, on_lapse: reopen, {C}}}
    measured_on: {{month: 9, day: 1}}
    carries_from: [{{scheme: old, level: 1, parts: {{law: far}}, until: 2026-01-31, {C}}}]
""",
    top=f"""
exam_years: {{begins: {{month: 9, day: 1}}, not_held: [2020], {C}}}
misconduct: {{grave: {{title: Grave, voids: session, bar: {{years: 1}}, ends: true, {C}}}}}
""",
    far=f"requires: [], recheck: {{request_within: {{working_days: 5}}, decide_within: {{months: 1}}, {C}}}, "
    f"entry: {{readers: 2, tolerance: 3, {C}}}, "
    f"resits: {{most: 3, per: exam_year, waiting: {{days: 45}}, counts_other_applications: true, {C}}}",
)
BARRED = scheme("{one: far}", far=f"resits: {{most: 3, at_cap: expire, bar: {{years: 1}}, counts_void: false, {C}}}")
RENEWED = """
certificate:
  title: Paper
  number: "T{serial:4}"
  valid_for: {years: 3}
  renewal: {credits: 60, least: {ethics: 8}, most: {talks: 20}, carries_over: 5, opens: {months: 6},
    suspended: {years: 1}, clause: {source: rules, at: r}}
  clause: {source: board}
"""


def shown(alone, tmp_path, text: str) -> list[str]:
    """Give the lines of a document that is shown."""
    file = tmp_path / "shown.yaml"
    file.write_text(text, "utf-8")
    done = alone("scheme", "show", file)
    assert done.code == 0, done.err
    return list(done.out.splitlines())


def test_groups_components_limits_and_exemptions_are_told(alone, tmp_path):
    """What A and B of a paper weigh, how often it may be taken, what a group asks, who is exempt."""
    lines = shown(alone, tmp_path, RICH.text)
    for line in (
        "    component b: B, 40 marks, below 10 the part is failed",
        "    attempts: at most 2 within 12 months; at most 4 in all; then the course is taken again [rules x]",
        "    attempts: at most 1; then 1 more after 3 class hours and an endorsement by an instructor [rules x]",
        "    attempts: at most 2; an absence is one; then the application expires [rules x]",
        "    attempts: at most 2 in each course; 1 day after 1 attempt; 2 months after 3 attempts [rules x]",
        "    before each sitting: an endorsement by an instructor, which counts 2 months [rules x]",
        "  stage base: once complete, for good [rules x]",
        "  stage group: after base; all passed at one sitting; 65 on average; a part of 75 marks is kept although the "
        "group was failed [rules x]",
        "  exemption 6b: tax, bar: 2 years of cumulative work in this occupation [rules x]",
    ):
        assert line in lines


def test_clocks_windows_years_and_misconduct_are_told(alone, tmp_path):
    """Each by what it limits, what follows, and its title."""
    lines = shown(alone, tmp_path, LIMITS.text)
    for line in (
        "  exam years begin on 09-01; not held: 2020 [rules x]",
        "    attempts: at most 3 in an exam year; attempts in other applications count as well; 45 days from the last "
        "one [rules x]",
        "    marked by 2 readers, who may differ by 3 [rules x]",
        "    a recheck may be asked for within 5 working days, and is decided within 1 month [rules x]",
        "  all parts within 30 months from the day released; when it closes, the oldest pass is lost and the next "
        "opens the window [rules x]",
        "  deadline of permit (permit to sit): 90 days from the day authorized, for 1 sitting; nobody is admitted "
        "outside it [rules x]",
        "  eligibility is measured on the next 09-01",
        "  carries over from old level 1: law as far, until 2026-01-31 [rules x]",
        "  grave: Grave; voids the session; bars for 1 year; ends the application [rules x]",
    ):
        assert line in lines


def test_a_bar_after_the_last_attempt_is_told(alone, tmp_path):
    """With what counts as an attempt."""
    line = (
        "    attempts: at most 3; one that is void is none; then the application expires; no new application within 1 "
        "year of the last one [rules x]"
    )
    assert line in shown(alone, tmp_path, BARRED.text)


def test_the_certificate_and_its_renewal_are_told(alone, tmp_path):
    """How long it is valid, how many credits, when it is suspended."""
    text = BARRED.text
    start = text.index("certificate:")
    text = text[:start] + RENEWED.lstrip() + text[text.index("completion:") :]
    lines = shown(alone, tmp_path, text)
    assert "  Paper, number T{serial:4}; valid 3 years from the award [the board's own policy]" in lines
    assert (
        "  renewal: 60 credits; at least 8 of ethics; at most 20 count of talks; up to 5 credits above those count for "
        "the next time; from 6 months before the last day on; to be renewed by the last valid day; after that "
        "suspended for 1 year, in which it can still be renewed [rules r]" in lines
    )


@pytest.mark.parametrize("path", SHOWN, ids=lambda path: path.name)
def test_every_example_can_be_shown(alone, path):
    """Whatever it uses of the language, down to the certificate."""
    done = alone("scheme", "show", path)
    assert done.code == 0
    assert "certificate\n" in done.out
