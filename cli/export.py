"""`examboard export`: lists for rooms, markers, boards and archives, as CSV and XLSX files."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

import click

from cli import access, options, wiring
from cli.access import because, reveal
from cli.listed import PERSON, Listed, Row, at_sitting, chosen, listed, with_persons
from cli.options import Noun
from cli.tables import sheet_path, show_rows
from workflow.application import Attempt
from workflow.parts import is_pass, is_void
from workflow.renewal import certificate_standing

F = TypeVar("F", bound=Callable[..., Any])

_LEVEL: Final = {"scheme": "方案", "level": "级别"}
_SEAT: Final = {"room": "考场", "seat": "座位号", "ticket": "准考证号"}
_CANDIDATES: Final = {"application": "申报号", **PERSON, **_LEVEL, "state": "状态", "submitted_on": "申报日期"}
_SEAT_PLAN: Final = {
    **{"session": "考次", "sat_on": "考试日期", "part": "科目"},
    **_SEAT,
    **{"application": "申报号", "name": "姓名", "accommodations": "合理便利"},
}
# The titles of `workflow/bulk/columns.py`, scores: the sheet goes back in by `score import`.
_SCORE_SHEET: Final = {
    "application": "申报号",
    "part": "科目",
    "session": "考次",
    "sat_on": "考试日期",
    "announced_on": "公布日期",
    "score": "成绩",
}
_RESULTS: Final = {
    **{"session": "考次", "part": "科目", "sat_on": "考试日期", "ticket": "准考证号", "application": "申报号"},
    **{"name": "姓名", **_LEVEL, "score": "成绩", "result": "结果", "announced_on": "公布日期"},
}
_CERTIFICATES: Final = {
    **{"certificate": "证书编号", "name": "姓名", "document_type": "证件类型", "document_number": "证件号码"},
    **{"title": "证书名称", **_LEVEL, "level_title": "级别名称", "awarded_on": "发证日期"},
    **{"standing": "证书状态", "authority": "依据", "remarks": "备注", "application": "申报号"},
}


@click.group(cls=Noun)
def export() -> None:
    """Write lists to CSV and XLSX files: candidates, seat plans, score sheets, results, certificates."""


def _sheet(f: F) -> F:
    """Add what every list has: the file, its titles, and JSON."""
    text = "File to write, .csv or .xlsx, readable for you alone; default: the list is printed."
    f = click.option("--out", callback=sheet_path, metavar="FILE", help=text)(options.as_json(f))
    return click.option("--english", is_flag=True, help="English titles in the file instead of Chinese ones.")(f)


def _levels(f: F) -> F:
    """Add the choice of a scheme and a level."""
    f = click.option("--level", metavar="LEVEL", help="This level only, by number or name.")(f)
    return click.option("--scheme", metavar="SCHEME", help="This scheme only, by id or a name of its edition.")(f)


def _sitting(f: F) -> F:
    """Add the sitting, and the choice of a part of it."""
    f = click.option("--part", metavar="PART", help="This part only, by its key or name.")(f)
    return click.option("--sitting", required=True, metavar="KEY", help="The sitting.")(f)


def _level_row(case: Listed) -> Row:
    a = case.application
    return {
        "application": a.key,
        "scheme": a.scheme,
        "level": a.level,
        "state": a.state,
        "submitted_on": a.submitted_on,
    }


@export.command(
    example="""\
examboard export candidates --sitting 2024-26/1 --out candidates.xlsx
examboard export candidates --scheme lrc-2019 --level 3 --reveal --reason "invitations" --out candidates.csv"""
)
@click.option("--sitting", metavar="KEY", help="Only those admitted to this sitting.")
@click.option("--part", metavar="PART", help="Only those admitted to this part of it; needs --sitting.")
@_levels
@reveal
@_sheet
@click.pass_context
def candidates(
    ctx: click.Context,
    /,
    sitting: str | None,
    part: str | None,
    scheme: str | None,
    level: str | None,
    reveal: bool,
    **how: Any,
) -> None:
    """List candidates with the state of their applications today. Names and numbers are masked without --reveal."""
    if part and not sitting:
        raise click.UsageError("--part needs --sitting")
    service = wiring.service(ctx, write=False)
    is_chosen = chosen(service, scheme, level)
    cases: Iterable[Listed] = listed(service)
    if sitting:
        cases = {x.application.key: x for x, _attempt in at_sitting(service, sitting, part)}.values()
    rows = [(x.application.candidate, _level_row(x)) for x in cases if is_chosen(x)]
    access.log(ctx, service, "export", "candidates", len(rows), reveal)
    show_rows(with_persons(service, rows, reveal), _CANDIDATES, **how)


@export.command("seat-plan", example="examboard export seat-plan --sitting 2024-26/1 --part theory --out rooms.xlsx")
@_sitting
@reveal
@_sheet
@click.pass_context
def seat_plan(ctx: click.Context, /, sitting: str, part: str | None, reveal: bool, **how: Any) -> None:
    """
    List who sits where, room by room and seat by seat, with tickets and accommodations.

    Left out is whose seat was released, and whose application has ended or is suspended.
    """
    service = wiring.service(ctx, write=False)
    rows = [(x.application.candidate, _seat_row(x, attempt)) for x, attempt in at_sitting(service, sitting, part)
            if not x.is_over]  # fmt: skip
    rows.sort(key=lambda item: _place(item[1]))
    access.log(ctx, service, "export", f"seat plan of {sitting}", len(rows), reveal)
    show_rows(with_persons(service, rows, reveal), _SEAT_PLAN, **how)


def _seat_row(case: Listed, attempt: Attempt) -> Row:
    seat = case.admission(attempt)
    return {
        **_attempt_row(case, attempt),
        "room": (seat.room if seat else "") or None,
        "seat": (seat.seat if seat else 0) or None,
        "ticket": (seat.ticket if seat else "") or None,
        "accommodations": list(seat.accommodations) if seat else [],
    }


def _attempt_row(case: Listed, attempt: Attempt) -> Row:
    return {
        "application": case.application.key,
        "part": attempt.part,
        "session": attempt.sitting,
        "sat_on": attempt.sat_on,
    }


def _place(row: Row) -> tuple[Any, ...]:
    """Order seats as people count them: room A2 before A10."""
    pieces = re.split(r"([0-9]+)", row["room"] or "")
    room = [(piece if place % 2 == 0 else "", int(piece) if place % 2 else 0) for place, piece in enumerate(pieces)]
    return row["sat_on"], row["part"], room, row["seat"] or 0, row["application"]


@export.command(
    "score-sheet", example="examboard export score-sheet --sitting 2024-26/1 --part theory --out theory.xlsx"
)
@_sitting
@because
@_sheet
@click.pass_context
def score_sheet(ctx: click.Context, /, sitting: str, part: str | None, **how: Any) -> None:
    """
    List whose marks are still to come, with a blank column for them, in the order of the seats.

    Filled in, it is taken by `examboard score import FILE`: write the marks, or 缺考 (absent). It bears no names.
    """
    service = wiring.service(ctx, write=False)
    rows = [
        {**_seat_row(x, attempt), "announced_on": None, "score": None}
        for x, attempt in at_sitting(service, sitting, part)
        if attempt.outcome == "admitted" and not x.is_over
    ]
    rows.sort(key=_place)
    access.log(ctx, service, "export", f"score sheet of {sitting}", len(rows))
    show_rows([{key: row[key] for key in _SCORE_SHEET} for row in rows], _SCORE_SHEET, **how)


@export.command(example="examboard export results --sitting 2024-26/1 --out results.xlsx")
@_sitting
@click.option("--held-back", is_flag=True, help="Marks that are not announced yet too.")
@_levels
@reveal
@_sheet
@click.pass_context
def results(
    ctx: click.Context,
    /,
    sitting: str,
    part: str | None,
    held_back: bool,
    scheme: str | None,
    level: str | None,
    reveal: bool,
    **how: Any,
) -> None:
    """
    List the results of a sitting that are announced, and who was absent; with --held-back all that is marked.

    Those of the reviews of a day have the key review-DAY.
    """
    service = wiring.service(ctx, write=False)
    is_chosen = chosen(service, scheme, level)
    wanted = ("announced", "absent", *(("recorded",) if held_back else ()))
    rows = [
        (x.application.candidate, _result_row(x, attempt))
        for x, attempt in at_sitting(service, sitting, part)
        if attempt.outcome in wanted and is_chosen(x)
    ]
    rows.sort(key=lambda item: (item[1]["sat_on"], item[1]["part"], item[1]["application"]))
    access.log(ctx, service, "export", f"results of {sitting}", len(rows), reveal)
    show_rows(with_persons(service, rows, reveal), _RESULTS, **how)


def _result_row(case: Listed, attempt: Attempt) -> Row:
    result = "held back" if attempt.outcome == "recorded" else "absent"
    if attempt.outcome == "announced":
        result = "pass" if is_pass(attempt, case.rules) else "fail"
    if attempt.outcome != "absent" and is_void(attempt, case.application, case.rules):
        result = "void"
    ticket = _seat_row(case, attempt)["ticket"]
    announced = {"score": attempt.score, "result": result, "announced_on": attempt.announced_on}
    return {**_level_row(case), **_attempt_row(case, attempt), "ticket": ticket, **announced}


@export.command(example="examboard export certificates --scheme lrc-2019 --level 3 --out certificates.xlsx")
@_levels
@reveal
@_sheet
@click.pass_context
def certificates(ctx: click.Context, /, scheme: str | None, level: str | None, reveal: bool, **how: Any) -> None:
    """List every certificate with its standing, in the order of their numbers, those revoked too."""
    service = wiring.service(ctx, write=False)
    is_chosen = chosen(service, scheme, level)
    keys = [p.application for p in service.stores.events.projections() if p.state == "certified"]
    rows = [(x.application.candidate, _certificate_row(x)) for x in listed(service, keys) if is_chosen(x)]
    rows.sort(key=lambda item: str(item[1]["certificate"]))
    access.log(ctx, service, "export", "certificates", len(rows), reveal)
    show_rows(with_persons(service, rows, reveal), _CERTIFICATES, **how)


def _certificate_row(case: Listed) -> Row:
    a, rules = case.application, case.rules
    return {
        **_level_row(case),
        "certificate": a.certificate.number if a.certificate else None,
        "title": rules.scheme.certificate.title,
        "level_title": rules.level.title,
        "awarded_on": a.awarded_on,
        "standing": certificate_standing(a, rules, case.as_of)[0],
        "authority": (a.certificate.authority if a.certificate else "") or None,
        "remarks": list(a.certificate_remarks),
    }
