"""
Guards: what a database itself holds, whoever writes into it: the triggers that refuse changes, and its keys.

What must stand is what the migrations make: the triggers by `append_only`, the keys by `tables`, which a test holds
equal to the migrations. Only reads, and only the catalogue; what others have put beside the guards is not judged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from hashlib import md5
from itertools import groupby
from operator import itemgetter
from typing import Any, Final

from sqlalchemy import Connection, Engine, ForeignKeyConstraint, PrimaryKeyConstraint, Table, UniqueConstraint, text
from sqlalchemy import exc as sa

from storage import tables
from storage.append_only import BODY, FUNCTION, MAKE_FUNCTION, triggers_of
from storage.citus import has_citus
from storage.engine import reading
from workflow.audit.findings import Finding

_AGAIN: Final = "ask who took it down and what was changed since (seals, a backup); the tables' owner puts it back by:"

_SERVER_TRIGGERS: Final = """
    SELECT c.relname, t.tgname, pg_get_triggerdef(t.oid, true), t.tgenabled IN ('O', 'A')
    FROM pg_trigger t JOIN pg_class c ON c.oid = t.tgrelid
    WHERE NOT t.tgisinternal AND c.relnamespace = current_schema()::regnamespace
"""
# A key is off where its index is not kept, or where one of the triggers that hold a foreign key is disabled.
_SERVER_KEYS: Final = """
    SELECT c.relname, pg_get_constraintdef(k.oid), i.indisvalid AND i.indisready AND i.indisunique AND NOT EXISTS (
        SELECT FROM pg_trigger t WHERE t.tgconstraint = k.oid AND t.tgenabled NOT IN ('O', 'A'))
    FROM pg_constraint k JOIN pg_class c ON c.oid = k.conrelid JOIN pg_index i ON i.indexrelid = k.conindid
    WHERE k.contype IN ('p', 'u', 'f') AND c.relnamespace = current_schema()::regnamespace
"""
_FUNCTION: Final = (
    "SELECT p.prosrc FROM pg_proc p JOIN pg_language l ON l.oid = p.prolang"
    f" WHERE p.oid = to_regprocedure('{FUNCTION}()') AND l.lanname = 'plpgsql' AND p.proconfig IS NULL"
)
# The name of a trigger is that of one only in the whole file, of whatever table.
_FILE_TRIGGERS: Final = "SELECT '', name, sql, 1 FROM sqlite_master WHERE type = 'trigger'"
_FILE_UNIQUE: Final = """
    SELECT m.name, l.name, i.name FROM sqlite_master m JOIN pragma_index_list(m.name) l JOIN pragma_index_info(l.name) i
    WHERE m.type = 'table' AND l."unique" AND NOT l.partial ORDER BY m.name, l.name, i.seqno
"""
_FILE_PRIMARY: Final = """
    SELECT m.name, '', i.name FROM sqlite_master m JOIN pragma_table_info(m.name) i
    WHERE m.type = 'table' AND i.pk ORDER BY m.name, i.pk
"""
_FILE_FOREIGN: Final = """
    SELECT m.name, f.id, f."table", f."from", f."to" FROM sqlite_master m JOIN pragma_foreign_key_list(m.name) f
    WHERE m.type = 'table' ORDER BY m.name, f.id, f.seq
"""
# What a trigger is asked for: 27 before the update or the delete of a row, 34 before a TRUNCATE.
_BARE_PARTITIONS: Final = f"""
    SELECT own.relname, c.relname, w.ending FROM pg_class c
    CROSS JOIN LATERAL pg_partition_tree(c.oid) p JOIN pg_class own ON own.oid = p.relid AND p.level > 0
    CROSS JOIN (VALUES (27, 'append_only'), (34, 'no_truncate')) w (type, ending)
    WHERE c.relkind = 'p' AND c.relname = ANY (:tables) AND c.relnamespace = current_schema()::regnamespace
    AND NOT EXISTS (
        SELECT FROM pg_trigger t WHERE t.tgrelid = p.relid AND t.tgtype = w.type AND t.tgenabled IN ('O', 'A')
        AND t.tgqual IS NULL AND t.tgattr::text = '' AND t.tgfoid = to_regprocedure('{FUNCTION}()'))
    ORDER BY 1, 3
"""
_SPREAD: Final = (
    "SELECT c.relname FROM pg_dist_partition p JOIN pg_class c ON c.oid = p.logicalrelid"
    " WHERE c.relnamespace = current_schema()::regnamespace"
)
_SHARDS: Final = (
    "SELECT count(*), count(*) FILTER (WHERE success), count(*) FILTER (WHERE success AND result = '0')"
    " FROM run_command_on_shards(CAST(:of AS regclass), :asked)"
)
_OF_A_SHARD: Final = (
    "SELECT count(*) FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = '%s'::regclass"
    " AND t.tgtype = 27 AND t.tgenabled IN ('O', 'A') AND t.tgqual IS NULL AND t.tgattr::text = ''"
    f" AND md5(p.prosrc) = '{md5(BODY.encode(), usedforsecurity=False).hexdigest()}'"
)
_UNSAFE: Final = "SET citus.enable_unsafe_triggers TO on; "  # without it Citus refuses triggers on distributed tables

Tell = Callable[[str], None]


@dataclass(frozen=True, slots=True)
class _There:
    """
    The guards that a database has.

    Attributes:
        triggers: By table (in a file: none) and name: what makes each, and whether it is enabled.
        keys: By table and definition: whether the database holds it.
        function: The body of what the triggers of a server call; empty: there is no such function.
        spread: The tables that are distributed over a cluster.
    """

    triggers: dict[tuple[str, str], tuple[str, bool]]
    keys: dict[tuple[str, str], bool]
    function: str = ""
    spread: frozenset[str] = frozenset()


def audit_guards(engine: Engine, tell: Tell) -> Iterator[Finding]:
    """
    List the guards that do not stand as the migrations made them; the database must be of the present version.

    Args:
        engine: The database; it may be open to be read only.
        tell: Is told what cannot be known of a cluster whose nodes do not answer.

    Raises:
        Unavailable: the database cannot be read.
    """
    with reading(engine) as tx:
        dialect = tx.dialect.name
        there = _on_server(tx) if dialect == "postgresql" else _in_file(tx)
        if dialect == "postgresql" and there.function != BODY:
            said = f"the function {FUNCTION}, by which tables refuse changes, is changed or gone: nothing is refused"
            yield Finding("guard", said, f"{_AGAIN} {MAKE_FUNCTION};", table="event", key=FUNCTION)
        for table in tables.APPEND_ONLY:
            yield from _of_triggers(table, dialect, there)
        for described in tables.metadata.sorted_tables:
            yield from _of_keys(described, dialect, there)
        if dialect == "postgresql":
            yield from _of_partitions(tx)
            yield from _of_shards(tx, there.spread, tell)


def _of_triggers(table: str, dialect: str, there: _There) -> Iterator[Finding]:
    first = _UNSAFE if table in there.spread else ""
    for name, statement in triggers_of(table, dialect).items():
        found, is_enabled = there.triggers.get(("" if dialect == "sqlite" else table, name), ("", False))
        if found == _plain(statement) and is_enabled:
            continue
        again = f"{statement};"
        if found == _plain(statement):
            said, again = "is disabled", f"ALTER TABLE {table} ENABLE TRIGGER {name};"
        elif found:
            drop = f"DROP TRIGGER {name}; " if dialect == "sqlite" else f"DROP TRIGGER {name} ON {table}; "
            said, again = f"is another one ({found[:200]})", drop + again
        else:
            said = "is not there"
        text_ = f"the trigger {name}, which refuses changes, {said}: rows may have been changed or deleted since"
        yield Finding("guard", text_, f"{_AGAIN} {first}{again}", table=table, key=name)


def _of_keys(table: Table[Any], dialect: str, there: _There) -> Iterator[Finding]:
    for name, definition in sorted(keys_of(table).items()):
        # A unique index holds what a primary key holds; a table of SQLite gets no other one afterwards.
        forms = (definition, definition.replace("PRIMARY KEY", "UNIQUE"))
        found = [there.keys[table.name, form] for form in forms if (table.name, form) in there.keys]
        if any(found):
            continue
        again = f"ALTER TABLE {table.name} ADD CONSTRAINT {name} {definition};"
        if found:
            others = {key.referred_table.name for key in table.foreign_key_constraints}
            again = " ".join(f"ALTER TABLE {one} ENABLE TRIGGER ALL;" for one in sorted({table.name, *others}))
            again += f" REINDEX TABLE {table.name};"
        elif dialect == "sqlite":
            columns = definition.partition(" (")[2]
            again = f"CREATE UNIQUE INDEX {name} ON {table.name} ({columns};"
            if definition.startswith("FOREIGN"):
                again = "restore the file from a backup: SQLite adds no foreign key to a table"
        said = "is disabled, or its index is not kept" if found else "is not there, or is another one"
        text_ = f"the key {name}, {definition}, {said}: rows that it forbids may be there"
        yield Finding("guard", text_, f"{_AGAIN} {again}", table=table.name, key=name)


def keys_of(table: Table[Any]) -> dict[str, str]:
    """Give the keys of a table by name, each as PostgreSQL writes its definition."""
    found = {}
    for key in table.constraints:
        if isinstance(key, ForeignKeyConstraint):
            columns = ", ".join(one.column.name for one in key.elements)
            kind, rest = "FOREIGN KEY", f" REFERENCES {key.referred_table.name}({columns})"
        elif isinstance(key, PrimaryKeyConstraint | UniqueConstraint):
            kind, rest = "PRIMARY KEY" if isinstance(key, PrimaryKeyConstraint) else "UNIQUE", ""
        else:
            continue
        found[str(key.name)] = f"{kind} ({', '.join(column.name for column in key.columns)}){rest}"
    return found


def _on_server(tx: Connection) -> _There:
    keys: dict[tuple[str, str], bool] = {}
    for table, definition, is_on in tx.execute(text(_SERVER_KEYS)):
        key = (table, _plain(definition))
        keys[key] = keys.get(key, False) or bool(is_on)
    spread = frozenset(tx.scalars(text(_SPREAD))) if has_citus(tx) else frozenset()
    return _There(_triggers(tx, _SERVER_TRIGGERS), keys, tx.scalar(text(_FUNCTION)) or "", spread)


def _in_file(tx: Connection) -> _There:
    found: list[tuple[str, str]] = []
    for kind, asked in (("UNIQUE", _FILE_UNIQUE), ("PRIMARY KEY", _FILE_PRIMARY)):
        for (table, _index), rows in groupby(tx.execute(text(asked)), key=lambda row: (row[0], row[1])):
            found.append((table, f"{kind} ({', '.join(str(row[2]) for row in rows)})"))
    for (table, _id, other), rows in groupby(tx.execute(text(_FILE_FOREIGN)), key=itemgetter(0, 1, 2)):
        pairs = [(str(row[3]), str(row[4])) for row in rows]
        from_, to = (", ".join(names) for names in zip(*pairs, strict=True))
        found.append((table, f"FOREIGN KEY ({from_}) REFERENCES {other}({to})"))
    return _There(_triggers(tx, _FILE_TRIGGERS), dict.fromkeys(found, True))


def _triggers(tx: Connection, asked: str) -> dict[tuple[str, str], tuple[str, bool]]:
    return {(table, name): (_plain(made), bool(is_on)) for table, name, made, is_on in tx.execute(text(asked))}


def _of_partitions(tx: Connection) -> Iterator[Finding]:
    """Ask the partitions that an administrator made: who writes into one past its table meets its triggers alone."""
    for partition, table, ending in tx.execute(text(_BARE_PARTITIONS), {"tables": list(tables.APPEND_ONLY)}):
        what = "changes of rows" if ending == "append_only" else "TRUNCATE"
        name = f"{partition}_{ending}"
        again = f"DROP TRIGGER IF EXISTS {name} ON {partition}; {triggers_of(partition, 'postgresql')[name]};"
        said = f"no trigger of this partition of {table} refuses {what}: it is missing, disabled or changed"
        yield Finding("guard", said, f"{_AGAIN} {again}", table=partition, key=name)


def _of_shards(tx: Connection, spread: frozenset[str], tell: Tell) -> Iterator[Finding]:
    """
    Ask the nodes of a cluster for the triggers of the shards, where what is distributed really lies.

    A shard's own trigger bears the shard's number; so it is known by what it does.
    """
    unknown = []
    for table in sorted(spread & set(tables.APPEND_ONLY)):
        try:
            with tx.begin_nested():
                shards, answered, bare = tx.execute(text(_SHARDS), {"of": table, "asked": _OF_A_SHARD}).one()
        except sa.DBAPIError:
            shards = answered = bare = 0
        if not shards or answered < shards:
            unknown.append(table)
        if bare:
            said = f"on {bare} of its {shards} shards no trigger refuses changes: it is missing, disabled or changed"
            name, statement = next(iter(triggers_of(table, "postgresql").items()))
            # A node has a function of its own, which may be the one that was changed; Citus hands on a new one.
            again = f"{_UNSAFE}{MAKE_FUNCTION}; DROP TRIGGER IF EXISTS {name} ON {table}; {statement};"
            yield Finding("guard", said, f"{_AGAIN} {again}", table=table, key=name)
    if unknown:
        named = ", ".join(unknown)
        tell(f"whether the shards of {named} refuse changes is not known: not every node of the cluster answered")


def _plain(statement: object) -> str:
    """Give a statement as it is compared: without quotes of names, and with single blanks."""
    return " ".join(str(statement).replace('"', "").split())
