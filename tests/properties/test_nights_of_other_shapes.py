"""Whether the nights came or not, in schemes of other shapes: choices, groups, exemptions, authorizations, windows."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from tests.properties.test_nights_missed import seen
from tests.unit.assessing import Assessed, C, scheme
from tests.unit.board import WHY
from workflow import facts as f
from workflow.errors import Refused
from workflow.replay import fold
from workflow.scheme import Pinned

START = date(2024, 2, 1)
EXEMPT = f'    exemptions:\n      "6a": {{parts: [far], all: [{{certificate: {{level: 3}}}}], {C}}}\n'
CLOCKS = f"""    deadlines:
      authorization: {{within: {{days: 90}}, counted_from: authorized, effect: close, sittings: 1, {C}}}
      idle: {{within: {{months: 14}}, counted_from: last_attempt, {C}}}
"""
WINDOW = f"    window: {{length: {{years: 1}}, counted_from: sat, on_lapse: reopen, {C}}}\n"
CHOICE = f"{{one: {{choose: 1, of: [far, [bar, isc]], {C}}}, two: tax}}"
GROUP = f"{{one: {{all_of: [far, bar], same_sitting: true, average: 65, kept_from: 75, {C}}}, two: tax}}"
FOR_GOOD = f"{{one: {{all_of: [far, bar], for_good: true, {C}}}, two: tax}}"
WAIVED, HOURS = "waived: true", "hours: 10"
SHAPES = [
    scheme(CHOICE, "reopen", WAIVED, EXEMPT, far="", bar="", isc="", tax=""),
    scheme(CHOICE, "expire", WAIVED, far="", bar="", isc="", tax=""),
    scheme(GROUP, "reopen", HOURS, far="", bar="", tax=""),
    scheme(FOR_GOOD, "expire", HOURS, far="", bar="", tax=""),
    scheme("{one: far, two: bar, three: tax}", "expire", WAIVED, WINDOW, far="", bar="", tax=""),
    scheme("{one: far, two: bar}", "reopen", WAIVED, CLOCKS, far="", bar=""),
    scheme("{one: far, two: bar}", "reopen", HOURS, far=f"resits: {{most: 2, at_cap: expire, {C}}}", bar=""),
]
# The days around the ends of what may run from the first one: 90 days, one year, fourteen months, two years.
DAYS = sorted({0, 1, 30} | {end + near for end in (90, 366, 426, 731) for near in (-2, -1, 0, 1, 30)})
KINDS = ["sit"] * 8 + ["amend"] * 2 + ["train"] * 2 + ["admit", "absent", "cancel", "retract", "suspend", "resume"]
KINDS += ["authorize"] * 3 + ["extend", "exempt", "withdraw exemption", "reopen", "accept"]
operation = st.tuples(
    st.sampled_from(KINDS),
    st.integers(0, 3),  # the part
    st.sampled_from(DAYS),
    st.sampled_from(["59", "60", "80"]),
    st.sampled_from([0, 0, 2, 35]),  # days from the sitting to the announcement
    st.sampled_from([0, 0, 0, 20, 400]),  # days by which the entry is late
)


class Led(Assessed):
    """A timeline led through operations, each refused or not, with a night before each or with none at all."""

    def __init__(self, pinned: Pinned, every_night: bool) -> None:
        super().__init__(pinned)
        self.known, self.every_night = date(2024, 1, 25), every_night
        if self.rules.level.training.hours:
            self.train("2024-01-20", 10)

    def go(self, kind: str, part: int, day: int, score: str, told_after: int, late: int) -> str:
        """Do one thing; tell whether it was refused."""
        if self.every_night:
            self.night(str(self.known))
        on = START + timedelta(day)
        told = on + timedelta(told_after)
        self.known = max(self.known, told + timedelta(late))
        try:
            self._act(kind, list(self.rules.parts)[part % len(self.rules.parts)], on, Decimal(score), str(told))
        except Refused:
            self.known = max(self.known, self.history[-1].recorded_at.date())
            return "refused"
        return ""

    def _act(self, kind: str, part: str, on: date, score: Decimal, told: str) -> None:
        a, day = fold(self.history, self.rules), str(on)
        assert a is not None
        last = next((x for x in reversed(a.attempts) if x.outcome != "cancelled"), None)
        of_last = {"part": last.part, "sitting": last.sitting} if last else {"part": part, "sitting": day}
        seat = {"part": part, "sitting": day, "sat_on": on}
        exemption = next(iter(self.rules.level.exemptions), "none")
        match kind:
            case "sit" | "absent" | "admit":
                if a.attempt(part, day) is None:
                    self.now(f.Admitted(**seat), day)
                if kind == "absent":
                    self.now(f.AbsenceRecorded(**seat), day)
                elif kind == "sit":
                    self.now(f.ScoreRecorded(**seat, score=score), day)
                    self.now(f.ScoreAnnounced(part=part, sitting=day), told)
            case "amend":
                self.now(f.ScoreAmended(**of_last, score=score, **WHY), told)
            case "cancel":
                self.now(f.AdmissionCancelled(**of_last, reason="fell out"), day)
            case "retract":
                self.now(f.ScoreRetracted(**of_last, reason="wrong sheet"), day)
            case "train":
                course = f.TrainingRecorded(hours=Decimal(10), completion_certificate=True, completed_on=on)
                self.now(course, day)
            case "exempt":
                self.now(f.ExemptionGranted(exemption=exemption, parts=("far",)), day)
            case "withdraw exemption":
                self.now(f.ExemptionWithdrawn(exemption=exemption, **WHY), day)
            case "extend":
                self.now(f.ValidityExtended(part=part, until=on + timedelta(200), **WHY), day)
            case "authorize":
                self.now(f.AuthorizationGiven(part=part if score > 60 else ""), day)
            case "accept":
                self.now(f.EligibilityAccepted(condition="1", conditions_met=("1",), evidence_digest=""), day)
            case "reopen":
                self.now(f.EligibilityReopened(**WHY), day)
            case "suspend":
                self.now(f.ApplicationSuspended(**WHY), day)
            case "resume":
                self.now(f.ApplicationResumed(**WHY), day)

    def now(self, fact: f.Fact, on: str) -> None:
        """Record a fact of a day as the board knows it now."""
        self.record(fact, on, str(self.known))


@st.composite
def operations(draw: st.DrawFn) -> list[tuple[str, int, int, str, int, int]]:
    """Pass a part on the first day, so that its time runs; then whatever, mostly in the order of the days."""
    some = draw(st.lists(operation, min_size=2, max_size=9))
    if draw(st.integers(0, 3)):
        some.sort(key=lambda o: o[2])
    return [("sit", draw(st.integers(0, 1)), 0, "80", 0, 0), *some]


@given(st.sampled_from(SHAPES), operations())
def test_nights_that_were_missed_change_no_answer(pinned, operations):
    """The clock's steps written down every night, or only where a step needs them: the same is allowed, and stands."""
    late, prompt = Led(pinned, every_night=False), Led(pinned, every_night=True)
    assert [late.go(*o) for o in operations] == [prompt.go(*o) for o in operations]
    days = {START + timedelta(day) for day in DAYS}
    days |= {e.effective_on + timedelta(near) for t in (late, prompt) for e in t.history for near in (-1, 0, 1)}
    for on in sorted(days):
        assert seen(late, on) == seen(prompt, on), on
