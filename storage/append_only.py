"""
The triggers by which a table refuses to be changed: their text, on both databases.

The migrations make them from here, and `guards` looks whether they still stand. A database keeps this text: to change
it takes a migration that makes every trigger anew. On a server it is the text that PostgreSQL itself writes of them.
"""

from __future__ import annotations

from typing import Final

_REFUSAL: Final = "is append-only: a correction is a new row"

FUNCTION: Final = "examboard_append_only"
BODY: Final = (
    f" BEGIN RAISE EXCEPTION '% {_REFUSAL}', TG_TABLE_NAME USING ERRCODE = 'integrity_constraint_violation'; END "
)
MAKE_FUNCTION: Final = f"CREATE OR REPLACE FUNCTION {FUNCTION}() RETURNS trigger LANGUAGE plpgsql AS $${BODY}$$"


def triggers_of(table: str, dialect: str) -> dict[str, str]:
    """
    Give the triggers of a table that is append-only, by name, each with the statement that makes it.

    Args:
        table: The table.
        dialect: `sqlite` or `postgresql`; there the triggers call what MAKE_FUNCTION makes.
    """
    if dialect == "postgresql":
        calls = f"EXECUTE FUNCTION {FUNCTION}()"
        row, whole = f"{table}_append_only", f"{table}_no_truncate"
        return {
            row: f"CREATE TRIGGER {row} BEFORE DELETE OR UPDATE ON {table} FOR EACH ROW {calls}",
            whole: f"CREATE TRIGGER {whole} BEFORE TRUNCATE ON {table} FOR EACH STATEMENT {calls}",
        }
    return {
        f"{table}_no_{verb}": (
            f"CREATE TRIGGER {table}_no_{verb} BEFORE {verb.upper()} ON {table} "
            f"BEGIN SELECT RAISE(ABORT, '{table} {_REFUSAL}'); END"
        )
        for verb in ("update", "delete")
    }
