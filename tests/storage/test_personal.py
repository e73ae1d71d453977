"""Personal values at rest: sealed under keys that lie outside the database, whatever becomes of ring and rows."""

from __future__ import annotations

import multiprocessing
import stat
from collections.abc import Callable, Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from storage import rewrap as rewrapping
from storage import tables
from storage.database import Database, init, open_database, upgrade
from storage.engine import normal_url, writing
from storage.keyring import Ring
from storage.migrations.run import downgrade_to
from storage.rewrap import rewrap, wrapped_by
from tests.dumped import dumped
from workflow.errors import Conflict, Corrupt, Misconfigured
from workflow.logs import Note
from workflow.ports import Candidate

NOW = datetime(2026, 3, 1, 4, tzinfo=UTC)
NOTE = Note(NOW, "clerk", "asked for", "minute 7")
DAY = date(2026, 3, 1)
MARKED = Candidate(
    "k-1", "马克珍·标记", "resident_id", "11010519491231002X", "female", "13812345678", "ma@mark.example"
)
VALUES = (MARKED.name, MARKED.document_number, MARKED.phone, MARKED.email)
PERSONS = [Candidate(f"p-{n:04}", f"名{n}", "passport", f"E{n:07}") for n in range(1_200)]


@pytest.fixture
def ring(tmp_path: Path) -> Ring:
    """Give a key ring in a folder of its own."""
    made = Ring(tmp_path / "keys" / "board.ring")
    made.make(NOW)
    return made


@pytest.fixture
def opened(current_url: str, ring: Ring) -> Iterator[Callable[..., Database]]:
    """Give a maker of openings of one database, under that ring unless another is named."""
    made: list[Database] = []

    def make(file: Path | None = None) -> Database:
        made.append(open_database(current_url, ring=file or ring.file))
        return made[-1]

    yield make
    for database in made:
        database.close()


def test_no_value_lies_in_the_database(opened: Callable[..., Database]) -> None:
    """Neither after a registration nor after a correction; and of who is erased not even what was sealed."""
    database = opened()
    database.candidates.add([MARKED])
    database.candidates.amend("k-1", {"phone": "13912345678"}, NOTE)
    assert not [value for value in (*VALUES, "13912345678") if value.encode() in dumped(database)]
    with database.engine.connect() as connection:
        row = connection.execute(select(tables.candidate)).one()
    kept = [row.sealed, row.data_key.encode(), row.name_index.encode(), row.document_index.encode()]
    assert all(one in dumped(database) for one in kept)
    database.candidates.forget("k-1", "erased", DAY, NOTE)
    assert not [one for one in kept if one in dumped(database)]


def test_values_of_before_leave_no_trace(database_url: str, ring: Ring) -> None:
    """Plain values of an older version are sealed by the upgrade, and nothing of them stays in the file."""
    init(database_url)
    with open_database(database_url) as old, writing(old.engine) as tx:
        downgrade_to(tx, "0007")
        tx.execute(
            text("INSERT INTO candidate VALUES ('k-1', :n, :n, 'resident_id', :d, :d, 'female', :p, :e)"),
            dict(zip("ndpe", VALUES, strict=True)),
        )
    nowhere = Path("/nowhere/there.ring")
    with pytest.raises(Misconfigured, match="keys init --ring"):
        upgrade(database_url, nowhere)
    with open_database_of_before(database_url) as found:
        assert found == VALUES[0]
    upgrade(database_url, ring.file)
    with open_database(database_url, ring=ring.file) as new:
        assert new.candidates.get("k-1") == MARKED
        assert not [value for value in VALUES if value.encode() in dumped(new)]


class open_database_of_before:  # noqa: N801  (reads as the function that it stands beside)
    """Give the plain name that a refused upgrade has left as it was."""

    def __init__(self, url: str) -> None:
        from storage.engine import open_engine

        self._engine = open_engine(normal_url(url))

    def __enter__(self) -> str:
        with self._engine.connect() as connection:
            return str(connection.scalar(text("SELECT name FROM candidate")))

    def __exit__(self, *_: object) -> None:
        self._engine.dispose()


def test_the_embedded_ring_is_made_beside_the_file(tmp_path: Path) -> None:
    """Its owner's alone; and there is none for a place that was named."""
    init(f"sqlite:///{tmp_path}/a.db", at=NOW)
    assert stat.S_IMODE((tmp_path / "a.db.ring").stat().st_mode) == 0o600
    init(f"sqlite:///{tmp_path}/b.db", tmp_path / "named.ring")
    assert not (tmp_path / "b.db.ring").exists()
    assert not (tmp_path / "named.ring").exists()


def test_a_lost_ring_is_told_and_nothing_is_read(opened: Callable[..., Database], tmp_path: Path) -> None:
    """Every question after a person names the missing file; what holds no personal value goes on."""
    opened().candidates.add([MARKED])
    lost = tmp_path / "lost.ring"
    registry = opened(lost).candidates
    for ask in (
        lambda: registry.get("k-1"),
        lambda: registry.many(["k-1"]),
        lambda: registry.by_name("x"),
        lambda: registry.by_documents(("passport", "E1"))[0],
        lambda: registry.add([PERSONS[0]]),
        lambda: registry.amend("k-1", {"phone": "1"}, NOTE),
    ):
        with pytest.raises(Misconfigured, match=r"lost\.ring"):
            ask()
    assert not lost.exists()
    assert registry.standings(["k-1"]) == {"k-1": "active"}
    assert registry.forget("k-1", "restricted", DAY, NOTE) is not None
    assert opened().candidates.many(["k-1"]) == {}


def test_another_ring_is_told_and_nothing_is_written(opened: Callable[..., Database], tmp_path: Path) -> None:
    """A ring of another board, or an older copy, lacks the key by its name; a new person is not registered either."""
    opened().candidates.add([MARKED])
    other = Ring(tmp_path / "other.ring")
    other.make(NOW)
    registry = opened(other.file).candidates
    for ask in (lambda: registry.get("k-1"), lambda: registry.add([PERSONS[0]]), lambda: registry.by_name("x")):
        with pytest.raises(Misconfigured, match="not the one of this database, or an old copy"):
            ask()
    assert opened().candidates.by_documents(("passport", PERSONS[0].document_number))[0] is None


@pytest.mark.parametrize("content", ["", "{}", '{"format": "examboard-ring/1", "keys": []}', "\x00" * 9, "[1, 2]"])
def test_a_file_that_is_no_ring_is_told(opened: Callable[..., Database], ring: Ring, content: str) -> None:
    """By its name, and without what it holds; a ring that others may read is refused too."""
    assert ring.file is not None
    opened().candidates.add([MARKED])
    before = ring.file.read_text()
    ring.file.write_text(content)
    with pytest.raises(Corrupt, match=r"board\.ring is no key ring"):
        opened().candidates.get("k-1")
    ring.file.write_text(before)
    ring.file.chmod(0o640)
    with pytest.raises(Misconfigured, match="chmod 600"):
        opened().candidates.get("k-1")


@pytest.mark.parametrize(
    "change",
    [
        "UPDATE candidate SET sealed = (SELECT sealed FROM candidate WHERE key = 'p-0000') WHERE key = 'k-1'",
        "UPDATE candidate SET sealed = (SELECT sealed FROM candidate WHERE key = 'p-0000'), data_key ="
        " (SELECT data_key FROM candidate WHERE key = 'p-0000') WHERE key = 'k-1'",
        "UPDATE candidate SET data_key = 'gAAAA' WHERE key = 'k-1'",
        "UPDATE candidate SET sealed = NULL WHERE key = 'k-1'",
    ],
)
def test_a_changed_row_is_corrupt(opened: Callable[..., Database], change: str) -> None:
    """Another's values, another's key with them, a broken key, no values: never a person who is half another."""
    database = opened()
    database.candidates.add([MARKED, PERSONS[0]])
    with database.engine.begin() as tx:
        tx.execute(text(change))
    with pytest.raises(Corrupt) as error:
        opened().candidates.get("k-1")
    assert not any(value in str(error.value) for value in VALUES)
    assert opened().candidates.get("p-0000") == PERSONS[0]


def test_a_rotation_touches_keys_alone(opened: Callable[..., Database], ring: Ring) -> None:
    """Values and digests stay byte for byte, lookups answer the same, and processes at work go on."""
    at_work, database = opened(), opened()
    at_work.candidates.add([MARKED, *PERSONS])
    rows = select(tables.candidate.c.key, tables.candidate.c.sealed, tables.candidate.c.document_index)
    with database.engine.connect() as connection:
        before = connection.execute(rows.order_by(tables.candidate.c.key)).all()
    (old,) = ring.keys
    with ring.changing():
        new = ring.add(NOW)
    told: list[tuple[int, int | None]] = []
    assert rewrap(database.engine, database.ring, lambda *done: told.append(done)) == 1_202
    assert told[-1] == (1_202, 1_202)
    assert wrapped_by(database.engine) == {new.id: 1_202}
    assert rewrap(database.engine, database.ring) == 0
    with database.engine.connect() as connection:
        assert connection.execute(rows.order_by(tables.candidate.c.key)).all() == before
    for one in (at_work, opened()):
        assert one.candidates.get("k-1") == MARKED
        assert one.candidates.by_documents(("passport", "E0000007"))[0] == PERSONS[7]
        assert one.candidates.add([MARKED]) == (MARKED,)
    with ring.changing():
        with pytest.raises(Conflict, match="tomorrow"):
            ring.retire(NOW + timedelta(hours=23))
        assert ring.retire(NOW + timedelta(days=1)) == (old,)
    assert opened().candidates.get("k-1") == MARKED
    assert at_work.candidates.add([Candidate("k-9", "新人", "passport", "N1")])[0].key == "k-9"
    assert wrapped_by(database.engine) == {new.id: 1_203}


def test_a_stopped_rotation_is_gone_on_with(
    opened: Callable[..., Database], ring: Ring, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What was wrapped before it stopped stays so; everyone is read meanwhile; the next one does only the rest."""
    database = opened()
    database.candidates.add(PERSONS)
    with ring.changing():
        new = ring.add(NOW)

    def stop(done: int, total: int | None) -> None:
        if done > 1:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        rewrap(database.engine, database.ring, stop)
    done = wrapped_by(database.engine)[new.id]
    assert 1 < done < 1_201
    assert len(opened().candidates.many([person.key for person in PERSONS])) == 1_200
    assert rewrap(database.engine, database.ring) == 1_201 - done


def _rotate(url: str, file: Path, start: object) -> None:
    start.wait()  # type: ignore[attr-defined]
    with open_database(url, ring=file) as database:
        rewrap(database.engine, database.ring)


def test_two_processes_rotate(database_url: str, ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both come to their end, everything is wrapped by the newest key once, and everyone is read."""
    assert ring.file is not None
    init(database_url, ring.file)
    with open_database(database_url, ring=ring.file) as database:
        database.candidates.add(PERSONS)
        with ring.changing():
            new = ring.add(NOW)
        spawn = multiprocessing.get_context("spawn")
        start = spawn.Event()
        two = [spawn.Process(target=_rotate, args=(database_url, ring.file, start)) for _ in range(2)]
        for one in two:
            one.start()
        start.set()
        for one in two:
            one.join(60)
        assert [one.exitcode for one in two] == [0, 0]
        assert wrapped_by(database.engine) == {new.id: 1_201}
        assert len(database.candidates.many([person.key for person in PERSONS])) == 1_200


def test_batches_are_small(opened: Callable[..., Database], ring: Ring, monkeypatch: pytest.MonkeyPatch) -> None:
    """No transaction of a rotation holds more rows than one batch, however the number of persons falls."""
    monkeypatch.setattr(rewrapping, "AT_ONCE", 7)
    database = opened()
    database.candidates.add(PERSONS[:21])
    with ring.changing():
        ring.add(NOW)
    told: list[int] = []
    assert rewrap(database.engine, database.ring, lambda done, _total: told.append(done)) == 22
    assert told == [1, 8, 15, 22]
