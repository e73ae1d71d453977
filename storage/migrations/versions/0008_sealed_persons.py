"""
Personal values sealed under a data key of each person's own; the register of acts on persons.

Values of before are sealed under the key ring that the upgrade is handed. There is no way back while there are persons:
going down would write them in plain text again.

Never edited once released: it says what a database of that version looks like.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from itertools import islice
from typing import Any

import sqlalchemy as sa
from alembic import context, op

from storage.keyring import Ring
from storage.migrations import triggers
from storage.personal import INDEX_KEY, KEY_BYTES, VALUES, document_index, name_index, seal
from workflow.errors import Misconfigured

revision = "0008"
down_revision = "0007"
branch_labels = None
depends_on = None

CODE = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")
INSTANT = sa.String(26).with_variant(sa.TIMESTAMP(timezone=True), "postgresql")
AT_ONCE = 500


def upgrade() -> None:
    op.create_table(
        "wrapped_key",
        sa.Column("name", CODE, nullable=False),
        sa.Column("ring_key", CODE, nullable=False),
        sa.Column("wrapped", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_wrapped_key")),
    )
    _create_acts()
    op.create_table("candidate_sealed", *_columns())
    _seal_all()
    if op.get_bind().dialect.name == "sqlite":
        op.execute("PRAGMA secure_delete=ON")
    op.drop_table("candidate")
    op.create_table(
        "candidate",
        *_columns(),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_candidate")),
        sa.UniqueConstraint("document_index", name=op.f("uq_candidate_document_index")),
    )
    op.create_index(op.f("ix_candidate_name_index"), "candidate", ["name_index"])
    op.execute("INSERT INTO candidate SELECT * FROM candidate_sealed")
    op.drop_table("candidate_sealed")


def _columns() -> list[sa.Column[Any]]:
    return [
        sa.Column("key", CODE, nullable=False),
        sa.Column("standing", CODE, nullable=False),
        sa.Column("document_index", CODE, nullable=True),
        sa.Column("name_index", CODE, nullable=True),
        sa.Column("ring_key", CODE, nullable=True),
        sa.Column("data_key", sa.Text(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
    ]


def _create_acts() -> None:
    op.create_table(
        "candidate_act",
        sa.Column("number", sa.Integer(), nullable=False, autoincrement=False),
        sa.Column("candidate", CODE, nullable=False),
        sa.Column("deed", CODE, nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("at", INSTANT, nullable=False),
        sa.Column("actor", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("authority", sa.Text(), nullable=False),
        sa.Column("previous", sa.String(64), nullable=False),
        sa.Column("hash", sa.String(64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_candidate_act")),
    )
    op.create_index(op.f("ix_candidate_act_candidate"), "candidate_act", ["candidate"])
    triggers.guard("candidate_act")


def _seal_all() -> None:
    """Seal the persons of before, some at a time; their documents are as unique afterwards as they were."""
    tx = op.get_bind()
    if tx.scalar(sa.text("SELECT key FROM candidate LIMIT 1")) is None:
        return
    ring: Ring | None = context.config.attributes.get("ring")
    if ring is None or not ring.exists:
        raise Misconfigured(
            "personal values are sealed from this version on, and there is no key ring yet: set key_ring "
            "(EXAMBOARD_KEY_RING) to a file, run examboard keys init --ring, then examboard db upgrade again"
        )
    index_key = os.urandom(KEY_BYTES)
    id_, wrapped = ring.wrap(index_key)
    values = {"name": INDEX_KEY, "ring_key": id_, "wrapped": wrapped}
    tx.execute(sa.text("INSERT INTO wrapped_key (name, ring_key, wrapped) VALUES (:name, :ring_key, :wrapped)"), values)
    names = [column.name for column in _columns()]
    into = sa.text(
        f"INSERT INTO candidate_sealed ({', '.join(names)}) VALUES ({', '.join(f':{name}' for name in names)})"
    ).bindparams(sa.bindparam("sealed", type_=sa.LargeBinary()))
    rows = (_sealed(ring, index_key, row) for row in _plain(tx))
    while some := list(islice(rows, AT_ONCE)):
        tx.execute(into, some)


def _plain(tx: sa.Connection) -> Iterator[Any]:
    wanted = sa.text(f"SELECT key, {', '.join(VALUES)} FROM candidate WHERE key > :after ORDER BY key LIMIT {AT_ONCE}")
    after = ""
    while rows := tx.execute(wanted, {"after": after}).all():
        yield from rows
        after = rows[-1].key


def _sealed(ring: Ring, index_key: bytes, row: Any) -> dict[str, Any]:
    key = os.urandom(KEY_BYTES)
    id_, wrapped = ring.wrap(key)
    return {
        "key": row.key,
        "standing": "active",
        "document_index": document_index(index_key, row.document_type, row.document_number),
        "name_index": name_index(index_key, row.name),
        "ring_key": id_,
        "data_key": wrapped,
        "sealed": seal(key, row.key, {field: getattr(row, field) for field in VALUES}),
    }


def downgrade() -> None:
    if op.get_bind().scalar(sa.text("SELECT key FROM candidate LIMIT 1")) is not None:
        raise Misconfigured("there are sealed persons: an older version could not read them; restore a backup instead")
    op.drop_table("candidate")
    op.create_table(
        "candidate",
        sa.Column("key", CODE, nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("name_index", CODE, nullable=False),
        sa.Column("document_type", CODE, nullable=False),
        sa.Column("document_number", sa.Text(), nullable=False),
        sa.Column("document_index", CODE, nullable=False),
        sa.Column("sex", sa.Text(), nullable=False),
        sa.Column("phone", sa.Text(), nullable=False),
        sa.Column("email", sa.Text(), nullable=False, server_default=""),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_candidate")),
        sa.UniqueConstraint("document_type", "document_index", name=op.f("uq_candidate_document_type_document_index")),
    )
    op.create_index(op.f("ix_candidate_name_index"), "candidate", ["name_index"])
    op.drop_table("candidate_act")
    op.drop_table("wrapped_key")
