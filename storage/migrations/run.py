"""Running the migrations from code: Alembic's settings are made here, no ini file is needed."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from storage import citus
from storage.keyring import Ring


def alembic_config(connection: Connection | None = None, ring: Ring | None = None) -> Config:
    """Give Alembic's settings for a connection whose transaction the caller ends."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    config.attributes["ring"] = ring
    return config


def upgrade_to_head(connection: Connection, ring: Ring | None = None) -> None:
    """
    Run every migration that the database has not had; on Citus, new tables go where they belong.

    Args:
        connection: The connection, whose transaction the caller ends.
        ring: The key ring under which personal values of before are sealed.
    """
    is_distributed = citus.prepare(connection)
    command.upgrade(alembic_config(connection, ring), "head")
    if is_distributed:
        citus.place(connection)


def downgrade_to(connection: Connection, revision: str) -> None:
    """Undo the migrations after a revision; `base` undoes all, and with them everything stored."""
    citus.prepare(connection)
    command.downgrade(alembic_config(connection), revision)
