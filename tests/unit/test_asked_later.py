"""What is asked for after the acceptance: by a part, by the award, by an exemption; and evidence that is added."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from tests.timeline import EVIDENCE, Timeline, day
from tests.unit.assessing import Assessed, C, faults, scheme
from workflow import facts as f
from workflow.audit.retelling import retell
from workflow.checking.check import pin
from workflow.checking.diff import compare
from workflow.checking.lint import lint
from workflow.errors import Refused
from workflow.evidence import Evidence
from workflow.machine import machine_of
from workflow.scheme import Pinned

WHY = {"reason": "r", "authority": "minute 1"}
AGE = f'conditions: {{"61.39": {{{C}, all: [{{age: {{least: 17}}}}, {{statement: {{any_of: [medical]}}}}]}}}}'
HOURS = f'conditions: {{"a": {{{C}, all: [{{credits: {{least: 40}}}}]}}, "b": {{{C}, all: [{{age: {{least: 30}}}}]}}}}'
ETHICS = "{statement: {any_of: [ethics], within: {months: 6}}}"
AWARD = f'    award_conditions: {{"1": {{clause: {{source: rules, at: award}}, all: [{ETHICS}]}}}}'


def shown(**lists: Any) -> f.EvidenceAdded:
    """Give evidence that is added, list by list."""
    return f.EvidenceAdded(evidence=Evidence.model_validate(lists))


def refusal(t: Timeline, fact: f.Fact, on: str) -> str:
    """Try a fact; give the objections, empty where it is allowed. Nothing is kept."""
    before = t.history
    try:
        t.record(fact, on)
    except Refused as refused:
        return "; ".join(map(str, refused.objections))
    finally:
        t.history = before
    return ""


def test_a_part_asks_for_more_than_the_level_on_the_day_of_the_sitting():
    """The age is reached on the birthday itself; whoever has not reached it may be admitted ahead to that day."""
    t = Assessed(scheme("{one: far, two: bar}", far="", bar=AGE))
    assert t.refused("far", "2024-01-20") == ""
    assert "not shown: medical" in t.refused("bar", "2024-01-20")
    t.record(shown(born_on=day("2007-06-10"), statements=[{"statement": "medical"}]), "2024-01-20")
    said = t.refused("bar", "2024-06-09")
    assert said.startswith("bar on 2024-06-09: Condition 61.39 is not met: age of 17 years is reached on 2024-06-10")
    assert "It would be met from 2024-06-10 if all goes on as shown." in said
    assert said.endswith("[rules x]")
    assert t.refused("bar", "2024-06-10") == ""
    t.record(f.Admitted(part="bar", sitting="s", sat_on=day("2024-06-10")), "2024-02-01")
    assert t.state("2024-02-01") == "one"


def test_any_condition_of_a_part_is_enough_and_a_refusal_names_them_all():
    """Forty credits or thirty years: 39.9 are not enough, and the rest counts from the day on which it was earned."""
    t = Assessed(scheme("{one: far}", far=HOURS))
    assert t.refused("far", "2024-02-01").count("is not met") == 2
    t.record(shown(credits=[{"credits": Decimal("39.9"), "earned_on": day("2024-01-15")}]), "2024-01-15")
    assert "0.1 of 40 credits are missing" in t.refused("far", "2024-02-01")
    t.record(shown(credits=[{"credits": Decimal("0.1"), "earned_on": day("2024-02-02")}]), "2024-02-02")
    assert "is not met" in t.refused("far", "2024-02-01")
    assert t.sit("far", "2024-02-02").state("2024-02-02") == "awaiting_award"


def test_what_a_part_asks_for_is_awaited_from_the_candidate():
    """In the words of the refusal, and no more once it is shown."""
    t = Assessed(scheme("{one: far, two: bar}", far="", bar=AGE))
    awaited = [what for what, who in t.standing("2024-01-20").awaited if who == "candidate"]
    assert len(awaited) == 1
    assert awaited[0].startswith("bar: Condition 61.39 is not met: ")
    t.record(shown(born_on=day("2000-01-01"), statements=[{"statement": "Medical"}]), "2024-01-21")
    assert not [what for what, who in t.standing("2024-01-21").awaited if who == "candidate"]


def test_a_review_asks_when_it_is_recorded():
    """It has no admission."""
    t = Assessed(scheme("{one: far}", far=f"kind: review, {AGE}"))
    review = f.ScoreRecorded(part="far", sitting="r", sat_on=day("2024-03-01"), score=Decimal(80))
    t.record(shown(born_on=day("2007-03-02"), statements=[{"statement": "medical"}]), "2024-02-01")
    assert "Condition 61.39 is not met: age of 17 years is reached on 2024-03-02" in refusal(t, review, "2024-03-01")
    later = review.model_copy(update={"sat_on": day("2024-03-02")})
    assert refusal(t, later, "2024-03-02") == ""


def test_a_course_recorded_after_the_acceptance_counts_for_a_part():
    """Two months at most before the sitting: the last day counts."""
    asks = f'conditions: {{"1": {{{C}, all: [{{training: {{hours: 10, within: {{months: 2}}}}}}]}}}}'
    t = Assessed(scheme("{one: far}", training="hours: 10", far=asks)).train("2024-02-10", 10)
    assert t.refused("far", "2024-04-10") == ""
    assert "is not met" in t.refused("far", "2024-04-11")


def test_the_award_asks_on_its_own_day():
    """Six months back from the day of the award: the last of them still counts."""
    t = Assessed(scheme("{one: far}", level=AWARD, far="")).sit("far", "2024-02-01")
    award = f.CertificateAwarded(number="T1", series="T*", serial=1)
    said = refusal(t, award, "2024-03-01")
    assert said.startswith("award on 2024-03-01: Condition 1 is not met: not shown: ethics")
    assert said.endswith("[rules award]")
    ((what, who),) = t.standing("2024-03-01").awaited
    assert (what.startswith("for the award: Condition 1 is not met"), who) == (True, "candidate")
    t.record(shown(statements=[{"statement": "ethics", "made_on": day("2024-03-10")}]), "2024-03-12")
    assert t.standing("2024-03-12").awaited == (("the decision to certify", "board"),)
    assert refusal(t, award, "2024-09-10") == ""
    assert "is not met" in refusal(t, award, "2024-09-11")
    assert t.record(award, "2024-09-10").state("2024-09-10") == "certified"


def test_an_award_whose_evidence_is_rejected_afterwards_is_flagged():
    """Nothing is changed by itself; what ran out after the award is no doubt."""
    t = Assessed(scheme("{one: far}", level=AWARD, far="")).sit("far", "2024-02-01")
    t.record(shown(statements=[{"statement": "ethics", "made_on": day("2024-03-10")}]), "2024-03-12")
    t.record(f.CertificateAwarded(number="T1", series="T*", serial=1), "2024-03-13")
    t.record(f.EvidenceChecked(item="statements/0", status="verified"), "2024-03-14")
    assert t.standing("2025-06-01").flags == ()
    t.record(f.EvidenceChecked(item="statements/0", status="rejected", reason="forged"), "2025-06-02")
    (flag,) = t.standing("2025-06-02").flags
    assert flag.startswith("the evidence as now weighed does not meet what the award asks for: ")


def test_evidence_is_added_beside_what_was_shown():
    """Its pieces come after those that are there, so that checks keep their names; a rejected one counts no more."""
    t = Assessed(scheme("{one: far}", level=AWARD, far="")).sit("far", "2024-02-01")
    t.record(f.EvidenceChecked(item="work/0", status="verified"), "2024-02-02")
    t.record(
        shown(
            work=[{"occupation": "other", "from": day("2024-01-01")}],
            statements=[{"statement": "ethics", "made_on": day("2024-02-01")}],
        ),
        "2024-02-03",
    )
    found = t.as_of("2024-02-03")
    assert found.evidence.work == (*EVIDENCE.work, found.evidence.work[1])
    assert found.checks[0].item == "work/0"
    assert t.as_of("2024-02-02").evidence == EVIDENCE
    t.record(f.EvidenceChecked(item="statements/0", status="rejected", reason="of somebody else"), "2024-02-04")
    assert "is not met" in refusal(t, f.CertificateAwarded(number="T1", series="T*", serial=1), "2024-02-05")
    assert retell(t.history, t.rules, day("2024-02-05")).divergences == ()


@pytest.mark.parametrize(
    ("more", "why"),
    [
        ({}, "shows nothing that was not shown before"),
        ({"born_on": "2000-01-01"}, "shows nothing that was not shown before"),
        ({"work": [{"occupation": "same", "from": "2015-01-01"}]}, "shows nothing that was not shown before"),
        ({"born_on": "2001-01-01"}, "it gives the birthday 2001-01-01, and 2000-01-01 was shown"),
        ({"training": [{"for_level": 1, "hours": 3}]}, "is recorded as training"),
        ({"education": [{"degree": "baccalaureate"}]}, "no degree is called 'baccalaureate'"),
    ],
)
def test_what_cannot_be_added_is_refused(more: dict[str, Any], why: str):
    """What was shown before, another birthday, the course of the level, a degree that the document does not know."""
    t = Assessed(scheme("{one: far}", level=AWARD, far=""))
    t.record(shown(born_on=day("2000-01-01")), "2024-01-11")
    assert why in refusal(t, f.EvidenceAdded(evidence=Evidence.model_validate(_days(more))), "2024-01-12")


def _days(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _days(x) for key, x in value.items()}
    if isinstance(value, list):
        return [_days(x) for x in value]
    return day(value) if isinstance(value, str) and value[:2] == "20" else value


def test_nothing_is_added_before_the_acceptance_or_where_nothing_asks_for_it():
    """An application that is undecided is returned instead; a level that asks for nothing later has no such step."""
    asked = scheme("{one: far}", level=AWARD, far="")
    undecided = Timeline(1, "2024-01-10", asked)
    assert "eligibility has not been decided yet" in refusal(undecided, shown(born_on=day("2000-01-01")), "2024-01-11")
    for plain, with_it in ((scheme("{one: far}", far=""), asked), (scheme("{one: far}", far=""), _exempting(""))):
        assert "add_evidence" not in {step.name for step in machine_of(plain.rules(1)).steps}
        assert "add_evidence" in {step.name for step in machine_of(with_it.rules(1)).steps}


def _exempting(choose: str) -> Pinned:
    work = "{work: {years: 2, counted: cumulative}}"
    exemptions = f'    exemptions: {{"6": {{{choose}parts: [far, bar], all: [{work}], {C}}}}}'
    return scheme("{one: far, two: bar, three: isc}", level=exemptions, far="", bar="", isc="")


@pytest.mark.parametrize("parts", [(), ("far", "bar"), ("isc",), ("far", "far")])
def test_an_exemption_of_some_parts_is_granted_for_as_many(parts: tuple[str, ...]):
    """One of two: neither none, nor both, nor another, nor the same twice."""
    t = Assessed(_exempting("choose: 1, "))
    said = refusal(t, f.ExemptionGranted(exemption="6", parts=parts), "2024-01-12")
    assert "exemption 6 is of 1 of far, bar; parts given: " in said


def test_an_exemption_by_choice_holds_the_part_that_was_chosen():
    """The other one is to be passed; another choice needs the first to be taken back."""
    t = Assessed(_exempting("choose: 1, "))
    assert "the evidence meets exemption 6 (1 of far, bar), which was not granted" in t.standing("2024-01-11").flags
    t.record(f.ExemptionGranted(exemption="6", parts=("bar",)), "2024-01-12")
    assert t.held("2024-01-12") == ["bar"]
    assert "exempt from bar (6)" in t.refused("bar", "2024-01-13")
    assert "is granted already, of bar; for other parts withdraw it first" in refusal(
        t, f.ExemptionGranted(exemption="6", parts=("far",)), "2024-01-13"
    )
    assert retell(t.history, t.rules, day("2024-01-13")).divergences == ()
    t.record(f.ExemptionWithdrawn(exemption="6", **WHY), "2024-01-14")
    t.record(f.ExemptionGranted(exemption="6", parts=("far",)), "2024-01-15")
    assert t.held("2024-01-15") == ["far"]
    assert t.held("2024-01-13") == ["bar"]


def test_an_exemption_that_leaves_no_choice_says_nothing_of_one():
    """Two of two are all."""
    with pytest.raises(Exception, match="leave choose out for all"):
        _exempting("choose: 2, ")


@pytest.mark.parametrize(
    ("span", "given", "last", "after"),
    [
        ("valid_for: {months: 2}, last_day: end_of_month", "2024-02-10", "2024-04-30", "2024-05-01"),
        ("valid_for: {months: 2}, last_day: one_less", "2024-02-10", "2024-04-09", "2024-04-10"),
        ("valid_for: {exam_years: 1}", "2024-02-10", "2024-12-31", "2025-01-01"),
        ("until: 2024-07-31", "2024-02-10", "2024-07-31", "2024-08-01"),
    ],
)
def test_an_endorsement_ends_as_any_span(span: str, given: str, last: str, after: str):
    """The last day still counts; the refusal of the day after names it."""
    t = Assessed(scheme("{one: far}", far=f"endorsement: {{{span}, {C}}}")).endorse("far", given)
    assert t.refused("far", last) == ""
    assert f"that of {given} counted through {last}" in t.refused("far", after)


def test_an_endorsement_without_an_end_has_no_way_to_find_it():
    """The message says what to give."""
    assert "last_day: say how an end is found; give valid_for" in faults(
        "{one: far}", far=f"endorsement: {{last_day: end_of_month, {C}}}"
    )


def test_a_part_whose_components_all_have_pass_marks_needs_none_of_its_own():
    """Driving theory: 43 of 50 and 44 of 75, and no sum of the two."""
    text = scheme("{one: far}", far="").text.replace("maximum: 100, pass_mark: 60,", "maximum: 125, components: {%s},")
    whole = pin(text % "q: {title: Q, maximum: 50, pass_mark: 43}, h: {title: H, maximum: 75, pass_mark: 44}", "a.yaml")
    assert whole.scheme.parts["far"].pass_mark == 0
    assert not [x for x in lint([("a.yaml", whole)]) if x.finding.rule == "passes_with_nothing"]
    for marks, state in ((("43", "44"), "awaiting_award"), (("42", "75"), "one"), (("50", "43"), "one")):
        t = Assessed(whole)
        q, h = map(Decimal, marks)
        t.record(f.Admitted(part="far", sitting="s", sat_on=day("2024-02-01")), "2024-02-01")
        made = f.component_marks({"q": q, "h": h})
        t.record(
            f.ScoreRecorded(part="far", sitting="s", sat_on=day("2024-02-01"), score=q + h, components=made),
            "2024-02-01",
        )
        assert t.announce("far", "s", "2024-02-01").state("2024-02-01") == state
    with pytest.raises(Exception, match=r"parts\.far\.pass_mark: must be given"):
        pin(text % "q: {title: Q, maximum: 50, pass_mark: 43}, h: {title: H, maximum: 75}", "a.yaml")


def test_what_a_part_or_the_award_asks_for_is_checked_and_linted_as_conditions_are():
    """A degree that the document does not know is refused; ages that exclude each other are found."""
    unknown = f'conditions: {{"1": {{{C}, all: [{{education: {{degree: [baccalaureate]}}}}]}}}}'
    assert "parts.far.conditions.1.all.0.education.degree.0: no degree is called" in faults("{one: far}", far=unknown)
    ages = f'{{"1": {{{C}, all: [{{age: {{least: 30}}}}, {{age: {{most: 20}}}}]}}}}'
    asked = scheme("{one: far}", level=f"    award_conditions: {ages}", far=f"conditions: {ages}")
    found = {".".join(map(str, x.finding.path)) for x in lint([("a.yaml", asked)]) if x.finding.is_error}
    assert found == {"parts.far.conditions.1.all", "levels.1.award_conditions.1.all"}


def test_a_diff_tells_what_is_asked_later_choices_and_spans():
    """Field by field: nothing is left out because its words are the same."""
    before = _exempting("choose: 1, ").text
    later = before.replace("years: 2", "years: 3").replace("choose: 1, parts: [far", "choose: 2, parts: [isc, far")
    ends = f"endorsement: {{valid_for: {{months: 2}}, hours: 3, {C}}}"
    texts = {
        (before, later): ("exemptions, 6: choose: 2 instead of 1", "years 3"),
        (scheme("{one: far}", far="").text, scheme("{one: far}", level=AWARD, far=AGE).text): (
            "level 1, award conditions: 1: newly",
            "far, conditions: 61.39: newly",
        ),
        (scheme("{one: far}", far=ends).text, scheme("{one: far}", far=ends.replace("3", "4")).text): (
            "far, endorsement: class hours of the course: 4 instead of 3 (harder)",
        ),
    }
    for (old, new), said in texts.items():
        found = "\n".join(change.text for change in compare(pin(old, "a.yaml").scheme, pin(new, "b.yaml").scheme))
        assert all(words in found for words in said), found
