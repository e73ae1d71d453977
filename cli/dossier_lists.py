"""
The lists of a dossier: eligibility, training, sittings, admissions, attendance, results, certificates, conduct, counts.

Rows only, made from the cases of a dossier; names and numbers of persons stand in them as they came with the case.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, Final

from workflow import facts as f
from workflow.application import Attempt
from workflow.audit.dossier import Case
from workflow.parts import is_pass, is_void
from workflow.renewal import certificate_standing
from workflow.seating import Sitting

Row = dict[str, Any]

_TITLES: Final = {
    **{"application": "申报号", "name": "姓名", "document_type": "证件类型", "document_number": "证件号码"},
    **{"scheme": "方案", "level": "级别", "submitted_on": "申报日期", "state": "状态", "decision": "审核结果"},
    **{"decided_on": "审核日期", "condition": "申报条件", "clause": "依据条款", "conditions_met": "符合条件"},
    **{"reason": "原因", "hours": "学时", "completed_on": "结业日期", "certificate_number": "结业证书编号"},
    **{"provider": "培训机构", "session": "考次", "part": "科目", "sat_on": "考试日期", "centre": "考点"},
    **{
        "starts": "开始时间",
        "minutes": "时长(分钟)",
        "rooms": "考场",
        "invigilators": "监考人员",
        "assessors": "考评人员",
    },
    **{"ticket": "准考证号", "room": "考场", "seat": "座位号", "accommodations": "合理便利", "attendance": "到考情况"},
    **{"score": "成绩", "result": "结果", "announced_on": "公布日期", "earlier_scores": "更正前成绩"},
    **{"certificate": "证书编号", "awarded_on": "发证日期", "standing": "证书状态", "authority": "依据", "on": "日期"},
    **{"what": "事项", "degree": "处理等级", "barred_until": "禁考至", "in_force": "是否有效", "event": "事件序号"},
}
_PERSON: Final = ("name", "document_type", "document_number")
COLUMNS: Final = {
    "eligibility": (
        *("application", *_PERSON, "scheme", "level", "submitted_on", "state", "decision", "decided_on"),
        *("condition", "clause", "conditions_met", "reason"),
    ),
    "training": ("application", "name", "level", "hours", "completed_on", "certificate_number", "provider", "reason"),
    "sittings": ("session", "part", "sat_on", "centre", "starts", "minutes", "rooms", "invigilators", "assessors"),
    "admissions": ("session", "part", "sat_on", "room", "seat", "ticket", "application", *_PERSON, "accommodations"),
    "attendance": ("session", "part", "sat_on", "application", "name", "attendance"),
    "results": (
        *("session", "part", "sat_on", "application", "name", "scheme", "level", "score", "earlier_scores", "result"),
        "announced_on",
    ),
    "certificates": (
        *("certificate", *_PERSON, "scheme", "level", "awarded_on", "standing", "authority", "application"),
    ),
    "conduct": ("application", "name", "event", "on", "session", "part", "what", "degree", "barred_until", "in_force"),
}
WHAT: Final = {
    "eligibility": "who was accepted under which condition, who was refused and why",
    "training": "courses recorded, and training waived",
    "sittings": "the sittings with their rooms and staff",
    "admissions": "who was admitted, where they sat, and what was granted",
    "attendance": "who came and who did not",
    "results": "every result, with what was corrected",
    "certificates": "the certificates and where they stand",
    "conduct": "what was reported and found, and what is in force",
    "statistics": "the results of the session counted, part by part",
}


def titles(name: str, english: bool) -> list[str]:
    """Give the titles of a list: in Chinese, or the keys."""
    return [key if english else _TITLES[key] for key in COLUMNS[name]]


def rows_of(case: Case, session: str) -> Iterator[tuple[str, Row]]:
    """
    Give the rows of an application, each with the name of its list.

    Args:
        case: The application.
        session: Only what belongs to this session, as far as it belongs to any; empty: everything.
    """
    a = case.standing.application
    about = {"application": a.key, "scheme": a.scheme, "level": a.level, "submitted_on": a.submitted_on}
    about |= {"state": a.state, **{key: case.person.get(key, "") for key in _PERSON}}
    yield "eligibility", about | _decision(case)
    for name, make in (("training", _training), ("conduct", _conduct)):
        yield from ((name, about | row) for row in make(case) if session in ("", row.get("session") or session))
    for attempt in a.attempts:
        if session in ("", attempt.sitting):
            at = {"session": attempt.sitting, "part": attempt.part, "sat_on": attempt.sat_on}
            yield from ((name, about | at | row) for name, row in _attempt(case, attempt))
    if a.certificate:
        standing = certificate_standing(a, case.rules, case.standing.as_of)[0]
        given = {"certificate": a.certificate.number, "awarded_on": a.awarded_on, "standing": standing}
        yield "certificates", about | given | {"authority": a.certificate.authority}


def _facts(case: Case, *kinds: type[f.Fact]) -> Iterator[tuple[int, Any, Any]]:
    """Give the facts of some kinds that count at the dossier's point of view, with their numbers and days."""
    for line in case.telling.counted:
        if line.event and isinstance(line.fact, kinds):
            yield line.event.sequence, line.on, line.fact


def _decision(case: Case) -> Row:
    a = case.standing.application
    if not (a.condition or a.refusal):
        return {"decision": "undecided", "conditions_met": list(case.standing.conditions_met)}
    kind: type[f.Fact] = f.EligibilityAccepted if a.condition else f.EligibilityRefused
    *_, (_number, on, _fact) = _facts(case, kind)
    condition = case.rules.level.conditions.get(a.condition)
    return {
        "decision": "accepted" if a.condition else "refused",
        "decided_on": on,
        "condition": a.condition,
        "clause": case.clause_words(str(condition.clause)) if condition else "",
        "conditions_met": list(a.conditions_met),
        "reason": a.refusal,
    }


def _training(case: Case) -> Iterator[Row]:
    for _number, on, fact in _facts(case, f.TrainingRecorded, f.TrainingWaived):
        if isinstance(fact, f.TrainingWaived):
            yield {"completed_on": on, "reason": f"waived: {fact.reason} ({fact.authority})"}
        else:
            number = fact.certificate_number or ("" if fact.completion_certificate else "no certificate")
            done = {"hours": fact.hours, "completed_on": fact.completed_on, "provider": fact.provider}
            yield done | {"certificate_number": number}


def _conduct(case: Case) -> Iterator[Row]:
    in_force = {number for number, _on, _finding in case.standing.application.findings}
    for number, on, fact in _facts(case, f.IncidentReported, f.MisconductFound):
        at = {"event": number, "on": on, "session": fact.sitting, "part": fact.part}
        if isinstance(fact, f.IncidentReported):
            yield at | {"what": fact.what}
        else:
            found = {"what": fact.reason, "degree": fact.degree, "barred_until": fact.barred_until}
            yield at | found | {"in_force": number in in_force}


def _attempt(case: Case, attempt: Attempt) -> Iterator[tuple[str, Row]]:
    place = (attempt.part, attempt.sitting)
    seats = [x for _n, _on, x in _facts(case, f.Admitted) if (x.part, x.sitting) == place]
    if seats and attempt.outcome != "cancelled":
        seat = {key: getattr(seats[-1], key) or None for key in ("ticket", "room", "seat")}
        yield "admissions", seat | {"accommodations": list(seats[-1].accommodations)}
    if not attempt.carried_from:
        came = {"admitted": "to come", "absent": "absent", "cancelled": "cancelled"}
        yield "attendance", {"attendance": came.get(attempt.outcome, "present")}
    if attempt.outcome == "announced":
        result = "pass" if is_pass(attempt, case.rules) else "fail"
        result = "void" if is_void(attempt, case.standing.application, case.rules) else result
        marks = {"score": attempt.score, "earlier_scores": list(attempt.earlier_scores)}
        yield "results", marks | {"result": result, "announced_on": attempt.announced_on}


def sitting_rows(sittings: Iterable[Sitting]) -> Iterator[Row]:
    """Give the rows of the sittings themselves; staff stand under the board's opaque names."""
    for one in sittings:
        yield {
            "session": one.key,
            "part": one.part,
            "sat_on": one.sat_on,
            "centre": one.centre,
            "starts": f"{one.starts:%H:%M}" if one.starts else "",
            "minutes": one.minutes or None,
            "rooms": [f"{room.name} ({room.capacity})" for room in one.rooms],
            "invigilators": list(one.named("invigilator")),
            "assessors": list(one.named("assessor")),
        }


_ORDER: Final[dict[str, Callable[[Row], Any]]] = {
    "eligibility": lambda row: row["application"],
    "certificates": lambda row: row["certificate"],
}


def cells(name: str, rows: Sequence[Row]) -> list[list[Any]]:
    """Lay the rows of a list out by its columns, in an order that does not depend on how they were read."""
    order = _ORDER.get(name, lambda row: tuple(str(row.get(key) or "") for key in ("session", "part", "application")))
    laid = sorted(rows, key=order)
    return [[_cell(row.get(key)) for key in COLUMNS[name]] for row in laid]


def _cell(value: Any) -> Any:
    return ", ".join(map(str, value)) if isinstance(value, list) else value
