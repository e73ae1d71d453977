"""`examboard candidate`: the register of persons, the only place where personal values are kept."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import click

from cli import access, options, wiring
from cli.access import reveal
from cli.candidate_forgetting import VERBS
from cli.options import Noun
from cli.output import json_line, listing, pairs
from workflow import identity
from workflow.bulk import vocabulary
from workflow.errors import Invalid, NotFound, Problem
from workflow.logs import AMENDABLE, Note
from workflow.persons.prose import refuse_values_in
from workflow.ports import Candidate


@click.group(cls=Noun)
def candidate() -> None:
    """Register, find, amend, restrict and erase persons. Values are shown masked unless --reveal is given."""


for verb in VERBS:
    candidate.add_command(verb)


@candidate.command(
    example="""\
examboard candidate add --name 王晓明 --document-type resident_id \\
    --document-number 110101190206022318 --phone 19900000001 --email wang@example.org"""
)
@click.option("--name", required=True, help="Full name.")
@click.option("--document-type", required=True, help="resident_id, passport, residence_permit, permanent_residence.")
@click.option("--document-number", required=True, help="Its number.")
@click.option("--sex", default="", help="male or female.")
@click.option("--phone", default="", help="At most 20 digits, with + and -.")
@click.option("--email", default="", help="Where notices go, such as name@example.org.")
@options.as_json
@click.pass_context
def add(ctx: click.Context, /, as_json: bool, **given: str) -> None:
    """Register a person. One whose document is registered already keeps the key that was given before."""
    values = _cleaned(given)
    service = wiring.service(ctx)
    asked = person_of(service.new_key(), values)
    (found,) = service.stores.candidates.add([asked])
    is_new = found.key == asked.key
    if as_json:
        json_line({**masked(found, False), "new": is_new})
    else:
        click.echo(f"{found.key} {'registered' if is_new else 'was registered before; nothing was changed'}")
    if found.name != asked.name:
        click.echo("note: the document is registered under another name", err=True)


@candidate.command(
    example="""\
examboard candidate amend 5d0c2f9a41b7e683 --name 王晓鸣 --reason "misspelt at registration" --authority "minute 18"
examboard candidate amend 5d0c2f9a41b7e683 --document-number 110101190206022318 --reason "wrong number" \\
    --authority "clerk, identity card shown\""""
)
@click.argument("key")
@click.option("--name", help="The right name.")
@click.option("--document-type", help="The right type of document.")
@click.option("--document-number", help="Its right number.")
@click.option("--sex", help="male or female.")
@click.option("--phone", help="The right telephone number.")
@click.option("--email", help="The right e-mail address; notices that were given up: notice retry.")
@options.reason
@options.as_json
@click.pass_context
def amend(ctx: click.Context, /, key: str, reason: str, authority: str, as_json: bool, **given: str | None) -> None:
    """
    Correct personal values. The log keeps which values were amended, when, by whom and why, but never the values.

    Certificates printed from now on bear the new name; give those that are out a new paper with `certificate replace`.
    """
    asked = {field: value for field, value in given.items() if value is not None}
    if not asked:
        raise click.UsageError("say what is to be amended: --name, --document-number ...")
    service = wiring.service(ctx)
    person = service.candidate(key)
    before = {field: str(getattr(person, field)) for field in AMENDABLE}
    values: dict[str, Any] = {field: value for field, value in _cleaned(before | asked).items() if field in asked}
    for named in (person, replace(person, **values)):
        refuse_values_in(f"{reason} {authority}", named, f"candidate {key}")
    note = Note(service.now(), service.actor, reason, authority)
    changed = service.stores.candidates.amend(key, values, note)
    if as_json:
        json_line({"candidate": key, "amended": list(changed)})
    else:
        click.echo(f"{key}: {', '.join(changed)} amended" if changed else f"{key}: unchanged; the values are the same")


@candidate.command(example="examboard candidate changes 5d0c2f9a41b7e683 --json")
@click.argument("key")
@options.as_json
@click.pass_context
def changes(ctx: click.Context, key: str, as_json: bool) -> None:
    """List what was ever amended of a person, when, by whom and why; the values themselves are not kept."""
    service = wiring.service(ctx, write=False)
    service.candidate(key)
    rows = (
        {
            "at": change.note.at.isoformat(),
            "amended": change.field,
            "actor": change.note.actor,
            "reason": change.note.reason,
            "authority": change.note.authority,
        }
        for change in service.stores.candidates.changes(key)
    )
    titles = {"at": "At", "amended": "Amended", "actor": "By", "reason": "Reason", "authority": "Authority"}
    listing(rows, titles, as_json)


def person_of(key: str, values: dict[str, Any]) -> Candidate:
    """Make a person of values that were read."""
    return Candidate(key=key, **values)


def _cleaned(given: dict[str, str]) -> dict[str, str]:
    """Read every value, or refuse them all with what is wrong with each; no message repeats a personal value."""
    problems: list[Problem] = []
    values: dict[str, str] = {}

    def read(name: str, reader: Callable[[str], str], show: Callable[[str], str], needed: bool = True) -> None:
        text = given[name]
        try:
            values[name] = reader(text) if text.strip() else ""
            if needed and not values[name]:
                raise ValueError("is blank")
        except ValueError as error:
            problems.append(Problem("candidate", 0, f"--{name.replace('_', '-')}", str(error), show(text)))

    read("name", identity.name, identity.shown_name)
    read("document_type", vocabulary.DOCUMENT_TYPE.read, identity.shown)
    read("document_number", identity.document_number, identity.shown_number)
    read("sex", vocabulary.SEX.read, identity.shown, needed=False)
    read("phone", identity.phone, identity.shown_number, needed=False)
    read("email", identity.email, identity.shown_email, needed=False)
    kind, number = values.get("document_type", ""), values.get("document_number", "")
    if kind and number and (fault := identity.document_fault(kind, number, None)):  # type: ignore[arg-type]
        problems.append(Problem("candidate", 0, "--document-number", fault, identity.shown_number(number)))
    if problems:
        raise Invalid(problems)
    return values


@candidate.command(example="examboard candidate show 5d0c2f9a41b7e683")
@click.argument("key")
@reveal
@options.as_json
@click.pass_context
def show(ctx: click.Context, key: str, reveal: bool, as_json: bool) -> None:
    """Show a person and the person's applications."""
    service = wiring.service(ctx, write=False)
    found = service.candidate(key)
    person = {**masked(found, reveal), **({"standing": "restricted"} if found.is_restricted else {})}
    if reveal:
        access.log(ctx, service, "reveal", key, 1, is_revealed=True)
    filed = [p for p in service.stores.events.projections() if p.candidate == key]
    applications = [{"application": p.application, "scheme": p.scheme, "level": p.level} for p in filed]
    if as_json:
        json_line({**person, "applications": applications})
        return
    lines = [f"{p.application} ({p.scheme}, level {p.level}, submitted {p.submitted_on})" for p in filed]
    click.echo("\n".join(pairs({**person, "applications": "; ".join(lines) or "none"})))


@candidate.command(
    example="""\
examboard candidate find --name 王晓明
examboard candidate find --document-number 110101190206022318"""
)
@click.option("--name", help="The exact name.")
@click.option("--document-number", help="The number of the identity document.")
@click.option("--document-type", default="resident_id", show_default=True, help="Its type.")
@reveal
@options.as_json
@click.pass_context
def find(
    ctx: click.Context, name: str | None, document_number: str | None, document_type: str, reveal: bool, as_json: bool
) -> None:
    """Find persons by name or by document."""
    if (name is None) == (document_number is None):
        raise click.UsageError("give either --name or --document-number")
    service = wiring.service(ctx, write=False)
    registry = service.stores.candidates
    try:
        if name is not None:
            found = registry.by_name(identity.name(name))
        else:
            kind = vocabulary.DOCUMENT_TYPE.read(document_type)
            person = registry.by_documents((kind, identity.document_number(document_number or "")))[0]
            found = (person,) if person else ()
    except ValueError as error:
        raise click.UsageError(f"--{'name' if name is not None else 'document'}: {error}") from None
    if not found:
        raise NotFound("no such person is registered")
    if reveal:
        access.log(ctx, service, "reveal", " ".join(x.key for x in found), len(found), is_revealed=True)
    titles = {"candidate": "Candidate", "name": "Name", "document_type": "Document", "document_number": "Number"}
    listing([masked(person, reveal) for person in found], titles | {"phone": "Phone"}, as_json)


def masked(person: Candidate, reveal: bool) -> dict[str, Any]:
    """Give a person's values for display: masked, or in full where that was asked for."""
    number, phone, name, email = person.document_number, person.phone, person.name, person.email
    if not reveal:
        number, name = identity.mask(number), identity.mask_name(name)
        phone, email = identity.mask_phone(phone), identity.mask_email(email)
    return {
        "candidate": person.key,
        "name": name,
        "document_type": person.document_type,
        "document_number": number,
        "sex": person.sex,
        "phone": phone,
        "email": email,
    }
