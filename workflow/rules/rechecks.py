"""Rules of rechecks."""

from __future__ import annotations

from workflow.errors import Objection
from workflow.rules.move import Move


def is_in_the_recheck_window(move: Move) -> Objection | None:
    """A recheck is asked for once, of an announced result, inside the scheme's window; its last day still counts."""
    part = move.rules.parts.get(move.fact.part)
    attempt = move.application.attempt(move.fact.part, move.fact.sitting)
    what = f"{move.fact.part} at {move.fact.sitting}"
    if part is None or part.recheck is None:
        return Objection("is_in_the_recheck_window", f"the scheme grants no recheck of {move.fact.part}")
    if attempt is None or attempt.announced_on is None:
        return Objection("is_in_the_recheck_window", f"no result of {what} has been announced")
    if attempt.carried_from:
        text = f"{what} was carried over: a recheck is asked for in application {attempt.carried_from}"
        return Objection("is_in_the_recheck_window", text)
    if attempt.recheck_on:
        return Objection("is_in_the_recheck_window", f"a recheck of {what} was asked for on {attempt.recheck_on}")
    window = part.recheck.request_within
    last = move.fact.last_day or move.rules.scheme.working_days.last_day(attempt.announced_on, window)
    if not attempt.announced_on <= move.on <= last:
        text = f"{what} was announced on {attempt.announced_on}; a recheck could be asked for through {last}"
        return Objection("is_in_the_recheck_window", text, str(part.recheck.clause))
    return None


def recheck_is_open(move: Move) -> Objection | None:
    """A recheck is decided once, after it was asked for."""
    attempt = move.application.attempt(move.fact.part, move.fact.sitting)
    what = f"recheck of {move.fact.part} at {move.fact.sitting}"
    if attempt is None or attempt.recheck_on is None:
        return Objection("recheck_is_open", f"no {what} has been asked for")
    if attempt.recheck_decided_on is not None:
        return Objection("recheck_is_open", f"the {what} was decided on {attempt.recheck_decided_on}")
    if move.on < attempt.recheck_on:
        return Objection("recheck_is_open", f"the {what} was asked for on {attempt.recheck_on}, after {move.on}")
    return None
