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

    One after the other: whoever does not keep them needs the memory of one.

    Args:
        events: The store.
        applications: Their keys; one that does not exist is NotFound.
    """
    keys = sorted(set(applications))
    at = 0
    try:
        for history in events.histories(keys):
            while (key := keys[at]) != history[0].application:
                yield key, (), NotFound(f"no application {key}")
                at += 1
            yield key, history, None
            at += 1
    except Corrupt:  # one of them cannot be read: find out which
        yield from (_read(events, key) for key in keys[at:])
    else:
        yield from ((key, (), NotFound(f"no application {key}")) for key in keys[at:])


def _read(events: EventStore, key: str) -> Read:
    try:
        history = events.history(key)
    except Corrupt as error:
        return key, (), error
    return key, history, None if history else NotFound(f"no application {key}")
