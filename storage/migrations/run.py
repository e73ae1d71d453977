"""Running the migrations from code: Alembic's settings are made here, no ini file is needed."""

from __future__ import annotations

from pathlib import Path

from alembic import command
from alembic.config import Config
from sqlalchemy import Connection

from storage import citus


def alembic_config(connection: Connection | None = None) -> Config:
    """Give Alembic's settings for a connection whose transaction the caller ends."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    config.attributes["connection"] = connection
    return config


def upgrade_to_head(connection: Connection) -> None:
    """Run every migration that the database has not had; on Citus, new tables go where they belong."""
    is_distributed = citus.prepare(connection)
    command.upgrade(alembic_config(connection), "head")
    if is_distributed:
        citus.place(connection)


def downgrade_to(connection: Connection, revision: str) -> None:
    """Undo the migrations after a revision; `base` undoes all, and with them everything stored."""
    command.downgrade(alembic_config(connection), revision)
