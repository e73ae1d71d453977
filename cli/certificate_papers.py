"""`examboard certificate pdf` and `print-batch`: certificates on paper."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Sequence
from datetime import date
from pathlib import Path
from typing import TYPE_CHECKING

import click

from cli import access, options, wiring
from cli.certificate_choice import Choice, chosen, chosen_by
from cli.left_out import printable
from cli.options import Verb
from cli.output import json_line, progress
from workflow import identity
from workflow.board.issued import Issued, issued
from workflow.errors import NotFound, Objection, Refused, Unavailable
from workflow.ports import Candidate
from workflow.scheme import Rules
from workflow.service import Service

if TYPE_CHECKING:
    from storage.papers import CertificatePaper

_CHINESE = re.compile(r"[\u4e00-\u9fff]")
_NOT_IN_FILE_NAMES = re.compile(r"[^\w.-]")


@click.command(
    cls=Verb,
    example="""\
examboard certificate pdf S000000000000263000001 --out certificate.pdf
examboard certificate pdf --scheme lrc-2019 --awarded-from 2026-11-01 --out papers""",
)
@click.argument("number", metavar="[NUMBER|APPLICATION]", required=False)
@click.option("--all", "everyone", is_flag=True, help="Every certificate that counts.")
@chosen
@click.option("--out", required=True, type=click.Path(path_type=Path), help="File of one, folder of many.")
@options.as_json
@click.pass_context
def pdf(ctx: click.Context, number: str | None, everyone: bool, choice: Choice, out: Path, as_json: bool) -> None:
    """
    Print a certificate, or many, as PDF: the same bytes on every run until the person or the remarks are amended.

    The name is the one in the registry today. Suspended and revoked certificates are not printed. In a folder each
    file is called by the certificate's number.
    """
    if (number is not None) + (everyone or not choice.is_open) != 1:
        raise click.UsageError("give a number, or --all, or options that choose certificates")
    service = wiring.service(ctx, write=False)
    if number is not None:
        one = issued(service, number.strip())
        _refuse_void(one)
        access.log(ctx, service, "print", f"certificate {one.award.number}", 1)
        [(_, content)] = _papers(ctx, service, [one])
        _write(out, content)
        _tell(one, out, content, as_json)
        return
    _print_all(ctx, service, list(chosen_by(service, choice)), out, as_json)


@click.command(
    "print-batch",
    cls=Verb,
    example="examboard certificate print-batch --awarded-on 2026-11-20 --out batch-2026-11-20",
)
@click.option("--awarded-on", type=options.DAY, metavar="DAY", help="Awarded on this very day.")
@chosen
@click.option("--out", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder; made if need be.")
@options.as_json
@click.pass_context
def print_batch(ctx: click.Context, awarded_on: date | None, choice: Choice, out: Path, as_json: bool) -> None:
    """
    Print a batch for the printer's: the PDFs, and an index of them (index.csv and index.xlsx) with their sha256.

    The index names no person.
    """
    if awarded_on is None and choice.is_open:
        raise click.UsageError("say which: --awarded-on, --scheme, --level, --awarded-from ...")
    service = wiring.service(ctx, write=False)
    found = [one for one in chosen_by(service, choice) if awarded_on in (None, one.awarded_on)]
    printed = _print_all(ctx, service, found, out, as_json)
    from storage.sheets_out import write_csv, write_xlsx

    header = ("number", "application", "file", "sha256")
    rows = [(one.award.number, one.application.key, file.name, digest) for one, file, digest in printed]
    write_csv(out / "index.csv", header, rows, keeps_digits=True)
    write_xlsx(out / "index.xlsx", header, rows)


def _print_all(
    ctx: click.Context, service: Service, found: Sequence[Issued], out: Path, as_json: bool
) -> list[tuple[Issued, Path, str]]:
    good = [one for one in found if one.counts]
    if not good:
        raise NotFound("no certificate that counts fits")
    try:
        out.mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise Unavailable(f"{out}: cannot be made: {error.strerror}") from error
    printed = []
    access.log(ctx, service, "print", "certificates", len(good))
    with progress("printing") as tell:
        for done, (one, content) in enumerate(_papers(ctx, service, good), 1):
            file = out / (_NOT_IN_FILE_NAMES.sub("_", one.award.number) + ".pdf")
            _write(file, content)
            printed.append((one, file, hashlib.sha256(content).hexdigest()))
            if as_json:
                _tell(one, file, content, as_json)
            tell(done, len(good))
    left_out = [one for one in found if not one.counts]
    for one in left_out:
        click.echo(f"{one.award.number}: not printed; it is {one.standing}", err=True)
    if not as_json:
        click.echo(f"{len(printed)} certificates printed to {out}")
    return printed


def _refuse_void(one: Issued) -> None:
    if not one.counts:
        text = f"it is {one.standing} since {one.since}; only a certificate that counts is printed"
        raise Refused(f"certificate {one.award.number}", [Objection("counts", text)])


def _papers(ctx: click.Context, service: Service, found: Sequence[Issued]) -> Iterator[tuple[Issued, bytes]]:
    from storage.papers import certificate_pdf

    chosen_settings = wiring.settings(ctx)
    shown = printable(service, found, lambda one: one.application.candidate, lambda one: one.award.number)
    persons = service.stores.candidates.many([one.application.candidate for one in shown])
    for one in shown:
        person = persons[one.application.candidate]
        yield one, certificate_pdf(paper_of(one, person, chosen_settings))


def paper_of(one: Issued, person: Candidate, settings: wiring.Settings) -> CertificatePaper:
    """Put together what a certificate says."""
    from storage.papers import CertificatePaper

    scheme = one.rules.scheme
    return CertificatePaper(
        scheme.certificate.title,
        one.award.number,
        person.name,
        person.document_type,
        person.document_number if settings.full_numbers else identity.mask(person.document_number),
        scheme.occupation.title,
        scheme.occupation.code,
        level_words(one.rules),
        one.awarded_on,
        settings.board,
        settings.verify_url + one.code,
        one.application.certificate_remarks,
    )


def level_words(rules: Rules) -> str:
    """Give the level's title for a paper: in Chinese where the scheme has it so, the fullest of such names."""
    chinese = [name for name in (rules.level.title, *rules.level.names) if _CHINESE.search(name)]
    return rules.level.title if rules.level.title in chinese else max(chinese, key=len, default=rules.level.title)


def _write(file: Path, content: bytes) -> None:
    from storage.papers import write_paper

    write_paper(file, content)


def _tell(one: Issued, file: Path, content: bytes, as_json: bool) -> None:
    if as_json:
        digest = hashlib.sha256(content).hexdigest()
        json_line(
            {"certificate": one.award.number, "application": one.application.key, "file": str(file), "sha256": digest}
        )
    else:
        click.echo(f"{one.award.number} printed to {file}")
