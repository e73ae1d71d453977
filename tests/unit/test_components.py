"""Components: a part's marks are made of several, entered by readers, in files and by hand, and never typed."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from storage.memory import MemoryStores
from tests.timeline import EVIDENCE, day
from tests.unit.assessing import Assessed, C, faults, scheme
from workflow import facts as f
from workflow.board.marks import made_of
from workflow.board.rechecks import decide_recheck
from workflow.board.results import enter_score
from workflow.bulk.filing import Filing
from workflow.bulk.intake import parse
from workflow.cells import result
from workflow.errors import Refused
from workflow.ports import Candidate
from workflow.rules.marking import marks_of
from workflow.service import Service

SPOKEN = """may_fail: 1, components: {
      listening: {title: 听力, names: [ear], maximum: 40, weight: 30, pass_mark: 20, floor: 12},
      dialogue: {title: Dialogue, maximum: 25, weight: 70, pass_mark: 15},
      reading: {title: Reading, maximum: 10, weight: 0.5}}"""
PLAIN = "components: {a: {title: A, maximum: 60}, b: {title: B, maximum: 40, floor: 10}}"


def pinned(components: str = PLAIN, more: str = ""):
    """Give a scheme of a part with components and one without."""
    return scheme("{one: far, two: aud}", far=components + more, aud="")


def record(t: Assessed, on: str, score: str, **components: str) -> Assessed:
    """Sit the part and have its marks announced on the same day."""
    key = on
    t.record(f.Admitted(part="far", sitting=key, sat_on=day(on)), on)
    marks = f.component_marks({name: Decimal(x) for name, x in components.items()})
    t.record(f.ScoreRecorded(part="far", sitting=key, sat_on=day(on), score=Decimal(score), components=marks), on)
    t.record(f.ScoreAnnounced(part="far", sitting=key), on)
    return t


def test_without_weights_the_marks_are_the_sum_of_the_components():
    """And the floor of one fails the whole, however high the sum is."""
    t = record(Assessed(pinned()), "2024-02-01", "60", a="50", b="10")
    assert t.held("2024-02-01") == ["far"]
    assert t.standing("2024-02-01").as_json()["attempts"][0]["components"] == {"a": "50", "b": "10"}
    assert record(Assessed(pinned()), "2024-02-01", "69.99", a="60", b="9.99").held("2024-02-01") == []


def test_so_many_components_may_miss_their_own_pass_mark():
    """One may, two may not; below the floor nothing may."""
    part = pinned(SPOKEN).scheme.parts["far"]

    def held(**marks: str) -> list[str]:
        score = marks_of(part, {key: Decimal(x) for key, x in marks.items()})
        return record(Assessed(pinned(SPOKEN)), "2024-02-01", str(score), **marks).held("2024-02-01")

    assert held(listening="12", dialogue="25", reading="10") == ["far"]
    assert held(listening="11.99", dialogue="25", reading="10") == []
    assert held(listening="40", dialogue="14.99", reading="10") == ["far"]
    assert held(listening="19.99", dialogue="14.99", reading="10") == []


@given(st.lists(st.tuples(st.integers(0, 100), st.integers(1, 90)), min_size=3, max_size=3))
def test_the_marks_never_leave_the_scale_and_grow_with_every_component(shares):
    """All at their maximum make the maximum, nothing makes 0, and more in one never makes less of the whole."""
    part = pinned(SPOKEN).scheme.parts["far"]
    full = {key: component.maximum for key, component in part.components.items()}
    assert marks_of(part, full) == part.maximum
    assert marks_of(part, dict.fromkeys(full, Decimal(0))) == 0
    some = {key: m * share / 100 for (key, m), (share, _) in zip(full.items(), shares, strict=True)}
    before = marks_of(part, some)
    assert 0 <= before <= part.maximum
    for key in some:
        assert marks_of(part, {**some, key: full[key]}) >= before


@pytest.mark.parametrize(
    ("score", "marks", "why"),
    [
        ("61", {"a": "50", "b": "10"}, "the components make 60 marks, not 61"),
        ("50", {"a": "50"}, "marks of a are given; asked for: the marks of each of a, b, once"),
        ("60", {}, "60 is given for the whole part, and no marks of its components are given; asked for"),
        ("90", {"a": "50", "b": "40.01"}, "40.01 marks of b lie outside 0 to 40"),
        ("60", {"a": "50", "c": "10"}, "marks of a, c are given"),
    ],
)
def test_marks_that_their_components_do_not_make_are_refused(score, marks, why):
    """Each component once, inside its scale, and the score that they make."""
    with pytest.raises(Refused, match=why):
        record(Assessed(pinned()), "2024-02-01", score, **marks)


def test_a_part_without_components_takes_none():
    """Nor does the name of a component that is not there help."""
    t = Assessed(pinned())
    t.record(f.Admitted(part="aud", sitting="s", sat_on=day("2024-02-01")), "2024-02-01")
    marks = f.component_marks({"a": Decimal(60)})
    fact = f.ScoreRecorded(part="aud", sitting="s", sat_on=day("2024-02-01"), score=Decimal(60), components=marks)
    with pytest.raises(Refused, match="no components: the part is marked as a whole"):
        t.record(fact, "2024-02-01")
    with pytest.raises(Refused, match="far has no component 'c'; the marks of b are missing; its components are: a, b"):
        made_of(t.rules, "far", (("a", Decimal(1)), ("c", Decimal(1))))


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("60", Decimal(60)),
        ("listening=30; dialogue=20.5", (("listening", Decimal(30)), ("dialogue", Decimal("20.5")))),
        ("听力：３０；dialogue: 20", (("听力", Decimal(30)), ("dialogue", Decimal(20)))),
    ],
)
def test_a_cell_holds_the_marks_or_those_of_the_components(text, read):
    """Either width of the signs."""
    assert result(text) == read


@pytest.mark.parametrize("text", ["a=", "=3", "a=3;b", "a=3;;b=2", "a=x"])
def test_a_cell_that_means_neither_is_refused(text):
    """With what to write."""
    with pytest.raises(ValueError, match=r"write the marks|is not a number"):
        result(text)


class Desk:
    """A service with one application, admitted to both parts."""

    def __init__(self, more: str = "") -> None:
        self.stores = MemoryStores()
        self.t = Assessed(pinned(SPOKEN, more))
        now = self.t._instant("2024-06-01")
        self.service = Service(self.stores, lambda: now, iter(map(str, range(999))).__next__, "clerk")
        self.stores.schemes.put(self.t.scheme, now)
        self.stores.candidates.add([Candidate("c", "Person", "passport", "X1")])
        self.service.submit("c", self.t.scheme, 1, EVIDENCE, day("2024-01-10"), "A1")
        self.service.record("A1", self.t.history[1].fact, day("2024-01-10"))
        self.service.record("A1", f.Admitted(part="far", sitting="s", sat_on=day("2024-02-01")), day("2024-02-01"))

    @property
    def attempt(self):
        return self.service.standing("A1").application.attempt("far", "s")


def some(**marks: str) -> tuple[tuple[str, Decimal], ...]:
    """Give marks of components as they are typed."""
    return tuple((name, Decimal(x)) for name, x in marks.items())


def test_readers_mark_the_components_and_agree_on_their_means():
    """The tolerance is that of the part's marks; a third reader decides with all components."""
    desk = Desk(f", entry: {{readers: 2, tolerance: 5, {C}}}")
    enter_score(desk.service, "A1", "far", "s", 1, some(ear="30", dialogue="20", reading="10"))
    done = enter_score(desk.service, "A1", "far", "s", 2, some(听力="32", dialogue="20", reading="9"))
    assert done.agreed == desk.attempt.score
    assert dict(desk.attempt.components) == dict(some(listening="31", dialogue="20", reading="9.5"))
    apart = Desk(f", entry: {{readers: 2, tolerance: 5, {C}}}")
    enter_score(apart.service, "A1", "far", "s", 1, some(ear="30", dialogue="10", reading="10"))
    assert enter_score(apart.service, "A1", "far", "s", 2, some(ear="30", dialogue="20", reading="10")).needs_third
    enter_score(apart.service, "A1", "far", "s", 3, some(ear="31", dialogue="15", reading="8"))
    assert dict(apart.attempt.components) == dict(some(listening="31", dialogue="15", reading="8"))


def test_a_recheck_changes_the_components_that_it_names():
    """The others stay, and so do all where nothing changes; the marks before stay visible."""
    recheck = f", recheck: {{request_within: {{days: 90}}, decide_within: {{days: 200}}, {C}}}"
    for given_, after in ((some(dialogue="21"), "21"), (None, "20")):
        desk = Desk(recheck)
        score, marks = made_of(desk.t.rules, "far", some(ear="30", dialogue="20", reading="10"))
        fact = f.ScoreRecorded(part="far", sitting="s", sat_on=day("2024-02-01"), score=score, components=marks)
        desk.service.record("A1", fact, day("2024-02-01"))
        desk.service.record("A1", f.ScoreAnnounced(part="far", sitting="s"), day("2024-03-10"))
        desk.service.record("A1", f.RecheckRequested(part="far", sitting="s"), day("2024-03-11"))
        decide_recheck(desk.service, "A1", "far", "s", given_, "a reason", "the board")
        assert dict(desk.attempt.components) == dict(some(listening="30", dialogue=after, reading="10"))
        assert (desk.attempt.earlier_scores == (score,)) == (given_ is not None)


def test_a_score_file_holds_components_and_a_row_that_lacks_one_is_rejected_with_what_is_missing():
    """The same cell names them; the part's marks are made of them."""
    header = ("application", "part", "session", "sat_on", "announced_on", "score")
    good = ("A1", "far", "s", "2024-02-01", "2024-03-01", "听力=30; dialogue=20; reading=10")
    bad = ("A1", "far", "s2", "2024-05-01", "", "听力=30")
    parsed = parse("scores", "scores.csv", header, [(2, good), (3, bad)])
    desk = Desk()
    filing = Filing("A1", {"scores": parsed}, others={"scores": list(parsed.rows)})
    draft = desk.service.draft(desk.service.history("A1"))
    list(filing.file(draft, day("2024-06-01")))
    assert dict(draft.application.attempt("far", "s").components) == dict(
        some(listening="30", dialogue="20", reading="10")
    )
    assert draft.application.attempt("far", "s").outcome == "announced"
    (rejected,) = filing.rejects
    assert "the marks of dialogue and reading are missing" in rejected.problems[0].text


@pytest.mark.parametrize(
    ("components", "wrong"),
    [
        ("may_fail: 1, " + PLAIN, "may_fail: 1, but 0 components have a pass_mark of their own"),
        ("components: {a: {title: A, maximum: 10, floor: 11}}", "the floor 11 lies above the maximum 10"),
        (f"kind: review, panel: {{{C}}}, {PLAIN}", "a panel's members mark the part as a whole"),
    ],
)
def test_components_that_make_no_sense_are_refused_with_what_to_write(components, wrong):
    """The message says what is wrong."""
    assert wrong in faults("{one: far}", far=components)
