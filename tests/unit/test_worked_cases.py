"""Worked cases: the shipped ones hold, those that do not are told as a reader wants, and wrong files are refused."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path

import pytest

from cli.scheme_files import cases_named
from storage.memory import MemoryStores
from workflow.cases.coverage import unproved
from workflow.cases.running import Proved, run_cases
from workflow.cases.worked import read_cases
from workflow.checking.check import pin
from workflow.errors import Invalid
from workflow.scheme import Pinned

ROOT = Path(__file__).parents[2]
SCHEMES = ROOT / "workflow" / "schemes"
SHIPPED = sorted([*SCHEMES.glob("*.cases.yaml"), *(ROOT / "examples" / "schemes").glob("*.cases.yaml")])
FIRST_AID = ROOT / "examples" / "schemes" / "first-aid.yaml"
BEGIN = """\
given:
  trained:
    level: 1
    submitted_on: 2026-03-02
    evidence: {work: [{occupation: same, from: 2020-01-01, to: null}]}
    events: [{on: 2026-03-20, trained: true}]
cases:
"""


@cache
def pinned(path: Path) -> Pinned:
    """Give a scheme, read once."""
    return pin(path.read_text("utf-8"), path.name)


@cache
def shipped(path: Path) -> tuple[Pinned, list[Proved]]:
    """Put the cases that ship through the engine, once."""
    cases, schemes = cases_named(str(path), "", lambda: None)
    return schemes[0], list(run_cases(cases, schemes, MemoryStores))


def proved(cases: str, *schemes: Path, where: str = "mine.cases.yaml") -> list[Proved]:
    """Put a file of cases through the engine."""
    return list(run_cases(read_cases(cases, where), [pinned(x) for x in schemes or (FIRST_AID,)], MemoryStores))


def misses(event: str = "", expect: str = "") -> list[tuple[int, str, str]]:
    """Give what one case on a trained first aider misses: line, what was expected, what was found."""
    text = f"{BEGIN}  - case: a\n    given: trained\n"
    text += f"    events:\n      - {{{event}}}\n" if event else ""
    text += f"    expect:\n      - {{{expect}}}\n" if expect else ""
    return [(miss.line, miss.expected, miss.found) for found in proved(text) for miss in found.misses]


def problems(cases: str) -> list[str]:
    """Give the problems of a wrong file."""
    with pytest.raises(Invalid) as caught:
        proved(cases)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("path", SHIPPED, ids=lambda path: path.name)
def test_the_shipped_cases_hold(path: Path) -> None:
    """Every worked case that comes with Examboard holds."""
    assert [(x.case.case, x.misses) for x in shipped(path)[1] if not x.holds] == []


@pytest.mark.parametrize("name", ["lrc-2019", "lrc-three-level"])
def test_the_shipped_cases_leave_no_condition_and_no_state_unproved(name: str) -> None:
    """Every condition from both sides, and every state of every level."""
    assert list(unproved(*shipped(SCHEMES / f"{name}.cases.yaml"))) == []


def test_what_cases_leave_unproved_is_named() -> None:
    """Conditions that are met or missed by none, and states that none expects."""
    found = proved(BEGIN + "  - {case: a, given: trained, eligible: true}\n")
    assert list(unproved(pinned(FIRST_AID), found)) == [
        "level 1: no case meets condition 1b",
        "level 1: no case fails to meet condition 1a",
        "level 1: no case expects the state written_test, practical_test, awaiting_award, certified",
    ]


@pytest.mark.parametrize("name", ["lrc-2019", "lrc-three-level"])
def test_the_shipped_cases_cover_every_condition_from_both_sides(name: str) -> None:
    """Each condition of each level is met in some case, and some case of that clause misses it."""
    scheme = pinned(SCHEMES / f"{name}.yaml").scheme
    cases = read_cases((SCHEMES / f"{name}.cases.yaml").read_text("utf-8"), name)
    met, missed = set(), set()
    for i, case in enumerate(cases.file.cases):
        asked = cases.filed(i)[-1].whole.level
        for key in case.by or ():
            met.add((asked, key))
        if case.eligible is False:
            missed.add((asked, case.clause))
    for number, level in scheme.levels.items():
        for key, condition in level.conditions.items():
            assert (number, key) in met
            place = condition.clause.at.partition(", printed")[0]
            assert (number, place) in missed, f"level {number}: no case misses {place}"


def test_the_cases_of_the_guide_hold() -> None:
    """The file of cases that the guide shows holds, case by case."""
    guide = (ROOT / "docs" / "scheme-language.md").read_text("utf-8")
    (shown,) = (x for x in re.findall(r"^```yaml\n(.*?)^```$", guide, re.DOTALL | re.MULTILINE) if "\ncases:" in x)
    found = proved(shown)
    assert [x.misses for x in found] == [()] * 4
    file = (ROOT / "examples" / "schemes" / "first-aid.cases.yaml").read_text("utf-8")
    assert file.partition("\n")[2] == shown


def test_a_state_that_is_another_is_told_with_its_clause_and_what_led_to_it() -> None:
    """The line of the expectation, what was expected, what the rules say, and the history with its clauses."""
    (found,) = proved(
        f"""{BEGIN}  - case: a pass is kept for two years
    given: trained
    events: [{{on: 2026-04-10, sat: written, marks: 35, announced_on: 2026-04-20}}]
    expect:
      - {{on: 2027-10-20, held: [written]}}
      - {{on: 2027-10-21, held: [written]}}
"""
    )
    (miss,) = found.misses
    assert (found.line, miss.line) == (8, 13)
    assert (miss.expected, miss.found) == ("on 2027-10-21: held written", "none")
    assert "2026-04-20 announce_score written, then practical_test [rules 3.1]" in miss.told
    assert miss.told[-1].startswith("2027-10-21 lapse written, then written_test [rules 3.3] (by the clock)")


def test_eligibility_that_is_another_is_told_condition_by_condition() -> None:
    """Each part of an expectation that does not come true is named, with what the candidate would be told."""
    (found,) = proved(
        """cases:
  - case: a
    level: First aider
    submitted_on: 2026-03-01
    evidence: {work: [{occupation: same, from: 2025-03-02, to: null}]}
    eligible: true
    by: ["1b"]
    missing: 2 days short
    eligible_from: 2026-03-03
"""
    )
    assert [(miss.line, miss.expected) for miss in found.misses] == [
        (6, "eligible"),
        (7, "eligible under condition 1b"),
        (8, "told that something is missing: '2 days short'"),
        (9, "eligible from 2026-03-03"),
    ]
    assert found.misses[0].found == "on 2026-03-01: not eligible"
    assert "1 day short of 1 year" in found.misses[0].told[0]


@pytest.mark.parametrize(
    ("event", "expected", "found"),
    [
        ("on: 2026-04-10, sat: written, marks: 51", "record_score on 2026-04-10 is possible", "51 marks lie outside"),
        ("on: 2026-04-10, admit: written, refused: true", "admit on 2026-04-10 is refused", "the rules allow it"),
        ("on: 2026-03-02, admit: written, refused: nonsense", "refused because of 'nonsense'", "is submitted"),
        ("on: 2026-04-10, announce_score: written, sitting: S1", "is possible", "the application is trained"),
    ],
)
def test_a_step_that_the_rules_judge_otherwise(event: str, expected: str, found: str) -> None:
    """A step refused that should be possible, or the other way round, is told with the reason of the refusal."""
    ((line, wanted, said),) = misses(event, "on: 2026-05-01, state: certified")
    assert line == 11
    assert expected in wanted
    assert found in said


@pytest.mark.parametrize(
    ("expect", "found"),
    [
        ("on: 2026-03-20, state: submitted", "trained since 2026-03-20"),
        ("on: 2026-03-20, awaits: the course", "admission to a sitting of written and practical"),
        ("on: 2026-03-20, next_on: 2027-01-01", "none"),
        ("on: 2026-03-20, certificate: valid", "none"),
        ("on: 2026-03-20, flags: look", "nothing of the kind"),
        ("on: 2026-03-20, shows: {events: 4}", "3"),
        ("on: 2026-03-20, shows: {evnts: 4}", "no field 'evnts'; did you mean 'events'?"),
        ("on: 2026-03-01, state: trained", "it had not been submitted"),
        ("on: 2026-03-20, known_at: 2026-03-01, state: trained", "it had not been submitted"),
        ("on: 2026-03-20, known_at: 2026-03-20T11:59, state: trained", "submitted since 2026-03-02"),
    ],
)
def test_each_expectation_can_fail(expect: str, found: str) -> None:
    """Every kind of expectation is compared with what the application shows."""
    ((line, _expected, said),) = misses(expect=expect)
    assert line == 11
    assert found in said


@pytest.mark.parametrize(
    "expect",
    [
        "on: 2026-03-20, state: trained, held: [], lapsed: [], expired_on: null, next_on: null, certificate: none",
        "on: 2026-03-20, awaits: [admission, practical], shows: {accepted_under: 1a, level: 1}",
        "on: 2026-03-01, state: unknown",
        "on: 2026-03-20, known_at: 2026-03-19, state: submitted",
        "on: 2026-03-20, known_at: 2026-03-20T12:00, state: trained",
    ],
)
def test_each_expectation_can_hold(expect: str) -> None:
    """What is so is found so; a day of knowledge means its end, an instant itself."""
    assert misses(expect=expect) == []


def test_a_part_is_carried_over_from_an_earlier_application() -> None:
    """A case may have earlier applications of the same candidate, told by the beginnings that they are."""
    text = f"""{BEGIN}  - case: carried over with its old last day
    earlier: [trained, passed]
    level: 1
    submitted_on: 2027-03-02
    evidence: {{work: [{{occupation: same, from: 2020-01-01, to: null}}]}}
    events:
      - {{on: 2027-03-20, trained: 16}}
      - {{on: 2027-04-01, carry_over: written, from: trained, refused: held}}
      - {{on: 2027-04-01, carry_over: written, from: passed}}
    expect:
      - {{on: 2027-04-01, state: practical_test, last_valid_on: {{written: 2027-10-20}}}}
"""
    passed = """  passed:
    level: 1
    submitted_on: 2026-03-03
    evidence: {work: [{occupation: same, from: 2020-01-01, to: null}]}
    events:
      - {on: 2026-03-20, trained: true}
      - {on: 2026-04-10, sat: written, marks: 35, announced_on: 2026-04-20}
cases:
"""
    (found,) = proved(text.replace("cases:\n", passed, 1))
    assert found.misses == ()


def test_why_it_expired_is_told_with_its_clause_once() -> None:
    """The words looked through hold the clause already."""
    name = "lrc-2019"
    text = (SCHEMES / f"{name}.cases.yaml").read_text("utf-8")
    wrong = text.replace("state: expired, because: theory lapsed", "state: expired, because: nonsense", 1)
    (miss,) = [miss for x in proved(wrong, SCHEMES / f"{name}.yaml") for miss in x.misses]
    assert miss.found.endswith("]")
    assert miss.clause == ""


WRONG = [
    ("sat: writen", "11: cases.0.events.0.sat: this level has no part 'writen'; did you mean 'written'?"),
    ("sta: written", "11: cases.0.events.0.sta: no step is called 'sta'; did you mean 'sat'?"),
    ("sat: written, mark: 3", "11: cases.0.events.0.mark: no such field of this event; did you mean 'marks'?"),
    ("sat: written, marks: 3.125", "11: cases.0.events.0.marks: has more than two decimals"),
    ("sat: written, marks: {a: 1}", "written has no component 'a'"),
    ("sat: written, announced_on: 2026-05-01", "nothing can be announced without `marks`"),
    ("sat: written, absent: written", "holds 2 steps (sat, absent); write an event for each"),
    ("lapse: written", "the clock takes 'lapse' by itself; say `night: true`"),
    ("admit: true", "say which part; allowed: written, practical"),
    ("extend_validity: written", "11: cases.0.events.0.until: must be given"),
    ("sat: written, refused: 511.73", "must be true, or words that stand in the refusal, in quotes"),
    ("sat: written, refused: []", "must be true, or words that stand in the refusal"),
    ("sat: written, recorded_at: 2026-04-10T10:00Z", "recorded_at: is read in the scheme's time zone"),
    ("accept: true, reason: x", "11: cases.0.events.0.reason: no such field of this event"),
]


@pytest.mark.parametrize(("event", "said"), WRONG)
def test_a_wrong_event_is_told_with_line_field_and_the_right_word(event: str, said: str) -> None:
    """Nothing of a file is run if an event cannot be read, and every problem names line, field and the right word."""
    case = f"  - case: a\n    given: trained\n    events:\n      - {{on: 2026-04-10, {event}}}\n    eligible: true\n"
    (found,) = problems(BEGIN + case)
    assert said in found


@pytest.mark.parametrize(
    ("case", "said"),
    [
        ("{case: a, given: trained}", "expects nothing; give `eligible`, `expect`, or an event that is `refused`"),
        ("{case: a, given: traned, eligible: true}", "no beginning is called 'traned'; did you mean 'trained'?"),
        ("{case: a, level: 1, eligible: true}", "needs `submitted_on`, of its own or from a `given`"),
        ("{case: a, given: trained, level: 7, eligible: true}", "first-aid has no level 7; allowed: 1"),
        ("{case: a, given: trained, expect: [{on: 2026-03-20}]}", "expects nothing; say what must be true"),
        ("{case: a, given: trained, expect: [{on: 2026-03-20, stat: x}]}", "did you mean 'state'?"),
        ("{case: a, given: trained, evidence: {works: []}, eligible: true}", "did you mean 'work'?"),
        ("{case: a, given: trained, eligible: false, missing: 15}", "must be a text or a list of texts, in quotes"),
        ("{case: a, given: trained, by: ['1c']}", "by: there is no condition '1c'; allowed: 1a, 1b"),
        ("{case: a, given: trained, expect: [{on: 2026-03-20, state: writen}]}", "there is no state 'writen'; did you"),
        ("{case: a, given: trained, expect: [{on: 2026-03-20, held: [writen]}]}", "no part 'writen'; did you mean 'wr"),
        ("{case: a, given: trained, expect: [{on: 2026-03-20, lapsed: [writen]}]}", "no part 'writen'; did you mean"),
        ("{case: a, given: trained, expect: [{on: 2026-03-20, last_valid_on: {x: null}}]}", "no part 'x'; allowed: wr"),
        ("{case: a, given: trained, expect: [{on: 2026-03-20, certificate: active}]}", "no standing 'active'; allowed"),
    ],
)
def test_a_wrong_case_is_refused(case: str, said: str) -> None:
    """A case that proves nothing, or cannot be filed, is no case."""
    (found,) = problems(f"{BEGIN}  - {case}\n")
    assert found.startswith("mine.cases.yaml:8: ")
    assert said in found


def test_two_cases_do_not_say_the_same() -> None:
    """The sentence of a case is its name."""
    case = "  - {case: a, given: trained, eligible: true}\n"
    assert problems(BEGIN + case + case) == ["mine.cases.yaml:9: cases.1.case: the case of line 8 says the same"]


def test_two_readers_and_reasons_are_filled_in() -> None:
    """What a fact must have and a case does not care about is filled in: readers, reasons, sittings, numbers."""
    text = """cases:
  - case: lifted
    given: trained
    events:
      - {on: 2026-04-10, sat: written, marks: 40, announced_on: 2026-04-20}
      - {on: 2026-05-01, extend_validity: written, until: 2029-01-31}
      - {on: 2026-05-02, suspend: true}
      - {on: 2026-05-03, resume: true}
      - {on: 2026-05-04, withdraw: true}
      - {on: 2026-05-05, reinstate: true}
    expect:
      - {on: 2026-05-02, awaits: suspension}
      - {on: 2026-05-04, state: withdrawn}
      - {on: 2026-05-05, state: practical_test, last_valid_on: {written: 2029-01-31}}
"""
    document = FIRST_AID.read_text("utf-8").replace(
        "    pass_mark: 35\n", "    pass_mark: 35\n    entry: {readers: 2, clause: {source: rules}}\n"
    )
    cases = read_cases(BEGIN.removesuffix("cases:\n") + text, "x")
    (found,) = run_cases(cases, [pin(document, "readers.yaml")], MemoryStores)
    assert found.misses == ()
