"""Laws of replay, held against histories that were written in any order, late, refused and corrected."""

from __future__ import annotations

from contextlib import suppress
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st
from transitions import Machine, MachineError

from tests.timeline import Timeline, day
from tests.timeline import test_scheme as scheme_with
from tests.unit.board import DEGREES, ENTRY, RECHECK, WHY
from workflow import facts as f
from workflow.clock import next_due
from workflow.draft import Draft, project
from workflow.errors import Refused
from workflow.events import check_chain
from workflow.machine import machine_of
from workflow.replay import fold, replay, take_up
from workflow.rules import Move
from workflow.standing import standing_of

START = day("2024-03-15")
FIRST = day("2024-05-18")  # a sitting whose result is announced a month later
RAN_OUT = day("2026-06-21")  # the day after the last valid day of what was announced on 2024-06-20
# Days on which something turns: sittings, announcements, and the days around the end of what they started.
DAYS = sorted(
    {FIRST, day("2024-06-20"), day("2024-11-16")}
    | {d + timedelta(days=n) for d in (RAN_OUT, day("2026-12-18")) for n in (-15, -1, 0, 1, 17)}
)
KINDS = ["sit"] * 6 + ["night"] * 4 + ["admit"] * 2 + ["absent"] * 2 + ["amend"] * 2 + ["withdraw"]
KINDS += [
    "read",
    "retract",
    "request",
    "decide",
    "find",
    "find",
    "lift",
    "extend",
    "more time",
    "suspend",
    "resume",
    "carry",
    "reopen",
]
FULL = {
    "levels": f"levels:->{DEGREES}",
    "theory": f"title: Theory, ->title: Theory, {RECHECK}, ",
    "skills": f"title: Skills, ->title: Skills, {RECHECK}, ",
}
WINDOW = "stages: {theory_exam->window: {length: {years: 2}, HOW, clause: {source: rules}}\n    stages: {theory_exam"
DEADLINES = {
    "deadlines": """stages: {theory_exam->deadlines:
      eligibility: {within: {months: 27}, counted_from: approved, not_after: transition, clause: {source: rules}}
      transition: {until: 2026-12-05, clause: {source: rules}}
      inactivity: {within: {months: 20}, counted_from: first_attempt, clause: {source: rules}}
      theory_exam: {within: {years: 2}, last_day: end_of_month, clause: {source: rules}}
      awaiting_award: {within: {days: 15}, rolls: true, clause: {source: rules}}
    stages: {theory_exam""",
    "closes": "offered_from: 2000-01-01->offered_from: 2000-01-01\n  closes_on: 2026-12-19",
    "each": "validity: {length: {years: 2}}->validity: {length: {years: 2}, on_lapse: reopen}",
}
SCHEMES = [
    scheme_with(**FULL),
    scheme_with(**FULL | {"skills": f"title: Skills, ->title: Skills, {RECHECK}, {ENTRY}, "}),
    scheme_with(**FULL, lapse="effect: expire->effect: reopen"),
    scheme_with(**FULL, lapse="effect: expire->effect: restart"),
    scheme_with(**FULL, judged="judged_on: sat->judged_on: announced"),
    scheme_with(**FULL, window=WINDOW.replace("HOW", "counted_from: sat, on_lapse: reopen")),
    scheme_with(**FULL, window=WINDOW.replace("HOW", "counted_from: first_attempt, on_lapse: restart")),
    scheme_with(**FULL, window=WINDOW.replace("HOW", "counted_from: first_attempt, on_lapse: expire")),
    scheme_with(**FULL | DEADLINES),
]
operation = st.tuples(
    st.sampled_from(KINDS),
    st.sampled_from(["theory", "skills", "skills", "review"]),
    st.sampled_from(DAYS),
    st.sampled_from(["59.5", "60", "88"]),
    st.sampled_from([0, 3, 32]),  # days from the sitting to the announcement
    st.sampled_from([0, 0, 0, 20, 400]),  # days by which the entry is late
)


def act(t: Timeline, known: date, kind: str, part: str, on: date, score: str, told_after: int, late: int) -> date:
    """Do one thing, refused or not; give the day on which the board then stands."""
    sat, told = str(on), on + timedelta(days=told_after)
    known = max(known, told + timedelta(days=late))
    now = str(known)
    match kind:
        case "sit":
            sit(t, part, sat, score, now)
            t.announce(part, sat, str(told), known=now)
        case "admit":
            t.admit(part, sat, known=now)
        case "absent":
            t.record(f.AbsenceRecorded(part=part, sitting=sat, sat_on=on), sat, now)
        case "amend":
            last = next((a for a in reversed(fold(t.history, t.rules).attempts) if a.score is not None), None)
            if last:
                fact = f.ScoreAmended(
                    part=last.part, sitting=last.sitting, score=score, reason="recheck", authority="b"
                )
                t.record(fact, str(told), now)
        case "night":
            known = on if on > t.history[-1].recorded_at.date() else known
            t.night(str(known), str(known))
        case "withdraw":
            t.record(f.Withdrawn(), now, now)
        case "read":
            t.admit("skills", sat, known=now)
            read(t, "skills", sat, 1, score, now)
            read(t, "skills", sat, 2, "60", now)
            read(t, "skills", sat, 3, score, now)
        case _:
            board_acts(t, kind, part, sat, score, str(told), now)
    return known


def sit(t: Timeline, part: str, sat: str, score: str, now: str) -> None:
    """Sit a part, read by two where the scheme has it so."""
    if part != "review" and t.rules.parts[part].entry and fold(t.history, t.rules).attempt(part, sat) is None:
        t.admit(part, sat, known=now)
        for reader in (1, 2):
            read(t, part, sat, reader, score, now)
    t.score(part, sat, score, known=now)


def read(t: Timeline, part: str, sat: str, reader: int, score: str, now: str) -> None:
    """Enter one reader's marks."""
    t.record(f.ScoreEntered.model_validate({"part": part, "sitting": sat, "reader": reader, "score": score}), sat, now)


def board_acts(t: Timeline, kind: str, part: str, sat: str, score: str, on: str, now: str) -> None:
    """Do what a board does besides the straight path, of the last attempt that there is."""
    a = fold(t.history, t.rules)
    last = next((x for x in reversed(a.attempts) if x.outcome != "cancelled"), None)
    what = {"part": last.part, "sitting": last.sitting} if last else {"part": part, "sitting": sat}
    match kind:
        case "retract":
            t.record(f.ScoreRetracted(**what, reason="wrong sheet"), str(last.sat_on) if last else sat, now)
        case "request":
            t.record(f.RecheckRequested(**what), str(last.announced_on) if last and last.announced_on else on, now)
        case "decide":
            t.record(f.RecheckDecided(**what, score=score, **WHY), on, now)
        case "find":
            degree = {"59.5": "minor", "60": "serious", "88": "papers"}[score]
            bar = t.rules.scheme.misconduct[degree].bar
            until = bar.after(day(on)) if bar else None
            t.record(f.MisconductFound(degree=degree, **what, barred_until=until, **WHY), on, now)
        case "lift":
            t.record(f.AnnulmentLifted(supersedes=a.findings[-1][0] if a.findings else 1, **WHY), on, now)
        case "extend":
            t.record(f.ValidityExtended(part=part, until=day(sat) + timedelta(days=200), **WHY), on, now)
        case "more time":
            names = [*t.rules.countdowns, "none"]
            name, until = names[day(sat).day % len(names)], day(sat) + timedelta(90)
            t.record(f.DeadlineExtended(deadline=name, until=until, **WHY), on, now)
        case "suspend":
            t.record(f.ApplicationSuspended(**WHY), on, now)
        case "resume":
            t.record(f.ApplicationResumed(**WHY), on, now)
        case "carry":
            fact = f.PartCarriedOver(
                part=part,
                sitting=f"before-{sat}",
                sat_on=day("2023-01-10"),
                announced_on=day("2023-02-10"),
                score="60",
                last_valid_on=RAN_OUT if score == "60" else day("2025-02-10"),
                from_application="A0",
            )
            t.record(fact, on, now)
        case "reopen":
            t.record(f.EligibilityReopened(**WHY), on, now)
            if score != "59.5":
                t.accept(on)


@st.composite
def timelines(draw: st.DrawFn) -> Timeline:
    """Build a history by doing things at random near the days that matter, some of them late or out of order."""
    t = Timeline(draw(st.sampled_from([2, 3, 3])), scheme=draw(st.sampled_from(SCHEMES))).accept()
    if t.rules.number == 3:
        t.train("2024-04-01")
    first = draw(st.sampled_from(["theory", "skills"]))
    sit(t, first, str(FIRST), "60", str(FIRST))
    t.announce(first, str(FIRST), "2024-06-20")
    known = day("2024-06-20")
    operations = draw(st.lists(operation, min_size=3, max_size=12))
    if draw(st.integers(0, 2)):
        operations.sort(key=lambda o: o[2])
    for o in operations:
        with suppress(Refused):
            known = act(t, known, *o)
    return t


def points(t: Timeline) -> list[date]:
    """Give the days on which something may change in a history, and the days before them."""
    found = {x.effective_on for x in t.history} | {RAN_OUT, DAYS[-1], day("2029-01-01")}
    return sorted(found | {d - timedelta(days=1) for d in found})


@given(timelines())
def test_every_history_replays_on_every_day(t):
    """No day and no knowledge exists for which a history that was accepted cannot be replayed."""
    moments = [None, *{x.recorded_at for x in t.history}]
    for on in points(t):
        for moment in moments:
            application = replay(t.history, t.rules, on, moment)
            if application is not None:
                standing_of(application, t.rules, on)


@given(timelines())
def test_the_night_changes_no_answer(t):
    """Writing down what the clock has made true changes no state, no held part and no expiry on any day."""
    now = t.history[-1].recorded_at
    before = {on: view(t.history, t, on) for on in points(t)}
    for tonight in [d for d in DAYS if d >= now.date()]:
        draft = Draft(t.history, t.rules, now, "nightly")
        draft.write_down(tonight)
        after = (*t.history, *draft.append().events) if draft.new else t.history
        assert {on: view(after, t, on) for on in before} == before
        again = Draft(after, t.rules, after[-1].recorded_at, "nightly")
        assert again.write_down(tonight) == 0


def view(history, t, on):
    """Say what people see of a history on a day."""
    application = replay(history, t.rules, on)
    if application is None:
        return None
    standing = standing_of(application, t.rules, on)
    expired = application.expiry.expired_on if application.expiry else None
    return application.state, sorted(standing.held), expired, standing.clock_on, standing.awaited


@given(timelines())
def test_catching_up_writes_the_same_rows_as_nights_that_were_never_missed(t):
    """One late run writes the same facts, states and days as a run every night."""
    last = t.history[-1].recorded_at.date()
    once = Draft(t.history, t.rules, t.history[-1].recorded_at, "n")
    end = max(last, DAYS[-1])
    once.write_down(end)
    nightly = Draft(t.history, t.rules, t.history[-1].recorded_at, "n")
    for on in [*(d for d in DAYS if d >= last), end]:
        nightly.write_down(on)
    rows = [[(x.fact, x.effective_on, x.source, x.dest, x.sequence) for x in d.new] for d in (once, nightly)]
    assert rows[0] == rows[1]


@given(timelines())
def test_the_recorded_states_are_those_of_the_fold(t):
    """Each event's source and dest are what the machine says when the history is folded again."""
    state = ""
    for n, event in enumerate(t.history, 1):
        assert event.source == state
        application = fold(t.history[:n], t.rules)
        state = application.state
        assert event.dest == state
        assert application.sequence == n
    check_chain(t.history)
    assert project(fold(t.history, t.rules), t.rules, t.history[-1]).state == state


@given(timelines())
def test_taking_a_history_up_makes_what_judging_it_again_makes(t):
    """The short way from recorded facts to an application, by the table, leads where the machine leads."""
    for n in range(1, len(t.history) + 1):
        assert take_up(t.history[:n], t.rules) == fold(t.history[:n], t.rules)


def judged(move, trigger):
    """Put a move to a trigger: whether it was taken and where it led, with the objections; or that it cannot start."""
    try:
        return trigger(move), move.state, move.objections
    except MachineError:
        return None


@settings(max_examples=30)
@given(timelines())
def test_a_trigger_answers_as_the_librarys_own(t):
    """Every fact of a history, tried after each of its events, is judged as by the library's machine with all hooks."""
    ours = machine_of(t.rules)
    theirs = ours.built(Machine)
    for n in range(1, len(t.history) + 1):
        application = fold(t.history[:n], t.rules)
        for event in t.history[1:]:
            step = event.fact.step

            def made(event=event, application=application, n=n):
                return Move(application, event.fact, event.effective_on, t.rules, n + 1, application.state)

            assert judged(made(), ours.triggers[step].trigger) == judged(made(), theirs.events[step].trigger)


@given(timelines())
def test_nothing_happens_before_the_day_that_the_clock_names(t):
    """The state stays what it is until the day that the clock names, and the clock acts on that very day."""
    application = replay(t.history, t.rules, max(x.effective_on for x in t.history))
    due = next_due(application, t.rules)
    if due is None:
        assert replay(t.history, t.rules, day("2900-01-01")).state == application.state
    else:
        before = max(due.on - timedelta(days=1), application.on)
        assert replay(t.history, t.rules, before).state == application.state
        after = replay(t.history, t.rules, max(due.on, application.on))
        assert after.expiry is not None or after.lapsed != application.lapsed


@settings(max_examples=50)
@given(timelines())
def test_a_retried_command_changes_nothing(t):
    """Every command that was recorded can be sent again: it is recognised."""
    draft = Draft(t.history, t.rules, t.history[-1].recorded_at, "clerk")
    for event in t.history[1:]:
        draft.propose(event.fact, event.effective_on, event.command)
    assert draft.new == []
