"""The register of staff on SQLite and PostgreSQL; each change with its entry of the access log."""

from __future__ import annotations

from typing import Any, Final

from sqlalchemy import Engine, exists, select, update

from storage import tables
from storage.access_log import add_to, check_entry
from storage.bulk import insert
from storage.engine import reading, writing
from workflow.errors import Conflict
from workflow.roles.access import Access
from workflow.roles.staff import Member

_m = tables.member.c
_MEMBER: Final = (_m.name, _m.roles, _m.added_at, _m.token_hash, _m.token_at, _m.disabled_at)


class SqlStaff:
    """The register of staff on SQLite and PostgreSQL."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine

    def get(self, name: str) -> Member | None:
        """Give a member by name."""
        with reading(self._engine) as tx:
            row = tx.execute(select(*_MEMBER).where(_m.name == name)).one_or_none()
        return None if row is None else _member(row)

    def all(self) -> tuple[Member, ...]:
        """Give every member, in the order of names."""
        with reading(self._engine) as tx:
            return tuple(map(_member, tx.execute(select(*_MEMBER).order_by(_m.name))))

    def is_kept(self) -> bool:
        """Tell whether there is any member."""
        with reading(self._engine) as tx:
            return bool(tx.scalar(select(exists().select_from(tables.member))))

    def put(self, member: Member, before: Member | None, entry: Access) -> None:
        """Write a member and the entry of the access log that says so, in one transaction."""
        check_entry(entry)
        row = {c.name: getattr(member, c.name) for c in _MEMBER} | {"roles": ",".join(member.roles)}
        with writing(self._engine) as tx:
            if before is None:
                fresh = insert(tx.dialect, tables.member).values(row).on_conflict_do_nothing()
                done = tx.execute(fresh.returning(_m.name))
            else:
                as_seen = [c == _stored(getattr(before, c.name)) for c in _MEMBER]
                done = tx.execute(update(tables.member).where(*as_seen).values(row).returning(_m.name))
            if done.one_or_none() is None:
                raise overtaken(member.name)
            add_to(tx, entry)


def overtaken(name: str) -> Conflict:
    """Say that someone else was first."""
    return Conflict(f"member {name} was added or changed by someone else meanwhile; nothing was kept")


def _member(row: Any) -> Member:
    name, roles, added_at, token_hash, token_at, disabled_at = row
    return Member(name, tuple(roles.split(",")), added_at, token_hash, token_at, disabled_at)


def _stored(value: Any) -> Any:
    return ",".join(value) if isinstance(value, tuple) else value
