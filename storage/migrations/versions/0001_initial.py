"""
The first tables, and the triggers that keep histories, scheme documents and certificates from being changed.

Never edited once released: it says what a database of that version looks like.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op
from sqlalchemy.types import TypeEngine

from storage.migrations import triggers

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.String(26).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
HASH = sa.String(64)


def _column(name: str, kind: TypeEngine[Any], *, null: bool = False) -> sa.Column[Any]:
    return sa.Column(name, kind, nullable=null, autoincrement=False)


def _key(table: str, *names: str) -> sa.PrimaryKeyConstraint:
    return sa.PrimaryKeyConstraint(*names, name=op.f(f"pk_{table}"))


def _unique(table: str, *names: str) -> sa.UniqueConstraint:
    return sa.UniqueConstraint(*names, name=op.f(f"uq_{table}_{'_'.join(names)}"))


def upgrade() -> None:
    _create_applications()
    _create_events()
    _create_projections()
    _create_registers()
    for table in ("event", "scheme_document", "certificate"):
        triggers.guard(table)


def _create_applications() -> None:
    op.create_table(
        "application",
        _column("bucket", sa.SmallInteger()),
        _column("application", CODE),
        _column("candidate", CODE),
        _column("scheme", CODE),
        _column("digest", HASH),
        _column("level", sa.SmallInteger()),
        _column("submitted_on", sa.Date()),
        _column("state", CODE),
        _column("sequence", sa.Integer()),
        _column("head", HASH),
        _column("next_due_on", sa.Date(), null=True),
        _key("application", "bucket", "application"),
        _unique("application", "application", "bucket"),
    )
    has_something_due = sa.text("next_due_on IS NOT NULL")
    op.create_index(
        op.f("ix_application_due"),
        "application",
        ["next_due_on", "bucket", "application"],
        sqlite_where=has_something_due,
        postgresql_where=has_something_due,
    )


def _create_events() -> None:
    op.create_table(
        "event",
        _column("bucket", sa.SmallInteger()),
        _column("application", CODE),
        _column("sequence", sa.Integer()),
        _column("type", CODE),
        _column("version", sa.SmallInteger()),
        _column("step", CODE),
        _column("source", CODE),
        _column("dest", CODE),
        _column("effective_on", sa.Date()),
        _column("recorded_at", INSTANT),
        _column("actor", sa.Text()),
        _column("command", CODE),
        _column("data", sa.Text()),
        _column("previous", HASH),
        _column("hash", HASH),
        _key("event", "bucket", "application", "sequence"),
        _unique("event", "bucket", "application", "command"),
        sa.ForeignKeyConstraint(
            ["bucket", "application"],
            ["application.bucket", "application.application"],
            name=op.f("fk_event_application"),
        ),
    )


def _create_projections() -> None:
    op.create_table(
        "admission",
        _column("bucket", sa.SmallInteger()),
        _column("application", CODE),
        _column("part", CODE),
        _column("sitting", CODE),
        _column("sat_on", sa.Date()),
        _key("admission", "bucket", "application", "part", "sitting"),
    )
    op.create_index(op.f("ix_admission_sitting_part_application"), "admission", ["sitting", "part", "application"])
    op.create_table(
        "certificate",
        _column("number", CODE),
        _column("series", CODE),
        _column("serial", sa.Integer()),
        _column("bucket", sa.SmallInteger()),
        _column("application", CODE),
        _column("awarded_on", sa.Date()),
        _key("certificate", "number"),
        _unique("certificate", "series", "serial"),
    )
    op.create_table(
        "number_series", _column("series", CODE), _column("last", sa.Integer()), _key("number_series", "series")
    )


def _create_registers() -> None:
    op.create_table(
        "scheme_document",
        _column("digest", HASH),
        _column("scheme", CODE),
        _column("version", sa.Integer()),
        _column("title", sa.Text()),
        _column("text", sa.Text()),
        _column("put_at", INSTANT),
        _column("ordinal", sa.Integer()),
        _key("scheme_document", "digest"),
        _unique("scheme_document", "ordinal"),
    )
    op.create_table(
        "candidate",
        _column("key", CODE),
        _column("name", sa.Text()),
        _column("name_index", CODE),
        _column("document_type", CODE),
        _column("document_number", sa.Text()),
        _column("document_index", CODE),
        _column("sex", sa.Text()),
        _column("phone", sa.Text()),
        _key("candidate", "key"),
        _unique("candidate", "document_type", "document_index"),
    )
    op.create_index(op.f("ix_candidate_name_index"), "candidate", ["name_index"])
    op.create_table(
        "sitting",
        _column("key", CODE),
        _column("part", CODE),
        _column("sat_on", sa.Date()),
        _column("centre", sa.Text()),
        _key("sitting", "key", "part", "sat_on"),
    )


def downgrade() -> None:
    for table in (
        "sitting",
        "candidate",
        "scheme_document",
        "number_series",
        "certificate",
        "admission",
        "event",
        "application",
    ):
        op.drop_table(table)
    triggers.unguard_all()
