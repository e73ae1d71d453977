"""
A database on a Citus cluster: how it is distributed, from outside, and what is said of where its tables lie.

Where each table belongs, and how it gets there, is said by `citus`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from sqlalchemy import Connection, Engine, text
from sqlalchemy import exc as sa

from storage.citus import DISTRIBUTED, ON_COORDINATOR, has_citus, place, placed
from storage.engine import normal_url, open_engine, reading, speaking
from storage.making import Status, status
from workflow.errors import Misconfigured

_WORKERS: Final = "SELECT count(*) FROM pg_dist_node WHERE groupid <> 0 AND isactive AND noderole = 'primary'"


@dataclass(frozen=True, slots=True)
class Placed:
    """
    Where a table belongs.

    Attributes:
        table: Its name.
        place: `distributed` over the nodes by bucket, or on the `coordinator`.
        is_new: Whether it was (or, in a dry run, will be) distributed now, and not before.
        why: Why it stays on the coordinator; empty for a distributed table.
    """

    table: str
    place: Literal["distributed", "coordinator"]
    is_new: bool = False
    why: str = ""


@dataclass(frozen=True, slots=True)
class Cluster:
    """
    A database on a Citus cluster.

    Attributes:
        url: Where it lies, without the password.
        workers: Number of active worker nodes.
        tables: Where every table belongs.
    """

    url: str
    workers: int
    tables: tuple[Placed, ...]

    @property
    def is_distributed(self) -> bool:
        """Tell whether nothing was or is left to distribute."""
        return not any(table.is_new for table in self.tables)


def distribute(url: str, dry_run: bool = False) -> Cluster:
    """
    Spread the tables of a database over the nodes of its Citus cluster, in one transaction.

    Tables that are distributed already are passed over. Writers wait meanwhile; rows that are there are moved.

    Args:
        dry_run: Say what would be done, and change nothing.

    Raises:
        Misconfigured: it is no PostgreSQL database with Citus, is not made or not up to date, or Citus refuses.
        Unavailable: it cannot be reached.
    """
    found = normal_url(url)
    if found.get_backend_name() != "postgresql":
        raise Misconfigured("only a PostgreSQL database with Citus can be distributed; an SQLite file is one file")
    engine = open_engine(found)
    try:
        before = status(url)
        _check_ready(before)
        return _look(before, engine) if dry_run else _distribute(before, engine)
    finally:
        engine.dispose()


def look(found: Status, url: str) -> Cluster | None:
    """
    Tell how a database is distributed; None where it is not on Citus, or has no tables yet.

    Args:
        found: What `database.status` said of it.

    Raises:
        Unavailable: it cannot be reached.
    """
    normal = normal_url(url)
    if found.condition == "missing" or normal.get_backend_name() != "postgresql":
        return None
    engine = open_engine(normal, read_only=True)
    try:
        with reading(engine) as tx:
            return _cluster(tx, found.url) if has_citus(tx) else None
    finally:
        engine.dispose()


def _check_ready(found: Status) -> None:
    if found.condition == "missing":
        raise Misconfigured(f"there is no Examboard database at {found.url} yet; make it with: examboard db init")
    if found.condition != "current":
        text_ = "run: examboard db upgrade" if found.condition == "older" else "use the version that wrote it"
        raise Misconfigured(f"the database at {found.url} is {found.condition} than this software; {text_}")


def _check_citus(tx: Connection, url: str) -> None:
    if not has_citus(tx):
        raise Misconfigured(
            f"the database at {url} has no Citus (neither its extension nor its functions are there). On every server "
            "put citus first in shared_preload_libraries and restart; in this database, on coordinator and workers, "
            "CREATE EXTENSION citus; then on the coordinator SELECT citus_add_node('worker', 5432) for each worker"
        )


def _look(found: Status, engine: Engine) -> Cluster:
    with reading(engine) as tx:
        _check_citus(tx, found.url)
        return _cluster(tx, found.url)


def _distribute(found: Status, engine: Engine) -> Cluster:
    try:
        with speaking(), engine.begin() as tx:
            _check_citus(tx, found.url)
            before = _cluster(tx, found.url)
            if not before.is_distributed:
                # Who distributes at the same time waits here, and then finds it done.
                tx.execute(text(f"LOCK TABLE {DISTRIBUTED[0]} IN ACCESS EXCLUSIVE MODE"))
                before = _cluster(tx, found.url)
                place(tx)
            return before
    except sa.DBAPIError as error:  # what `speaking` has no words for: Citus' own refusals
        said = str(error.orig).strip().partition("\n")[0]
        raise Misconfigured(f"the tables cannot be distributed; nothing was changed (Citus: {said})") from error


def _cluster(tx: Connection, url: str) -> Cluster:
    there = placed(tx)
    tables = [Placed(table, "distributed", table not in there) for table in DISTRIBUTED]
    tables += [Placed(table, "coordinator", why=why) for table, why in ON_COORDINATOR.items()]
    return Cluster(url, int(tx.scalar(text(_WORKERS)) or 0), tuple(tables))
