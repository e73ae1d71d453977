"""Seals: what is in them, that each continues the last, and what is proved by them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from storage.keys import KeyFile, make, read, verify
from tests.histories import filed, followed
from tests.sealed import AT, KEYS, found, keys_in, sealed
from workflow.errors import Conflict, Corrupt, Misconfigured, NotFound
from workflow.events import Event
from workflow.facts import Withdrawn
from workflow.ports import Stores, bucket_of
from workflow.sealing.merkle import Tree
from workflow.sealing.notes import read_checkpoint, signed_by
from workflow.sealing.proofs import check_proof, keys_of, prove, prove_many
from workflow.sealing.seals import Seal, Sealing, SealRange


@pytest.fixture
def ring(tmp_path: Path) -> KeyFile:
    """Give a board's keys."""
    return keys_in(tmp_path)


def in_log_order(stores: Stores, keys: list[str]) -> list[Event]:
    """Give the events of applications in the order of the log, from the histories."""
    ordered = sorted(keys, key=lambda key: (bucket_of(key), key))
    return [event for key in ordered for event in stores.events.history(key)]


def root_of(events: list[Event]) -> str:
    """Compute a root from events."""
    tree = Tree()
    for event in events:
        tree.append(bytes.fromhex(event.hash))
    return tree.root.hex()


def test_nothing_is_sealed_where_there_is_nothing(stores: Stores, ring: KeyFile) -> None:
    """A board without events has no seal and no finding."""
    assert sealed(stores, ring) == Sealing(None, False)
    assert (stores.seals.last(), stores.seals.seals(), found(stores, ring)) == (None, (), [])
    assert list(stores.seals.unsealed()) == []


def test_a_seal_holds_all_events_in_the_order_of_the_log(stores: Stores, ring: KeyFile) -> None:
    """Its root is that over the event hashes by bucket, application and sequence; the note is signed."""
    stores.events.append([filed(key, Withdrawn()) for key in KEYS[::-1]])
    made = sealed(stores, ring)
    events = in_log_order(stores, KEYS)
    assert made.seal is not None
    assert (made.is_new, made.events, made.left_out) == (True, 24, ())
    assert (made.seal.number, made.seal.size, made.seal.root) == (1, 24, root_of(events))
    assert (made.seal.at, made.seal.by, made.seal.key) == (AT, "node-1", "examboard/test")
    point = read_checkpoint(made.seal.note)
    assert (point.origin, point.size, point.root.hex()) == ("examboard/test", 24, made.seal.root)
    assert signed_by(point.text, point.signatures, ring.keys, verify) == ring.keys
    entries = list(stores.seals.log(1))
    assert [(e.of.application, e.sequence, e.hash) for e in entries] == [
        (e.application, e.sequence, e.hash) for e in events
    ]
    assert [hashlib.sha256(e.line.encode()).hexdigest() for e in entries] == [e.hash for e in events]
    assert list(stores.seals.hashes(1)) == [bytes.fromhex(e.hash) for e in events]
    assert [of.application for of in stores.seals.ranges()] == KEYS
    assert found(stores, ring) == []


def test_sealing_again_without_news_changes_nothing(stores: Stores, ring: KeyFile) -> None:
    """The seal that there is is given, and none is made."""
    stores.events.append([filed("E-1")])
    first = sealed(stores, ring)
    assert sealed(stores, ring) == Sealing(first.seal, False)
    assert stores.seals.seals() == (first.seal,)


def test_a_later_seal_holds_what_is_new_and_continues_the_one_before(stores: Stores, ring: KeyFile) -> None:
    """New events of old applications and new applications come in; what is sealed keeps its place."""
    old = [filed(key) for key in KEYS[::2]]
    stores.events.append(old)
    sealed(stores, ring)
    before = in_log_order(stores, KEYS[::2])
    stores.events.append([followed(old[1]), *(filed(key) for key in KEYS[1::2])])
    waiting = [(entry.of.application, entry.sequence) for entry in stores.seals.unsealed()]
    made = sealed(stores, ring)
    new = [event for event in in_log_order(stores, KEYS) if event not in before]
    assert [(event.application, event.sequence) for event in new] == waiting
    assert made.seal is not None
    assert (made.seal.number, made.events, made.seal.root) == (2, 7, root_of([*before, *new]))
    assert found(stores, ring) == []
    place = len(before) + [event.application for event in new].index(KEYS[2])
    assert stores.seals.places(KEYS[2]) == (
        (SealRange(KEYS[2], 1, 1, 1, before[1].hash), 1),
        (SealRange(KEYS[2], 2, 2, 2, new[place - len(before)].hash), place),
    )
    assert list(stores.seals.unsealed()) == []


def test_many_seals_hold(stores: Stores, ring: KeyFile) -> None:
    """Each of twenty seals continues the one before, whatever their sizes."""
    last = {key: filed(key) for key in KEYS}
    stores.events.append(list(last.values()))
    for night in range(20):
        sealed(stores, ring)
        for key in KEYS[: night % 5 + 1]:
            last[key] = followed(last[key], Withdrawn(reason=str(night)))
        stores.events.append([last[key] for key in KEYS[: night % 5 + 1]])
    assert [one.number for one in stores.seals.seals()] == list(range(1, 21))
    assert found(stores, ring) == []


def test_who_comes_just_too_late_finds_the_seal_of_the_other(
    stores: Stores, ring: KeyFile, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Between the look at the newest seal and the look at what is unsealed, somebody else seals everything."""
    stores.events.append([filed(key) for key in KEYS])
    look = stores.seals.last

    def last() -> Seal | None:
        found = look()
        monkeypatch.undo()
        sealed(stores, ring)
        return found

    monkeypatch.setattr(stores.seals, "last", last)
    late = sealed(stores, ring)
    assert not late.is_new
    assert late.seal == stores.seals.last() is not None


def test_two_who_seal_at_once_make_one_seal(stores: Stores, ring: KeyFile) -> None:
    """One makes it, the others find it made; nothing is sealed twice."""
    stores.events.append([filed(key) for key in KEYS])
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda _: sealed(stores, ring), range(4)))
    assert [one.is_new for one in made].count(True) == 1
    assert {one.seal for one in made} == {stores.seals.last()}
    assert found(stores, ring) == []


def test_who_was_overtaken_keeps_nothing(stores: Stores, ring: KeyFile) -> None:
    """A seal made on what is no longer the newest one is refused whole."""
    stores.events.append([filed("E-1")])
    first = sealed(stores, ring).seal
    stores.events.append([filed("E-2")])

    def build(hashes: Iterator[bytes]) -> Seal:
        assert first is not None
        assert len(list(hashes)) == 1
        return replace(first, number=2, size=9)

    second = sealed(stores, ring).seal
    stores.events.append([filed("E-3")])
    with pytest.raises(Conflict):
        stores.seals.extend(first, build)
    assert stores.seals.last() == second
    assert len(list(stores.seals.ranges())) == 2


def test_events_written_meanwhile_come_into_the_next_seal(stores: Stores, ring: KeyFile) -> None:
    """A writer is not held up by a seal under way, and nothing falls between two seals."""
    first = filed(KEYS[0])
    stores.events.append([first, filed(KEYS[-1])])

    class Slow(KeyFile):
        def signers(self) -> Any:
            stores.events.append([followed(first)])
            return super().signers()

    slow = Slow(ring.file, ring.name, ring._keys)
    assert sealed(stores, slow).events == 2
    assert sealed(stores, ring).events == 1
    assert found(stores, ring) == []


def test_a_key_that_is_replaced_signs_the_next_seal_for_the_last_time(stores: Stores, ring: KeyFile) -> None:
    """Old seals hold under the old key, the next one bears both signatures, the one after only the new."""
    signatures = []
    for n in range(4):
        stores.events.append([filed(f"E-{n}")])
        sealed(stores, ring)
        point = read_checkpoint(stores.seals.last().note)
        signatures.append(signed_by(point.text, point.signatures, ring.keys, verify))
        if n == 1:
            ring.rotate(AT)
            ring = read(ring.file)
    new, old = ring.keys
    assert signatures[:2] == [(old,), (old,)]
    assert signatures[2:] == [(new, old), (new,)]
    assert [one.key for one in read(ring.file).signers()] == [new]
    assert found(stores, ring) == []
    assert len(ring.statements) == 1
    stranger = KeyFile(ring.file, ring.name, ring._keys[:1])
    assert {finding.seal for finding in found(stores, stranger)} == {1, 2}


def test_seals_of_another_log_are_not_continued(stores: Stores, ring: KeyFile, tmp_path: Path) -> None:
    """The wrong key file is refused before anything is written."""
    stores.events.append([filed("E-1")])
    sealed(stores, ring)
    stores.events.append([filed("E-2")])
    with pytest.raises(Misconfigured, match="examboard/test"):
        sealed(stores, make(tmp_path / "other" / "seal.json", "examboard/other", AT))
    with pytest.raises(Corrupt, match="not signed"):
        sealed(stores, make(tmp_path / "again" / "seal.json", "examboard/test", AT))
    assert len(stores.seals.seals()) == 1


@pytest.mark.parametrize("number", [0, 1, 2])
def test_a_history_is_proved_to_be_in_a_seal(stores: Stores, ring: KeyFile, number: int) -> None:
    """The proof holds the events and stands by itself; with another key, event, place or checkpoint it falls."""
    old = [filed(key) for key in KEYS]
    stores.events.append(old)
    sealed(stores, ring)
    stores.events.append([followed(old[3]), followed(old[5])])
    sealed(stores, ring)
    proof = json.loads(json.dumps(prove(stores.seals, KEYS[3], ring.keys, number)))
    checked = check_proof(proof, ring.keys, verify)
    assert (checked.application, checked.events, checked.size) == (
        KEYS[3],
        1 if number == 1 else 2,
        12 if number == 1 else 14,
    )
    assert checked.signed_by == ring.keys == keys_of(proof)
    together = prove_many(stores.seals, [*KEYS, "E-none"], ring.keys, number)
    assert together == {key: prove(stores.seals, key, ring.keys, number) for key in KEYS}
    first, *_ = proof["events"]
    other = prove(stores.seals, KEYS[5], ring.keys, number)
    spoilt = [
        {**proof, "application": KEYS[5]},
        {**proof, "events": []},
        {**proof, "events": proof["events"][1:]} if number != 1 else {**proof, "events": None},
        {**proof, "events": [{**first, "index": first["index"] + 1}]},
        {**proof, "events": [{**first, "line": first["line"].replace("tester", "tested")}]},
        {**proof, "events": [{**first, "proof": other["events"][0]["proof"]}]},
        {**proof, "checkpoint": proof["checkpoint"].replace("\n1", "\n2", 1)},
        {**proof, "format": "examboard-proof/2"},
        {"format": proof["format"]},
        [],
    ]
    for wrong in spoilt:
        with pytest.raises(Corrupt, match="does not hold"):
            check_proof(wrong, ring.keys, verify)


def test_a_proof_by_a_stranger_is_refused(stores: Stores, ring: KeyFile, tmp_path: Path) -> None:
    """A checkpoint that no trusted key has signed proves nothing."""
    stores.events.append([filed("E-1")])
    sealed(stores, ring)
    proof = prove(stores.seals, "E-1", ring.keys)
    stranger = make(tmp_path / "other" / "seal.json", "examboard/test", AT)
    with pytest.raises(Corrupt, match="none of the keys"):
        check_proof(proof, stranger.keys, verify)


def test_what_is_in_no_seal_has_no_proof(stores: Stores, ring: KeyFile) -> None:
    """It is said whether the seal is missing or the application is not in it."""
    with pytest.raises(NotFound, match="no seal yet"):
        prove(stores.seals, "E-1", ring.keys)
    stores.events.append([filed("E-1")])
    sealed(stores, ring)
    with pytest.raises(NotFound, match="seal 2"):
        prove(stores.seals, "E-1", ring.keys, 2)
    with pytest.raises(NotFound, match="E-2"):
        prove(stores.seals, "E-2", ring.keys)
