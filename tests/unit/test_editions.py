"""Editions: who may still file under a closed one, and which parts of other rules count under which terms."""

from __future__ import annotations

from typing import Any

import pytest

from tests.desk import WHY, Board
from tests.timeline import day
from tests.timeline import test_scheme as scheme_with
from workflow import facts as f
from workflow.board.applying import applicant
from workflow.board.carrying import carry_over
from workflow.errors import Invalid, Refused
from workflow.evidence import Evidence
from workflow.offers import Applicant, Earlier, scheme_for
from workflow.scheme import Pinned

CLAUSE = "clause: {source: rules, at: transition}"
OFFERED = "offered_from: 2000-01-01"
ASKS = '    conditions: {"1": {clause: {source: rules, at: "(1)"}, all: [{work'


def closed(*clauses: str) -> Pinned:
    """Give the test scheme, closed at the end of 2025 but for some."""
    kept = f"\n  still_open_for: [{', '.join(f'{{{c}, {CLAUSE}}}' for c in clauses)}]" if clauses else ""
    return scheme_with(offered=f"{OFFERED}->{OFFERED}\n  offered_until: 2025-12-31{kept}")


def newer(**changes: str) -> Pinned:
    """Give a later edition of the same occupation, in force from 2026 on."""
    return scheme_with(
        scheme="scheme: test\n->scheme: test-2026\n",
        names="names: [test]->names: [new]",
        force="in_force_from: 2000-01-01->in_force_from: 2026-01-01",
        offered=f"{OFFERED}->offered_from: 2026-01-01",
        **changes,
    )


def chosen(on: str, *clauses: str, edition: str = "test", files: Applicant | None = None) -> str:
    """Give the scheme that an application gets, or why it gets none."""
    try:
        shelf = [closed(*clauses), newer()]
        return scheme_for(shelf, day(on), "", edition, files or Applicant()).scheme.scheme
    except Refused as no:
        return str(no)


def test_a_closed_edition_is_open_for_its_cohort_until_its_day():
    """Named, through the last day; not named, only where the clause says so."""
    cohort = "until: 2026-06-30, cohorts: [C1]"
    one, other = Applicant("C1"), Applicant("C2")
    assert chosen("2025-12-31", cohort) == "test"
    assert chosen("2026-06-30", cohort, files=one) == "test"
    assert "it was open through 2026-06-30" in chosen("2026-07-01", cohort, files=one)
    assert "closed on 2025-12-31; it is open for C1 [rules transition]" in chosen("2026-01-01", cohort, files=other)
    assert chosen("2026-06-30", cohort, edition="", files=one) == "test-2026"
    by_default = f"{cohort}, by_default: true"
    assert chosen("2026-06-30", by_default, edition="", files=one) == "test"
    assert chosen("2026-06-30", by_default, edition="", files=other) == "test-2026"
    assert chosen("2026-07-01", by_default, edition="", files=one) == "test-2026"


def test_any_clause_that_gives_the_edition_by_default_is_enough():
    """Where one clause keeps it open for those who name it, another one gives it to those who name none."""
    named, given = "until: 2026-12-31, cohorts: [C1]", "until: 2026-06-30, cohorts: [C1, C2], by_default: true"
    for clauses in ((named, given), (given, named)):
        assert chosen("2026-06-30", *clauses, edition="", files=Applicant("C1")) == "test"
        assert chosen("2026-07-01", *clauses, edition="", files=Applicant("C1")) == "test-2026"
        assert chosen("2026-07-01", *clauses, files=Applicant("C1")) == "test"


def test_a_closed_edition_is_open_for_those_who_began_before():
    """Filed before the day, not on it, and under this very edition."""
    began = "until: 2027-12-31, filed_before: 2025-07-01"

    def filed(scheme: str, on: str) -> Applicant:
        return Applicant(earlier=lambda: [Earlier(scheme, day(on))])

    assert chosen("2026-01-01", began, files=filed("test", "2025-06-30")) == "test"
    assert "before 2025-07-01" in chosen("2026-01-01", began, files=filed("test", "2025-07-01"))
    assert "before 2025-07-01" in chosen("2026-01-01", began, files=filed("test-2026", "2025-06-30"))


def test_a_closed_edition_is_open_for_holders_of_a_part_or_a_certificate():
    """One of the parts, held on the day of filing; or a certificate shown. All that one clause lists must hold."""
    holds = "until: 2027-12-31, holds: [theory, skills]"
    held = Applicant(earlier=lambda: [Earlier("test", day("2024-01-01"), frozenset({"skills"}))])
    assert chosen("2026-01-01", holds, files=held) == "test"
    assert "hold theory or skills" in chosen("2026-01-01", holds)
    paper = "until: 2027-12-31, certificate: {level: 3}"
    shown = Evidence.model_validate(
        {"certificates": [{"occupation": "same", "level": 3, "kind": "sl", "issued_on": "2020-01-01"}]}
    )
    assert chosen("2026-01-01", paper, files=Applicant(evidence=shown)) == "test"
    assert "holders of a level-3 certificate" in chosen("2026-01-01", paper)
    assert "it is open for C1" in chosen("2026-01-01", f"{paper}, cohorts: [C1]", files=Applicant(evidence=shown))


def test_what_the_board_knows_of_an_applicant():
    """Earlier applications with what is held on the day of filing; what a pass had been worth later is no matter."""
    board = Board()
    board.ready("A1").passed("A1", "theory", "2024-05-18", "2024-06-20")
    (earlier,) = applicant(board.service, "c", day("2026-06-20")).earlier()
    assert (earlier.scheme, earlier.filed_on, earlier.held) == ("test", day("2024-03-15"), {"theory"})
    (later,) = applicant(board.service, "c", day("2026-06-21")).earlier()
    assert later.held == frozenset()


@pytest.mark.parametrize(
    ("clause", "said"),
    [
        ("until: 2027-12-31", "say for whom"),
        ("until: 2025-12-31, cohorts: [C1]", "lies within the time in which everybody may apply"),
        ("until: 2027-12-31, holds: [theorie]", "did you mean 'theory'?"),
    ],
)
def test_a_transition_clause_that_makes_no_sense_is_refused(clause, said):
    """With what to write instead."""
    with pytest.raises(Invalid, match=r"edition\.still_open_for") as wrong:
        closed(clause)
    assert said in str(wrong.value)


def test_an_edition_without_an_end_needs_no_transition_clause():
    """It is open for everybody."""
    kept = f"still_open_for: [{{until: 2027-12-31, cohorts: [C1], {CLAUSE}}}]"
    with pytest.raises(Invalid, match="offered without an end"):
        scheme_with(x=f"{OFFERED}->{OFFERED}\n  {kept}")


# -- credit maps -------------------------------------------------------------------------------------------------------


def mapped(terms: str, **changes: str) -> Board:
    """Give a board with theory held under the old rules, and an application of 2026-02-01 under rules that map it."""
    maps = f"    carries_from: [{{scheme: test, level: 3, parts: {{theory: skills}}, {terms}{CLAUSE}}}]\n"
    new = newer(carries=f"{ASKS}->{maps}{ASKS}", **changes)
    board = Board(scheme_with(), new)
    board.ready("A1").passed("A1", "theory", "2024-05-18", "2024-06-20", "70")
    board.file("N1", "2026-02-01", scheme=new)
    board.record("N1", _accepted(), "2026-02-01")
    fact = f.TrainingRecorded.model_validate(
        {"hours": 100, "completion_certificate": True, "completed_on": "2026-02-01"}
    )
    board.record("N1", fact, "2026-02-01")
    return board


def _accepted() -> f.EligibilityAccepted:
    return f.EligibilityAccepted(condition="1", conditions_met=("1",), evidence_digest="")


def carried(board: Board, on: str = "2026-02-01") -> Any:
    """Carry theory over as the skills of the new rules; give what was recorded, or why not."""
    try:
        carry_over(board.at(on).service, "N1", "A1", "theory", *WHY.values())
    except Refused as no:
        return str(no)
    return board.service.history("N1")[-1].fact


@pytest.mark.parametrize(
    ("terms", "said"),
    [
        ("until: 2026-02-01, ", ""),
        ("until: 2026-01-31, ", "could be carried over through 2026-01-31"),
        ("sat_until: 2024-05-18, sat_from: 2024-05-18, ", ""),
        ("sat_until: 2024-05-17, ", "where it was sat until 2024-05-17"),
        ("sat_from: 2024-05-19, ", "where it was sat from 2024-05-19 on"),
        ("least: 70, ", ""),
        ("least: 70.5, ", "from 70.5 marks on; it has 70"),
        ("all: [{certificate: {level: 3}}], ", ""),
        ("all: [{certificate: {level: 2}}], ", "not shown: level-2 certificate"),
    ],
)
def test_the_terms_of_a_credit_map(terms, said):
    """Each term holds on its own last day, and a refusal names the clause."""
    found = carried(mapped(terms))
    if said:
        assert said in found
        assert "[rules transition]" in found
    else:
        assert (found.part, str(found.last_valid_on)) == ("skills", "2026-06-20")


def test_a_credit_map_may_give_another_last_valid_day():
    """In place of the old one, be it later or sooner; the part then counts through it."""
    board = mapped("valid_until: 2027-06-30, ")
    assert str(carried(board).last_valid_on) == "2027-06-30"
    assert "skills" in board.service.standing("N1", day("2027-06-30")).held
    assert board.state("N1", "2027-07-01") == "expired"


def test_the_first_map_whose_terms_hold_decides():
    """Two entries for the same rules: the second helps where the first does not."""
    second = f"{CLAUSE}}}, {{scheme: test, level: 3, parts: {{theory: theory}}, "
    board = mapped(f"until: 2026-01-31, {second}")
    assert carried(board).part == "theory"


def test_a_pass_on_another_scale_stays_a_pass():
    """What passed there passes here, though the marks would not; the marks stay as they are."""
    harder = "Skills, maximum: 100, pass_mark: 60->Skills, maximum: 100, pass_mark: 80"
    board = mapped("", skills=harder)
    fact = carried(board)
    assert (str(fact.score), str(fact.pass_mark)) == ("70", "60")
    assert "skills" in board.service.standing("N1", day("2026-02-01")).held
