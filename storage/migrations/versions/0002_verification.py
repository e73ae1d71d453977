"""
Codes of certificates, the log of verifications, and the log of amendments to the candidate registry.

Certificates awarded before get their code here, the same that they would have been given by the award.

Never edited once released: it says what a database of that version looks like.
"""

from __future__ import annotations

import hashlib

import sqlalchemy as sa
from alembic import op

from storage.migrations import triggers

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.String(26).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")


def upgrade() -> None:
    _create_codes()
    _create_logs()
    _give_codes()
    for table in ("certificate_code", "verification", "candidate_change"):
        triggers.guard(table)


def _create_codes() -> None:
    op.create_table(
        "certificate_code",
        sa.Column("code", CODE, nullable=False),
        sa.Column("number", CODE, nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_certificate_code")),
        sa.UniqueConstraint("number", name=op.f("uq_certificate_code_number")),
    )


def _create_logs() -> None:
    op.create_table(
        "verification",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("number", CODE, nullable=False),
        sa.Column("outcome", CODE, nullable=False),
        sa.Column("asked_by", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_verification")),
    )
    op.create_index(op.f("ix_verification_number"), "verification", ["number"])
    op.create_table(
        "candidate_change",
        sa.Column("id", sa.Integer(), nullable=False, autoincrement=True),
        sa.Column("candidate", CODE, nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("field", CODE, nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_candidate_change")),
    )
    op.create_index(op.f("ix_candidate_change_candidate"), "candidate_change", ["candidate"])


def _give_codes() -> None:
    """Derive the code of each certificate from its number and the hash of the event that awarded it."""
    bind = op.get_bind()
    awards = bind.execute(
        sa.text(
            "SELECT c.number, e.hash FROM certificate c JOIN event e "
            "ON e.bucket = c.bucket AND e.application = c.application AND e.type = 'CertificateAwarded'"
        )
    )
    rows = [
        {"code": hashlib.sha256(f"{number}\n{award}".encode()).hexdigest()[:16], "number": number}
        for number, award in awards.all()
    ]
    if rows:
        bind.execute(sa.text("INSERT INTO certificate_code (code, number) VALUES (:code, :number)"), rows)


def downgrade() -> None:
    op.drop_table("candidate_change")
    op.drop_table("verification")
    op.drop_table("certificate_code")
