"""How the limits on attempts at a part, and what must be confirmed before them, are told to people."""

from __future__ import annotations

from collections.abc import Iterator

from workflow.calendar import count
from workflow.language.attempting import Endorsement, Remediation, Resits

_SPACES = {"application": "", "course": " in each course", "calendar_year": " in a calendar year"} | {
    "exam_year": " in an exam year"
}
_AT_CAP = {"expire": "then the application expires", "restart_course": "then the course is taken again"}


def endorsement_words(x: Endorsement) -> str:
    """Tell what an instructor must have confirmed."""
    valid = f", which counts {x}" if x.lasts else f", given {x}" if x.until else ""
    hours = f", with {x.hours} class hours in all" if x.hours is not None else ""
    return f"an endorsement by an instructor{valid}{hours}"


def resits_words(x: Resits) -> str:
    """Tell how often and how soon a part may be taken."""
    return "; ".join(_resits(x))


def _resits(x: Resits) -> Iterator[str]:
    if x.most is not None:
        yield f"at most {x.most}{f' within {x.within}' if x.within else _SPACES[x.per]}"
    if x.remediation:
        yield f"then {x.remediation.unlocks} more after {_remediation(x.remediation)}"
    if x.in_all is not None:
        yield f"at most {x.in_all} in all"
    if x.counts_other_applications:
        yield "attempts in other applications count as well"
    if x.waiting:
        yield f"{x.waiting} from the last one"
    yield from (f"{length} after {count(n, 'attempt')}" for n, length in sorted(x.waiting_after.items()))
    if x.counts_absence:
        yield "an absence is one"
    if not x.counts_void:
        yield "one that is void is none"
    if x.at_cap in _AT_CAP:
        yield _AT_CAP[x.at_cap]
    if x.bar:
        yield f"no new application within {x.bar} of the last one"


def _remediation(x: Remediation) -> str:
    said = [f"{x.hours} class hours"] if x.hours else []
    return " and ".join([*said, *(["an endorsement by an instructor"] if x.endorsement else [])])
