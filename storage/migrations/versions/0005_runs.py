"""
The run ledger, the outbox, and what the nightly job needs to write a last step of the clock without the history.

Never edited once released: it says what a database of that version looks like.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations import triggers

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.String(26).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
HAS_SOMETHING_DUE = sa.text("next_due_on IS NOT NULL")
WAITS = sa.text("next_try_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("application", sa.Column("recorded_at", INSTANT, nullable=True))
    # Empty: the history is asked, as for a row that was written by an older version.
    op.add_column("application", sa.Column("next_due_type", CODE, nullable=False, server_default=""))
    op.add_column("application", sa.Column("next_due_data", sa.Text(), nullable=False, server_default=""))
    op.drop_index("ix_application_due", table_name="application")
    _index_due("bucket", "next_due_on", "application")
    _create_runs()
    _create_outbox()
    triggers.guard("run_part")


def _index_due(*columns: str) -> None:
    op.create_index(
        op.f("ix_application_due"),
        "application",
        columns,
        sqlite_where=HAS_SOMETHING_DUE,
        postgresql_where=HAS_SOMETHING_DUE,
    )


def _create_runs() -> None:
    op.create_table(
        "run",
        sa.Column("job", CODE, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("opened_at", INSTANT, nullable=False),
        sa.Column("opened_by", sa.Text(), nullable=False),
        sa.Column("finished_at", INSTANT, nullable=True),
        sa.Column("finished_by", sa.Text(), nullable=False),
        sa.Column("outcome", CODE, nullable=False),
        sa.Column("digest", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("job", "day", name=op.f("pk_run")),
    )
    op.create_table(
        "run_part",
        sa.Column("bucket", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("job", CODE, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("key", CODE, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("changes", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "job", "day", "key", name=op.f("pk_run_part")),
    )
    op.create_table(
        "parked",
        sa.Column("bucket", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("application", CODE, nullable=False),
        sa.Column("job", CODE, nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "application", "job", "day", name=op.f("pk_parked")),
    )


def _create_outbox() -> None:
    op.create_table(
        "outbox",
        sa.Column("bucket", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("application", CODE, nullable=False),
        sa.Column("reason", CODE, nullable=False),
        sa.Column("candidate", CODE, nullable=False),
        sa.Column("kind", CODE, nullable=False),
        sa.Column("about", sa.Text(), nullable=False),
        sa.Column("queued_on", sa.Date(), nullable=False),
        sa.Column("useful_until", sa.Date(), nullable=False),
        sa.Column("queued_at", INSTANT, nullable=False),
        sa.Column("tries", sa.SmallInteger(), nullable=False),
        sa.Column("next_try_at", INSTANT, nullable=True),
        sa.Column("sent_at", INSTANT, nullable=True),
        sa.Column("error", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "application", "reason", name=op.f("pk_outbox")),
    )
    op.create_index(
        op.f("ix_outbox_waiting"),
        "outbox",
        ["bucket", "next_try_at"],
        sqlite_where=WAITS,
        postgresql_where=WAITS,
    )


def downgrade() -> None:
    for table in ("outbox", "parked", "run_part", "run"):
        op.drop_table(table)
    op.drop_index("ix_application_due", table_name="application")
    # Not as a batch: SQLite would make the table anew, and must not drop the old one to which the events refer.
    for column in ("next_due_data", "next_due_type", "recorded_at"):
        op.drop_column("application", column)
    _index_due("next_due_on", "bucket", "application")
