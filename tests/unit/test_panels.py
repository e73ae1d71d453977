"""Reviews by panels: quorum, the panel's mark, a second review, validity on the day."""

from __future__ import annotations

from decimal import Decimal

import pytest

from tests.timeline import day
from tests.unit.board import FULL, Board
from workflow.board import results
from workflow.errors import NotFound


@pytest.fixture
def reviewed() -> Board:
    """Give a board on which R1, at level 2, holds theory and skills through 2026-06-20; it is 2024-10-01."""
    board = Board(at="2024-10-01").file("R1", level=2)
    for part in ("theory", "skills"):
        board.score("R1", part, "S1", "2024-05-18", "61", "2024-06-20")
    return board


def review(board: Board, on: str, *marks: str, score: str = "", announced: str = "") -> list:
    """Record a review by members' marks or by the panel's."""
    given = {f"P{n}": Decimal(x) for n, x in enumerate(marks, 1)}
    told = day(announced) if announced else None
    own = Decimal(score) if score else None
    return list(results.record_review(board.service, "R1", day(on), "case_analysis", own, given, told))


def test_a_panel_makes_its_mark_with_a_quorum_and_a_failed_review_is_held_again(reviewed):
    """The panel's mark is the mean of an odd number of at least three; a second review may follow a failed one."""
    for marks in (("60", "61"), ("60", "60", "60", "60"), ("60", "60", "101")):
        (outcome,) = review(reviewed, "2024-09-07", *marks)
        assert {o.rule for o in outcome.error.objections} >= {"has_a_quorum"}
    (outcome,) = review(reviewed, "2024-09-07", score="60")
    assert "0 members gave marks" in str(outcome.error)
    (outcome,) = review(reviewed, "2024-09-07", "59", "60", "60.5", announced="2024-09-20")
    assert outcome.done.events[0].fact.score == Decimal("59.83")
    assert reviewed.state("R1") == "comprehensive_review"
    (again,) = review(reviewed, "2024-09-07", "70", "70", "70")
    assert "recorded already" in str(again.error)
    (outcome,) = review(reviewed, "2024-09-28", "59", "60", "61", announced="2024-09-30")
    assert outcome.done.state == "awaiting_award"


def test_members_marks_may_be_left_out_where_the_scheme_says_so():
    """Where they are optional the panel's mark may stand alone; wherever they are given they are judged."""
    optional = FULL | {"review": FULL["review"].replace("least: 3", "members: optional, least: 3")}
    board = Board(at="2024-10-01", **optional).file("R1", level=2)
    for part in ("theory", "skills"):
        board.score("R1", part, "S1", "2024-05-18", "61", "2024-06-20")
    (outcome,) = review(board, "2024-09-07", "60", "60")
    assert {o.rule for o in outcome.error.objections} == {"has_a_quorum"}
    (outcome,) = review(board, "2024-09-07", score="60")
    assert outcome.error is None


def test_both_exams_must_be_valid_on_the_day_of_the_review(reviewed):
    """The last valid day still counts, the day after is too late, whenever the review is recorded."""
    reviewed.at("2026-08-01")
    (late,) = review(reviewed, "2026-06-21", "60", "60", "60")
    assert late.error is not None
    (outcome,) = review(reviewed, "2026-06-20", "60", "60", "60", announced="2026-07-10")
    assert outcome.done.state == "awaiting_award"


def test_a_level_without_a_review_has_none():
    """A review of a level that has none is not found."""
    board = Board().file("A1")
    with pytest.raises(NotFound, match="has no review; it has: theory, skills"):
        list(results.record_review(board.service, "A1", day("2024-06-01"), "case_analysis", Decimal(60), {}))
