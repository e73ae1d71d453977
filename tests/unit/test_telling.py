"""A history as an auditor reads it: by which clause, superseded by what, and how two points of view differ."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.histories import FACTS
from tests.properties.test_replay import points, timelines
from tests.timeline import EVIDENCE, Timeline, day
from tests.timeline import test_scheme as scheme_with
from tests.unit.board import DEGREES, ENTRY, PANEL, RECHECK, WHY
from workflow import facts as f
from workflow.audit.clauses import clause_of
from workflow.audit.differing import changes, difference, fields_of
from workflow.audit.superseding import superseded
from workflow.audit.telling import answers_of, refuse_unseen, tell
from workflow.errors import NotFound
from workflow.replay import replay
from workflow.rules import RULES
from workflow.standing import standing_of

FULL = {
    "levels": f"levels:->{DEGREES}",
    "theory": f"title: Theory, ->title: Theory, {RECHECK}, {ENTRY}, ",
    "review": f"kind: review\n->kind: review\n    {PANEL}\n",
}


def at(text: str) -> datetime:
    """Give the end of a day, as a moment of knowledge."""
    return datetime.combine(day(text), datetime.max.time(), UTC)


def told(t: Timeline, on: str, known: str = "", explain: bool = False):
    """Tell a timeline from a point of view."""
    return tell(t.history, t.rules, day(on), at(known) if known else None, explain=explain)


def by(t: Timeline) -> dict[str, list[str]]:
    """Name the facts that were superseded in a timeline, with those that did it."""
    names = {x.sequence: f"{x.type} {x.sequence}" for x in t.history}
    return {names[n]: [names[m] for m in later] for n, later in superseded(t.history).items()}


@pytest.fixture
def half():
    """Give a timeline with theory passed and announced on 2024-06-20, valid through 2026-06-20."""
    return Timeline().accept().train("2024-04-01").score("theory", "2024-05-18", "60", "2024-06-20")


@given(timelines(), st.data())
def test_the_telling_is_the_replay(t, data):
    """From every point of view the last state told and the standing are those of replay, and every rule says yes."""
    on = data.draw(st.sampled_from(points(t)))
    moment = data.draw(st.sampled_from([None, *(x.recorded_at for x in t.history)]))
    application = replay(t.history, t.rules, on, moment)
    telling = tell(t.history, t.rules, on, moment, explain=True)
    if application is None:
        assert (telling.standing, telling.counted) == (None, ())
        return
    assert telling.standing == standing_of(application, t.rules, on, moment)
    assert telling.counted[-1].dest == application.state
    assert all(answer.objection is None for line in telling.lines for answer in line.answers)
    states = [(line.source, line.dest) for line in telling.counted]
    assert all(dest == source for (_, dest), (source, _) in pairwise(states))


def test_every_step_names_every_rule_that_was_asked(half):
    """The explanation of a fact has each rule of its step, in order, with what it asks; the submission meets none."""
    half.record(f.ScoreAmended(part="theory", sitting="2024-05-18", score="70", **WHY), "2024-07-01")
    for line in told(half, "2026-06-21", explain=True).lines:
        assert [a.rule for a in line.answers] == [rule.__name__ for rule in RULES.get(type(line.fact), ())]
        assert all(a.asks.endswith(".") and a.as_json()["yes"] for a in line.answers)


def test_a_rule_that_says_no_gives_its_objection_and_its_clause(half):
    """Asked of a fact that would be refused, every rule answers for itself."""
    fact = f.Admitted(part="theory", sitting="X", sat_on=day("2024-07-01"))
    answers = {a.rule: a for a in answers_of(half.as_of("2024-07-01"), fact, day("2024-07-01"), half.rules)}
    assert len(answers) == len(RULES[f.Admitted])
    assert answers["is_not_held"].as_json()["yes"] is False
    assert answers["is_not_held"].as_json()["clause"] == "rules theory"
    assert answers["is_an_exam"].objection is None


def test_facts_outside_the_point_of_view_are_named_as_such(half):
    """A fact that was not known yet, or not yet in effect, is told as such and makes up nothing."""
    half.score("skills", "2024-11-16", "75", "2024-12-20", known="2025-03-01")
    early = told(half, "2024-11-30", "2024-12-31")
    assert [x.seen for x in early.lines[-3:]] == ["not known yet"] * 3
    assert [x.seen for x in told(half, "2024-11-30").lines[-3:]] == ["told", "told", "not yet in effect"]
    assert len(early.counted) == len(half.history) - 3
    assert early.standing.application.state == "skills_exam"


def test_the_clock_is_told_though_nobody_wrote_it_down(half):
    """What time has made true is a line without a number, with the clause of the lapse; written down, it has one."""
    last = told(half, "2026-06-21").lines[-1]
    assert (last.seen, last.event, last.clause, last.dest) == ("by the clock", None, "rules lapse", "expired")
    last = told(half.night("2026-06-21"), "2026-06-21").lines[-1]
    assert (last.seen, last.event.sequence, last.clause) == ("told", 7, "rules lapse")


def test_a_history_that_does_not_replay_is_told_up_to_what_is_refused(half):
    """A fact changed from outside is the last that is told, with the objection; there is no standing."""
    event = half.history[4]
    assert isinstance(event.fact, f.ScoreRecorded)
    wrong = event._replace(fact=event.fact.model_copy(update={"score": Decimal(400)}))
    telling = tell((*half.history[:4], wrong, *half.history[5:]), half.rules, day("2025-01-01"), explain=True)
    assert (len(telling.lines), telling.lines[-1].seen, telling.standing) == (5, "does not replay", None)
    assert "400 marks lie outside 0 to 100" in str(telling.refused)
    assert [a.rule for a in telling.lines[-1].answers if a.objection] == ["is_in_scale"]


def test_an_amended_score_is_superseded_once_it_is_known(half):
    """The first marks are superseded by the amended ones, these by the next; before that was known, by nothing."""
    half.amend("theory", "2024-05-18", "70", "2024-07-01").amend("theory", "2024-05-18", "65", "2024-08-01")
    assert by(half) == {"ScoreRecorded 5": ["ScoreAmended 7"], "ScoreAmended 7": ["ScoreAmended 8"]}
    assert not any(x.superseded_by for x in told(half, "2025-01-01", "2024-06-30").lines)
    assert [x.superseded_by for x in told(half, "2025-01-01", "2024-07-15").lines if x.superseded_by] == [(7,)]


def test_a_late_entry_supersedes_the_expiry(half):
    """The expiry that was recorded stands, superseded by the reinstatement that a late score brought."""
    half.night("2026-06-21").score("skills", "2026-06-10", "75", "2026-06-25", known="2026-07-10")
    assert half.facts[6:8] == ["Expired", "Reinstated"]
    assert by(half) == {"Expired 7": ["Reinstated 8"]}
    assert told(half, "2026-06-30", "2026-06-30").standing.application.state == "expired"
    assert told(half, "2026-06-30").standing.application.state == "awaiting_award"


def test_an_extension_supersedes_the_one_before_and_what_had_lapsed():
    """The latest extension of a part counts; a lapse of it is taken back, that of another part is not."""
    t = Timeline(scheme=scheme_with(lapse="effect: expire->effect: reopen")).accept().train("2024-04-01")
    t.score("theory", "2024-05-18", "60", "2024-06-20").night("2026-06-21")
    for until, on in (("2026-12-31", "2026-07-01"), ("2027-03-31", "2026-08-01")):
        t.record(f.ValidityExtended(part="theory", until=day(until), **WHY), on)
    assert by(t) == {"PartLapsed 7": ["ValidityExtended 8"], "ValidityExtended 8": ["ValidityExtended 9"]}


def test_every_kind_of_taking_back_is_known():
    """A retraction, a cancellation, a reopening, a lifted finding and a reinstatement each supersede what they undo."""
    t = Timeline(scheme=scheme_with(**FULL)).accept().train("2024-04-01").admit("theory", "2024-05-18")
    where = {"part": "theory", "sitting": "2024-05-18"}
    t.record(f.ScoreEntered(**where, reader=1, score=Decimal(60)), "2024-05-19")
    t.record(f.ScoreRetracted(**where, reason="wrong sheet"), "2024-05-20")
    t.record(f.AdmissionCancelled(**where, reason="power cut"), "2024-05-21")
    t.admit("skills", "2024-06-15")
    found = f.MisconductFound(degree="minor", sitting="2024-06-15", part="skills", **WHY)
    t.record(found, "2024-06-16").record(f.AnnulmentLifted(supersedes=9, **WHY), "2024-06-20")
    t.record(f.EligibilityReopened(**WHY), "2024-06-21").accept("2024-06-22")
    t.record(f.Withdrawn(), "2024-06-23").record(f.Reinstated(supersedes=13, **WHY), "2024-06-24")
    assert by(t) == {
        "ScoreEntered 5": ["ScoreRetracted 6"],
        "Admitted 4": ["AdmissionCancelled 7"],
        "MisconductFound 9": ["AnnulmentLifted 10"],
        "EligibilityAccepted 2": ["EligibilityReopened 11"],
        "Withdrawn 13": ["Reinstated 14"],
    }


def test_new_evidence_and_a_restored_certificate():
    """Checks of evidence that was shown anew are superseded, and so are both steps against a certificate restored."""
    t = Timeline()
    t.record(f.EvidenceChecked(item="work/0", status="unverified"), "2024-03-16")
    t.record(f.EvidenceChecked(item="work/0", status="verified"), "2024-03-17")
    t.record(f.InformationRequested(reason="letter"), "2024-03-18").record(
        f.Resubmitted(evidence=EVIDENCE), "2024-03-19"
    )
    assert by(t) == {"EvidenceChecked 2": ["EvidenceChecked 3"], "EvidenceChecked 3": ["Resubmitted 5"]}
    t.accept("2024-03-20").train("2024-04-01").score("theory", "2024-05-18", "60", "2024-06-20")
    t.score("skills", "2024-05-18", "60", "2024-06-20")
    t.record(f.CertificateAwarded(number="T1", series="T", serial=1), "2024-07-01")
    before = len(t.history)
    for fact in (f.CertificateSuspended, f.CertificateRevoked, f.CertificateRestored):
        t.record(fact(**WHY), "2024-08-01")
    later = {n: m for n, m in superseded(t.history).items() if n > before}
    assert later == {before + 1: (before + 3,), before + 2: (before + 3,)}


def test_a_recheck_that_changes_nothing_supersedes_nothing(half):
    """Marks that a recheck leaves as they are stay the ones that were recorded; changed, they are superseded."""
    t = Timeline(scheme=scheme_with(theory=f"title: Theory, ->title: Theory, {RECHECK}, ")).accept().train("2024-04-01")
    t.score("theory", "2024-05-18", "59", "2024-06-20")
    where = {"part": "theory", "sitting": "2024-05-18"}
    t.record(f.RecheckRequested(**where), "2024-06-21")
    same = Timeline.record(copy_of(t), f.RecheckDecided(**where, score=Decimal(59), **WHY), "2024-06-25")
    assert by(same) == {}
    raised = Timeline.record(copy_of(t), f.RecheckDecided(**where, score=Decimal(60), **WHY), "2024-06-25")
    assert by(raised) == {"ScoreRecorded 5": ["RecheckDecided 8"]}


def copy_of(t: Timeline) -> Timeline:
    """Give a timeline with the same history, to be continued in another way."""
    copy = Timeline.__new__(Timeline)
    copy.__dict__.update(t.__dict__)
    return copy


@pytest.mark.parametrize("fact", FACTS, ids=lambda fact: type(fact).__name__)
def test_every_fact_can_be_asked_for_its_clause(fact, half):
    """No fact, however little it has to do with the scheme, makes the question fail."""
    assert isinstance(clause_of(fact, half.as_of("2024-07-01"), half.rules), str)
    assert isinstance(clause_of(fact, None, half.rules), str)


def test_the_clause_is_the_one_that_the_rules_stand_beside():
    """Conditions, training, readers, panels, rechecks, degrees and the certificate each name their own clause."""
    t = Timeline(2, scheme=scheme_with(**FULL)).accept()
    where = {"part": "theory", "sitting": "X"}
    panel = tuple(f.PanelMark(assessor=x, score=Decimal(60)) for x in "abc")
    review = f.ScoreRecorded(part="review", sitting="R", sat_on=day("2024-06-01"), score=Decimal(60), panel=panel)
    accepted = f.EligibilityAccepted(condition="1", conditions_met=("1",), evidence_digest="")
    expected = {
        f.ScoreEntered(**where, reader=1, score=Decimal(60)): "rules readers",
        f.ScoreRecorded(**where, sat_on=day("2024-06-01"), score=Decimal(60)): "rules readers",
        review: "rules panel",
        f.RecheckRequested(**where): "rules rc",
        f.ScoreAnnounced(**where): "rules theory",
        f.Admitted(part="skills", sitting="X", sat_on=day("2024-06-01")): "rules skills",
        accepted: "rules (1)",
        f.EligibilityRefused(reason="r", conditions_met=(), explanation=()): "rules (1)",
        f.TrainingWaived(**WHY): "board",
        f.MisconductFound(degree="papers", **WHY): "rules art. 10",
        f.CertificateAwarded(number="1", series="", serial=1): "board",
        f.Expired(cause="x", last_valid_on=day("2024-06-01"), expired_on=day("2024-06-02"), clause="own"): "own",
        f.Withdrawn(): "",
    }
    a = t.as_of("2024-04-01")
    assert {fact: clause_of(fact, a, t.rules) for fact in expected} == expected


def test_an_amended_score_that_was_known_later_is_what_differs(half):
    """Between two moments of knowledge of the same day: the result and the part, by the amendment, and nothing else."""
    t = Timeline().accept().train("2024-04-01").score("theory", "2024-05-18", "59", "2024-06-20")
    t.record(f.ScoreAmended(part="theory", sitting="2024-05-18", score="60", **WHY), "2024-06-21", known="2024-09-01")
    found = difference(told(t, "2024-07-01", "2024-08-31"), told(t, "2024-07-01"))
    assert {x.field: (x.before, x.after) for x in found.changes if x.field.startswith(("state", "result", "held"))} == {
        "state": ("theory_exam", "skills_exam"),
        "result theory 2024-05-18": ("59, announced 2024-06-20", "60 (before: 59), announced 2024-06-20"),
        "held theory": (None, "through 2026-06-20"),
    }
    assert ([x.fact.step for x in found.only_after], found.only_before) == (["amend_score"], ())
    assert [x.fact.step for x in found.newly_superseded] == ["record_score"]


def test_a_lifted_annulment_is_a_difference_both_ways():
    """A finding and its lifting: forwards the lifting is what the second view has, backwards what the first has."""
    t = Timeline(scheme=scheme_with(**{"levels": FULL["levels"]})).accept().train("2024-04-01")
    t.score("theory", "2024-05-18", "60", "2024-06-20")
    t.record(f.MisconductFound(degree="minor", sitting="2024-05-18", part="theory", **WHY), "2024-07-01")
    t.record(f.AnnulmentLifted(supersedes=7, **WHY), "2024-08-01")
    views = told(t, "2024-07-15"), told(t, "2024-08-15")
    forth, back = difference(*views), difference(*reversed(views))
    assert ([x.fact.step for x in forth.only_after], [x.fact.step for x in back.only_before]) == (
        ["lift_annulment"],
    ) * 2
    assert ([x.event.sequence for x in forth.newly_superseded], back.newly_superseded) == ([7], ())
    assert [x.event.sequence for x in back.no_longer_superseded] == [7]
    assert {x.field: (x.before, x.after) for x in forth.changes} == {x.field: (x.after, x.before) for x in back.changes}
    assert "held theory" in {x.field for x in forth.changes}


def test_the_same_point_of_view_does_not_differ(half):
    """A view against itself has no difference, the clock's unwritten steps included."""
    assert difference(told(half, "2026-07-01"), told(half, "2026-07-01")).is_none
    expired = difference(told(half, "2026-06-20"), told(half, "2026-06-21"))
    assert ([x.fact.step for x in expired.only_after], expired.is_none) == (["expire"], False)


def test_a_view_in_which_there_is_nothing_differs_in_everything(half):
    """Before the submission there is no field; afterwards every field is new."""
    found = difference(told(half, "2024-01-01"), told(half, "2024-07-01"))
    assert all(x.before is None for x in found.changes)
    assert len(found.only_after) == len(half.history)
    assert (fields_of(None), changes(None, None)) == ({}, ())


def test_a_part_sat_twice_is_two_results():
    """Two attempts under one key, as after a cancellation, are told apart."""
    t = Timeline().accept().train("2024-04-01").admit("theory", "2024-05-18")
    t.record(f.AdmissionCancelled(part="theory", sitting="2024-05-18", reason="r"), "2024-05-18")
    t.admit("theory", "2024-05-18")
    fields = fields_of(told(t, "2024-05-18").standing)
    assert fields["result theory 2024-05-18"] == "cancelled"
    assert fields["result theory 2024-05-18 again"] == "admitted"


def test_a_view_before_anything_was_known_says_from_when_on_there_is_something(half):
    """The refusal names the day of submission and the instant at which it was recorded."""
    with pytest.raises(
        NotFound, match=r"submitted on 2024-03-15, recorded at 2024-03-15T10:00.*as known at 2024-03-14"
    ):
        refuse_unseen(half.history, day("2025-01-01"), half.history[0].recorded_at - timedelta(days=1))
    refuse_unseen(half.history, day("2024-03-15"), half.history[0].recorded_at)
