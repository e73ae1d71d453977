"""`examboard audit`: dossier: the batch archive."""

from __future__ import annotations

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from pathlib import Path
from typing import Final

import click

from cli import access, held_keys, options, wiring
from cli import dossier_lists as lists
from cli.access import reveal
from cli.candidate import masked
from cli.errors import clause_text
from cli.options import Verb
from cli.output import json_line, progress
from cli.tables import write_sheet
from workflow.audit.dossier import Case, event_line, history_page, index_page
from workflow.audit.telling import tell
from workflow.calendar import count
from workflow.errors import Conflict, Corrupt, NotFound, Unavailable
from workflow.figures.statistics import Case as Counted
from workflow.figures.statistics import case_of, tallied
from workflow.figures.table import PART_KINDS, PART_NOTES, part_lines
from workflow.ports import Candidate
from workflow.seating import Sitting
from workflow.service import Service

ProofOf = Callable[[str], str | None]

CHUNK: Final = 200
SUMS: Final = "SHA256SUMS"
_COUNTS: Final = ("scheme", "level", "part")


@dataclass(frozen=True, slots=True)
class Asked:
    """
    Of what a dossier is made.

    Attributes:
        application: The one application; empty for a session.
        session: The session; empty for one application.
        as_of: The day asked about; None: the board's today.
        known_at: The moment of knowledge; None: all that is recorded.
        is_revealed: Whether names and numbers of persons stand there in full.
        english: Whether the lists have English titles.
    """

    application: str
    session: str
    as_of: date
    known_at: datetime | None
    is_revealed: bool
    english: bool

    @property
    def title(self) -> str:
        """What it is of, in words."""
        return f"Dossier of session {self.session}" if self.session else f"Dossier of application {self.application}"


@dataclass(slots=True)
class _Made:
    """What has been put into a dossier: its files by section, the rows of its lists, the documents that it needs."""

    sections: dict[str, list[tuple[str, str]]] = field(default_factory=dict)
    rows: dict[str, list[lists.Row]] = field(default_factory=dict)
    digests: dict[str, None] = field(default_factory=dict)
    counted: list[Counted] = field(default_factory=list)
    applications: int = 0

    def add(self, section: str, path: str, what: str) -> None:
        self.sections.setdefault(section, []).append((path, what))


@click.command(
    cls=Verb,
    example="""\
examboard audit dossier A00001 dossier-A00001
examboard audit dossier --session 2024-26/1 dossier-2024-26-1 --as-of 2026-11-20""",
)
@click.argument("where", metavar="[APPLICATION] DIR", nargs=-1)
@click.option("--session", default="", metavar="KEY", help="All who were ever admitted to this session, and its lists.")
@options.as_of
@options.known_at
@click.option("--proofs", is_flag=True, help="A proof for each application of a session too; of one there always is.")
@click.option("--english", is_flag=True, help="English titles in the lists instead of Chinese ones.")
@reveal
@options.as_json
@click.pass_context
def dossier(
    ctx: click.Context,
    /,
    where: tuple[str, ...],
    session: str,
    as_of: date | None,
    known_at: datetime | None,
    proofs: bool,
    english: bool,
    reveal: bool,
    as_json: bool,
) -> None:
    """
    Write the archive of a session or of one application into a new folder.

    It holds the histories to read and to process, the lists, the scheme documents, the proofs where the board has
    sealed them, an index, and SHA256SUMS for `sha256sum -c`. The same record and the same day give the same bytes.
    """
    if len(where) != (1 if session else 2):
        raise click.UsageError("name an application and a folder, or --session KEY and a folder")
    folder, application = Path(where[-1]), "" if session else where[0]
    service = wiring.service(ctx, write=False)
    asked = Asked(application, session, as_of or service.today(), known_at, reveal, english)
    keys, sittings = _keys(service, asked)
    access.log(ctx, service, "dossier", application or f"session {session}", len(keys), reveal)
    proof_of = _prover(ctx, service) if proofs or application else _no_proof
    with _folder(folder) as at:
        made = _write(service, asked, keys, sittings, proof_of, at)
        number = _write_sums(at)
    if as_json:
        json_line({"folder": str(folder), "applications": made.applications, "files": number})
    else:
        click.echo(f"{folder}: {count(made.applications, 'application')}, {count(number, 'file')}")
        click.echo(f"check it with: cd {folder} && sha256sum -c {SUMS}")


def _keys(service: Service, asked: Asked) -> tuple[Sequence[str], tuple[Sitting, ...]]:
    if not asked.session:
        service.stood(service.history(asked.application), asked.as_of, asked.known_at)
        return (asked.application,), ()
    keys = service.stores.events.at_sitting(asked.session)
    sittings = service.stores.sittings.find(asked.session)
    if not keys and not sittings:
        raise NotFound(f"no session {asked.session}; see: examboard sitting list")
    return keys, sittings


def _no_proof(_application: str) -> str | None:
    return None


def _prover(ctx: click.Context, service: Service) -> ProofOf:
    """Give what writes the proof of an application: its text, or None where no seal holds any event of it."""
    from workflow.sealing.proofs import prove

    ledger, keys = service.stores.seals, held_keys.public_keys(ctx)

    def proof_of(application: str) -> str | None:
        try:
            proof = prove(ledger, application, keys)
        except NotFound:
            return None
        return json.dumps(proof, ensure_ascii=False, indent=1) + "\n"

    return proof_of if ledger.seals() else _no_proof


@contextmanager
def _folder(folder: Path) -> Iterator[Path]:
    """Give a folder to write to, its owner's alone; it gets its name at the end, and only if nothing went wrong."""
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise Conflict(f"{folder} is there already and not empty; name another folder")
    made = None
    try:
        parent = folder.absolute().parent
        parent.mkdir(parents=True, exist_ok=True)
        made = Path(tempfile.mkdtemp(prefix=".", suffix=".part", dir=parent))
        yield made
        made.rename(folder)  # an empty folder of that name gives way, any other does not
        made = None
    except OSError as error:
        raise Unavailable(f"{folder}: cannot be written: {error.strerror}") from error
    finally:
        if made is not None:
            shutil.rmtree(made, ignore_errors=True)


def _write(
    service: Service, asked: Asked, keys: Sequence[str], sittings: Sequence[Sitting], proof_of: ProofOf, at: Path
) -> _Made:
    made = _Made()
    for name in ("histories", "lists", "schemes"):
        (at / name).mkdir(mode=0o700)
    with progress("writing") as bar:
        for start in range(0, len(keys), CHUNK):
            for case in _cases(service, asked, keys[start : start + CHUNK]):
                _write_case(case, asked, proof_of, at, made)
            bar(min(start + CHUNK, len(keys)), len(keys))
    _write_lists(asked, sittings, at, made)
    for digest in sorted(made.digests):
        _write_scheme(service, digest, at, made)
    about = {
        "as of": asked.as_of.isoformat(),
        "known at": asked.known_at.isoformat() if asked.known_at else "all that is recorded",
        "applications": str(made.applications),
        "names and numbers": "in full" if asked.is_revealed else "masked",
        "check": f"sha256sum -c {SUMS}",
    }
    order = ("Lists", "Histories to read", "Histories to process", "Proofs", "Scheme documents")
    _put(at / "index.html", index_page(asked.title, about, {name: made.sections.get(name, []) for name in order}))
    return made


def _cases(service: Service, asked: Asked, keys: Sequence[str]) -> Iterator[Case]:
    """Tell the histories of some applications; one that was not there at that point of view is left out."""
    read = list(service.stores.events.histories(keys))
    people = service.stores.candidates.many([getattr(history[0].fact, "candidate", "") for history in read])
    for history in read:
        rules = service.rules_of(history)
        telling = tell(history, rules, asked.as_of, asked.known_at)
        if telling.refused:
            raise Corrupt(f"the history does not replay as of {asked.as_of}: {telling.refused}") from telling.refused
        if telling.standing:
            person = people.get(telling.standing.application.candidate)
            yield Case(history, rules, telling, _person(person, asked.is_revealed), clause_text)


def _person(person: Candidate | None, is_revealed: bool) -> Mapping[str, str]:
    if person is None:
        return {"name": "not in the register"}
    said = masked(person, is_revealed)
    return {key: str(said[key]) for key in ("candidate", "name", "document_type", "document_number")}


def _write_case(case: Case, asked: Asked, proof_of: ProofOf, at: Path, made: _Made) -> None:
    name, proof_file = file_name(case.key), ""
    if proof := proof_of(case.key):
        (at / "proofs").mkdir(mode=0o700, exist_ok=True)
        proof_file = f"proofs/{name}.json"
        _put(at / proof_file, proof)
        made.add("Proofs", proof_file, f"that the history of {case.key} was sealed: audit check-proof")
    page = f"histories/{name}.html"
    _put(at / page, history_page(case, f"../{proof_file}" if proof_file else ""))
    _put(at / f"histories/{name}.jsonl", "".join(map(event_line, case.history)))
    state = case.standing.application.state
    made.add("Histories to read", page, f"application {case.key}, {state}")
    made.add("Histories to process", f"histories/{name}.jsonl", "events as canonical JSON; a line's sha256 is its hash")
    for kind, row in lists.rows_of(case, asked.session):
        made.rows.setdefault(kind, []).append(row)
    made.digests[case.rules.digest] = None
    made.applications += 1
    if asked.session and (counted := case_of(case.history, case.rules, asked.as_of, asked.known_at)):
        made.counted.append(counted)


def _write_lists(asked: Asked, sittings: Sequence[Sitting], at: Path, made: _Made) -> None:
    made.rows["sittings"] = list(lists.sitting_rows(sittings))
    for name in lists.COLUMNS:
        if rows := made.rows.get(name):
            path = f"lists/{name}.csv"
            write_sheet(at / path, lists.titles(name, asked.english), lists.cells(name, rows))
            made.add("Lists", path, lists.WHAT[name])
    if asked.session:
        tallies = tallied(made.counted, ("session", "scheme", "level"))
        counts = part_lines({group[1:]: tally for group, tally in tallies.items() if group[0] == asked.session})
        figures = [*PART_KINDS, "part_pass_rate"]
        table = [[*(line.group[x] for x in _COUNTS), *(line.values[x] for x in figures)] for line in counts]
        write_sheet(at / "lists/statistics.csv", [*_COUNTS, *figures], table)
        made.add("Lists", "lists/statistics.csv", f"{lists.WHAT['statistics']}; {'; '.join(PART_NOTES)}")


def _write_scheme(service: Service, digest: str, at: Path, made: _Made) -> None:
    pinned = service.stores.schemes.get(digest)
    if pinned is None:
        raise Corrupt(f"the scheme document {digest} is not in the database, though an application names it")
    scheme = pinned.scheme
    path = f"schemes/{scheme.scheme}-{scheme.version}-{digest[:12]}.yaml"
    _put(at / path, pinned.text)
    made.add("Scheme documents", path, f"{scheme.title}, version {scheme.version}, sha256 {digest}")


def file_name(application: str) -> str:
    """Give a name for the files of an application that is a file name everywhere, and no two have the same."""
    plain = (x if x.isascii() and (x.isalnum() or x in "-_") else f"~{ord(x):x}~" for x in application)
    return "".join(plain)


def _put(path: Path, text: str) -> None:
    with path.open("x", encoding="utf-8", newline="") as file:
        path.chmod(0o600)
        file.write(text)


def _write_sums(at: Path) -> int:
    """Write the digest of every file, in the order of their paths; give their number, this one included."""
    paths = sorted(path.relative_to(at).as_posix() for path in at.rglob("*") if path.is_file())
    digests = {path: hashlib.sha256((at / path).read_bytes()).hexdigest() for path in paths}
    _put(at / SUMS, "".join(f"{digest}  {path}\n" for path, digest in digests.items()))
    return len(paths) + 1


VERBS: Final[tuple[click.Command, ...]] = (dossier,)
