"""
Filed together: the applications of one candidate that an import takes in at once.

Pure. What one of them brings to another (attempts that count in both, a bar, an edition kept open, a separated duty)
must not depend on the numbers of the applications, nor on where the import cuts its chunks. So they are never cut
apart, and what they say is taken in the order of the days.
Source: domain.md, section 5.6.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Mapping, MutableMapping
from datetime import date
from heapq import heapify, heappop, heapreplace
from itertools import islice
from typing import Final

from workflow.bulk.filing import Filing, Moment
from workflow.identity import document_key

RECORDED: Final[Moment] = (date.min, 0)  # what is recorded already is known before anything new
_FILED: Final = 9  # behind all else of its day: a bar, or a part that is held, counts from the day on which it is known


def in_chunks(filings: Iterable[Filing], waiting: MutableMapping[str, Filing], size: int) -> Iterator[list[Filing]]:
    """
    Cut filings into chunks by their numbers; those under one identity document stay together.

    Args:
        filings: The filings.
        waiting: Those of them that have no row of their own, by number. Their candidates are known by the record alone,
            so they come last, where no other chunk has taken them out to go with it; what is given is taken out.
        size: How many make a chunk, at the least.
    """
    by_document: dict[object, list[Filing]] = {}
    for filing in filings:
        if filing.row:
            document = document_key(filing.row.document_type, filing.row.document_number)
            by_document.setdefault(document, []).append(filing)
    chunk: list[Filing] = []
    for some in by_document.values():
        chunk += some
        if len(chunk) >= size:
            yield chunk
            chunk = []
    if chunk:
        yield chunk
    while waiting:
        yield [waiting.pop(key) for key in list(islice(waiting, size))]


def siblings(alongside: Iterable[str], waiting: MutableMapping[str, Filing]) -> list[Filing]:
    """
    Take those that wait and belong to a candidate whose applications are filed now.

    Args:
        alongside: The numbers of the candidates' recorded applications.
        waiting: Those that wait, by number; what is given is taken out.
    """
    return [waiting.pop(key) for key in sorted(alongside) if key in waiting] if waiting else []


def filed_on(day: date) -> Moment:
    """Give the moment at which an application of a day is filed."""
    return day, _FILED


def by_day(ways: Mapping[str, Iterator[Moment]]) -> None:
    """
    Go several ways through to their ends, each time that one a step whose next step comes first.

    Args:
        ways: By their names, which decide where two moments are the same. Each gives the moment of its next step, and
            takes that step when it is asked for the moment after.
    """
    if len(ways) == 1:
        for way in ways.values():
            deque(way, maxlen=0)
        return
    heads = [(moment, name) for name, way in ways.items() if (moment := next(way, None))]
    heapify(heads)
    while heads:
        _, name = heads[0]
        moment = next(ways[name], None)
        if moment:
            heapreplace(heads, (moment, name))
        else:
            heappop(heads)
