"""
An index that finds a candidate's applications: asked at every admission, since a bar holds for the person.

Never edited once released: it says what a database of that version looks like.
"""

from __future__ import annotations

from alembic import op

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_index("ix_application_candidate", "application", ["candidate"])


def downgrade() -> None:
    op.drop_index("ix_application_candidate", table_name="application")
