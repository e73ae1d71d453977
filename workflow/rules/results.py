"""Rules of sittings and results."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal

from workflow.bars import bars_of
from workflow.errors import Objection
from workflow.parts import held_on, is_stage_complete, lacks_marks, passes
from workflow.rules.move import Move, only_where
from workflow.sets import Pass, needed


def part_is_assessed(move: Move) -> Objection | None:
    """The part must be one of the level's."""
    if move.fact.part in move.rules.parts:
        return None
    known = ", ".join(move.rules.parts)
    return Objection("part_is_assessed", f"level {move.rules.number} has no part {move.fact.part!r}; it has {known}")


@only_where(lambda rules: any(part.kind != "exam" for part in rules.parts.values()))
def is_an_exam(move: Move) -> Objection | None:
    """Only exams have sittings; a review is held by a panel."""
    part = move.rules.parts.get(move.fact.part)
    if part and part.kind != "exam":
        return Objection("is_an_exam", f"{move.fact.part} is a review: it needs no admission", str(part.clause))
    return None


def is_not_held(move: Move) -> Objection | None:
    """
    A part still held on the day of the sitting is not taken again, unless its group lacks marks.

    What was passed at a later sitting was not held on that day: the sitting is entered late.
    """
    held = held_on(move.application, move.rules, move.fact.sat_on)
    found = held.get(move.fact.part)
    if found is None or move.fact.part not in move.rules.parts:
        return None
    if not found.exemption and found.sat_on > move.fact.sat_on:
        found = _passed_by(move).get(move.fact.part)
        if found is None:
            return None
    part, stage = move.rules.parts[move.fact.part], move.rules.stage_by_part[move.fact.part]
    if found.exemption:
        clause = str(move.rules.level.exemptions[found.exemption].clause)
        return Objection("is_not_held", f"the candidate is exempt from {move.fact.part} ({found.exemption})", clause)
    if lacks_marks(stage, held, move.application, move.rules):
        return None
    text = f"{move.fact.part} is held since the sitting of {found.sat_on}, last valid day {found.last_valid_on}"
    return Objection("is_not_held", text, str(part.clause))


@only_where(lambda rules: any(rules.required_by.values()))
def prerequisites_are_held(move: Move) -> Objection | None:
    """What this part requires must be held, still valid, on the day on which it is assessed: parts and whole stages."""
    part = move.rules.parts.get(move.fact.part)
    if not part or not move.rules.required_by[move.fact.part]:
        return None
    held = held_on(move.application, move.rules, move.fact.sat_on)
    held = _passed_by(move) | {key: p for key, p in held.items() if p.sat_on <= move.fact.sat_on}
    missing = [p for p in part.requires if p not in held]
    if missing:
        text = f"{move.fact.part} needs {' and '.join(missing)} held on {move.fact.sat_on}"
        return Objection("prerequisites_are_held", text + _not_out_by_then(move, missing), str(part.clause))
    name = move.rules.stage_by_part[move.fact.part]
    stage = move.rules.stages[name]
    lacking = [x for x in stage.requires if not is_stage_complete(x, held, move.application, move.rules)]
    if not lacking:
        return None
    text = f"{name} needs {' and '.join(lacking)} complete on {move.fact.sat_on}"
    return Objection("prerequisites_are_held", text, str(stage.clause))


def _passed_by(move: Move) -> dict[str, Pass]:
    """Give the passes of sittings through the day of this one that were valid on it, whatever was passed since."""
    day = move.fact.sat_on
    return {p.part: p for p in passes(move.application, move.rules) if p.sat_on <= day <= p.last_valid_on}


def _not_out_by_then(move: Move, parts: Sequence[str]) -> str:
    """Name the results of parts that had been sat and were not out: nothing is held by them yet."""
    waiting = [x for x in move.application.attempts if x.part in parts and x.outcome == "recorded"]
    said = [f"{x.part} sat on {x.sat_on} was not announced by then" for x in waiting if x.sat_on <= move.fact.sat_on]
    return f"; {'; '.join(said)}" if said else ""


def is_within_validity(move: Move) -> Objection | None:
    """
    No seat beyond the last valid day of a held part whose lapse would end the application first.

    Nor while a result that is still to come holds that lapse: it is a last chance, and no time for another attempt.
    """
    # As of the submission: whatever was passed since, run out by now or not.
    held = held_on(move.application, move.rules, move.application.submitted_on)
    ending = {part: p for part, p in held.items() if p.limit is not None and p.limit.effect == "expire"}
    if not move.rules.is_plain:
        ending = needed(ending, [part for part in held if part not in ending], move.rules)
    first = min(ending.values(), key=lambda p: (p.last_valid_on, p.part), default=None)
    if first is None or first.limit is None or move.fact.sat_on <= first.last_valid_on:
        return None
    text = f"{first.part} is valid through {first.last_valid_on}; the sitting is on {move.fact.sat_on}, after that"
    return Objection("is_within_validity", text, first.limit.clause)


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


@only_where(lambda rules: any(part.kind == "review" and part.forms for part in rules.parts.values()))
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
