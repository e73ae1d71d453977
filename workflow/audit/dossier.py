"""
The dossier's readable half: histories and the index as pages that print well and hold nothing but text.

Pure. A page has no script and asks for nothing from outside; whatever it shows is escaped, whoever wrote it. The same
values give the same page, byte for byte: no page says when it was made. Names and numbers of persons come masked from
the caller, or in full where that was asked for.

Source: domain.md 2.5.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from typing import Any, Final

from workflow import facts as f
from workflow.audit.telling import Telling, Told
from workflow.board.decisions import explanation
from workflow.document import LAST_DAY
from workflow.eligibility import assessed
from workflow.events import Event, event_text, instant_text
from workflow.scheme import Rules
from workflow.standing import Standing
from workflow.weighing import items

_STYLE: Final = """
body { font-family: "Noto Serif SC", "Songti SC", SimSun, serif; font-size: 10.5pt; line-height: 1.45; margin: 2em; }
h1 { font-size: 15pt; } h2 { font-size: 12pt; margin-top: 1.5em; }
table { border-collapse: collapse; width: 100%; }
th, td { border: 1px solid #888; padding: 0.25em 0.5em; text-align: left; vertical-align: top; }
th { background: #eee; } thead { display: table-header-group; } tr { break-inside: avoid; }
td { overflow-wrap: anywhere; } .superseded td { color: #555; } .code { font-family: monospace; font-size: 9pt; }
@page { size: A4 landscape; margin: 15mm; } @media print { body { margin: 0; } a { color: inherit; } }
"""
# Nothing is fetched even if a reader's browser would find something to fetch.
_POLICY: Final = "default-src 'none'; style-src 'unsafe-inline'"


@dataclass(frozen=True, slots=True)
class Case:
    """
    One application of a dossier.

    Attributes:
        history: All its events.
        rules: The rules that it pinned.
        telling: Its history as told from the dossier's point of view.
        person: The candidate's values under their titles, masked or in full.
        clause_words: Writes a clause for people.
    """

    history: tuple[Event, ...]
    rules: Rules
    telling: Telling
    person: Mapping[str, str]
    clause_words: Callable[[str], str] = str

    @property
    def key(self) -> str:
        """Its number."""
        return self.history[0].application

    @property
    def standing(self) -> Standing:
        """Where it stands; a dossier has no application that is not there."""
        assert self.telling.standing is not None
        return self.telling.standing


def event_line(event: Event) -> str:
    """Write an event for machines: its canonical form on a line; the sha256 of that text is the event's hash."""
    return f"{event_text(event)}\n"


def history_page(case: Case, proof: str = "") -> str:
    """
    Write the page of an application: where it stands, what it shows, and every fact with its clause.

    Args:
        case: The application.
        proof: Name of the file that holds its proof, as seen from the page; empty where there is none.
    """
    return _page(f"Application {case.key}", _history(case, proof))


def _history(case: Case, proof: str) -> Iterator[str]:
    a, scheme = case.standing.application, case.rules.scheme
    about = {
        **case.person,
        "scheme": f"{scheme.title} ({scheme.scheme}, version {scheme.version})",
        "document (sha256)": a.digest,
        "level": f"{a.level} ({case.rules.level.title})",
        "submitted on": str(a.submitted_on),
        "cohort": a.cohort,
        "last hash": case.history[-1].hash,
    }
    yield _pairs(about)
    if proof:
        yield f'<p>Proof: <a href="{escape(proof)}">{escape(proof)}</a></p>'
    yield f"<h2>Standing as of {case.standing.as_of}</h2>"
    yield _pairs(_standing(case))
    yield "<h2>Eligibility by the evidence</h2>"
    yield _list(explanation(assessed(a, case.rules)))
    yield _table(["piece", "what it says"], [[name, _plain(piece)] for name, piece in items(a.evidence).items()])
    yield "<h2>History</h2>"
    heads = ["no.", "takes effect", "recorded", "by", "what", "state", "clause", "what it says"]
    yield _table(
        heads, [_fact(line, case) for line in case.telling.lines], [_kind(line) for line in case.telling.lines]
    )


def _standing(case: Case) -> dict[str, str]:
    s = case.standing
    a = s.application
    expiry = a.expiry
    return {
        "state": f"{a.state} since {a.entered_on}",
        "accepted under": f"condition {a.condition} [{_condition_clause(case)}]" if a.condition else "",
        "refused": a.refusal,
        "expired": f"{expiry.expired_on}: {s.expired_because} [{case.clause_words(expiry.clause)}]" if expiry else "",
        "ended": a.ended,
        "suspended": a.suspended,
        "held": "; ".join(f"{p.part}, sat {p.sat_on}, {_until(p.last_valid_on, a.state)}" for p in s.held.values()),
        "lapsed": "; ".join(f"{p.part}, valid through {p.last_valid_on}" for p in s.lapsed),
        "certificate": f"{a.certificate.number}, {a.certificate_standing}" if a.certificate else "",
        "awaited": "; ".join(f"{what} (from the {who})" for what, who in s.awaited),
        "clock": f"{s.clock_on or ''} {s.clock}".strip(),
        "to be looked at": "; ".join(s.flags),
    }


def _condition_clause(case: Case) -> str:
    condition = case.rules.level.conditions.get(case.standing.application.condition)
    return case.clause_words(str(condition.clause)) if condition else ""


def _until(last: Any, state: str) -> str:
    return "does not lapse" if last == LAST_DAY or state in ("awaiting_award", "certified") else f"valid through {last}"


def _fact(line: Told, case: Case) -> list[str]:
    event = line.event
    moved = line.dest if line.source == line.dest else f"{line.source or '-'} → {line.dest}"
    left_out = "" if line.is_counted else f"{line.seen}; "
    by_then = f" (superseded by {', '.join(map(str, line.superseded_by))})" if line.superseded_by else ""
    return [
        str(event.sequence) if event else "-",
        str(line.on),
        instant_text(event.recorded_at) if event else "not written down",
        event.actor if event else "clock",
        f"{left_out}{type(line.fact).__name__}{by_then}",
        moved,
        case.clause_words(line.clause),
        _said(line.fact),
    ]


def _kind(line: Told) -> str:
    return "superseded" if line.superseded_by or not line.is_counted else ""


def _said(fact: f.Fact) -> str:
    skipped = {"evidence"} if isinstance(fact, f.Submitted | f.Resubmitted | f.EvidenceAdded) else set()
    return _plain(fact, skipped)


def _plain(model: Any, skipped: set[str] | None = None) -> str:
    said = model.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=skipped)
    return "; ".join(f"{name}: {_value(value)}" for name, value in said.items() if value not in ("", [], {}))


def _value(value: object) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(_value, value))
    if isinstance(value, dict):
        return " ".join(f"{name} {_value(x)}" for name, x in value.items())
    return str(value)


def index_page(title: str, about: Mapping[str, str], sections: Mapping[str, Sequence[tuple[str, str]]]) -> str:
    """
    Write the index.

    Args:
        title: What the dossier is of.
        about: What there is to say of it as a whole, by name.
        sections: For each title, the files below it: the path from the index, and what it holds.
    """

    def body() -> Iterator[str]:
        yield _pairs(about)
        for heading, files in sections.items():
            if files:
                yield f"<h2>{escape(heading)}</h2>"
                links = (
                    f'<li><a href="{escape(path)}">{escape(path)}</a>: {escape(what)}</li>' for path, what in files
                )
                yield f"<ul>\n{chr(10).join(links)}\n</ul>"

    return _page(title, body())


def _page(title: str, body: Iterable[str]) -> str:
    head = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{escape(_POLICY)}">\n'
        f"<title>{escape(title)}</title>\n<style>{_STYLE}</style>\n</head>\n<body>\n<h1>{escape(title)}</h1>\n"
    )
    return head + "\n".join(body) + "\n</body>\n</html>\n"


def _pairs(fields: Mapping[str, str]) -> str:
    rows = (f"<tr><th>{escape(k)}</th><td>{escape(v)}</td></tr>" for k, v in fields.items() if v)
    return "<table>\n" + "\n".join(rows) + "\n</table>"


def _list(lines: Iterable[str]) -> str:
    return "<ul>\n" + "\n".join(f"<li>{escape(line)}</li>" for line in lines) + "\n</ul>"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]], kinds: Sequence[str] = ()) -> str:
    head = "".join(f"<th>{escape(x)}</th>" for x in heads)
    lines = []
    for number, row in enumerate(rows):
        kind = f' class="{escape(kinds[number])}"' if kinds and kinds[number] else ""
        lines.append(f"<tr{kind}>" + "".join(f"<td>{escape(x)}</td>" for x in row) + "</tr>")
    return f"<table>\n<thead><tr>{head}</tr></thead>\n<tbody>\n" + "\n".join(lines) + "\n</tbody>\n</table>"
