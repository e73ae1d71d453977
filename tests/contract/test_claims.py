"""Many nodes at one night: they never meet on an application, and nobody writes to one that is held."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event

import pytest

from tests.claims import AT, DAY, ended, keys_of, notice, part, parts_of
from tests.contract.test_append import WRITERS, at_once
from tests.histories import filed, followed
from workflow.events import check_chain
from workflow.nights.ledger import Chunk, DueRow, Window
from workflow.ports import Stores

KEYS = keys_of(5, *(f"E{n:02}" for n in range(40)))
ALL = Window(5, DAY)
PATIENCE = 60  # seconds after which a barrier gives a test up that would hang for ever


@pytest.fixture(autouse=True)
def _due(request: pytest.FixtureRequest) -> None:
    """Let every application of the test's stores fall due."""
    name = "database" if "database" in request.fixturenames else "stores"
    assert request.getfixturevalue(name).events.append([filed(key, next_due_on=DAY) for key in KEYS]) == ()


def test_two_claims_at_once_are_disjoint(stores: Stores, request: pytest.FixtureRequest) -> None:
    """
    Two nodes claim the same window: each application goes to one of them.

    On PostgreSQL the second gets others at once, and a third nothing where all are held. Elsewhere only one builds at a
    time, and the second sees what the first has left.
    """
    is_postgresql = "postgresql" in request.node.name
    both_hold = Barrier(2, timeout=PATIENCE)
    holding: list[int] = []
    found: dict[int, tuple[str, ...]] = {}

    def claim(node: int) -> int:
        def build(rows: Sequence[DueRow]) -> Chunk:
            holding.append(node)
            found[node] = tuple(row.application for row in rows)
            if is_postgresql:
                both_hold.wait()
                assert stores.due.claim(ALL, ended) == 0
                both_hold.wait()
            else:
                assert holding == [node]
            chunk = ended(rows, key=f"node-{node}")
            holding.remove(node)
            return chunk

        return stores.due.claim(ALL._replace(most=20), build)

    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(claim, range(2))) == [20, 20]
    assert sorted(found[0] + found[1]) == sorted(KEYS)
    assert stores.due.rows(ALL) == ()
    for history in stores.events.histories():
        check_chain(history)
        assert len(history) == 2
    assert sum(len(one.changes) for one in parts_of(stores)) == len(KEYS)


def test_rows_are_read_whoever_holds_them(stores: Stores) -> None:
    """While a node holds applications, others still see them as due, as they stood before."""
    seen: list[int] = []

    def build(rows: Sequence[DueRow]) -> Chunk:
        seen.append(len(stores.due.rows(ALL)))
        assert stores.due.buckets(DAY) == (5,)
        return ended(rows)

    assert stores.due.claim(ALL, build) == seen[0] == len(KEYS)
    assert stores.due.rows(ALL) == ()


def test_nobody_writes_to_what_is_held(stores: Stores) -> None:
    """A clerk who saw the application before it was claimed waits for the claim, and is then told that it moved on."""
    begun = Event()

    def write() -> tuple[str, ...]:
        begun.set()
        return stores.events.append([followed(filed(KEYS[3], next_due_on=DAY), command="clerk")])

    with ThreadPoolExecutor(1) as pool:
        clerk = []

        def build(rows: Sequence[DueRow]) -> Chunk:
            clerk.append(pool.submit(write))
            assert begun.wait(PATIENCE)
            return ended(rows)

        assert stores.due.claim(ALL, build) == len(KEYS)
        assert clerk[0].result(PATIENCE) == (KEYS[3],)
    assert stores.events.history(KEYS[3])[-1].type == "Expired"


def test_eight_nodes_end_each_application_once(stores: Stores) -> None:
    """Eight nodes that claim chunk after chunk leave each application with one expiry, and one line about it."""

    def work(node: int) -> int:
        count = 0
        while claimed := stores.due.claim(
            ALL._replace(most=3), lambda rows: ended(rows, f"{node}-{rows[0].application}")
        ):
            count += claimed
        return count

    counts = at_once(work)
    assert all(isinstance(count, int) for count in counts), counts
    assert sum(count for count in counts if isinstance(count, int)) == len(KEYS)
    assert stores.due.rows(ALL) == ()
    assert all(len(history) == 2 for history in stores.events.histories())
    lines = [line for one in parts_of(stores) for line in one.changes]
    assert len(set(lines)) == len(lines) == len(KEYS)


def test_a_notice_is_queued_once_by_eight_nodes(stores: Stores) -> None:
    """Eight nodes that queue the same notices, in different orders: each notice stands once, with one line of one."""

    def queue(node: int) -> int:
        order = KEYS[node:] + KEYS[:node]
        made = part(5, *(f'{{"application":"{key}"}}' for key in order), key=f"node-{node}")
        return stores.runs.add(made, [notice(key) for key in order])

    counts = at_once(queue)
    assert sorted(map(str, counts)) == ["0"] * (WRITERS - 1) + [str(len(KEYS))]
    assert len(stores.outbox.notices()) == len(KEYS)
    lines = [line for one in parts_of(stores) for line in one.changes]
    assert len(set(lines)) == len(lines) == len(KEYS)


def test_a_notice_is_taken_by_one_of_eight_nodes(stores: Stores) -> None:
    """Eight nodes that take what waits at the same moment: each notice goes to one of them."""
    stores.runs.add(part(5, *KEYS), [notice(key) for key in KEYS])
    taken = at_once(lambda node: [one.application for one in stores.outbox.claim(AT, [AT.replace(year=2027)], 7)])
    while more := stores.outbox.claim(AT, [AT.replace(year=2027)], 7):
        taken.append([one.application for one in more])
    assert all(isinstance(keys, list) for keys in taken), taken
    assert sorted(key for keys in taken if isinstance(keys, list) for key in keys) == sorted(KEYS)
