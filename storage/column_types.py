"""
Column types that mean the same on SQLite and PostgreSQL (engines.md, section 3.5).

No `func.now()`: the clock is a value passed in.
"""

from __future__ import annotations

from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from sqlalchemy import TIMESTAMP, Dialect, MetaData, String, Text, TypeDecorator
from sqlalchemy.types import TypeEngine


class Instant(TypeDecorator[datetime]):
    """
    An instant: aware in, aware UTC out, naive refused.

    SQLite would drop the zone silently, so it gets text of a fixed width whose order is the order of time.
    """

    impl = String(26)
    cache_ok = True

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        """Give timestamptz on PostgreSQL, text elsewhere."""
        on_postgresql = dialect.name == "postgresql"
        return dialect.type_descriptor(TIMESTAMP(timezone=True) if on_postgresql else String(26))

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> Any:
        """Turn an aware instant into what the database keeps."""
        if value is None:
            return None
        if value.tzinfo is None or value.utcoffset() is None:
            raise ValueError("an instant without a zone cannot be stored")
        value = value.astimezone(UTC)
        if dialect.name == "postgresql":
            return value
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """Turn what the database keeps into an aware instant in UTC."""
        if value is None:
            return None
        if isinstance(value, datetime):
            return value.astimezone(UTC)
        return _instant(value)


@lru_cache(maxsize=4096)  # what was written together was recorded at the same instant
def _instant(text: str) -> datetime:
    return datetime.fromisoformat(f"{text}+00:00")


# COLLATE "C": a key's order is that of its code points on both databases, whatever the server's language.
Code: Final = Text().with_variant(Text(collation="C"), "postgresql")


# Names of keys and indexes are made alike on both databases, so that a migration can speak of them.
metadata: Final = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(referred_table_name)s",
        "pk": "pk_%(table_name)s",
    }
)
