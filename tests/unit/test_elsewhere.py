"""Elsewhere: what other applications of the same candidate bring: bars after attempts, attempts that count as well."""

from __future__ import annotations

from functools import cache
from typing import Self

import pytest

from storage.memory import MemoryStores
from tests.desk import WHY, Board
from tests.timeline import day
from tests.unit.assessing import C, faults, scheme
from workflow import facts as f
from workflow.board.decisions import accept
from workflow.cases.running import run_cases
from workflow.cases.worked import read_cases
from workflow.checking.check import pin
from workflow.errors import Invalid, Refused
from workflow.persons.retention import kept_until
from workflow.scheme import Pinned

CASES = """
given:
  failed:
    level: 1
    submitted_on: 2024-01-10
    evidence: {certificates: [{occupation: same, level: 3, kind: sl, issued_on: 2020-01-01}]}
    events:
      - {on: 2024-02-01, sat: far, marks: 59, announced_on: 2024-02-05}
      - {on: 2024-03-01, sat: far, marks: 59, announced_on: 2024-03-11}
  again:
    level: 1
    submitted_on: 2024-02-02
    evidence: {certificates: [{occupation: same, level: 3, kind: sl, issued_on: 2020-01-01}]}
cases:
"""


@cache
def pinned(resits: str, stages: str = "{one: far}", code: str = "1-01", level: str = "", **more: str) -> Pinned:
    """Give a scheme whose part `far` has such limits."""
    found = scheme(stages, level=level, far=f"{more.pop('kind', '')}resits: {{{resits}, {C}}}", **more)
    if code == "1-01":
        return found
    text = found.text.replace("code: 1-01", f"code: {code}").replace("scheme: test", f"scheme: test-{code}")
    return pin(text, "other.yaml")


class Desk(Board):
    """A board whose candidate takes the part `far` in several applications."""

    def open(self, key: str, on: str = "2024-01-10", **how: object) -> Self:
        """File and accept at level 1."""
        self.file(key, on, level=1, **how)
        accept(self.service, key)
        return self

    def fail(self, key: str, *days: str, part: str = "far", marks: str = "59") -> Self:
        """Fail the part on some days, each announced at once."""
        for on in days:
            self.passed(key, part, on, on, marks)
        return self

    def refused(self, key: str, on: str) -> str:
        """Try to admit to a sitting of the part; give the objections, empty if it was allowed (and cancelled)."""
        try:
            self.record(key, f.Admitted(part="far", sitting=f"try-{on}", sat_on=day(on)), on)
        except Refused as refused:
            return "; ".join(map(str, refused.objections))
        self.record(key, f.AdmissionCancelled(part="far", sitting=f"try-{on}", reason="tried"), on)
        return ""

    def unfiled(self, on: str, candidate: str = "c", under: Pinned | None = None) -> str:
        """Try to file one more application; give the objections, empty where it was taken."""
        try:
            self.file(f"N{on}{candidate}{bool(under)}", on, 1, candidate=candidate, scheme=under)
        except Refused as refused:
            return "; ".join(map(str, refused.objections))
        return ""


BAR = "most: 2, at_cap: expire, bar: {years: 1}"


def test_who_has_used_up_the_attempts_waits_before_a_new_application():
    """A year from the last attempt of 2024-03-01: barred through 2025-02-28, free on 2025-03-01."""
    desk = Desk(pinned(BAR)).open("A1").fail("A1", "2024-02-01")
    assert desk.unfiled("2024-02-02") == ""
    desk.fail("A1", "2024-03-01")
    assert desk.state("A1", "2024-03-02") == "expired"
    for on in ("2024-03-01", "2025-02-28"):
        assert desk.unfiled(on) == (
            "barred through 2025-02-28 for 2 attempts of far used up in A1, the last on 2024-03-01; "
            f"the submission is on {on} [rules x]"
        )
    assert desk.unfiled("2025-02-28", "d") == ""
    assert desk.unfiled("2025-03-01") == ""


def test_the_bar_holds_from_the_last_result_and_not_while_it_is_to_come():
    """The second paper is sat on 1 March and announced on the 11th: until then nobody knows."""
    desk = Desk(pinned(BAR)).open("A1").fail("A1", "2024-02-01").passed("A1", "far", "2024-03-01", "2024-03-11", "59")
    assert desk.unfiled("2024-03-10") == ""
    assert "barred through 2025-02-28" in desk.unfiled("2024-03-11")


def test_the_data_that_a_bar_rests_on_is_kept_through_its_last_day():
    """Five years from the end by default; ten years from the last attempt, less a day, where the bar lasts longer."""
    for bar, kept in (("years: 1", "2029-03-02"), ("years: 10", "2034-02-28")):
        desk = (
            Desk(pinned(f"most: 2, at_cap: expire, bar: {{{bar}}}")).open("A1").fail("A1", "2024-02-01", "2024-03-01")
        )
        found = desk.service.standing("A1", day("2024-03-02")).application
        rules = desk.service.rules_of(desk.service.history("A1"))
        assert kept_until(found, rules, day("2024-03-02")) == day(kept)


def test_a_pass_at_the_last_attempt_brings_no_bar():
    """Nor does a fail that is amended to a pass."""
    desk = Desk(pinned(BAR)).open("A1").fail("A1", "2024-02-01").fail("A1", "2024-03-01", marks="60")
    assert desk.unfiled("2024-04-01") == ""
    desk = Desk(pinned(BAR)).open("A1").fail("A1", "2024-02-01", "2024-03-01")
    assert desk.unfiled("2024-04-01") != ""
    desk.record("A1", f.ScoreAmended(part="far", sitting="2024-03-01", score=60, **WHY), "2024-04-02")
    assert desk.unfiled("2024-04-03") == ""


def test_the_bar_is_of_the_occupation_and_level_and_holds_for_open_applications_too():
    """Another occupation is free; an application that was open already admits to no sitting inside the bar."""
    other = pinned(BAR, code="2-02")
    desk = Desk(pinned(BAR), other).open("A1").open("A2", "2024-01-11").open("B1", "2024-01-12", scheme=other)
    desk.fail("A1", "2024-02-01", "2024-03-01")
    assert desk.unfiled("2024-04-01", under=other) == ""
    assert desk.refused("B1", "2024-04-02") == ""
    assert "the sitting is on 2025-02-28" in desk.refused("A2", "2025-02-28")
    assert desk.refused("A2", "2025-03-01") == ""


def test_a_choice_that_can_still_be_completed_brings_no_bar():
    """One of two: the attempts at far are used up, those at aud are not."""
    desk = Desk(pinned(BAR, f"{{one: {{choose: 1, of: [far, aud], {C}}}}}", aud="")).open("A1")
    desk.fail("A1", "2024-02-01", "2024-03-01")
    assert desk.unfiled("2024-04-01") == ""


def test_eight_in_any_year_count_over_all_applications():
    """Here two: one in each of two applications; the first no longer counts a year later."""
    desk = Desk(pinned("most: 2, within: {years: 1}, waiting: {days: 45}, counts_other_applications: true"))
    desk.open("A1").fail("A1", "2024-02-01").open("A2", "2024-02-02")
    assert "the next sitting may be on 2024-03-17" in desk.refused("A2", "2024-03-16")
    assert desk.refused("A2", "2024-03-17") == ""
    desk.fail("A2", "2024-03-17")
    for key in ("A1", "A2"):
        assert "2 attempts of at most 2 are used up within 1 year" in desk.refused(key, "2025-01-31")
        assert desk.refused(key, "2025-02-01") == ""
    desk.open("A3", "2024-04-01", candidate="d")
    assert desk.refused("A3", "2024-04-02") == ""


def test_what_counts_in_one_application_goes_on_to_do_so():
    """Two in each application, three in all: the third application has one left after one in the second."""
    desk = Desk(pinned("most: 2, in_all: 3, counts_other_applications: true")).open("A1")
    desk.fail("A1", "2024-02-01").open("A2", "2024-02-02")
    desk.fail("A2", "2024-03-01", "2024-04-01")
    said = desk.refused("A1", "2024-05-01")
    assert "3 attempts of at most 3 are used up in all applications; no attempt is left" in said
    desk = Desk(pinned("most: 2, in_all: 5, counts_other_applications: true")).open("A1")
    desk.fail("A1", "2024-02-01", "2024-03-01").open("A2", "2024-03-02")
    assert "2 attempts of at most 2" in desk.refused("A1", "2024-04-01")
    assert desk.refused("A2", "2024-04-01") == ""


FOR_GOOD = "in_all: 2, at_cap: expire, counts_other_applications: true"


def test_final_failure_is_for_good():
    """Two attempts in all: no new application, at any day, unless the last result turns out to be a pass."""
    desk = Desk(pinned(FOR_GOOD)).open("A1").fail("A1", "2024-02-01", "2024-03-01")
    assert desk.state("A1", "2024-03-02") == "expired"
    said = "2 attempts of far were made in earlier applications, and none passed; no attempt is left [rules x]"
    assert desk.unfiled("2029-03-02") == said
    assert desk.unfiled("2029-03-02", "d") == ""
    desk.record("A1", f.ScoreAmended(part="far", sitting="2024-03-01", score=60, **WHY), "2029-03-03")
    assert desk.unfiled("2029-03-04") == ""  # it may be carried over
    assert "used up in all applications" in desk.refused("N2029-03-04cFalse", "2029-03-05")


def test_attempts_elsewhere_are_counted_by_the_terms_asked():
    """A void one only if they say so; a result to come is waited for; who may be exempt may apply."""
    desk = Desk(pinned(FOR_GOOD)).open("A1").fail("A1", "2024-02-01")
    desk.record("A1", f.Admitted(part="far", sitting="x", sat_on=day("2024-03-01")), "2024-02-20")
    assert desk.unfiled("2024-03-02") == ""
    exempt = f'    exemptions: {{"6a": {{parts: [far], all: [{{certificate: {{level: 3}}}}], {C}}}}}'
    desk = Desk(pinned(FOR_GOOD, level=exempt))
    desk.open("A1").fail("A1", "2024-02-01", "2024-03-01")
    assert desk.unfiled("2024-04-01") == ""


def test_a_review_is_an_attempt_without_an_admission():
    """Its marks are refused where attempts in other applications have used it up."""
    desk = Desk(pinned(FOR_GOOD, kind="kind: review, ")).open("A1").open("A2", "2024-01-11")

    def review(key: str, on: str) -> None:
        desk.record(key, f.ScoreRecorded(part="far", sitting=f"{key}-{on}", sat_on=day(on), score=59), on)

    review("A1", "2024-02-01")
    review("A2", "2024-02-02")
    with pytest.raises(Refused, match="used up in all applications"):
        review("A1", "2024-02-03")


def test_nothing_else_is_read_for_a_candidate_with_one_application():
    """An admission asks which applications there are, once, and reads no other history."""
    desk = Desk(pinned(FOR_GOOD)).open("A1").open("D1", candidate="d")
    assert desk.service.others("c", "A1") == ()
    ((application, rules),) = desk.service.others("c", "")
    assert (application.key, rules.number) == ("A1", 1)


def test_worked_cases_say_that_a_submission_is_refused():
    """The words must stand in the refusal; a submission that is taken is a miss."""
    text = CASES + (
        "  - {case: a, given: again, submitted_on: 2025-02-28, earlier: [failed], refused: barred through 2025-02-28}\n"
        "  - {case: b, given: again, submitted_on: 2025-03-01, earlier: [failed], refused: barred}\n"
        "  - {case: c, given: again, submitted_on: 2025-02-28, earlier: [failed], refused: [used up, elsewhere]}\n"
    )
    found = list(run_cases(read_cases(text, "x.cases.yaml"), [pinned(BAR)], MemoryStores))
    assert [x.holds for x in found] == [True, False, False]
    assert [x.misses[0].expected for x in found[1:]] == [
        "submit on 2025-03-01 is refused because of 'barred'",
        "submit on 2025-02-28 is refused because of 'elsewhere'",
    ]
    with pytest.raises(Invalid, match="nothing follows"):
        read_cases(CASES + "  - {case: a, given: again, refused: barred, eligible: true}\n", "x.cases.yaml")


@pytest.mark.parametrize(
    ("resits", "wrong"),
    [
        ("most: 3, counts_other_applications: true", "write in_all for attempts in all applications together"),
        ("counts_other_applications: true", "has nothing to count there"),
        ("most: 3, within: {months: 2}, bar: {years: 1}", "bar needs a last attempt"),
        ("in_all: 3, counts_other_applications: true, bar: {years: 1}", "leave bar out"),
        ("most: 3, at_cap: restart_course, bar: {years: 1}", "leave bar out"),
        ("in_all: 3, at_cap: restart_course, counts_other_applications: true", "leave counts_other_applications out"),
        ("most: 3, bar: {exam_years: 1}", "bar cannot be counted in exam years"),
    ],
)
def test_limits_of_a_person_that_make_no_sense_are_refused_with_what_to_write(resits, wrong):
    """The message says what is wrong or what to write instead."""
    assert wrong in faults("{one: far}", far=f"resits: {{{resits}, {C}}}")
