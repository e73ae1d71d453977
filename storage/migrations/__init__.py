"""The migrations: the only way in which tables are made or changed. Additive first (models.md, section 5)."""

from __future__ import annotations

from typing import Final

# Every revision, oldest first, so that opening a database need not load Alembic; a test holds it equal to versions/.
REVISIONS: Final = ("0001", "0002", "0003", "0004", "0005", "0006", "0007", "0008", "0009")
