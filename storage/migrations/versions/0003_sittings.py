"""
What a sitting is beside its day: hours, close of admission, staff, and a row for each of its seats.

Never edited once released: it says what a database of that version looks like.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa
from alembic import op

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def upgrade() -> None:
    op.add_column("sitting", sa.Column("starts", sa.Text(), nullable=True))
    op.add_column("sitting", sa.Column("minutes", sa.Integer(), nullable=True))
    op.add_column("sitting", sa.Column("closes_on", sa.Date(), nullable=True))
    op.create_table(
        "seat",
        *_place(),
        sa.Column("place", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("room", CODE, nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("is_separate", sa.Boolean(), nullable=False),
        sa.Column("given", sa.Integer(), nullable=False),
        sa.Column("application", CODE, nullable=True),
        sa.PrimaryKeyConstraint("sitting", "part", "sat_on", "place", name=op.f("pk_seat")),
        sa.UniqueConstraint(
            "sitting", "part", "sat_on", "room", "number", name=op.f("uq_seat_sitting_part_sat_on_room_number")
        ),
        sa.UniqueConstraint("sitting", "part", "application", name=op.f("uq_seat_sitting_part_application")),
        _of_a_sitting("seat"),
    )
    op.create_table(
        "staff",
        *_place(),
        sa.Column("role", CODE, nullable=False),
        sa.Column("name", CODE, nullable=False),
        sa.Column("recused", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("sitting", "part", "sat_on", "role", "name", name=op.f("pk_staff")),
        _of_a_sitting("staff"),
    )


def _place() -> list[sa.Column[Any]]:
    return [
        sa.Column("sitting", CODE, nullable=False),
        sa.Column("part", CODE, nullable=False),
        sa.Column("sat_on", sa.Date(), nullable=False),
    ]


def _of_a_sitting(table: str) -> sa.ForeignKeyConstraint:
    ours, theirs = ["sitting", "part", "sat_on"], ["sitting.key", "sitting.part", "sitting.sat_on"]
    return sa.ForeignKeyConstraint(ours, theirs, name=op.f(f"fk_{table}_sitting"))


def downgrade() -> None:
    op.drop_table("staff")
    op.drop_table("seat")
    with op.batch_alter_table("sitting") as batch:
        for column in ("closes_on", "minutes", "starts"):
            batch.drop_column(column)
