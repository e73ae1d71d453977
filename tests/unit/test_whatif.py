"""What-if: a caseload under changed rules, compared with what it is."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.properties.test_replay import points, timelines
from tests.timeline import Timeline, day
from tests.timeline import test_scheme as scheme_with
from tests.unit.board import DEGREES, WHY
from workflow import facts as f
from workflow.audit.whatif import Scope, Totals, effect_on
from workflow.checking.check import pin
from workflow.errors import Invalid

FOUR_YEARS = '{"1": {clause: {source: rules, at: "(1)"}, all: [{work: {years: 4, counted: continuous}}]}}'
DEADLINE = "deadlines: {theory_exam: {within: {months: 6}, clause: {source: rules, at: dl}}}"
LOWER = "stages: {theory_exam: theory, skills_exam: skills}\n    conditions"


def changed(t: Timeline, *edits: str):
    """Give the timeline's document with some of its text changed: `old->new`."""
    text = t.scheme.text
    for edit in edits:
        old, new = edit.split("->")
        assert old in text
        text = text.replace(old, new)
    return pin(text, "changed.yaml")


def effect(t: Timeline, on: str, *edits: str):
    """Say what an edited document makes of a timeline on a day."""
    return effect_on(t.history, t.rules, changed(t, *edits), day(on))


@pytest.fixture
def passed():
    """Give a timeline with theory passed by 60 and skills by 75, complete and certified."""
    t = Timeline().accept().train("2024-04-01")
    t.score("theory", "2024-05-18", "60", "2024-06-20").score("skills", "2024-11-16", "75", "2024-12-20")
    return t.record(f.CertificateAwarded(number="T2430001", series="T243", serial=1, authority="b"), "2025-01-10")


@pytest.fixture
def half():
    """Give a timeline with theory passed by 60 and nothing else."""
    return Timeline().accept().train("2024-04-01").score("theory", "2024-05-18", "60", "2024-06-20")


@given(timelines(), st.data())
def test_the_same_document_changes_nothing(t, data):
    """A history retold under the very rules that it pinned is what it is, on every day and by every knowledge."""
    on = data.draw(st.sampled_from(points(t)))
    moment = data.draw(st.sampled_from([None, *(x.recorded_at for x in t.history)]))
    found = effect_on(t.history, t.rules, t.scheme, on, moment)
    if found is not None:
        assert found.before == found.after
        assert (found.kinds, found.divergences) == ((), ())


EDITS = [
    "pass_mark: 60->pass_mark: 70",
    "{years: 2}->{years: 3}",
    "{years: 2}->{months: 7}",
    "effect: expire->effect: reopen",
    "effect: expire->effect: restart",
    "years: 4,->years: 40,",
    f"{LOWER}->stages: {{skills_exam: skills}}\n    conditions",
    f"{LOWER}->{DEADLINE}\n    {LOWER}",
    "judged_on: sat->judged_on: announced",
    "hours: 100->hours: 200",
    "  minor: {->  slight: {",
    "bar: {years: 1}->bar: {years: 3}",
    "requires: [theory, skills]->requires: []",
]


@settings(max_examples=200)
@given(timelines(), st.lists(st.sampled_from(EDITS), min_size=1, max_size=3, unique=True), st.data())
def test_no_history_under_any_document_ends_in_a_crash(t, edits, data):
    """Whatever is changed, every fact is either lawful or named with the reason why it is not."""
    usable = [edit for edit in edits if edit.split("->")[0] in t.scheme.text]
    document = t.scheme
    for edit in usable:
        old, new = edit.split("->")
        with suppress(Invalid):  # an edit may take away the stage that a deadline names
            document = pin(document.text.replace(old, new), "changed.yaml")
    found = effect_on(t.history, t.rules, document, data.draw(st.sampled_from(points(t))))
    if found is not None:
        assert all(x.objections for x in found.divergences)
        assert [x.follows for x in found.divergences] == [n > 0 for n in range(len(found.divergences))]


def test_a_higher_pass_mark_takes_the_part_and_the_award(passed):
    """Sixty is no pass of seventy: the part, the award and the certificate go, and the award is named as not lawful."""
    found = effect(passed, "2025-06-01", "pass_mark: 60, validity->pass_mark: 70, validity")
    assert {"loses theory", "loses an award", "another state", "a recorded fact is not lawful"} <= set(found.kinds)
    assert (found.before.award, found.after.award, found.after.state) == ("certified", "", "theory_exam")
    (award,) = found.divergences
    assert (award.sequence, award.type, award.follows) == (passed.history[-1].sequence, "CertificateAwarded", False)
    assert "award is possible in: awaiting_award" in award.why


def test_a_lower_pass_mark_gives_a_part_and_an_award():
    """Who failed by one mark holds the part under a lower mark, and awaits the award that nobody has made."""
    t = Timeline().accept().train("2024-04-01").score("theory", "2024-05-18", "59", "2024-06-20")
    t.score("skills", "2024-05-18", "75", "2024-06-20")
    found = effect(t, "2025-06-01", "pass_mark: 60->pass_mark: 59")
    assert {"gains theory", "gains an award", "the clock stops"} <= set(found.kinds)
    assert (found.after.state, found.after.award, found.divergences) == ("awaiting_award", "awaiting award", ())


def test_a_longer_validity_moves_the_clock_by_a_year(half):
    """Two years to three: before the old last day only the clock moves, after it the application lives on."""
    found = effect(half, "2025-06-01", "{years: 2}->{years: 3}")
    assert found.kinds == ("a part is valid through another day", "the clock strikes later")
    assert (str(found.before.next_on), str(found.after.next_on)) == ("2026-06-21", "2027-06-21")
    found = effect(half, "2026-07-01", "{years: 2}->{years: 3}")
    assert (found.before.state, found.after.state) == ("expired", "skills_exam")
    assert {"gains theory", "the clock starts to run"} <= set(found.kinds)


def test_what_the_clock_recorded_follows_from_the_rules(half):
    """An expiry that was written down is none under a longer validity, and the decision that undid it is not needed."""
    half.night("2026-06-21").record(f.ValidityExtended(part="theory", until=day("2027-01-31"), **WHY), "2026-07-01")
    assert half.facts[-3:] == ["Expired", "Reinstated", "ValidityExtended"]
    found = effect(half, "2026-08-01", "{years: 2}->{years: 3}")
    assert (found.divergences, found.after.state) == ((), "skills_exam")
    assert str(found.after.next_on) == "2027-06-21"


def test_a_shorter_validity_expires_before_a_recorded_fact(half):
    """What was done after the new last day is not lawful: the first fact is named, the rest follow from it."""
    half.score("skills", "2024-11-16", "75", "2024-12-20")
    found = effect(half, "2025-06-01", "{years: 2}->{months: 3}")
    assert (found.after.state, found.kinds[0]) == ("expired", "loses theory")
    assert [(x.type, x.follows) for x in found.divergences] == [
        ("Admitted", False),
        ("ScoreRecorded", True),
        ("ScoreAnnounced", True),
    ]
    assert "expired since 2024-09-21 (theory lapsed)" in found.divergences[0].why


def test_a_condition_that_is_gone_takes_eligibility(half):
    """Nobody is accepted under a condition that the document no longer has: eligibility is lost, and what followed."""
    found = effect(
        half, "2025-06-01", f"conditions: {FOUR_YEARS}->conditions: {FOUR_YEARS.replace('years: 4', 'years: 40')}"
    )
    assert {"loses eligibility", "loses theory"} & set(found.kinds) == {"loses eligibility", "loses theory"}
    assert found.divergences[0].type == "EligibilityAccepted"
    assert "Condition 1 is not met" in found.divergences[0].why
    renamed = effect(half, "2025-06-01", f"conditions: {FOUR_YEARS}->conditions: {FOUR_YEARS.replace('1', '2', 1)}")
    assert (renamed.kinds, renamed.after.condition) == (("accepted under another condition",), "2")


def test_who_was_refused_is_eligible_under_a_condition_that_is_met():
    """A refusal for want of a condition is an acceptance where one is met; one with a reason of its own stays."""
    harder = scheme_with(years="years: 4,->years: 40,")
    for met, after in (((), "submitted"), (("1",), "refused")):
        t = Timeline(scheme=harder)
        t.record(f.EligibilityRefused(reason="too few years", conditions_met=met, explanation=()), "2024-04-01")
        found = effect(t, "2024-06-01", "years: 40,->years: 4,")
        assert (found.before.state, found.after.state) == ("refused", after)
        assert ("gains eligibility" in found.kinds) == (not met)


def test_an_undecided_application_is_judged_by_its_evidence():
    """Before any decision, eligible is whom the evidence makes so."""
    found = effect(Timeline(), "2024-06-01", "years: 4,->years: 40,")
    assert (found.kinds, found.divergences) == (("loses eligibility",), ())


def test_a_new_deadline_strikes(half):
    """A deadline that the changed document sets ends who has waited too long in the stage."""
    edit = f"{LOWER}->{DEADLINE.replace('theory_exam', 'skills_exam')}\n    {LOWER}"
    found = effect(half, "2024-12-01", edit)
    assert found.kinds == ("the clock strikes earlier",)
    assert str(found.after.next_on) == "2024-12-21"
    assert effect(half, "2024-12-21", edit).after.state == "expired"


def test_other_stages_take_parts_away_and_name_what_cannot_be(passed):
    """A level that no longer assesses theory is complete with skills alone; the theory is named as not lawful."""
    found = effect(passed, "2025-06-01", f"{LOWER}->stages: {{skills_exam: skills}}\n    conditions")
    assert (found.after.state, found.after.award) == ("certified", "certified")
    assert "loses theory" in found.kinds
    assert {x.type for x in found.divergences} == {"Admitted", "ScoreRecorded", "ScoreAnnounced"}
    assert "level 3 has no part 'theory'" in found.divergences[0].why


def test_a_level_that_is_gone_loses_everything(passed):
    """Without its level an application has no state at all, and the submission is what is not lawful."""
    found = effect(passed, "2025-06-01", "  3:\n    title: Lower->  4:\n    title: Lower")
    assert (found.after.state, found.divergences[0].why) == ("", "the document has no level 3")
    assert {"loses eligibility", "loses theory", "loses skills", "loses an award"} <= set(found.kinds)


def test_a_submission_outside_the_offer_is_named_and_the_rest_still_replayed(half):
    """An edition that is offered only later makes the submission unlawful; the standing is told all the same."""
    found = effect(half, "2025-06-01", "offered_from: 2000-01-01->offered_from: 2025-01-01")
    assert (found.before, found.kinds) == (found.after, ("a recorded fact is not lawful",))
    assert found.divergences[0].why.startswith("not offered on 2024-03-15")


def test_a_bar_is_counted_by_the_changed_degree():
    """The last day of a bar follows from the degree: an admission inside the longer bar is what is not lawful."""
    t = Timeline(scheme=scheme_with(levels=f"levels:->{DEGREES}")).accept().train("2024-04-01")
    t.score("theory", "2024-05-18", "60")
    found = f.MisconductFound(degree="serious", sitting="2024-05-18", barred_until=day("2025-06-01"), **WHY)
    t.record(found, "2024-06-01").admit("theory", "2025-09-01")
    told = effect(t, "2025-09-02", "bar: {years: 1}->bar: {years: 2}")
    assert [x.type for x in told.divergences] == ["Admitted"]
    assert "barred through 2026-06-01" in told.divergences[0].why


def test_what_a_decision_takes_back_is_found_under_its_new_number(half):
    """A board's reinstatement and a lifting name events by number; under other rules these have other numbers."""
    half.record(f.ScoreAmended(part="theory", sitting="2024-05-18", score="65", **WHY), "2024-07-01")
    half.record(f.Withdrawn(), "2024-08-01")
    half.record(f.Reinstated(supersedes=half.history[-1].sequence, **WHY), "2024-09-01")
    found = effect(half, "2024-10-01", "maximum: 100, pass_mark: 60->maximum: 64, pass_mark: 60")
    assert [x.type for x in found.divergences] == ["ScoreAmended"]
    assert (found.after.state, "is_in_scale" in {o.rule for o in found.divergences[0].objections}) == (
        "skills_exam",
        True,
    )


def test_only_some_states_and_totals(half, passed):
    """A state that was not asked for is passed over; totals count each change and who is affected."""
    document = changed(half, "pass_mark: 60, validity->pass_mark: 70, validity")
    on = day("2025-06-01")
    assert effect_on(half.history, half.rules, document, on, states=["certified"]) is None
    totals = Totals()
    for t in (half, passed, Timeline()):
        found = effect_on(t.history, t.rules, document, on)
        assert found is not None
        totals.add([found])
    assert (totals.looked_at, totals.affected) == (3, 2)
    assert (totals.kinds["loses theory"], totals.kinds["loses an award"]) == (2, 1)


def test_a_scope_holds_what_it_names():
    """Every bound of a scope counts itself; what is left empty narrows nothing."""
    on = day("2024-03-15")
    assert Scope().holds("A1", 3, on)
    assert Scope(["A1"], 3, on, on).holds("A1", 3, on)
    for scope in (
        Scope(["A2"]),
        Scope(level=2),
        Scope(submitted_from=day("2024-03-16")),
        Scope(submitted_until=day("2024-03-14")),
    ):
        assert not scope.holds("A1", 3, on)
