"""Rules of marking: readers who mark apart, and panels."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import ROUND_HALF_UP, Decimal
from statistics import mean, median
from typing import Final

from workflow.application import Attempt, Components
from workflow.document import parse_marks
from workflow.errors import Objection
from workflow.language.assessed import Part
from workflow.language.policy import Panel
from workflow.rules.move import Move, only_where
from workflow.scheme import Rules

HUNDREDTH: Final = Decimal("0.01")


def is_a_new_reader(move: Move) -> Objection | None:
    """Each reader enters marks once; a third reads only where the first two differ by more than the tolerance."""
    attempt, fact = move.application.attempt(move.fact.part, move.fact.sitting), move.fact
    entries = dict(attempt.entries) if attempt else {}
    if fact.reader in entries:
        return Objection("is_a_new_reader", f"reader {fact.reader} has entered {entries[fact.reader]} marks already")
    entry = move.rules.parts[fact.part].entry if fact.part in move.rules.parts else None
    if fact.reader == 3 and (
        len(entries) < 2 or agreed_score(tuple(entries.items()), move.rules, fact.part) is not None
    ):
        return Objection("is_a_new_reader", "a third reader decides only where two differ by more than the tolerance")
    if entry is None or fact.reader > max(entry.readers, 3 if entry.readers == 2 else 1):
        return Objection("is_a_new_reader", f"{fact.part} has one reader by the scheme: record the score itself")
    return None


def agreed_score(entries: tuple[tuple[int, Decimal], ...], rules: Rules, part: str) -> Decimal | None:
    """
    Give the marks on which the readers agree; None while they do not, or not all have entered theirs.

    Two within the tolerance give their mean, to two decimals, a half rounded up; where a third was needed, the third
    decides.
    """
    entry = rules.parts[part].entry
    by_reader = dict(entries)
    if 3 in by_reader:
        return by_reader[3]
    if entry is None or len(by_reader) < entry.readers:
        return None
    marks = list(by_reader.values())
    return rounded(mean(marks)) if max(marks) - min(marks) <= entry.tolerance else None


def agreed_marks(attempt: Attempt, rules: Rules) -> tuple[Decimal | None, Components]:
    """
    Give the marks on which the readers of an attempt agree, and the components of which they are made.

    Within the tolerance the components are the means of theirs; where a third was needed, the third's.
    """
    score, part = agreed_score(attempt.entries, rules, attempt.part), rules.parts[attempt.part]
    if score is None or not part.components:
        return score, ()
    by_reader = {reader: dict(marks) for reader, marks in attempt.component_entries}
    read = [by_reader[3]] if 3 in by_reader else list(by_reader.values())
    components = {key: rounded(mean(marks[key] for marks in read)) for key in part.components}
    return marks_of(part, components), tuple(components.items())


def marks_of(part: Part, components: Mapping[str, Decimal]) -> Decimal:
    """
    Give the marks of a part that its components make: the weighted mean of their shares, on the part's own scale.

    Args:
        part: The part.
        components: The marks of every component of it, by name.

    Returns:
        Marks to two decimals, a half rounded up.
    """
    weights = {key: c.weight or c.maximum for key, c in part.components.items()}
    if weights == {key: c.maximum for key, c in part.components.items()}:
        shares = sum(components.values(), Decimal(0))  # a sum of whole marks stays exact
    else:
        shares = sum((weights[key] * components[key] / c.maximum for key, c in part.components.items()), Decimal(0))
    return parse_marks(rounded(part.maximum * shares / sum(weights.values(), Decimal(0))))


def rounded(marks: Decimal) -> Decimal:
    """Give marks to two decimals, a half rounded up."""
    return marks.quantize(HUNDREDTH, ROUND_HALF_UP)


def needs_a_third(attempt: Attempt, rules: Rules) -> bool:
    """Tell whether two readers of an open attempt differ by more than the tolerance, and no third has read."""
    readers = {reader for reader, _marks in attempt.entries}
    return attempt.outcome == "admitted" and readers == {1, 2} and not _agree(attempt, rules)


def _agree(attempt: Attempt, rules: Rules) -> bool:
    return attempt.part in rules.parts and agreed_score(attempt.entries, rules, attempt.part) is not None


def has_no_marks(move: Move) -> Objection | None:
    """Nobody was absent whose paper a reader has marked."""
    attempt = move.application.attempt(move.fact.part, move.fact.sitting)
    if attempt is None or attempt.outcome != "admitted" or not attempt.entries:
        return None
    found = "; ".join(f"reader {reader}: {marks}" for reader, marks in attempt.entries)
    return Objection("has_no_marks", f"readers have entered marks ({found}); retract them to record an absence")


@only_where(lambda rules: any(part.entry and part.entry.readers > 1 for part in rules.parts.values()))
def readers_agree(move: Move) -> Objection | None:
    """Where the scheme asks for two readers, only the marks on which they agree are recorded."""
    part = move.rules.parts.get(move.fact.part)
    if part is None or part.entry is None or part.entry.readers == 1:
        return None
    attempt = move.application.attempt(move.fact.part, move.fact.sitting)
    agreed, components = agreed_marks(attempt, move.rules) if attempt else (None, ())
    if agreed == move.fact.score and components == tuple((x.component, x.score) for x in move.fact.components):
        return None
    on = "nothing yet" if agreed is None else agreed
    text = f"{len(attempt.entries) if attempt else 0} readers have entered marks, and they agree on {on}"
    return Objection("readers_agree", text, str(part.entry.clause))


@only_where(lambda rules: any(part.panel for part in rules.parts.values()))
def has_a_quorum(move: Move) -> Objection | None:
    """A review with a panel needs its quorum, each member once, and the mark that the scheme's rule makes of theirs."""
    part = move.rules.parts.get(move.fact.part)
    if part is None or part.panel is None:
        return None
    panel, marks = part.panel, [m.score for m in move.fact.panel]
    if not marks and panel.members == "optional":
        return None
    clause = str(panel.clause)
    if len({m.assessor for m in move.fact.panel}) != len(marks):
        return Objection("has_a_quorum", "an assessor gave marks twice", clause)
    if len(marks) < panel.least or (panel.odd and len(marks) % 2 == 0):
        odd = ", an odd number" if panel.odd else ""
        return Objection(
            "has_a_quorum", f"{len(marks)} members gave marks; at least {panel.least} are needed{odd}", clause
        )
    if any(not 0 <= mark <= part.maximum for mark in marks):
        return Objection("has_a_quorum", f"a member's marks lie outside 0 to {part.maximum}", clause)
    made = panel_mark(panel, marks)
    if made != move.fact.score:
        return Objection("has_a_quorum", f"the panel's mark is the {panel.rule}, {made}, not {move.fact.score}", clause)
    return None


def panel_mark(panel: Panel, marks: Sequence[Decimal]) -> Decimal:
    """Give the panel's mark by the scheme's rule: the members' mean, or the middle one; a half is rounded up."""
    return rounded((mean if panel.rule == "mean" else median)(marks))
