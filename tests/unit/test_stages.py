"""Groups, choices and exemptions: what completes a stage, what is asked for before another, what is kept."""

from __future__ import annotations

import pytest

from tests.timeline import day
from tests.unit.assessing import Assessed, C, faults, scheme
from workflow import facts as f
from workflow.application import Attempt
from workflow.board.admissions import reason_to_release
from workflow.checking.check import pin
from workflow.draft import Draft
from workflow.errors import Invalid, Refused

CORE = f"{{core: {{all_of: [far, aud], {C}}}, discipline: {{choose: 1, of: [bar, isc], {C}}}}}"
PAPERS = dict.fromkeys(("far", "aud", "bar", "isc"), "")
WHY = {"reason": "a reason", "authority": "the board"}


def cpa(**more: str) -> Assessed:
    """Give an application under a core of two papers and a choice of one of two."""
    return Assessed(scheme(CORE, **(PAPERS | more)))


def test_a_group_is_one_stage_and_a_choice_asks_for_so_many_of_it():
    """The stage is left when its last part is held; one of two disciplines completes the set."""
    t = cpa().sit("far", "2024-02-01")
    assert t.state("2024-02-01") == "core"
    t.sit("aud", "2024-03-01")
    assert t.state("2024-03-01") == "discipline"
    assert t.standing("2024-03-02").awaited == (("admission to a sitting of 1 of bar, isc", "board"),)
    t.sit("isc", "2024-04-01")
    assert t.state("2024-04-01") == "awaiting_award"
    assert t.held("2024-04-01") == ["aud", "far", "isc"]


def test_parts_of_a_choice_come_in_any_order():
    """Who passes the discipline first is still in the core."""
    t = cpa().sit("bar", "2024-02-01").sit("aud", "2024-03-01")
    assert t.state("2024-03-01") == "core"
    assert t.sit("far", "2024-03-02").state("2024-03-02") == "awaiting_award"


def test_an_alternative_may_be_several_parts_together():
    """Of a choice between one paper and two, the two count only together."""
    stages = f"{{core: far, track: {{choose: 1, of: [bar, [isc, aud]], {C}}}}}"
    t = Assessed(scheme(stages, **PAPERS)).sit("far", "2024-02-01").sit("isc", "2024-03-01")
    assert t.state("2024-03-01") == "track"
    assert t.standing("2024-03-01").awaited == (("admission to a sitting of 1 of bar, aud", "board"),)
    assert t.sit("aud", "2024-04-01").state("2024-04-01") == "awaiting_award"


def test_a_pass_without_which_the_choice_is_complete_brings_no_lapse():
    """Two disciplines are held; the older one runs out, and nothing follows, for the other one is enough."""
    t = Assessed(scheme(CORE, "expire", **PAPERS)).sit("bar", "2024-01-15").sit("isc", "2024-02-01")
    assert t.state("2026-01-16") == "core"
    assert t.standing("2026-01-16").clock_on == day("2026-02-02")
    assert t.state("2026-02-01") == "core"
    assert t.state("2026-02-02") == "expired"


def test_a_stage_may_require_earlier_ones_on_the_day_of_the_sitting():
    """It needs the core, which is still valid on the last valid day of its oldest pass, not the day after."""
    stages = f"{{core: {{all_of: [far, aud], {C}}}, last: {{all_of: [bar], requires: [core], {C}}}}}"
    t = Assessed(scheme(stages, **PAPERS)).sit("far", "2024-02-01")
    assert t.refused("bar", "2024-03-01") == "last needs core complete on 2024-03-01 [rules x]"
    t.sit("aud", "2024-03-01")
    assert t.refused("bar", "2026-02-01") == ""
    assert "last needs core complete on 2026-02-02" in t.refused("bar", "2026-02-02")
    assert t.sit("bar", "2026-02-01").state("2026-02-01") == "awaiting_award"


def test_what_comes_after_another_stage_is_awaited_after_it():
    """Nobody waits for the board to admit to what it would refuse; where nothing else is left, its time has come."""
    stages = f"{{core: {{all_of: [far, aud], {C}}}, last: {{all_of: [bar], requires: [core], {C}}}}}"
    t = Assessed(scheme(stages, **PAPERS)).sit("far", "2024-02-01")
    assert t.standing("2024-02-02").awaited == (("admission to a sitting of aud, and after that of bar", "board"),)
    assert t.sit("aud", "2024-03-01").standing("2024-03-02").awaited == (("admission to a sitting of bar", "board"),)


def test_a_stage_for_good_does_not_run_out_once_it_is_complete():
    """Both papers in time: kept for good. The second one a day too late: the first one has run out."""
    stages = f"{{core: {{all_of: [far, aud], for_good: true, {C}}}, last: bar}}"
    pinned = scheme(stages, **PAPERS)
    t = Assessed(pinned).sit("far", "2024-02-01").sit("aud", "2026-02-01")
    assert t.state("2040-01-01") == "last"
    assert t.standing("2040-01-01").clock_on is None
    assert t.sit("bar", "2041-01-01").state("2041-01-01") == "awaiting_award"
    late = Assessed(pinned).sit("far", "2024-02-01").sit("aud", "2026-02-02")
    assert late.state("2026-02-02") == "core"
    assert late.held("2026-02-02") == ["aud"]


GROUP = "{group: {all_of: [far, aud, bar], same_sitting: true, average: 65%s, " + C + "}}"


def sat(t: Assessed, sitting: str, on: str, **marks: str) -> Assessed:
    """Sit several papers at one sitting."""
    for part, mark in marks.items():
        t.sit(part, on, mark, sitting=sitting)
    return t


def test_a_group_of_one_sitting_counts_only_together_and_with_its_average():
    """65 on average passes, a mark less does not; then nothing is held, and every paper may be taken again."""
    pinned = scheme(GROUP % "", **PAPERS)
    t = sat(Assessed(pinned), "s1", "2024-05-01", far="60", aud="65", bar="69.99")
    assert (t.state("2024-05-02"), t.held("2024-05-02")) == ("group", [])
    assert t.refused("far", "2024-11-01") == ""
    sat(t, "s2", "2024-11-01", far="60", aud="65")
    assert t.held("2024-11-02") == []
    sat(t, "s2", "2024-11-01", bar="70")
    assert t.state("2024-11-02") == "awaiting_award"


def test_passes_of_two_sittings_do_not_make_a_group_of_one_sitting():
    """A pass of May and two of November are no group."""
    t = sat(Assessed(scheme(GROUP % "", **PAPERS)), "s1", "2024-05-01", far="90", aud="30", bar="30")
    sat(t, "s2", "2024-11-01", far="30", aud="90", bar="90")
    assert (t.state("2024-11-02"), t.held("2024-11-02")) == ("group", [])


def test_a_paper_with_high_marks_is_kept_and_counts_at_a_later_sitting():
    """From 75 a paper is kept: it is not taken again, and its marks count in the average while it is valid."""
    pinned = scheme(GROUP % ", kept_from: 75", **PAPERS)
    t = sat(Assessed(pinned), "s1", "2024-05-01", far="75", aud="74.99", bar="30")
    assert t.held("2024-05-02") == ["far"]
    assert "far is held" in t.refused("far", "2024-11-01")
    sat(t, "s2", "2024-11-01", aud="60", bar="60")
    assert t.state("2024-11-02") == "awaiting_award"
    too_late = sat(Assessed(pinned), "s1", "2024-05-01", far="75", aud="30", bar="30")
    sat(too_late, "s2", "2026-05-02", aud="60", bar="60")
    assert too_late.state("2026-05-02") == "group"


def test_a_total_over_several_sittings_lets_a_held_part_be_taken_again():
    """All are held and the total is not reached: each may be taken again; whichever passes reach it count."""
    pinned = scheme(f"{{group: {{all_of: [far, aud], total: 140, {C}}}}}", **PAPERS)
    t = Assessed(pinned).sit("far", "2024-02-01", "60")
    assert "far is held" in t.refused("far", "2024-03-01")
    t.sit("aud", "2024-03-01", "79.99")
    assert t.state("2024-03-01") == "group"
    assert t.standing("2024-03-01").awaited == (("higher marks in far and aud: 140 in all", "board"),)
    assert t.sit("far", "2024-04-01", "60.01").state("2024-04-01") == "awaiting_award"


EXEMPT = f"""    exemptions:
      "6a": {{parts: [far], all: [{{certificate: {{level: 3}}}}], clause: {{source: rules, at: 6 (a)}}}}
      "6b": {{parts: [far, aud], all: [{{work: {{years: 40, counted: cumulative}}}}], {C}}}"""


def test_an_exempt_part_is_held_without_an_exam_and_for_good():
    """The exemption is a fact with its clause; the part is not sat, and the rest completes the set."""
    t = Assessed(scheme("{one: far, two: aud}", level=EXEMPT, **PAPERS))
    assert any("exemption 6a" in flag for flag in t.standing("2024-01-11").flags)
    t.exempt("6a", "2024-01-12")
    shown = t.standing("2024-01-12").as_json()
    assert shown["state"] == "trained"
    assert shown["exempt"] == [{"part": "far", "exemption": "6a", "clause": "rules 6 (a)"}]
    assert shown["held"] == []
    assert t.standing("2024-01-12").flags == ()
    assert t.refused("far", "2024-02-01") == "the candidate is exempt from far (6a) [rules 6 (a)]"
    t.sit("aud", "2024-02-01")
    assert t.state("2024-02-01") == "awaiting_award"


def test_a_seat_in_a_part_from_which_the_candidate_is_exempt_since_is_taken_back():
    """Until the day of the sitting, and with the clause; the seat in another part stays."""
    t = Assessed(scheme("{one: far, two: aud}", level=EXEMPT, **PAPERS))
    t.admit("far", "2024-02-01", known="2024-01-11").admit("aud", "2024-02-02", known="2024-01-11")
    far, aud = t.as_of("2024-01-12").attempts

    def reason(attempt: Attempt, on: str) -> str:
        return reason_to_release(Draft(t.history, t.rules, t.history[-1].recorded_at, "n"), attempt, day(on))

    assert reason(far, "2024-01-12") == ""
    t.exempt("6a", "2024-01-13")
    assert reason(far, "2024-01-31") == "the candidate is exempt from far (6a) [rules 6 (a)]"
    assert reason(far, "2024-02-01") == reason(aud, "2024-01-31") == ""


def test_an_exemption_that_covers_everything_leads_to_the_award():
    """Nothing is left to be sat; taken back, everything is."""
    t = Assessed(scheme("{one: far}", level=EXEMPT.partition("\n")[0] + "\n" + EXEMPT.split("\n")[1], **PAPERS)).exempt(
        "6a", "2024-01-12"
    )
    assert t.state("2024-01-12") == "awaiting_award"
    t.record(f.ExemptionWithdrawn(exemption="6a", **WHY), "2024-01-20")
    assert t.state("2024-01-20") == "trained"
    assert t.state("2024-01-19") == "awaiting_award"


@pytest.mark.parametrize(
    ("key", "parts", "why"),
    [
        ("6b", ("far", "aud"), "Exemption 6b is not met"),
        ("6a", ("aud",), "exemption 6a is of far"),
        ("7", ("far",), "there is no exemption '7'; there are: 6a, 6b"),
    ],
)
def test_an_exemption_is_refused_that_the_rules_do_not_give(key, parts, why):
    """What it asks for must be met, and it is of the parts that the scheme names."""
    t = Assessed(scheme("{one: far, two: aud}", level=EXEMPT, **PAPERS))
    with pytest.raises(Refused, match=why.replace("?", r"\?")):
        t.record(f.ExemptionGranted(exemption=key, parts=parts), "2024-01-12")


def test_parts_may_weigh_differently_in_the_average():
    """30 % of 40 and 70 % of 60 are 54: reached; a mark less in the part that weighs more is not."""
    group = f"{{group: {{all_of: [far, aud], average: 54, weights: {{far: 30, aud: 70}}, {C}}}}}"
    pinned = scheme(group, far="", aud="").text.replace("pass_mark: 60", "pass_mark: 40")
    for marks, state in (("60", "awaiting_award"), ("59.99", "group")):
        t = Assessed(pin(pinned, "x")).sit("far", "2024-02-01", "40").sit("aud", "2024-02-02", marks)
        assert t.state("2024-02-02") == state
    one = f"{{group: {{all_of: [far, aud], average: 54, weights: {{aud: 2}}, {C}}}}}"  # far weighs 1
    t = Assessed(pin(scheme(one, far="", aud="").text.replace("pass_mark: 60", "pass_mark: 40"), "x"))
    assert t.sit("far", "2024-02-01", "42").sit("aud", "2024-02-02", "60").state("2024-02-02") == "awaiting_award"


def test_an_exempt_part_counts_in_no_average():
    """Who is exempt from one of three papers needs the average of the other two."""
    t = Assessed(scheme(GROUP % "", level=EXEMPT, **PAPERS)).exempt("6a", "2024-01-12")
    sat(t, "s1", "2024-05-01", aud="60", bar="69.99")
    assert t.state("2024-05-01") == "group"
    assert sat(t, "s2", "2024-11-01", aud="60", bar="70").state("2024-11-01") == "awaiting_award"


@pytest.mark.parametrize(
    ("stages", "wrong"),
    [
        ("{one: {all_of: [far], choose: 1, of: [aud], %s}}".replace("%s", C), "give the name of a part, or all_of"),
        ("{one: {all_of: [far, aud]}}", "say where this group comes from: add a clause"),
        ("{one: {choose: 3, of: [far, aud], %s}}".replace("%s", C), "choose: 3, but there are 2 alternatives"),
        ("{one: {all_of: [far, far], %s}}".replace("%s", C), "names a part twice"),
        ("{one: {all_of: [far, tax], %s}}".replace("%s", C), "no part is called 'tax'"),
        ("{one: far, two: {all_of: [aud, far], %s}}".replace("%s", C), "the part 'far' stands in two stages"),
        ("{one: {all_of: [far, aud], average: 5, total: 5, %s}}".replace("%s", C), "give either average or total"),
        ("{one: {all_of: [far, aud], total: 5, weights: {far: 2}, %s}}".replace("%s", C), "write average: N beside"),
        (
            "{one: {all_of: [far], average: 5, weights: {aud: 2}, %s}}".replace("%s", C),
            "weighs 'aud', which is no part",
        ),
        (
            "{one: {all_of: [far, aud], total: 201, %s}}".replace("%s", C),
            "cannot be reached: the parts have 200 marks in all",
        ),
        ("{one: {all_of: [far, aud], kept_from: 70, %s}}".replace("%s", C), "only with same_sitting: true"),
        (
            "{one: {all_of: [far], requires: [two], %s}, two: aud}".replace("%s", C),
            "requires 'two', which is no earlier stage",
        ),
    ],
)
def test_a_stage_that_makes_no_sense_is_refused_with_what_to_write(stages, wrong):
    """The message says what is wrong or what to write instead."""
    assert wrong in faults(stages, **PAPERS)


def test_a_part_like_another_has_all_that_it_leaves_out():
    """But its names; and a part that is like nothing, or like itself in turn, is told so."""
    papers = PINNED.replace("%", "aud: {like: far, title: Audit, pass_mark: 70}\n  bar: {like: aud, title: Bar}")
    parts = pin(papers, "x").scheme.parts
    assert (parts["aud"].pass_mark, parts["aud"].maximum, parts["aud"].title) == (70, 100, "Audit")
    assert parts["bar"].pass_mark == 70
    assert parts["bar"].validity == parts["far"].validity
    for wrong in (
        "aud: {like: fra, title: Audit}\n  bar: {like: far, title: Bar}",
        "aud: {like: bar, title: A}\n  bar: {like: aud, title: B}",
    ):
        with pytest.raises(Invalid, match=r"parts\.aud\.like: no other part is called"):
            pin(PINNED.replace("%", wrong), "x")


@pytest.mark.parametrize(
    ("old", "new", "like", "told"),
    [
        ("pass_mark: 60", "pass_mark: -1", "", ["parts.far.pass_mark"]),
        ("pass_mark: 60", "pass_mark: 101", "", ["parts.far"]),
        ("names: [F]", "requires: [fro]", "", ["parts.far.requires"]),
        ("pass_mark: 60", "pass_mark: -1", ", pass_mark: -1", ["parts.far.pass_mark", "parts.aud.pass_mark"]),
        ("names: [F]", "names: [F]", ", pass_mark: 101", ["parts.aud"]),
        ("names: [F]", "names: [F]", ", requires: [nope]", ["parts.aud.requires"]),
    ],
)
def test_a_mistake_is_told_once_where_it_stands_and_not_of_each_part_that_is_like_it(old, new, like, told):
    """What a part takes over is told of the other one; what it writes itself is told of itself."""
    papers = f"aud: {{like: far, title: A{like}}}\n  bar: {{like: aud, title: B, pass_mark: 50, requires: []}}"
    wrong = PINNED.replace("%", papers if like else "aud: {like: far, title: A}\n  bar: {like: aud, title: B}")
    with pytest.raises(Invalid) as caught:
        pin(wrong.replace(old, new, 1), "x")
    assert [problem.field for problem in caught.value.problems] == told


def test_a_part_like_one_that_does_not_exist_is_shown_the_nearest():
    """And not told of each field that it would have taken over."""
    with pytest.raises(Invalid) as caught:
        pin(PINNED.replace("%", "aud: {like: fra, title: A}\n  bar: {like: far, title: B}"), "x")
    (problem,) = caught.value.problems
    assert "no other part is called 'fra'; did you mean 'far'?" in str(problem)


PINNED = scheme("{one: far, two: aud, three: bar}", far="names: [F]", aud="", bar="").text
PINNED = PINNED[: PINNED.index("  aud:")] + "  %\n" + PINNED[PINNED.index("levels:") :]


def test_a_level_may_begin_with_a_review():
    """It has no admission: its marks alone lead from the training to its stage, and a new review may follow."""
    pinned = scheme("{one: far}", far="kind: review")
    t = Assessed(pinned)
    assert t.state("2024-01-10") == "trained"
    for key, marks in (("r1", 59), ("r2", 60)):
        t.record(f.ScoreRecorded(part="far", sitting=key, sat_on=day("2024-02-01"), score=marks), "2024-02-01")
        assert t.state("2024-02-01") == "one"
        t.record(f.ScoreAnnounced(part="far", sitting=key), "2024-02-01")
    assert t.state("2024-02-01") == "awaiting_award"
