"""`examboard certificate`: the decision to certify, who holds which certificate, and where each stands."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from pathlib import Path
from typing import Any

import click

from cli import (
    access,
    certificate_papers,
    certificate_renewal,
    certificate_standing,
    certificate_verification,
    options,
    wiring,
)
from cli.access import reveal
from cli.candidate import masked
from cli.certificate_choice import Choice, chosen, chosen_by
from cli.left_out import shown_of
from cli.options import Noun
from cli.outcomes import tell_all
from cli.output import aligned, json_line, listing, pairs, progress
from workflow.board.certificates import award_all
from workflow.board.decisions import Outcome
from workflow.board.issued import Issued, issued
from workflow.errors import Refused
from workflow.service import Service


@click.group(cls=Noun)
def certificate() -> None:
    """Certify candidates; keep, print and verify certificates."""


for verb in (
    *certificate_standing.VERBS,
    *certificate_renewal.VERBS,
    certificate_papers.pdf,
    certificate_papers.print_batch,
    certificate_verification.verify,
    certificate_verification.verifications,
):
    certificate.add_command(verb)


@certificate.command(
    example="""\
examboard certificate award --all --on 2026-11-20 --authority "board minute 2026-11"
examboard certificate award A00001"""
)
@click.argument("applications", metavar="[APPLICATION...]", nargs=-1)
@click.option("--all", "everyone", is_flag=True, help="Every application that awaits the award.")
@click.option("--authority", type=options.PROSE, metavar="TEXT", help="Who decided, by which minute.")
@options.on
@options.dry_run
@options.as_json
@click.pass_context
def award(
    ctx: click.Context,
    applications: tuple[str, ...],
    everyone: bool,
    authority: str | None,
    on: date | None,
    dry_run: bool,
    as_json: bool,
) -> None:
    """
    Certify candidates: each application gets the next number of its series, without a gap.

    One that is refused never touches the others; the code is 3 if any was. With --all, what another run awards
    meanwhile is said to be so and is no failure; a second run finds nothing left to award.
    """
    if bool(applications) == everyone:
        raise click.UsageError("name applications, or say --all")
    service = wiring.service(ctx, write=not dry_run)
    day = wiring.day_of_effect(service, on) if on else None
    waiting = [p.application for p in service.stores.events.projections() if p.state == "awaiting_award"]
    keys = waiting if everyone else list(dict.fromkeys(applications))
    if dry_run:
        _list_waiting(service, keys, set(waiting), as_json)
        if not set(keys) <= set(waiting):
            ctx.exit(Refused.exit_code)
        return
    found = _awards(service, keys, day, authority or "", is_sweep=everyone)
    tell_all(ctx, found, as_json, if_none="no application awaits the award")


def _awards(service: Service, keys: list[str], on: date | None, authority: str, is_sweep: bool) -> Iterator[Outcome]:
    with progress("awarding") as tell:
        for done, outcome in enumerate(award_all(service, keys, on, authority, is_sweep), 1):
            tell(done, len(keys))
            yield outcome


def _list_waiting(service: Service, keys: list[str], waiting: set[str], as_json: bool) -> None:
    for key in keys:
        state = "awaiting_award" if key in waiting else service.standing(key).application.state
        if as_json:
            json_line({"application": key, "state": state, "would_be_certified": key in waiting})
        else:
            click.echo(f"{key}: {'would be certified' if key in waiting else f'would be refused; it is {state}'}")
    if not as_json:
        click.echo(f"{sum(key in waiting for key in keys)} of {len(keys)} (dry run: nothing was written)")


@certificate.command(example="examboard certificate show S000000000000263000001 --as-of 2026-12-31")
@click.argument("number", metavar="NUMBER|APPLICATION")
@options.as_of
@options.known_at
@options.as_json
@click.pass_context
def show(ctx: click.Context, number: str, as_of: date | None, known_at: datetime | None, as_json: bool) -> None:
    """Show a certificate: what it certifies, where it stands and why, and who holds it (masked)."""
    service = wiring.service(ctx, write=False)
    found = issued(service, number.strip(), as_of, known_at)
    row = {**found.as_json(), **_titles(found)}
    person = service.stores.candidates.get(found.application.candidate)
    holder = masked(person, False) if person else {}
    if as_json:
        json_line({**row, "holder": holder})
        return
    turns, earned = row.pop("turns"), row.pop("credits")
    paper = f"{holder['name']} ({holder['document_type']} {holder['document_number']})" if holder else ""
    click.echo("\n".join(pairs({**row, "holder": paper or "not in the register"})))
    if turns:
        lines = [
            (t["on"], t["what"], t["reason"], t["authority"] and f"by {t['authority']}", t["stationery"]) for t in turns
        ]
        click.echo("\n".join(aligned(lines, indent=2)))
    if earned:
        click.echo("credits toward renewals, by the numbers of their events")
        click.echo("\n".join(aligned([_credit(one) for one in earned], indent=2)))


def _credit(one: dict[str, Any]) -> tuple[str, ...]:
    """Write credits in columns."""
    taken_back = f"rejected {one['rejected_on']}" if one["rejected_on"] else ""
    return str(one["event"]), one["credits"], one["category"] or "", f"earned {one['earned_on']}", taken_back


def _titles(found: Issued) -> dict[str, str]:
    scheme = found.rules.scheme
    return {
        "title": scheme.certificate.title,
        "occupation": f"{scheme.occupation.code} {scheme.occupation.title}",
        "level_title": found.rules.level.title,
    }


@certificate.command(
    "list",
    example="""\
examboard certificate list --standing revoked --json
examboard certificate list --awarded-from 2026-11-01 --awarded-until 2026-11-30 \\
    --reveal --reason "for the public register" --xlsx november.xlsx""",
)
@chosen
@options.as_of
@options.known_at
@click.option("--csv", "csv", type=options.NEW_FILE, metavar="FILE", help="Write a CSV file, with the holders.")
@click.option("--xlsx", type=options.NEW_FILE, metavar="FILE", help="Write a workbook, with the holders.")
@reveal
@options.as_json
@click.pass_context
def list_(
    ctx: click.Context,
    choice: Choice,
    as_of: date | None,
    known_at: datetime | None,
    csv: Path | None,
    xlsx: Path | None,
    reveal: bool,
    as_json: bool,
) -> None:
    """List certificates, in the order of the applications' numbers; on the terminal without their holders."""
    service = wiring.service(ctx, write=False)
    found = chosen_by(service, choice, as_of, known_at)
    if not (csv or xlsx):
        columns = {"certificate": "Certificate", "application": "Application", "scheme": "Scheme", "level": "Level"}
        columns |= {"awarded_on": "Awarded", "standing": "Standing"}
        listing((one.as_row() for one in found), columns, as_json)
        return
    from storage.sheets_out import write_csv, write_xlsx

    chosen_ones = list(found)
    access.log(ctx, service, "export", "certificates", len(chosen_ones), reveal)
    rows = list(_file_rows(service, chosen_ones, reveal))
    if csv:
        write_csv(csv, _FILE_COLUMNS, rows, keeps_digits=True)
    if xlsx:
        write_xlsx(xlsx, _FILE_COLUMNS, rows)
    click.echo(f"{len(rows)} certificates written to {' and '.join(str(file) for file in (csv, xlsx) if file)}")


_FILE_COLUMNS = (
    "证书编号",
    "姓名",
    "证件类型",
    "证件号码",
    "职业",
    "等级",
    "发证日期",
    "状态",
    "状态日期",
    "备注",
    "申报编号",
)


def _file_rows(service: Service, found: list[Issued], reveal: bool) -> Iterator[tuple[Any, ...]]:
    shown, persons = shown_of(service, found, lambda one: one.application.candidate)
    for one in shown:
        person = persons.get(one.application.candidate)
        holder = masked(person, reveal) if person else {}
        yield (
            one.award.number,
            *(holder.get(field, "") for field in ("name", "document_type", "document_number")),
            one.rules.scheme.occupation.title,
            certificate_papers.level_words(one.rules),
            one.awarded_on,
            one.standing,
            one.since,
            "; ".join(one.application.certificate_remarks),
            one.application.key,
        )
