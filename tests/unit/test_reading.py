"""Histories of many applications: each comes in its place, and one that cannot be read stops none of the others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from workflow.errors import Corrupt, NotFound
from workflow.events import Event
from workflow.reading import each_history

KEYS = [f"E-{n}" for n in range(6)]


class Store:
    """A store of some applications, of which some cannot be read."""

    def __init__(self, there: set[str], broken: set[str]) -> None:
        self.there, self.broken = there, broken
        self.read = 0

    def history(self, application: str) -> tuple[Event, ...]:
        """Give the history of one."""
        if application not in self.there:
            return ()
        if application in self.broken:
            raise Corrupt(application)
        return (Event(application, 1, None, "", "", date.min, None, "", ""),)

    def histories(self, applications: Sequence[str]) -> Iterator[tuple[Event, ...]]:
        """Stream those that there are."""
        for key in sorted(set(applications) & self.there):
            self.read += 1
            yield self.history(key)


@given(st.sets(st.sampled_from(KEYS)), st.sets(st.sampled_from(KEYS)), st.lists(st.sampled_from(KEYS)))
def test_each_comes_once_and_in_order(there: set[str], broken: set[str], asked: list[str]) -> None:
    """Every key that was asked for comes once, in order, with its history or with what is wrong with it."""
    found = list(each_history(Store(there, broken), asked))
    assert [key for key, _, _ in found] == sorted(set(asked))
    for key, history, error in found:
        assert [event.application for event in history] == ([key] if key in there - broken else [])
        expected = None if key in there - broken else Corrupt if key in there else NotFound
        assert error is None if expected is None else isinstance(error, expected)


def test_nothing_is_read_ahead() -> None:
    """Who looks at one history after the other needs the memory of one."""
    store = Store(set(KEYS), set())
    for seen, _ in enumerate(each_history(store, KEYS), 1):
        assert store.read == seen
