"""A scheme of one level, put together from the lines that a test is about, and its timeline."""

from __future__ import annotations

from decimal import Decimal

from tests.timeline import Timeline, day
from workflow import facts as f
from workflow.checking.check import pin
from workflow.errors import Invalid, Refused
from workflow.scheme import Pinned

C = "clause: {source: rules, at: x}"
PAPER = "{title: %s, maximum: 100, pass_mark: 60, validity: {length: {years: 2}}, clause: {source: rules, at: %s}%s}"
HEAD = """
scheme: test
version: 1
title: Test qualification
occupation: {code: 1-01, title: Tester}
edition: {names: [test], in_force_from: 2000-01-01, offered_from: 2000-01-01, clause: {source: board}}
sources: {rules: Test rules}
certificate: {title: Paper, number: "T{serial:4}", clause: {source: board}}
completion: {judged_on: sat, clause: {source: rules, at: completion}}
"""


def scheme(
    stages: str, lapse: str = "reopen", training: str = "waived: true", level: str = "", top: str = "", **parts: str
) -> Pinned:
    """
    Give a scheme.

    Args:
        stages: The lines of its stages.
        lapse: What a lapse does.
        training: The training gate.
        level: Further lines of the level.
        top: Further lines of the document.
        parts: Each part with what it has beside a title, marks and a validity of two years.
    """
    listed = "\n".join(f"  {key}: {PAPER % (key, key, ', ' + more if more else '')}" for key, more in parts.items())
    return pin(
        f"""{HEAD}{top}
lapse: {{effect: {lapse}, clause: {{source: rules, at: lapse}}}}
parts:
{listed}
levels:
  1:
    title: Only
    training: {{{training}, clause: {{source: rules, at: training}}}}
    conditions: {{"1": {{clause: {{source: rules, at: "(1)"}}, all: [{{certificate: {{level: 3}}}}]}}}}
    stages: {stages}
{level}
""",
        "test.yaml",
    )


class Assessed(Timeline):
    """A timeline of the one level, accepted on its first day."""

    def __init__(self, pinned: Pinned, submitted: str = "2024-01-10") -> None:
        super().__init__(1, submitted, pinned)
        self.accept()

    def sit(self, part: str, on: str, marks: str = "70", announced: str = "", sitting: str = "") -> Assessed:
        """Sit a part and have it announced, on the day itself where no other is given; say nothing of components."""
        key = sitting or on
        self.record(f.Admitted(part=part, sitting=key, sat_on=day(on)), on)
        self.record(f.ScoreRecorded(part=part, sitting=key, sat_on=day(on), score=Decimal(marks)), on)
        self.record(f.ScoreAnnounced(part=part, sitting=key), announced or on)
        return self

    def endorse(self, part: str, on: str, hours: str = "", endorsed: bool = True) -> Assessed:
        fact = f.EndorsementRecorded(
            part=part, given_on=day(on), hours=Decimal(hours) if hours else None, endorsed=endorsed
        )
        self.record(fact, on)
        return self

    def exempt(self, key: str, on: str) -> Assessed:
        parts = self.rules.level.exemptions[key].parts
        self.record(f.ExemptionGranted(exemption=key, parts=parts), on)
        return self

    def refused(self, part: str, on: str) -> str:
        """Try to admit to a sitting; give the objections, empty where it is allowed. Nothing is kept."""
        before = self.history
        try:
            self.record(f.Admitted(part=part, sitting=f"try-{on}", sat_on=day(on)), on)
        except Refused as refused:
            return "; ".join(map(str, refused.objections))
        finally:
            self.history = before
        return ""

    def held(self, on: str) -> list[str]:
        return sorted(self.standing(on).as_json()["parts_held"])


def faults(*args: str, **parts: str) -> str:
    """Read a scheme that is wrong, and give all that is wrong with it."""
    try:
        scheme(*args, **parts)
    except Invalid as invalid:
        return "\n".join(map(str, invalid.problems))
    return ""


# A level with everything that this is about, and a small one whose course is soon void.
RICH = scheme(
    f"""
      base: {{all_of: [far, aud], for_good: true, {C}}}
      group: {{all_of: [tax, law], same_sitting: true, average: 65, kept_from: 75, requires: [base], {C}}}
      choice: {{choose: 1, of: [bar, [isc, tcp]], {C}}}""",
    "expire",
    "hours: 10",
    f"""    exemptions:
      "6a": {{parts: [far], all: [{{certificate: {{level: 3}}}}], {C}}}
      "6b": {{parts: [tax, bar], all: [{{work: {{years: 2, counted: cumulative}}}}], {C}}}
      "6c": {{choose: 1, parts: [law, bar], all: [{{work: {{years: 3, counted: cumulative}}}}], {C}}}
    award_conditions: {{"9": {{all: [{{statement: {{any_of: [ethics]}}}}], {C}}}}}""",
    far=f"components: {{a: {{title: A, maximum: 60}}, b: {{title: B, maximum: 40, floor: 10}}}}, "
    f"resits: {{most: 2, within: {{months: 12}}, in_all: 4, at_cap: restart_course, {C}}}",
    aud=f"resits: {{most: 1, remediation: {{hours: 3, endorsement: true, {C}}}, {C}}}",
    tax="",
    law=f"endorsement: {{valid_for: {{months: 2}}, {C}}}",
    bar=f"resits: {{most: 2, at_cap: expire, counts_absence: true, {C}}}",
    isc=f'conditions: {{"8": {{all: [{{statement: {{any_of: [medical, ethics]}}}}], {C}}}}}, '
    f"resits: {{most: 2, per: course, waiting_after: {{1: {{days: 1}}, 3: {{months: 2}}}}, {C}}}",
    tcp="",
)
SMALL = scheme(
    f"{{one: far, two: {{choose: 1, of: [bar, isc], {C}}}}}",
    "reopen",
    "hours: 10",
    far=f"resits: {{most: 1, at_cap: restart_course, {C}}}",
    bar=f"resits: {{most: 1, at_cap: expire, {C}}}",
    isc=f"resits: {{most: 2, at_cap: expire, {C}}}",
)
