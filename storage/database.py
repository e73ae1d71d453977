"""One database with all its stores: opening it, and rebuilding its projections."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self

from sqlalchemy import Connection, Engine, delete, exists, select, text

from storage import tables
from storage.access_log import SqlAccess
from storage.bulk import Bulk, insert
from storage.candidates import SqlCandidates
from storage.codec import admission_rows, from_row, projection_row
from storage.due import SqlDue
from storage.engine import normal_url, open_engine, writing
from storage.event_queries import EVENT
from storage.events import PAGE, SqlEvents
from storage.keyring import Ring
from storage.making import Status as Status
from storage.making import check_current, status_of
from storage.making import init as init
from storage.making import ring_place as ring_place
from storage.making import shown as shown
from storage.making import status as status
from storage.making import upgrade as upgrade
from storage.outbox import SqlOutbox
from storage.personal import Personal
from storage.registers import SqlSchemes
from storage.runs import SqlRuns
from storage.seals import SqlSeals
from storage.seating import SqlSeats
from storage.single import Single
from storage.sittings import SqlSittings
from storage.staff import SqlStaff
from storage.verifications import SqlVerifications
from workflow.events import Event
from workflow.ports import Projection

CHUNK: Final = 500


class Database:
    """
    All stores on one SQLite file or PostgreSQL server. Close it, or use it in a `with`.

    Made by `open_database`.
    """

    def __init__(self, engine: Engine, ring: Path | None = None) -> None:
        self.engine: Final = engine
        self.ring: Final = Ring(ring or ring_place(engine.url))
        self._single: Final = Single(engine)
        self.events: Final = SqlEvents(engine, self._single)
        self.due: Final = SqlDue(engine, self.events)
        self.runs: Final = SqlRuns(engine, self.events)
        self.outbox: Final = SqlOutbox(engine)
        personal = Personal(self.ring, is_embedded=ring is None)
        self.candidates: Final = SqlCandidates(engine, personal, self._single)
        self.schemes: Final = SqlSchemes(engine)
        self.sittings: Final = SqlSittings(engine)
        self.verifications: Final = SqlVerifications(engine)
        self.seals: Final = SqlSeals(engine)
        self.staff: Final = SqlStaff(engine)
        self.access: Final = SqlAccess(engine)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close every connection."""
        self._single.close()
        self.engine.dispose()

    def rebuild(self, project: Callable[[tuple[Event, ...]], Projection]) -> int:
        """
        Write the rows of `application` and `admission` anew from the events, and who has which seat.

        All in one transaction and in flat memory.

        Writers wait meanwhile; readers see the old rows until the end.

        Args:
            project: Makes the projection of a whole history; what it raises leaves everything as it was.

        Returns:
            The number of applications.
        """
        c, a = tables.event.c, tables.application.c
        # From the events alone, in the order of their key: the rows written must not steer the reading.
        wanted = select(*EVENT).order_by(c.bucket, c.application, c.sequence)
        with writing(self.engine) as tx:
            if tx.dialect.name == "postgresql":
                tx.execute(text("LOCK TABLE application IN SHARE ROW EXCLUSIVE MODE"))
            tx.execute(delete(tables.admission))
            has_events = exists().where(c.bucket == a.bucket, c.application == a.application)
            tx.execute(delete(tables.application).where(~has_events))  # made from outside
            with tx.execute(wanted.execution_options(yield_per=PAGE)) as rows:
                histories = (tuple(map(from_row, history)) for _, history in groupby(rows, key=itemgetter(0)))
                return _write_projections(tx, histories, project)


def _write_projections(
    tx: Connection, histories: Iterable[tuple[Event, ...]], project: Callable[[tuple[Event, ...]], Projection]
) -> int:
    statement = insert(tx.dialect, tables.application)
    changed = {c.name: statement.excluded[c.name] for c in tables.application.c if not c.primary_key}
    applications = Bulk(
        tx.dialect, statement.on_conflict_do_update(index_elements=["bucket", "application"], set_=changed)
    )
    admissions = Bulk(tx.dialect, insert(tx.dialect, tables.admission).on_conflict_do_nothing())
    seats = SqlSeats()
    seats.clear(tx)
    count = 0
    projected: list[dict[str, Any]] = []
    admitted: list[Any] = []
    for history in histories:
        projected.append(projection_row(project(history)))
        admitted.extend(admission_rows(history))
        seats.restore(tx, history)
        count += 1
        if len(projected) == CHUNK:
            applications(tx, projected)
            admissions(tx, admitted)
            projected, admitted = [], []
    applications(tx, projected)
    admissions(tx, admitted)
    return count


def open_database(url: str, read_only: bool = False, ring: Path | None = None) -> Database:
    """
    Open a database that has been made and brought up to date.

    Args:
        url: Where it is.
        read_only: Refuse every write, in the database itself.
        ring: File of the key ring of its personal values; absent: where `ring_place` says. It is not asked for before a
            personal value is.

    Raises:
        Misconfigured: it has not been made (`examboard db init`), is older than this software (`examboard db upgrade`)
            or newer (a newer Examboard must be used), or the URL cannot be read.
        Unavailable: it cannot be reached.
    """
    normal = normal_url(url)
    engine = open_engine(normal, read_only)
    try:
        check_current(status_of(normal, engine))
    except BaseException:
        engine.dispose()
        raise
    return Database(engine, ring)
