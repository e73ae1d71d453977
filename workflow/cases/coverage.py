"""
What worked cases leave unproved: the conditions and states of a scheme that none of them touches.

Pure. A condition is proved from both sides: some case meets it, and some case that asks for eligibility does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workflow.cases.running import Proved
from workflow.scheme import Pinned


def unproved(pinned: Pinned, proved: Sequence[Proved]) -> Iterator[str]:
    """Name, in sentences, what no case of a scheme proves."""
    scheme = pinned.scheme
    own = [found for found in proved if found.scheme == scheme.scheme]
    for number, level in scheme.levels.items():
        there = [found for found in own if found.level == number]
        met = {key for found in there for key in found.met}
        missed = {
            key for found in there if found.case.asks_eligibility for key in level.conditions if key not in found.met
        }
        for keys, what in ((met, "meets"), (missed, "fails to meet")):
            if lacking := [key for key in level.conditions if key not in keys]:
                noun = "condition" if len(lacking) == 1 else "conditions"
                yield f"level {number}: no case {what} {noun} {', '.join(lacking)}"
        states = {found_state for found in there for found_state in _states(found)}
        if lacking := [state for state in (*level.stages, "awaiting_award", "certified") if state not in states]:
            yield f"level {number}: no case expects the state {', '.join(lacking)}"


def _states(found: Proved) -> Iterator[str]:
    for expectation in found.case.expect:
        if expectation.state:
            yield expectation.state
