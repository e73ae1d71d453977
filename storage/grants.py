"""
What each role of the database server may do: least privilege, as GRANTs for PostgreSQL.

The tables belong to a role of their own, which makes and upgrades them and is used for nothing else. The service writes
what is recorded and can neither change nor delete an event; the scheduler writes the night; an auditor reads everything
and adds to the access log alone; an administrator keeps staff and keys and sees no result.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Literal, get_args

from sqlalchemy.dialects import postgresql

from storage import tables

DatabaseRole = Literal["service", "scheduler", "auditor", "administrator"]
DATABASE_ROLES: Final[tuple[DatabaseRole, ...]] = get_args(DatabaseRole)

_S, _SI, _SU, _SIU = "SELECT", "SELECT, INSERT", "SELECT, UPDATE", "SELECT, INSERT, UPDATE"
_VERSION: Final = "alembic_version"

# Role -> what it may do with each table; a table that is not named it may not even read.
GRANTS: Final[Mapping[DatabaseRole, Mapping[str, str]]] = {
    "service": {
        **dict.fromkeys(
            ("event", "scheme_document", "certificate", "certificate_code", "verification", "candidate_change",
             "candidate_act", "access", "admission", "wrapped_key"), _SI),
        **dict.fromkeys(("application", "number_series", "candidate", "sitting"), _SIU),
        "seat": "SELECT, INSERT, UPDATE, DELETE",
        "staff": "SELECT, INSERT, DELETE",
        **dict.fromkeys(("run", "run_part", "parked", "outbox", "seal", "seal_range", "member", _VERSION), _S),
    },
    "scheduler": {
        **dict.fromkeys(("event", "admission", "run_part", "seal", "seal_range", "candidate_act", "access"), _SI),
        **dict.fromkeys(("application", "seat", "candidate"), _SU),
        **dict.fromkeys(("run", "outbox"), _SIU),
        "parked": "SELECT, INSERT, UPDATE, DELETE",
        **dict.fromkeys(
            ("scheme_document", "certificate", "certificate_code", "number_series", "sitting", "staff", "wrapped_key",
             "member", _VERSION), _S),
    },
    "auditor": {**dict.fromkeys((*tables.metadata.tables, _VERSION), _S), "access": _SI},
    "administrator": {
        "member": _SIU,
        "access": _SI,
        "wrapped_key": _SU,
        "candidate": "SELECT (key, ring_key, data_key), UPDATE (ring_key, data_key)",
        **dict.fromkeys(("scheme_document", _VERSION), _S),
    },
}  # fmt: skip

# The numbers of rows that the database itself counts.
_COUNTERS: Final = {"verification": "verification_id_seq", "candidate_change": "candidate_change_id_seq"}


def grants(names: Mapping[DatabaseRole, str], schema: str = "public") -> Iterator[str]:
    """
    Write the statements, in an order in which they may be run again at any time.

    Args:
        names: What each role is called on the server.
        schema: The schema in which the tables lie.
    """
    quote = postgresql.dialect().identifier_preparer.quote_identifier  # type: ignore[no-untyped-call]
    everybody = ", ".join(quote(name) for name in names.values())
    place = quote(schema)
    yield f"REVOKE ALL ON ALL TABLES IN SCHEMA {place} FROM PUBLIC, {everybody};"
    yield f"REVOKE ALL ON ALL SEQUENCES IN SCHEMA {place} FROM PUBLIC, {everybody};"
    yield f"REVOKE CREATE ON SCHEMA {place} FROM PUBLIC, {everybody};"
    yield f"GRANT USAGE ON SCHEMA {place} TO {everybody};"
    for role, name in names.items():
        for table, rights in sorted(GRANTS[role].items()):
            yield f"GRANT {rights} ON {place}.{quote(table)} TO {quote(name)};"
            if "INSERT" in rights and table in _COUNTERS:
                yield f"GRANT USAGE ON SEQUENCE {place}.{quote(_COUNTERS[table])} TO {quote(name)};"
