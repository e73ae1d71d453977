"""Reading the histories of many applications so that one which cannot be read stops none of the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workflow.errors import Corrupt, ExamboardError, NotFound
from workflow.events import Event
from workflow.ports import EventStore

Read = tuple[str, tuple[Event, ...], ExamboardError | None]


def each_history(events: EventStore, applications: Sequence[str]) -> Iterator[Read]:
    """
    Give the history of each application, or the error with which it is stuck, in the order of their keys.

    Args:
        events: The store.
        applications: Their keys; one that does not exist is NotFound.
    """
    keys = sorted(set(applications))
    try:
        found = {history[0].application: history for history in events.histories(keys)}
    except Corrupt:  # one of them cannot be read: find out which
        for key in keys:
            yield _read(events, key)
        return
    for key in keys:
        yield (key, found[key], None) if key in found else (key, (), NotFound(f"no application {key}"))


def _read(events: EventStore, key: str) -> Read:
    try:
        history = events.history(key)
    except Corrupt as error:
        return key, (), error
    return key, history, None if history else NotFound(f"no application {key}")
