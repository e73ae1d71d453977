"""The schemes under examples/: sound, without an error of the lint, and bound by their worked cases."""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from storage.memory import MemoryStores
from workflow.cases.running import Proved, run_cases
from workflow.cases.worked import Cases, read_cases
from workflow.checking.check import pin
from workflow.checking.lint import lint

FOLDER = Path(__file__).parents[2] / "examples" / "schemes"
SCHEMES = sorted(path for path in FOLDER.glob("*.yaml") if not path.name.endswith(".cases.yaml"))
REAL = [path for path in SCHEMES if path.stem != "first-aid"]

# A number or word of each rule, and what would be another rule.
CHANGES = (
    ("us-private-pilot", "age: {least: 15}", "age: {least: 16}"),
    ("us-private-pilot", "pass_mark: 70", "pass_mark: 71"),
    ("us-private-pilot", "months: 24", "months: 23"),
    ("us-private-pilot", "end_of_month", "corresponding"),
    ("us-private-pilot", "endorsement: true", "hours: 1"),
    ("us-private-pilot", "least: 17", "least: 18"),
    ("us-private-pilot", "least: 40", "least: 41"),
    ("us-private-pilot", "least: 10", "least: 9"),
    ("us-private-pilot", "valid_for: {months: 2}", "valid_for: {months: 3}"),
    ("us-private-pilot", "effect: reopen", "effect: expire"),
    ("us-cpa-texas", "pass_mark: 75", "pass_mark: 76"),
    ("us-cpa-texas", "length: {months: 30}", "length: {months: 31}"),
    ("us-cpa-texas", "counted_from: released", "counted_from: announced"),
    ("us-cpa-texas", "on_lapse: reopen", "on_lapse: restart"),
    ("us-cpa-texas", "judged_on: announced", "judged_on: sat"),
    ("us-cpa-texas", "choose: 1", "choose: 2"),
    ("us-cpa-texas", "days: 180", "days: 181"),
    ("us-cpa-texas", "months: 36", "months: 35"),
    ("us-cpa-texas", "least: 120", "least: 121"),
    ("us-cpa-texas", "least: 150", "least: 149"),
    ("us-cpa-texas", "within: {months: 6}", "within: {days: 183}"),
    ("us-cpa-texas", "years: 1", "months: 11"),
    ("pmp", "most: 3", "most: 4"),
    ("pmp", "bar: {years: 1}", "bar: {days: 364}"),
    ("pmp", "bar: {years: 1}", "bar: {days: 366}"),
    ("pmp", "last_day: one_less", "last_day: corresponding"),
    ("pmp", "credits: 60", "credits: 61"),
    ("pmp", "power_skills: 8", "power_skills: 7"),
    ("pmp", "giving_back: 25", "giving_back: 26"),
    ("pmp", "credits_until: renewed", "credits_until: last_day"),
    ("pmp", "suspended: {years: 1}", "suspended: {days: 364}"),
    ("pmp", "counted_from: approved", "counted_from: submitted"),
    ("pmp", "title: audit\n        within: {days: 90}", "title: audit\n        within: {days: 89}"),
    ("pmp", "draft:\n        within: {days: 90}", "draft:\n        within: {days: 89}"),
    ("pmp", "months: 36", "months: 35"),
    ("pmp", "hours: 35", "hours: 34"),
    ("pmp", "within: {years: 8}", "within: {years: 9}"),
    ("cn-cpa", "pass_mark: 60\n    validity", "pass_mark: 59\n    validity"),
    ("cn-cpa", "exam_years: 5", "years: 5"),
    ("cn-cpa", "judged_on: sat", "judged_on: announced"),
    ("cn-cpa", "for_good: true", "for_good: false"),
    ("cn-cpa", "requires: [professional]", "requires: []"),
    ("cn-cpa", "        choose: 1\n", "        choose: 2\n"),
    ("cn-cpa", "least: 18", "least: 19"),
    ("cn-cpa", "degree_at_least: college", "degree_at_least: bachelor"),
)


@cache
def cases_of(stem: str) -> Cases:
    """Give the worked cases of a scheme, read once."""
    where = FOLDER / f"{stem}.cases.yaml"
    return read_cases(where.read_text("utf-8"), where.name)


def proved(stem: str, text: str) -> Iterator[Proved]:
    """Put the worked cases of a scheme through the engine, on this text of it, one after the other."""
    return run_cases(cases_of(stem), [pin(text, stem)], MemoryStores)


@pytest.mark.parametrize("path", SCHEMES, ids=lambda path: path.stem)
def test_an_example_is_sound_and_means_what_it_says(path: Path) -> None:
    """An example is taken whole, and the lint finds no error in it."""
    found = lint([(path.name, pin(path.read_text("utf-8"), path.name))])
    assert [str(x) for x in found if x.finding.is_error] == []


@pytest.mark.parametrize("path", SCHEMES, ids=lambda path: path.stem)
def test_the_worked_cases_of_an_example_hold(path: Path) -> None:
    """Every worked case beside an example holds; a real qualification has at least 15."""
    found = list(proved(path.stem, path.read_text("utf-8")))
    assert len(found) >= (15 if path in REAL else 1)
    assert {x.case.case: x.misses for x in found if not x.holds} == {}


@pytest.mark.parametrize(("stem", "here", "there"), CHANGES)
def test_another_number_is_noticed_by_a_case(stem: str, here: str, there: str) -> None:
    """No number or word of a rule can be changed without a worked case that no longer holds."""
    text = (FOLDER / f"{stem}.yaml").read_text("utf-8")
    assert here in text
    assert not all(x.holds for x in proved(stem, text.replace(here, there)))


@pytest.mark.parametrize("path", REAL, ids=lambda path: path.stem)
def test_a_real_qualification_says_that_it_is_an_example(path: Path) -> None:
    """What is written from the rules of a real board says first that it is no legal advice."""
    head = path.read_text("utf-8").split("\nscheme:")[0]
    assert "An example and a test" in head
    assert "no legal advice" in head
