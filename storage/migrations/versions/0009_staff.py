"""
The members of the board's staff, and the access log.

Never edited once released: it says what a database of that version looks like.
"""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

from storage.migrations import triggers

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.String(26).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    op.create_table(
        "member",
        sa.Column("name", CODE, nullable=False),
        sa.Column("roles", sa.Text(), nullable=False),
        sa.Column("added_at", INSTANT, nullable=False),
        sa.Column("token_hash", sa.Text(), nullable=False),
        sa.Column("token_at", INSTANT, nullable=False),
        sa.Column("disabled_at", INSTANT, nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_member")),
    )
    op.create_table(
        "access",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", CODE, nullable=False),
        sa.Column("what", CODE, nullable=False),
        sa.Column("subject", CODE, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("persons", sa.Integer(), nullable=False),
        sa.Column("detail", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_access")),
    )
    op.create_index(op.f("ix_access_what_subject"), "access", ["what", "subject"])
    triggers.guard("access")


def downgrade() -> None:
    op.drop_table("access")
    op.drop_table("member")
