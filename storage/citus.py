"""
Citus: which tables are spread over the nodes of a cluster, which stay on its coordinator, and how they are put there.

Whatever concerns one application is distributed by `bucket` and lies together, so that one node judges and writes it
whole. Whatever is unique or counted board-wide stays on the coordinator as a plain table: Citus keeps a key unique only
if it contains `bucket`. No reference tables: nothing joins them on the nodes, and each write would go to every node.

Citus is known by its extension or by what it can do (its functions and catalog are visible), so that a compatible
server, or a stand-in for it, counts as well.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from sqlalchemy import Connection, text

from workflow.errors import Misconfigured

COLUMN: Final = "bucket"

# In the order in which they are distributed: what is referred to comes first, and the rest is laid beside it.
DISTRIBUTED: Final = ("application", "event", "admission", "run_part", "parked", "outbox", "seal_range")

ON_COORDINATOR: Final[Mapping[str, str]] = {
    "access": "one chain of entries for the whole board",
    "candidate": "a document is one person's, board-wide",
    "candidate_act": "one chain of acts for the whole board",
    "candidate_change": "the log of the candidates",
    "certificate": "a number is given once, board-wide",
    "certificate_code": "a code is given once, board-wide",
    "member": "few rows: the staff of the board",
    "number_series": "one counter for the whole board, so that no number is left out",
    "run": "one row for a job and its day",
    "scheme_document": "few rows, which every process keeps once read",
    "seal": "few rows, each of which goes on from the one before, board-wide",
    "seat": "a sitting has places for applications of every bucket",
    "sitting": "is for applications of every bucket",
    "staff": "the staff of the sittings",
    "verification": "asked by the number of a certificate",
    "wrapped_key": "one row for the whole board",
}

HAS_CITUS: Final = (
    "SELECT EXISTS (SELECT FROM pg_extension WHERE extname = 'citus') OR (to_regclass('pg_dist_partition') IS NOT NULL"
    " AND EXISTS (SELECT FROM pg_proc WHERE proname = 'create_distributed_table' AND pg_function_is_visible(oid)))"
)
_PLACED: Final = (
    "SELECT c.relname, column_to_column_name(p.logicalrelid, p.partkey), p.colocationid FROM pg_dist_partition p"
    " JOIN pg_class c ON c.oid = p.logicalrelid"
    " WHERE p.partmethod = 'h' AND c.relnamespace = current_schema()::regnamespace"
)
_GUARDS: Final = (
    "SELECT tgname, pg_get_triggerdef(oid) FROM pg_trigger"
    " WHERE tgrelid = CAST(:table AS regclass) AND NOT tgisinternal ORDER BY tgname"
)
_EMPTIES: Final = "truncate_local_data_after_distributing_table"
_IS_THERE: Final = "SELECT EXISTS (SELECT FROM pg_proc WHERE proname = :name AND pg_function_is_visible(oid))"


def has_citus(tx: Connection) -> bool:
    """Tell whether a database is on Citus, or on something that does what Citus does."""
    return tx.dialect.name == "postgresql" and bool(tx.scalar(text(HAS_CITUS)))


def prepare(tx: Connection) -> bool:
    """
    Make a transaction ready to change the tables of a distributed database; tell whether it is one.

    Without it Citus refuses triggers on distributed tables, and more than one change of tables that refer to another.
    """
    if not has_citus(tx) or DISTRIBUTED[0] not in placed(tx):
        return False
    allow(tx)
    return True


def allow(tx: Connection) -> None:
    """
    Allow triggers on distributed tables, and several changes of tables that refer to each other, in a transaction.

    On a server without Citus these are settings that nobody reads.
    """
    tx.execute(text("SET LOCAL citus.enable_unsafe_triggers TO on"))
    tx.execute(text("SET LOCAL citus.multi_shard_modify_mode TO 'sequential'"))


def place(tx: Connection) -> None:
    """
    Distribute whatever belongs on the nodes and is not there yet; its triggers then hold on the nodes.

    Raises:
        Misconfigured: a table is distributed in another way.
    """
    there = placed(tx)
    new = [table for table in DISTRIBUTED if table not in there]
    allow(tx)
    guards = {table: tx.execute(text(_GUARDS), {"table": table}).all() for table in new}
    for table in new:
        for name, _definition in guards[table]:
            tx.execute(text(f'DROP TRIGGER "{name}" ON {table}'))
        beside = "none" if table == DISTRIBUTED[0] else DISTRIBUTED[0]
        how = f"CAST('{table}' AS regclass), '{COLUMN}', colocate_with => '{beside}'"
        tx.execute(text(f"SELECT create_distributed_table({how})"))
    # Citus copies the rows and leaves the old ones, unseen, in the coordinator's own table.
    if new and tx.scalar(text(_IS_THERE), {"name": _EMPTIES}):
        for table in new:
            tx.execute(text(f"SELECT {_EMPTIES}(CAST('{table}' AS regclass))"))
    for table in new:
        for _name, definition in guards[table]:
            tx.exec_driver_sql(definition.replace("%", "%%"))


def placed(tx: Connection) -> set[str]:
    """
    Give the tables that are distributed.

    Raises:
        Misconfigured: a table is distributed in another way, or one that belongs on the coordinator is.
    """
    found = {name: (column, group) for name, column, group in tx.execute(text(_PLACED))}
    first = found.get(DISTRIBUTED[0])
    for table in DISTRIBUTED:
        if table in found and found[table] != (COLUMN, first[1] if first else None):
            raise Misconfigured(
                f"table {table} is distributed by {found[table][0]}, or not beside {DISTRIBUTED[0]}; {_undo(table)}"
            )
    if strangers := sorted(set(found) & set(ON_COORDINATOR)):
        raise Misconfigured(
            f"table {strangers[0]} is distributed but belongs on the coordinator; {_undo(strangers[0])}"
        )
    return set(found) & set(DISTRIBUTED)


def _undo(table: str) -> str:
    return f"undo that with: SELECT undistribute_table('{table}', cascade_via_foreign_keys => true)"
