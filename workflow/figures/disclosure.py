"""
Disclosure: which counts of a table about small groups must not be shown, so that nobody in them is recognised.

Pure. A count from 1 to 4 is withheld; and where a sum that is shown would give a withheld count away, so is another of
its addends. Protects one table with its sums, not several tables laid side by side.

Source: domain.md, section 3 (cohorts: small cells suppressed).
"""

from __future__ import annotations

from collections.abc import Collection, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

LEAST: Final = 5
SMALL: Final = f"<{LEAST}"
COVER: Final = "*"

Cell = Hashable


@dataclass(frozen=True, slots=True)
class Sum:
    """
    A sum that a reader can do.

    Attributes:
        total: What the addends add up to: a count, or one that everybody knows.
        addends: The counts that add up to it.
    """

    total: Cell
    addends: tuple[Cell, ...]


def is_small(count: object) -> bool:
    """Tell whether a count is so small that somebody might be recognised by it; none is not."""
    return isinstance(count, int) and 0 < count < LEAST


def withheld(
    counts: Mapping[Cell, int],
    sums: Sequence[Sum],
    sensitive: Iterable[Cell],
    known: Collection[Cell] = (),
    linked: Mapping[Cell, Sequence[Cell]] | None = None,
) -> dict[Cell, str]:
    """
    Say which counts are not shown.

    Args:
        counts: Every count of the table, and what is known beside it.
        sums: The sums that a reader can do with them; a cell that `counts` does not have is passed over.
        sensitive: The counts that are withheld where they are small.
        known: Counts that everybody knows, such as the total over all groups; nothing can be done about them.
        linked: The counts from which another can be guessed though no sum says so; withheld with it, unless 0.

    Returns:
        The mark that stands for each count withheld: `SMALL` where it is small itself, `COVER` where it would give a
        small one away.
    """
    hidden = {cell: SMALL for cell in sensitive if is_small(counts[cell])}
    usable = [
        Sum(each.total, addends)
        for each in sums
        if each.total in counts and (addends := tuple(cell for cell in each.addends if cell in counts))
    ]
    is_changed = bool(hidden)
    while is_changed:
        is_changed = False
        for each in usable:
            more = _covers(counts, hidden, each, known)
            hidden |= dict.fromkeys(more, COVER)
            is_changed = is_changed or bool(more)
        guessed = {near for cell in hidden for near in (linked or {}).get(cell, ()) if counts.get(near)} - hidden.keys()
        hidden |= dict.fromkeys(guessed, COVER)
        is_changed = is_changed or bool(guessed)
    return hidden


def _covers(counts: Mapping[Cell, int], hidden: Mapping[Cell, str], each: Sum, known: Collection[Cell]) -> list[Cell]:
    """Find what to withhold too, lest a sum give a withheld count away; empty where nothing is given away."""
    if not _is_given_away(counts, hidden, each):
        return []
    choice = [cell for cell in (*each.addends, each.total) if cell not in hidden and cell not in known]
    if choice:  # the smallest that somebody is counted in; a zero where there is nothing else, and a total last
        return [min(choice, key=lambda cell: (cell == each.total, counts[cell] == 0, counts[cell]))]
    # All are withheld: then not even that they are small may be said.
    return [cell for cell in each.addends if hidden.get(cell) == SMALL]


def _is_given_away(counts: Mapping[Cell, int], hidden: Mapping[Cell, str], each: Sum) -> bool:
    """Tell whether a sum leaves a single way for one of its withheld counts."""
    unseen = [cell for cell in each.addends if cell in hidden]
    if each.total in hidden:
        return not unseen or (hidden[each.total] == SMALL and len(unseen) >= LEAST - 1)
    rest = counts[each.total] - sum(counts[cell] for cell in each.addends if cell not in hidden)
    least = {cell: 1 if hidden[cell] == SMALL else 0 for cell in unseen}
    most = {cell: LEAST - 1 if hidden[cell] == SMALL else rest for cell in unseen}
    return any(
        min(most[cell], rest - sum(least.values()) + least[cell])
        <= max(least[cell], rest - sum(most.values()) + most[cell])
        for cell in unseen
    )
