"""What every registry does when a person is restricted, freed again or erased."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from tests.contract.test_append import at_once
from workflow.errors import Conflict, Corrupt, Invalid, NotFound
from workflow.logs import Change, Note
from workflow.nights.ledger import Part, RunKey
from workflow.persons.forgetting import broken
from workflow.ports import Candidate, Stores

ZHANG = Candidate("k-2", "张三", "resident_id", "11010519491231002X", "male", "13800138000", "zhang@example.org")
LI = Candidate("k-3", "李四", "passport", "E12345678")
AT = datetime(2026, 3, 1, 4, 5, 6, 7, tzinfo=UTC)
DAY = date(2026, 3, 1)
NOTE = Note(AT, "clerk", "asked for", "minute 7")


@pytest.fixture
def both(stores: Stores) -> Stores:
    """Give stores with two persons."""
    stores.candidates.add([ZHANG, LI])
    return stores


def test_a_restricted_person_is_left_out_of_lists_alone(both: Stores) -> None:
    """Lists leave the person out; whoever asks by key, name or paper is told, with the mark; freeing undoes it."""
    registry, restricted = both.candidates, replace(ZHANG, is_restricted=True)
    assert registry.standings(["k-2", "k-3", "k-9"]) == {"k-2": "active", "k-3": "active"}
    act = registry.forget("k-2", "restricted", DAY, NOTE)
    assert act is not None
    assert (act.number, act.candidate, act.deed, act.on, act.note) == (1, "k-2", "restricted", DAY, NOTE)
    assert registry.many(["k-2", "k-3"]) == {"k-3": LI}
    assert registry.get("k-2") == registry.by_documents(("resident_id", ZHANG.document_number))[0] == restricted
    assert registry.by_name("张三") == registry.add([ZHANG]) == (restricted,)
    assert registry.standings(["k-2"]) == {"k-2": "restricted"}
    assert registry.amend("k-2", {"phone": "1"}, NOTE) == ("phone",)
    assert registry.forget("k-2", "restricted", DAY, NOTE) is None
    freed = registry.forget("k-2", "unrestricted", DAY, NOTE)
    assert registry.many(["k-2"]) == {"k-2": replace(ZHANG, phone="1")}
    assert registry.forget("k-2", "unrestricted", DAY, NOTE) is None
    assert list(registry.acts()) == list(registry.acts("k-2")) == [act, freed]


@pytest.mark.parametrize("is_restricted", [False, True])
def test_an_erased_person_is_nobody(both: Stores, is_restricted: bool) -> None:
    """No question finds the person; the key, the log of amendments and the acts stay, and nothing brings back."""
    registry = both.candidates
    registry.amend("k-2", {"phone": "1"}, NOTE)
    if is_restricted:
        registry.forget("k-2", "restricted", DAY, NOTE)
    act = registry.forget("k-2", "erased", DAY, NOTE)
    assert act is not None
    assert registry.get("k-2") is None
    assert registry.many(["k-2", "k-3"]) == {"k-3": LI}
    assert registry.by_documents(("resident_id", ZHANG.document_number))[0] is None
    assert registry.by_name("张三") == ()
    assert registry.standings(["k-2", "k-3"]) == {"k-2": "erased", "k-3": "active"}
    assert registry.changes("k-2") == (Change("k-2", "phone", NOTE),)
    assert registry.forget("k-2", "erased", DAY, NOTE) is None
    for deed in ("restricted", "unrestricted"):
        with pytest.raises(Conflict, match="cannot be undone"):
            registry.forget("k-2", deed, DAY, NOTE)
    with pytest.raises(Conflict, match="no value is left"):
        registry.amend("k-2", {"phone": "2"}, NOTE)
    assert [a.deed for a in registry.acts("k-2")] == (["restricted"] if is_restricted else []) + ["erased"]


def test_who_comes_again_is_another_person(both: Stores) -> None:
    """The same paper after an erasure is registered under a new key; the old key is given to nobody."""
    both.candidates.forget("k-2", "erased", DAY, NOTE)
    again = replace(ZHANG, key="k-7")
    assert both.candidates.add([again]) == (again,)
    assert both.candidates.by_documents(("resident_id", ZHANG.document_number))[0] == again
    with pytest.raises(Corrupt):
        both.candidates.add([replace(LI, key="k-2", document_number="E9")])


def test_acts_are_one_chain(both: Stores) -> None:
    """Acts of all persons follow one another by number and hash, whoever does them at the same time."""
    persons = [Candidate(f"p-{n}", f"n{n}", "passport", f"E{n}0000") for n in range(8)]
    both.candidates.add(persons)
    told = at_once(lambda n: both.candidates.forget(f"p-{n}", "erased", DAY, NOTE))
    assert not [one for one in told if isinstance(one, Exception)]
    acts = list(both.candidates.acts())
    assert [act.number for act in acts] == list(range(1, 9))
    assert {act.candidate for act in acts} == {person.key for person in persons}
    assert list(broken(acts)) == []


def test_a_change_of_the_register_is_found(both: Stores) -> None:
    """Whatever is changed, moved, left out or forged is told; leaving out the last act alone is not seen by itself."""
    both.candidates.forget("k-2", "restricted", DAY, NOTE)
    both.candidates.forget("k-3", "restricted", DAY, NOTE)
    both.candidates.forget("k-2", "erased", DAY, NOTE)
    one, two, three = both.candidates.acts()
    assert list(broken([one, two, three])) == list(broken([one, two])) == []
    for forged in (
        [one, three],
        [two, three],
        [two, one, three],
        [one, replace(two, on=date(2026, 3, 2)), three],
        [one, replace(two, note=replace(NOTE, reason="x")), three],
        [one, two, replace(three, previous=one.hash)],
        [one, two, replace(three, candidate="k-9")],
        [one, two, three, three],
    ):
        assert list(broken(forged)), forged


def test_the_act_and_the_receipt_are_one(both: Stores) -> None:
    """The line of a run is written with the act, or neither is."""
    run = RunKey("retention", DAY)
    part = Part(run, 3, "k1", AT, "node", ('{"application":"k-2","what":"CandidateErased"}',))
    both.candidates.forget("k-2", "erased", DAY, NOTE, part)
    assert list(both.runs.parts(run)) == [part]
    with pytest.raises(Corrupt):  # the key of the part is taken
        both.candidates.forget("k-3", "erased", DAY, NOTE, part)
    assert both.candidates.get("k-3") == LI
    assert len(list(both.candidates.acts())) == 1


def test_what_cannot_be_kept_is_refused(both: Stores) -> None:
    """A person who is not there, an instant without a zone, a text that no database keeps: nothing is written."""
    with pytest.raises(NotFound, match="k-9"):
        both.candidates.forget("k-9", "erased", DAY, NOTE)
    with pytest.raises(ValueError, match="zone"):
        both.candidates.forget("k-2", "erased", DAY, replace(NOTE, at=AT.replace(tzinfo=None)))
    with pytest.raises(Invalid, match="reason"):
        both.candidates.forget("k-2", "erased", DAY, replace(NOTE, reason="a\x00b"))
    assert both.candidates.get("k-2") == ZHANG
    assert list(both.candidates.acts()) == []
