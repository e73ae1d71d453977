"""
The audit of the register of acts: its chain, and that every person is there and stands as the last act says.

Pure. Needs no key ring: no personal value is opened.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain, islice
from typing import Final

from workflow.audit.findings import ASK, RESTORE, Finding
from workflow.persons.forgetting import AFTER, PersonStanding, broken
from workflow.ports import Stores

AT_ONCE: Final = 500


def audit_persons(stores: Stores) -> Iterator[Finding]:
    """List what does not hold of the acts on persons, and of where the persons of applications stand."""
    for text in broken(stores.candidates.acts()):
        yield Finding("act", text, RESTORE, table="candidate_act")
    last: dict[str, PersonStanding] = {
        act.candidate: AFTER[act.deed] for act in stores.candidates.acts() if act.deed in AFTER
    }
    rows = chain(last, (row.candidate for row in stores.events.projections()))
    seen: set[str] = set()
    while some := list(islice(rows, AT_ONCE)):
        new = [key for key in dict.fromkeys(some) if key not in seen]
        seen.update(new)
        standings = stores.candidates.standings(new)
        for key in new:
            wanted, standing = last.get(key, "active"), standings.get(key)
            if standing is None:
                text = "is not in the registry: the row is deleted, or was given another key"
                yield Finding("act", f"candidate {key} {text}", RESTORE, table="candidate", key=key)
            elif standing != wanted:
                text = f"is {standing}, by the last act {wanted}: the row or the register was changed"
                yield Finding("act", f"candidate {key} {text}", ASK, table="candidate", key=key)
