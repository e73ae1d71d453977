"""
The seals, and which events are in which.

Never edited once released: it says what a database of that version looks like.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations import triggers

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.String(26).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "seal",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("size", sa.BigInteger(), nullable=False),
        sa.Column("root", sa.String(64), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("by", sa.Text(), nullable=False),
        sa.Column("frontier", sa.Text(), nullable=False),
        sa.Column("key", CODE, nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_seal")),
        sa.UniqueConstraint("size", name=op.f("uq_seal_size")),
    )
    op.create_table(
        "seal_range",
        sa.Column("bucket", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("application", CODE, nullable=False),
        sa.Column("seal", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("first_sequence", sa.Integer(), nullable=False),
        sa.Column("last_sequence", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("bucket", "application", "seal", name=op.f("pk_seal_range")),
        sa.UniqueConstraint("seal", "bucket", "application", name=op.f("uq_seal_range_seal_bucket_application")),
    )
    for table in ("seal", "seal_range"):
        triggers.guard(table)


def downgrade() -> None:
    for table in ("seal_range", "seal"):
        op.drop_table(table)
