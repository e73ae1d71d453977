"""The short way of one application: the same rows and the same answers as the long way, on both databases."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import text

from storage.database import Database, open_database
from tests import postgres, same_database
from tests.contract.conftest import SQL
from tests.histories import FACTS, filed, followed
from workflow.errors import Corrupt, Unavailable
from workflow.events import chain
from workflow.facts import AdmissionCancelled, Admitted


def rows(database: Database) -> list[list[tuple[object, ...]]]:
    """Give everything that appends write."""
    names = ("application", "event", "admission", "certificate", "certificate_code")
    with database.engine.connect() as tx:
        return [sorted(map(tuple, tx.execute(text(f"SELECT * FROM {name}"))), key=repr) for name in names]


@pytest.mark.parametrize("kind", SQL)
def test_both_ways_write_the_same(kind: str, open_kind: Callable[[str], Database]) -> None:
    """A history of every fact, appended step by step or beside another, leaves the same rows."""
    short, long = open_kind(kind), open_kind(kind)
    first, beside = filed("E-1"), filed("E-2")
    rest = followed(first, *FACTS[1:])
    for database in (short, long):
        database.events.append([beside])
    short.events.append([first])
    short.events.append([rest])
    more = followed(beside)
    long.events.append([first, filed("E-3")])
    long.events.append([rest, more])
    short.events.append([more])
    short.events.append([filed("E-3")])
    assert rows(short) == rows(long)


def test_the_short_way_is_taken(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """A new application and every fact that takes no seat are written without the long way."""

    def long_way(*_: object) -> None:
        raise AssertionError("the long way was taken")

    monkeypatch.setattr(type(database.events), "write", long_way)
    last = filed("E-1")
    assert database.events.append([last]) == ()
    for fact in FACTS[1:]:
        if not isinstance(fact, Admitted | AdmissionCancelled):
            last = followed(last, fact)
            assert database.events.append([last]) == ()
    assert database.events.history("E-1")[-1] == last.events[-1]


def test_one_that_moved_on_is_left_out(database: Database) -> None:
    """Two steps on the same sequence: the second is left out whole, and nothing of it is kept."""
    first = filed("E-1")
    database.events.append([first])
    once, twice = followed(first, command="one"), followed(first, FACTS[10], command="two")
    assert database.events.append([once]) == ()
    before = rows(database)
    assert database.events.append([twice]) == ("E-1",)
    assert database.events.append([filed("E-1", command="again")]) == ("E-1",)
    assert rows(database) == before


def test_what_the_database_refuses_is_told_by_the_long_way(database: Database) -> None:
    """A command used twice is refused with its reason, and nothing is kept."""
    first = filed("E-1", command="same")
    database.events.append([first])
    again = followed(first)
    events = chain([again.events[0]._replace(command=first.events[0].command)], first.projection.head)
    before = rows(database)
    with pytest.raises(Corrupt):
        database.events.append(
            [again._replace(events=events, projection=again.projection._replace(head=events[0].hash))]
        )
    assert rows(database) == before


def test_who_meets_what_is_held_waits_once(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the wait in the short way was in vain, the long way does not wait again: that is told at once."""
    first = filed("E-1")
    database.events.append([first])
    url = database.engine.url.render_as_string(hide_password=False)
    with database.engine.connect() as asked:
        if not same_database.cuts_waits_off(asked):
            pytest.skip("the nodes of this cluster have no lock_timeout (docs/operations.md, Citus)")
    if database.engine.dialect.name == "postgresql":
        url = postgres.asking(url, "-c lock_timeout=50")
    monkeypatch.setattr("storage.engine.BUSY_MILLISECONDS", 50)
    tried: list[str] = []
    with open_database(url) as other:
        monkeypatch.setattr(other.events, "write", lambda *_: tried.append("the long way"))
        with database.engine.begin() as tx:
            same_database.hold_on(tx)
            tx.execute(text("UPDATE application SET level = level WHERE application = 'E-1'"))
            with pytest.raises(Unavailable, match=r"over (40|10) seconds"):
                other.events.append([followed(first)])
        assert tried == []
        assert other.events.append([followed(first)]) == ()
        assert tried == []
