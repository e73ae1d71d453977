"""Builders: a board's keys, and seals made and checked with them."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from storage.keys import KeyFile, make, verify
from workflow.audit.seals import SealFinding, check_seals
from workflow.ports import Stores, bucket_of
from workflow.sealing.seals import Sealing, seal

AT: Final = datetime(2026, 11, 22, 1, 2, 3, 4, tzinfo=UTC)
KEYS: Final = sorted((f"中-{n}" if n % 3 else f"E-{n}" for n in range(12)), key=lambda key: (bucket_of(key), key))


def keys_in(folder: Path) -> KeyFile:
    """Make the keys of a board."""
    return make(folder / "keys" / "seal.json", "examboard/test", AT)


def sealed(stores: Stores, ring: KeyFile) -> Sealing:
    """Seal whatever is new."""
    return seal(stores.seals, ring, verify, AT, "node-1")


def found(stores: Stores, ring: KeyFile) -> list[SealFinding]:
    """Give all findings."""
    return list(check_seals(stores.seals, ring.keys, verify))
