"""Disclosure: a small count is withheld, and so is what would give it away."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import replace
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.timeline import Timeline, day
from workflow.figures.disclosure import COVER, SMALL, Sum, withheld
from workflow.figures.statistics import case_of, tallied
from workflow.figures.table import lines_of, protected

ABC = ("a", "b", "c")


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ({"a": 0, "b": 5, "c": 9}, {}),
        ({"a": 4, "b": 5, "c": 9}, {"a": SMALL, "b": COVER}),
        ({"a": 4, "b": 0, "c": 9}, {"a": SMALL, "c": COVER}),
        ({"a": 1, "b": 3, "c": 9}, {"a": SMALL, "b": SMALL}),
        ({"a": 1, "b": 1, "c": 9}, {"a": SMALL, "b": SMALL, "c": COVER}),  # they could only be one and one
        ({"a": 4, "b": 4, "c": 9}, {"a": SMALL, "b": SMALL, "c": COVER}),
        (
            {"a": 1, "b": 0, "c": 0},
            {"a": COVER, "b": COVER, "c": COVER},
        ),  # that it is small and not nothing would tell all
    ],
)
def test_another_addend_is_withheld_where_the_total_would_tell(counts, hidden):
    """A single small count in a known sum takes the next smallest with it."""
    total = {"all": sum(counts.values())}
    assert withheld(counts | total, [Sum("all", ABC)], ABC, total) == hidden


def test_a_cover_can_need_a_cover():
    """What is withheld in one sum must not come back through another."""
    counts = {"a": 2, "b": 50, "all": 52, "x": 20, "y": 30}
    hidden = withheld(counts, [Sum("all", ("a", "b")), Sum("b", ("x", "y"))], ["a"], ["all"])
    assert hidden == {"a": SMALL, "b": COVER, "x": COVER}


@given(st.lists(st.integers(0, 8), min_size=2, max_size=4), st.data())
def test_no_small_count_can_be_worked_out(numbers, data):
    """Whatever the counts, some other counts fit all that is shown, for each small one that is withheld."""
    counts: dict[Hashable, int] = dict(enumerate(numbers))
    total = sum(numbers)
    hidden = withheld({**counts, "all": total}, [Sum("all", tuple(counts))], list(counts), ["all"])
    small = [cell for cell, n in counts.items() if 0 < n < 5]
    assert set(small) <= set(hidden) <= set(counts)
    if not small:
        return
    rest = total - sum(n for cell, n in counts.items() if cell not in hidden)
    bounds = {cell: (1, 4) if mark == SMALL else (0, rest) for cell, mark in hidden.items()}
    cell = data.draw(st.sampled_from(small))
    ways = product(*(range(low, high + 1) for low, high in bounds.values()))
    assert len({way[list(bounds).index(cell)] for way in ways if sum(way) == rest}) > 1


def test_a_cohort_is_protected_by_the_others():
    """In a table by cohort the small cohort's counts are withheld, and no subtraction from all gives them away."""
    t = Timeline().accept()
    one = case_of(t.history, t.rules, day("2024-06-01"))
    gone = Timeline()
    two = case_of(gone.history, gone.rules, day("2024-06-01"))

    def of(case, cohort, number):
        return [replace(case, application=case.application.but(cohort=cohort))] * number

    cases = [*of(one, "big", 20), *of(one, "small", 3), *of(two, "small", 6), *of(one, "", 30)]
    tallies = tallied(cases, ("cohort",))
    lines = {line.group["cohort"]: line for line in protected(lines_of(tallies, ("cohort",)), list(tallies.values()))}
    small, big, none = lines["small"], lines["big"], lines[None]
    assert (small.values["accepted"], small.shown("accepted")) == (None, SMALL)
    assert small.values["applied"] == 9
    assert (big.shown("accepted"), none.shown("accepted")) == (COVER, 30)
    assert small.as_json()["accepted"] is None
    assert "accepted" in small.as_json()["suppressed"]
    assert big.values["applied"] == 20


def test_medians_and_rates_over_a_few_are_withheld():
    """A median over one to four of a cohort says too much of each, and a rate gives its counts away."""
    t = Timeline().accept().train("2024-04-01").score("theory", "2024-05-18", "60", "2024-06-20")
    one = case_of(t.history, t.rules, day("2024-07-01"))
    assert one is not None
    cases = [replace(one, application=one.application.but(cohort="c"))] * 4
    tallies = tallied(cases, ("cohort",))
    (line,) = protected(lines_of(tallies, ("cohort",)), list(tallies.values()))
    for name in ("days_submitted_to_trained", "pass_rate"):
        assert (line.values[name], line.shown(name)) == (None, COVER)
    assert line.shown("applied") == SMALL
