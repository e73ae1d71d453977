"""What every event store answers: streams in key order, who sat where."""

from __future__ import annotations

from decimal import Decimal

from tests.histories import FIRST, MORNING, filed, followed
from workflow import facts as f
from workflow.ports import Stores

# In the order of code points, which is neither the dictionary's nor that of UTF-16.
KEYS = (
    "2026-1",
    "2026-10",
    "2026-2",
    "A-1",
    "Z",
    "a",
    "a b",
    "ß",
    "é",
    "中文-001",
    "中文-002",
    "\uf900",
    "\uffee",
    "😀",
)


def test_streams_come_in_the_order_of_keys(stores: Stores) -> None:
    """Histories and projections come in code-point order of their keys, each history whole and in order."""
    assert list(KEYS) == sorted(KEYS)
    batch = [filed(key, *[f.Withdrawn(reason=str(n)) for n in range(12)]) for key in KEYS]
    assert stores.events.append(batch[::2]) == stores.events.append(batch[1::2]) == ()
    assert list(stores.events.histories()) == [append.events for append in batch]
    assert list(stores.events.projections()) == [append.projection for append in batch]


def test_chosen_histories_come_in_the_order_of_keys(stores: Stores) -> None:
    """Chosen keys come once each and in key order, whatever order was asked; unknown ones are passed over."""
    stores.events.append([filed(key) for key in KEYS])
    found = stores.events.histories(["😀", "a", "unknown", "中文-002", "a", "2026-10"])
    assert [history[0].application for history in found] == ["2026-10", "a", "中文-002", "😀"]
    assert list(stores.events.histories([])) == []


def test_long_streams_are_whole(stores: Stores) -> None:
    """More than one page of rows and of keys: no history is cut or lost, all of them or chosen ones."""
    batch = [filed(f"E-{n:04}", f.Withdrawn(), f.Withdrawn(reason="x")) for n in range(1_200)]
    for start in range(0, len(batch), 400):
        assert stores.events.append(batch[start : start + 400]) == ()
    assert list(stores.events.histories()) == [append.events for append in batch]
    chosen = [append.application for append in batch if append.application != "E-0600"]
    assert list(stores.events.histories(chosen)) == [append.events for append in batch if append.application in chosen]


def test_a_stream_holds_nobody_up(stores: Stores) -> None:
    """While a stream is being read others may write; it may be left half-way, and shows one moment only."""
    batch = [filed(f"E-{n:04}") for n in range(1_000)]
    stores.events.append(batch)
    stream = stores.events.histories()
    assert next(stream) == batch[0].events
    assert stores.events.append([followed(batch[-1]), filed("F-1")]) == ()
    assert [len(history) for history in stream] == [1] * 999
    left = stores.events.histories()
    next(left)
    close = getattr(left, "close", None)
    assert close is not None
    close()
    assert stores.events.append([followed(batch[0])]) == ()


def test_at_a_sitting_are_those_ever_admitted_to_it(stores: Stores) -> None:
    """Admitted, cancelled or scored without an admission (a review): each counts once; other sittings do not."""
    admitted = f.Admitted(part="theory", sitting="2026-10/1", sat_on=FIRST)
    skills = f.Admitted(part="skills", sitting="2026-10/1", sat_on=FIRST)
    cancelled = f.AdmissionCancelled(part="theory", sitting="2026-10/1", reason="flood")
    reviewed = f.ScoreRecorded(part="review", sitting="2026-10/1", sat_on=FIRST, score=Decimal(80))
    scored = f.ScoreRecorded(part="theory", sitting="2026-10/1", sat_on=FIRST, score=Decimal(80))
    elsewhere = f.Admitted(part="theory", sitting="2026-10/2", sat_on=FIRST)
    stores.events.append(
        [
            filed("é", admitted, skills),
            filed("b", admitted, cancelled, admitted, scored),
            filed("c", reviewed),
            filed("d", elsewhere),
            filed("e", skills),
        ]
    )
    assert stores.events.at_sitting("2026-10/1") == ("b", "c", "e", "é")
    assert stores.events.at_sitting("2026-10/1", "theory") == ("b", "é")
    assert stores.events.at_sitting("2026-10/1", "review") == ("c",)
    assert stores.events.at_sitting("2026-10/2", "skills") == ()
    assert stores.events.at_sitting("nowhere") == ()


def test_a_projection_says_all_that_it_was_given(stores: Stores) -> None:
    """Every column of the projection comes back, from the row and from the stream."""
    append = filed("E-1")
    projection = append.projection._replace(
        candidate="c-9", scheme="lrc", digest="0" * 64, level=1, state="trained", next_due_on=FIRST,
        recorded_at=MORNING, next_due_type="PartLapsed", next_due_data='{"part":"理论"}',
    )  # fmt: skip
    unknown = filed("E-2", next_due_on=FIRST)
    before = unknown.projection._replace(recorded_at=None, next_due_type="", next_due_data="")  # of an older version
    stores.events.append([append._replace(projection=projection), unknown._replace(projection=before)])
    assert stores.events.projection("E-1") == projection
    assert stores.events.projection("E-2") == before
    assert list(stores.events.projections()) == [projection, before]


def test_applications_of_a_candidate(stores: Stores) -> None:
    """All applications of a candidate come in key order, nobody else's, whatever state they are in."""
    batch = [filed("é"), filed("b", f.Withdrawn()), filed("c"), filed("d")]
    theirs = batch[2]._replace(projection=batch[2].projection._replace(candidate="c-2"))
    stores.events.append([*batch[:2], theirs, batch[3]])
    assert stores.events.of_candidates("c-1") == ("b", "d", "é")
    assert stores.events.of_candidates("c-2") == ("c",)
    assert stores.events.of_candidates("c-3") == stores.events.of_candidates() == ()
    assert stores.events.of_candidates("c-2", "c-3", "c-1") == ("b", "c", "d", "é")


def test_applications_beside_some(stores: Stores) -> None:
    """Each comes with its candidate, and with it all others of the same one; what does not exist is left out."""
    batch = [filed("é"), filed("b"), filed("c"), filed("d")]
    theirs = [batch[at]._replace(projection=batch[at].projection._replace(candidate=f"c-{at}")) for at in (2, 3)]
    stores.events.append([*batch[:2], *theirs])
    assert stores.events.alongside(["é", "nobody", "d"]) == {"b": "c-1", "é": "c-1", "d": "c-3"}
    assert stores.events.alongside(["nobody"]) == stores.events.alongside([]) == {}
    stores.events.append([filed(f"n{n:04}") for n in range(1_200)])
    assert len(stores.events.alongside([f"n{n:04}" for n in range(1_200)])) == 1_202
