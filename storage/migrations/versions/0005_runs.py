"""
The run ledger, the outbox, and what the nightly job needs to write a last step of the clock without the history.

What the clock had written down before there was a ledger is entered in it as one run of its own, so that an audit
finds every step of the clock accounted for.

Never edited once released: it says what a database of that version looks like.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

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
BEFORE = "before-the-ledger"
BUCKETS, LINES = 64, 1000
EVENT = sa.table(
    "event",
    sa.column("bucket", sa.SmallInteger()),
    sa.column("application", CODE),
    sa.column("sequence", sa.Integer()),
    sa.column("type", CODE),
    sa.column("effective_on", sa.Date()),
    sa.column("recorded_at", INSTANT),
    sa.column("actor", sa.Text()),
)


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
    _enter_what_was_before()


def _enter_what_was_before() -> None:
    """Enter the steps of the clock that no command wrote down with its own (those bear the command's instant)."""
    by_nights, digest = _clock_alone(), hashlib.sha256()
    steps = sa.select(by_nights).where(by_nights.c.bucket == sa.bindparam("here"))
    tx = op.get_bind()
    day, at = tx.execute(sa.select(sa.func.max(by_nights.c.effective_on), sa.func.max(by_nights.c.recorded_at))).one()
    if day is None:
        return
    parts = sa.table("run_part", *map(sa.column, ("bucket", "job", "key", "by", "changes")), *_when("day", "at"))
    for bucket in range(BUCKETS):
        lines = sorted(_line(row) for row in tx.execute(steps, {"here": bucket}))
        digest.update("".join(f"{line}\n" for line in lines).encode())
        for start in range(0, len(lines), LINES):
            row = {"bucket": bucket, "job": BEFORE, "day": day, "key": f"{bucket:02}-{start:09}", "at": at}
            changes = "\n".join(lines[start : start + LINES])
            tx.execute(sa.insert(parts), row | {"by": "clock", "changes": changes})
    names = ("job", "opened_by", "finished_by", "outcome", "digest")
    run = sa.table("run", *map(sa.column, names), *_when("day", "opened_at", "finished_at"))
    who = {"opened_by": "clock", "finished_by": "clock", "outcome": "complete", "digest": digest.hexdigest()}
    tx.execute(sa.insert(run), {"job": BEFORE, "day": day, "opened_at": at, "finished_at": at, **who})


def _when(day: str, *instants: str) -> list[sa.ColumnClause[Any]]:
    return [sa.column(day, sa.Date()), *(sa.column(name, INSTANT) for name in instants)]


def _clock_alone() -> sa.Subquery:
    of_command = EVENT.alias()
    is_by_command = sa.exists().where(
        of_command.c.bucket == EVENT.c.bucket,
        of_command.c.application == EVENT.c.application,
        of_command.c.sequence > EVENT.c.sequence,
        of_command.c.recorded_at == EVENT.c.recorded_at,
        of_command.c.actor != "clock",
    )
    return sa.select(EVENT).where(EVENT.c.actor == "clock", ~is_by_command).subquery()


def _line(row: Any) -> str:
    """Write a step as a line of the ledger."""
    why = "written down by a version that kept no run ledger"
    line = {"application": row.application, "what": row.type, "on": row.effective_on.isoformat(), "why": why}
    return json.dumps({**line, "sequence": row.sequence}, ensure_ascii=False, separators=(",", ":"))


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
