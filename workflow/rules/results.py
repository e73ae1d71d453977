"""Rules of sittings and results."""

from __future__ import annotations

from decimal import Decimal

from workflow.bars import bars_of
from workflow.errors import Objection
from workflow.parts import held_on
from workflow.rules.move import Move


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
        mend = "amend" if attempt.outcome == "announced" else "retract"
        text = f"{move.fact.part} at {move.fact.sitting} is recorded already as {found}; {mend} it to change it"
        return Objection("is_open", text)
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
    for bar in bars_of(move.application, move.rules):
        if objection := bar.objection(move.fact.sat_on, "the sitting"):
            return objection
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


def is_recorded_and_held_back(move: Move) -> Objection | None:
    """Marks not out yet, single readers' marks and an absence can be taken back; announced marks are amended."""
    attempt = move.application.attempt(move.fact.part, move.fact.sitting)
    if attempt and (attempt.outcome in ("recorded", "absent") or (attempt.outcome == "admitted" and attempt.entries)):
        return None
    what = f"{move.fact.part} at {move.fact.sitting}"
    if attempt and attempt.outcome == "announced":
        text = f"{what} was announced on {attempt.announced_on}; announced marks are amended"
    else:
        text = f"nothing of {what} has been recorded that could be taken back"
    return Objection("is_recorded_and_held_back", text)
