"""The audit of the access log: its chain, as a part of the audit of the whole record."""

from __future__ import annotations

from collections.abc import Iterator

from workflow.access import broken
from workflow.audit import RESTORE, Finding
from workflow.ports import Stores


def audit_access(stores: Stores) -> Iterator[Finding]:
    """List what does not hold of the access log."""
    for number, text in broken(stores.access.entries()):
        yield Finding("access", f"entry {number}: {text}", RESTORE, table="access", key=str(number))
