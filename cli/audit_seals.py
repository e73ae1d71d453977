"""`examboard audit`: seal, seals, export, prove, check-proof and the stand-alone verifier."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import click

from cli import access, held_keys, options, wiring
from cli.audit_mining import FORMATS, log
from cli.files import name_of, read_text
from cli.options import Verb
from cli.output import json_line, listing
from workflow.calendar import count
from workflow.errors import Corrupt, Invalid, NotFound, Problem

if TYPE_CHECKING:
    from workflow.sealing.notes import PublicKey
    from workflow.sealing.seals import Seal

_KEYS = click.option(
    "--key",
    "given",
    multiple=True,
    metavar="VKEY",
    help="Verifier key of the board, or a file of them; default: those of the key file. May be repeated.",
)
_FOLDER: Final = click.Path(path_type=Path)  # whether it is there already is asked when it is written


@click.command(cls=Verb, example="examboard audit seal --json")
@options.as_json
@click.pass_context
def seal(ctx: click.Context, as_json: bool) -> None:
    """
    Seal all events that are in no seal yet, and print the signed checkpoint.

    Where nothing is new nothing is written. Publish the checkpoint: a seal that nobody else holds protects from nobody
    who owns both the database and the key.
    """
    from storage.keys import verify
    from workflow.sealing.seals import seal

    ring, service = held_keys.key_file(ctx), wiring.service(ctx)
    made = seal(service.stores.seals, ring, verify, service.now(), service.actor)
    if as_json:
        fields = _fields(made.seal) if made.seal else {}
        json_line({"new": made.is_new, "events": made.events, "left_out": made.left_out, **fields})
    elif made.seal is None:
        click.echo("there is no event yet: nothing to seal")
    elif made.is_new:
        click.echo(made.seal.note, nl=False)
        click.echo(f"seal {made.seal.number}: {count(made.events, 'new event')} sealed", err=True)
    else:
        click.echo(f"nothing new since seal {made.seal.number}: no seal was made")
    if made.left_out:
        some = ", ".join(made.left_out[:10])
        click.echo(f"sealed no further, since their events do not hold together: {some}; run: audit verify", err=True)
        ctx.exit(Corrupt.exit_code)


@click.command(cls=Verb, example="examboard audit seals --number 12 > checkpoint.txt")
@click.option("--number", type=click.IntRange(1), help="Print the signed checkpoint of this seal alone.")
@options.as_json
@click.pass_context
def seals(ctx: click.Context, number: int | None, as_json: bool) -> None:
    """List the seals."""
    found = wiring.service(ctx, write=False).stores.seals.seals()
    if number is None:
        columns = {"seal": "Seal", "size": "Events", "root": "Root", "at": "Made at", "by": "By"}
        listing((_fields(one) for one in found), columns, as_json)
        return
    one = next((one for one in found if one.number == number), None)
    if one is None:
        raise NotFound(f"there is no seal {number}; the newest one is {found[-1].number if found else 'still to come'}")
    if as_json:
        json_line(_fields(one))
    else:
        click.echo(one.note, nl=False)


@click.command(
    cls=Verb,
    example="""\
examboard audit export handover-2026
examboard audit export round.ocel.json --format ocel""",
)
@click.argument("folder", type=_FOLDER)
@click.option(
    "--format",
    "form",
    type=click.Choice(("sealed", *FORMATS)),
    default="sealed",
    help="ocel, xes: a file for process mining instead, as `audit log` writes it with more to choose from.",
)
@click.option("--unsealed", is_flag=True, help="Write the events beyond the last seal as well, into a second file.")
@_KEYS
@options.as_json
@click.pass_context
def export(ctx: click.Context, folder: Path, form: str, unsealed: bool, given: tuple[str, ...], as_json: bool) -> None:
    """
    Write all sealed events, their checkpoints and what checks them into a new folder.

    An event is a line of canonical JSON whose sha256 is its hash. Anybody checks the folder with its own verify.py,
    without Examboard. It holds no personal value.
    """
    from storage.export import export

    if form != "sealed":
        if unsealed or given:
            raise click.UsageError("--unsealed and --key are for the sealed events; an event log has neither")
        ctx.invoke(log, file=folder, form=form, as_json=as_json)
        return
    service = wiring.service(ctx, write=False)
    access.log(ctx, service, "export", "sealed events")
    stores = service.stores
    statements = () if given else held_keys.key_file(ctx).statements
    made = export(stores, folder, _keys(ctx, given), verifier_text(), unsealed, statements)
    if as_json:
        fields = ("events", "seals", "schemes", "unsealed")
        json_line({"folder": str(folder), **{field: getattr(made, field) for field in fields}})
        return
    extra = "" if made.unsealed is None else f"; {count(made.unsealed, 'event')} in no seal yet"
    click.echo(f"{folder}: {count(made.events, 'event')}, {count(made.seals, 'seal')}{extra}")
    click.echo(f"check it with: python3 {folder / 'verify.py'} {folder}")


@click.command(cls=Verb, example="examboard audit prove A00143 --output A00143.proof.json")
@click.argument("application", type=options.NUMBER)
@click.option(
    "--seal", "number", type=click.IntRange(1), help="Prove that it is inside this seal; default: the newest."
)
@click.option("--output", type=options.NEW_FILE, metavar="FILE", help="Write the proof there; default: print it.")
@_KEYS
@click.pass_context
def prove(
    ctx: click.Context, application: str, number: int | None, output: Path | None, given: tuple[str, ...]
) -> None:
    """
    Write a proof that the history of an application is inside a seal.

    The proof is one file; `audit check-proof` or the stand-alone verifier checks it without the database.
    """
    from workflow.sealing.proofs import prove

    service = wiring.service(ctx, write=False)
    stores = service.stores
    access.log(ctx, service, "export", f"proof of {application}")
    proof = prove(stores.seals, application, _keys(ctx, given), number or 0)
    text = json.dumps(proof, ensure_ascii=False, indent=1) + "\n"
    last = stores.events.projection(application)
    if last is not None and (later := last.sequence - len(proof["events"])) > 0:
        click.echo(f"{count(later, 'later event')} of application {application} not in seal {proof['seal']}", err=True)
    if output is None:
        click.echo(text, nl=False)
        return
    output.write_text(text, encoding="utf-8")
    click.echo(f"{output}: {count(len(proof['events']), 'event')} of application {application} in seal {proof['seal']}")


@click.command("check-proof", cls=Verb, example="examboard audit check-proof A00143.proof.json --key board.vkey")
@click.argument("file", type=options.FILE)
@_KEYS
@options.as_json
@click.pass_context
def check_proof(ctx: click.Context, file: Path, given: tuple[str, ...], as_json: bool) -> None:
    """
    Check a proof without any database.

    Ends with code 6 if it does not hold. Without --key and without a key file of your own, the keys that the proof
    itself names are taken, and you are told so.
    """
    from storage.keys import verify
    from workflow.sealing.proofs import check_proof, keys_of

    try:
        proof = json.loads(read_text(file))
    except (ValueError, RecursionError):
        raise Invalid([Problem(name_of(file), 0, "", "is not JSON, or of a depth that no proof has")]) from None
    trusted = read_keys(given) or held_keys.public_keys(ctx)
    found = check_proof(proof, trusted or keys_of(proof), verify)
    if as_json:
        keys = [key.vkey for key in found.signed_by]
        fields = {field: getattr(found, field) for field in ("application", "events", "origin", "size")}
        json_line({**fields, "signed_by": keys, "key_is_trusted": bool(trusted)})
        return
    click.echo(
        f"application {found.application}: its first {count(found.events, 'event')} are in the seal of {found.origin} "
        f"over {count(found.size, 'event')}, signed by {', '.join(key.vkey for key in found.signed_by)}"
    )
    if not trusted:
        click.echo("the key came with the proof; compare it with the one that the board has published", err=True)


@click.command(cls=Verb, example="examboard audit verifier > verify.py")
@click.option(
    "--short",
    "is_short",
    is_flag=True,
    help="One of a few dozen lines, to be read before it is run: it checks events, checkpoints and signature of an "
    "export, and nothing else.",
)
def verifier(is_short: bool) -> None:
    """Print the stand-alone verifier, which needs Python and openssl, and no Examboard."""
    click.echo(verifier_text("verify_short.py" if is_short else "verify_export.py"), nl=False)


def verifier_text(name: str = "verify_export.py") -> str:
    """
    Read a stand-alone verifier: beside this module where Examboard is installed, in docs/ in its repository.

    Raises:
        NotFound: the installation is not complete.
    """
    here = Path(__file__).resolve()
    for place in (here.with_name(name), here.parents[1] / "docs" / name):
        if place.is_file():
            return place.read_text(encoding="utf-8")
    raise NotFound("the stand-alone verifier is missing; install Examboard again")


def read_keys(given: tuple[str, ...]) -> tuple[PublicKey, ...]:
    """
    Read verifier keys, each given as it is or as a file of them.

    Raises:
        Invalid: one is none.
    """
    from workflow.sealing.notes import read_vkey

    found = []
    for text in given:
        is_file = "+" not in text or Path(text).is_file()
        lines = read_text(Path(text)).splitlines() if is_file else [text]
        for number, line in enumerate(lines, 1):
            try:
                found += [read_vkey(line)] if line.strip() else []
            except ValueError as error:
                raise Invalid([Problem(text if is_file else "--key", number, "key", str(error), line)]) from None
    return tuple(found)


def _keys(ctx: click.Context, given: tuple[str, ...]) -> tuple[PublicKey, ...]:
    return read_keys(given) or held_keys.key_file(ctx).keys


def _fields(one: Seal) -> dict[str, Any]:
    fields = {"size": one.size, "root": one.root, "log": one.key, "at": one.at.isoformat(), "by": one.by}
    return {"seal": one.number, **fields, "checkpoint": one.note}


VERBS: Final[tuple[click.Command, ...]] = (seal, seals, export, prove, check_proof, verifier)
