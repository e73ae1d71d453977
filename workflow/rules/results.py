"""Rules of sittings and results."""

from __future__ import annotations

from decimal import Decimal
from statistics import mean, median
from typing import Final

from workflow.application import Attempt
from workflow.errors import Objection
from workflow.parts import held_on
from workflow.rules.move import Move
from workflow.scheme import Rules
from workflow.workdays import WorkingDays

HALF: Final = Decimal("0.01")


def part_is_assessed(move: Move) -> Objection | None:
    """The part must be one of the level's."""
    if move.fact.part in move.rules.parts:
        return None
    known = ", ".join(move.rules.parts)
    return Objection("part_is_assessed", f"level {move.rules.number} has no part {move.fact.part!r}; it has {known}")


def is_an_exam(move: Move) -> Objection | None:
    """Only exams have sittings; a review is held by a panel."""
    part = move.rules.parts.get(move.fact.part)
    if part and part.kind != "exam":
        return Objection("is_an_exam", f"{move.fact.part} is a review: it needs no admission", str(part.clause))
    return None


def is_not_held(move: Move) -> Objection | None:
    """A part still held on the day of the sitting is not taken again."""
    held = held_on(move.application, move.rules, move.fact.sat_on).get(move.fact.part)
    if held and move.fact.part in move.rules.parts:
        part = move.rules.parts[move.fact.part]
        text = f"{move.fact.part} is held since the sitting of {held.sat_on}, last valid day {held.last_valid_on}"
        return Objection("is_not_held", text, str(part.clause))
    return None


def prerequisites_are_held(move: Move) -> Objection | None:
    """The parts that this one requires must be held, still valid, on the day on which it is assessed."""
    part = move.rules.parts.get(move.fact.part)
    if not part or not part.requires:
        return None
    held = held_on(move.application, move.rules, move.fact.sat_on)
    missing = [p for p in part.requires if p not in held or held[p].sat_on > move.fact.sat_on]
    if not missing:
        return None
    text = f"{move.fact.part} needs {' and '.join(missing)} held on {move.fact.sat_on}"
    return Objection("prerequisites_are_held", text, str(part.clause))


def is_within_validity(move: Move) -> Objection | None:
    """No seat beyond the last valid day of a held part whose lapse would end the application first."""
    lapse = move.rules.scheme.lapse
    if lapse.effect != "expire":
        return None
    held = held_on(move.application, move.rules, move.application.on)
    ends = min(((p.last_valid_on, part) for part, p in held.items()), default=None)
    if ends is None or move.fact.sat_on <= ends[0]:
        return None
    text = f"{ends[1]} is valid through {ends[0]}; the sitting is on {move.fact.sat_on}, after that"
    return Objection("is_within_validity", text, str(lapse.clause))


def is_not_admitted(move: Move) -> Objection | None:
    """One admission per part and sitting."""
    if move.application.attempt(move.fact.part, move.fact.sitting):
        return Objection("is_not_admitted", f"already admitted to {move.fact.part} at sitting {move.fact.sitting}")
    return None


def is_not_before(move: Move) -> Objection | None:
    """Nothing is admitted to a sitting that was over before the admission took effect."""
    if move.fact.sat_on < move.on:
        return Objection("is_not_before", f"the sitting was on {move.fact.sat_on}, before {move.on}")
    return None


def is_open(move: Move) -> Objection | None:
    """A result is recorded for someone who was admitted to that sitting, once."""
    attempt = move.application.attempt(move.fact.part, move.fact.sitting)
    if attempt is None:
        return Objection("is_open", f"was never admitted to {move.fact.part} at sitting {move.fact.sitting}")
    if attempt.outcome != "admitted":
        found = "absent" if attempt.outcome == "absent" else f"{attempt.score} marks"
        return Objection(
            "is_open", f"{move.fact.part} at {move.fact.sitting} is recorded already as {found}; amend it to change it"
        )
    return None


def is_open_or_a_new_review(move: Move) -> Objection | None:
    """A review is recorded once under its key, without an admission; an exam only for an admitted candidate."""
    part = move.rules.parts.get(move.fact.part)
    if part and part.kind == "review" and move.application.attempt(move.fact.part, move.fact.sitting) is None:
        return None
    return is_open(move)


def is_on_the_day(move: Move) -> Objection | None:
    """A result belongs to the day of the sitting that the candidate was admitted to."""
    attempt = move.application.attempt(move.fact.part, move.fact.sitting)
    if attempt and attempt.sat_on != move.fact.sat_on:
        return Objection(
            "is_on_the_day", f"the sitting {move.fact.sitting} is on {attempt.sat_on}, not {move.fact.sat_on}"
        )
    return None


def is_in_scale(move: Move) -> Objection | None:
    """Marks lie between 0 and the part's maximum, both included."""
    part = move.rules.parts.get(move.fact.part)
    score: Decimal = move.fact.score
    if part and not 0 <= score <= part.maximum:
        return Objection("is_in_scale", f"{score} marks lie outside 0 to {part.maximum}", str(part.clause))
    return None


def is_an_allowed_form(move: Move) -> Objection | None:
    """The form of a review is one that the scheme names."""
    part = move.rules.parts.get(move.fact.part)
    if part and part.kind == "review" and part.forms and move.fact.form not in part.forms:
        text = f"form {move.fact.form or 'not given'}; allowed: {', '.join(part.forms)}"
        return Objection("is_an_allowed_form", text, str(part.clause))
    return None


def is_held_back(move: Move) -> Objection | None:
    """Only a recorded result that is not yet out can be announced."""
    attempt = move.application.attempt(move.fact.part, move.fact.sitting)
    what = f"{move.fact.part} at {move.fact.sitting}"
    if attempt is None or attempt.outcome == "admitted":
        return Objection("is_held_back", f"no result of {what} has been recorded")
    if attempt.outcome != "recorded":
        return Objection("is_held_back", f"the result of {what} is out already ({attempt.outcome})")
    if move.on < attempt.sat_on:
        return Objection("is_held_back", f"{what} was sat on {attempt.sat_on}, after the announcement of {move.on}")
    return None


def has_a_score(move: Move) -> Objection | None:
    """Only marks that were recorded can be amended, and only to other marks."""
    attempt = move.application.attempt(move.fact.part, move.fact.sitting)
    if attempt is None or attempt.score is None:
        return Objection("has_a_score", f"{move.fact.part} at {move.fact.sitting} has no marks to amend")
    if attempt.score == move.fact.score:
        return Objection("has_a_score", f"{move.fact.part} at {move.fact.sitting} has {attempt.score} marks already")
    return None


def is_not_suspended(move: Move) -> Objection | None:
    """Nobody is admitted while the application is suspended."""
    if move.application.suspended:
        return Objection("is_not_suspended", f"the application is suspended: {move.application.suspended}")
    return None


def is_not_barred(move: Move) -> Objection | None:
    """Nobody is admitted to a sitting before a bar has ended; its last day still counts."""
    for _sequence, _on, finding in move.application.findings:
        if finding.barred_until and move.fact.sat_on <= finding.barred_until:
            clause = str(move.rules.scheme.misconduct[finding.degree].clause)
            text = f"barred through {finding.barred_until} for misconduct; the sitting is on {move.fact.sat_on}"
            return Objection("is_not_barred", text, clause)
    return None


def may_resit(move: Move) -> Objection | None:
    """The scheme's limits on taking a part again: attempts in all, and the waiting time after the last one."""
    part = move.rules.parts.get(move.fact.part)
    if part is None or part.resits is None:
        return None
    resits = part.resits
    counted = ("recorded", "announced", *(("absent",) if resits.counts_absence else ()), "admitted")
    before = [x for x in move.application.attempts if x.part == move.fact.part and x.outcome in counted]
    if resits.most is not None and len(before) >= resits.most:
        return Objection(
            "may_resit", f"{len(before)} attempts of at most {resits.most} are used up", str(resits.clause)
        )
    if before and resits.waiting:
        last = max(x.sat_on for x in before)
        first = resits.waiting.after(last)
        if move.fact.sat_on < first:
            text = f"sat last on {last}; the next sitting may be on {first} at the earliest"
            return Objection("may_resit", text, str(resits.clause))
    return None


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

    Two within the tolerance give their mean; where a third was needed, the third decides.
    """
    entry = rules.parts[part].entry
    by_reader = dict(entries)
    if 3 in by_reader:
        return by_reader[3]
    if entry is None or len(by_reader) < entry.readers:
        return None
    marks = list(by_reader.values())
    return mean(marks) if max(marks) - min(marks) <= entry.tolerance else None


def readers_agree(move: Move) -> Objection | None:
    """Where the scheme asks for two readers, only the marks on which they agree are recorded."""
    part = move.rules.parts.get(move.fact.part)
    if part is None or part.entry is None or part.entry.readers == 1:
        return None
    attempt = move.application.attempt(move.fact.part, move.fact.sitting)
    agreed = agreed_score(attempt.entries, move.rules, move.fact.part) if attempt else None
    if agreed == move.fact.score:
        return None
    text = f"{len(attempt.entries) if attempt else 0} readers have entered marks, and they agree on {agreed or 'none'}"
    return Objection("readers_agree", text, str(part.entry.clause))


def has_a_quorum(move: Move) -> Objection | None:
    """A review with a panel needs its quorum, each member once, and the mark that the scheme's rule makes of theirs."""
    part = move.rules.parts.get(move.fact.part)
    if part is None or part.panel is None:
        return None
    panel, marks = part.panel, [m.score for m in move.fact.panel]
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
    made = (mean if panel.rule == "mean" else median)(marks).quantize(HALF)
    if made != move.fact.score:
        return Objection("has_a_quorum", f"the panel's mark is the {panel.rule}, {made}, not {move.fact.score}", clause)
    return None


def is_recorded_and_held_back(move: Move) -> Objection | None:
    """Only marks that are not out yet can be taken back; later they are amended."""
    attempt = move.application.attempt(move.fact.part, move.fact.sitting)
    if attempt is None or attempt.outcome != "recorded":
        found = attempt.outcome if attempt else "no attempt"
        return Objection("is_recorded_and_held_back", f"there are no held-back marks to take back ({found})")
    return None


def is_in_the_recheck_window(move: Move) -> Objection | None:
    """A recheck is asked for once, of an announced result, inside the scheme's window; its last day still counts."""
    part = move.rules.parts.get(move.fact.part)
    attempt = move.application.attempt(move.fact.part, move.fact.sitting)
    what = f"{move.fact.part} at {move.fact.sitting}"
    if part is None or part.recheck is None:
        return Objection("is_in_the_recheck_window", f"the scheme grants no recheck of {move.fact.part}")
    if attempt is None or attempt.announced_on is None:
        return Objection("is_in_the_recheck_window", f"no result of {what} has been announced")
    if attempt.recheck_on:
        return Objection("is_in_the_recheck_window", f"a recheck of {what} was asked for on {attempt.recheck_on}")
    last = WorkingDays(move.rules.scheme.rest_days).last_day(attempt.announced_on, part.recheck.request_within)
    if not attempt.announced_on <= move.on <= last:
        text = f"{what} was announced on {attempt.announced_on}; a recheck could be asked for through {last}"
        return Objection("is_in_the_recheck_window", text, str(part.recheck.clause))
    return None


def recheck_is_open(move: Move) -> Objection | None:
    """A recheck is decided once, after it was asked for."""
    attempt: Attempt | None = move.application.attempt(move.fact.part, move.fact.sitting)
    if attempt is None or attempt.recheck_on is None or attempt.recheck_decided_on is not None:
        return Objection("recheck_is_open", f"no recheck of {move.fact.part} at {move.fact.sitting} is open")
    return None
