"""`examboard audit`: the record for process mining, and the machines as SCXML."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any, Final, Literal, TextIO

import click

from cli import access, options, wiring
from cli.options import Verb
from cli.output import json_line, progress
from workflow.calendar import count
from workflow.errors import Conflict, NotFound, Unavailable
from workflow.mining.scope import Choice, write
from workflow.ports import SchemeShelf

FORMATS: Final = ("ocel", "xes")


@click.command(
    cls=Verb,
    example="""\
examboard audit log round.ocel.json --format ocel
examboard audit log level-3.xes --format xes --scheme lrc-2019 --level 3 --since 2024-01-01 --until 2024-12-31""",
)
@click.argument("file", type=options.NEW_FILE)
@click.option(
    "--format", "form", type=click.Choice(FORMATS), required=True, help="OCEL 2.0 as JSON, or XES (IEEE 1849)."
)
@click.option("--scheme", metavar="SCHEME", help="This scheme only, by id or a name of its edition.")
@click.option("--level", metavar="LEVEL", help="This level only, by number or name.")
@click.option("--since", type=options.DAY, metavar="DAY", help="Only what was submitted on this day or later.")
@click.option("--until", type=options.DAY, metavar="DAY", help="Only what was submitted on this day or before.")
@click.option("--as-of", type=options.DAY, metavar="DAY", help="What had taken effect by this day; default: all.")
@click.option("--force", is_flag=True, help="Write over a file that is there already.")
@options.as_json
@click.pass_context
def log(
    ctx: click.Context,
    file: Path,
    form: Literal["ocel", "xes"],
    scheme: str | None,
    level: str | None,
    since: date | None,
    until: date | None,
    as_of: date | None,
    force: bool,
    as_json: bool,
) -> None:
    """
    Write the record as an event log for process mining tools.

    An application is in it whole or not at all. It names no person and holds no reasons: a candidate is an opaque key.
    """
    service = wiring.service(ctx, write=False)
    stores = service.stores
    access.log(ctx, service, "export", f"event log ({form})")
    choice = Choice(levels_named(stores.schemes, scheme, level), since, until, as_of)
    with appearing(file, force) as (out, spool), progress("writing") as tell:
        written = write(form, stores, out, spool, choice, lambda done: tell(done, None))
    if as_json:
        told = {"file": str(file), "format": form, "applications": written.applications, "events": written.events}
        json_line(told | ({"objects": written.objects} if written.objects else {}))
        return
    objects = f", {count(sum(written.objects.values()), 'object')}" if written.objects else ""
    what = f"{count(written.applications, 'application')}, {count(written.events, 'event')}{objects}"
    click.echo(f"{file}: {what}")


def levels_named(shelf: SchemeShelf, scheme: str | None, level: str | None) -> Mapping[str, frozenset[int]] | None:
    """
    Give the levels that are meant, by the id of the scheme; None where all are.

    Raises:
        NotFound: no scheme of the board is called so, or has such a level: a misspelt word is no empty log.
    """
    if scheme is None and level is None:
        return None
    known = [pinned.scheme for pinned in shelf.current()]
    wanted = (scheme or "").casefold()
    called = [x for x in known if not scheme or wanted in {n.casefold() for n in (x.scheme, *x.edition.names)}]
    if not called:
        raise NotFound(f"no scheme {scheme!r}; there are: {', '.join(x.scheme for x in known) or 'none'}")
    if level is None:
        return {x.scheme: frozenset(x.levels) for x in called}
    found = {x.scheme: frozenset([number]) for x in called if (number := x.level_named(level)) is not None}
    if not found:
        raise NotFound(f"no scheme has a level {level!r}; see: examboard scheme list")
    return found


@contextmanager
def appearing(path: Path, force: bool) -> Iterator[tuple[TextIO, TextIO]]:
    """
    Give a file that comes to its place as a whole or not at all, readable for its owner alone, and a scratch file.

    Raises:
        Conflict: there is a file already, and it is not to be written over.
        Unavailable: it cannot be written there.
    """
    if path.exists() and not force:
        raise Conflict(f"{path} is there already; give another name, or --force to write over it")
    try:
        # Beside its goal, since a rename is atomic only within one file system; the folder is its owner's alone.
        with tempfile.TemporaryDirectory(prefix=".", suffix=".part", dir=path.parent) as folder:
            temporary = Path(folder) / "file"
            with _opened(temporary) as out, _opened(Path(folder) / "spool") as spool:
                yield out, spool
                out.flush()
                os.fsync(out.fileno())
            temporary.replace(path)
    except OSError as error:
        raise Unavailable(f"{path}: cannot be written: {error.strerror or error}") from error


def _opened(path: Path) -> Any:
    return os.fdopen(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600), "w+", encoding="utf-8", newline="\n")


VERBS: Final[tuple[click.Command, ...]] = (log,)
