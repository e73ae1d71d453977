"""
What a worked case expects, asked of the engine's answers: equal, or told as a reader of the regulation wants it told.

Pure but for the service's reading. Every difference names the line of the expectation, what was expected, what the
rules say, and by which clause.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any, Final
from zoneinfo import ZoneInfo

from workflow.audit.telling import tell
from workflow.cases.worked import KEY, Case, Cases, Expectation
from workflow.document import LAST_DAY, nearest
from workflow.eligibility import Eligibility
from workflow.renewal import certificate_standing
from workflow.scheme import Rules
from workflow.service import Service
from workflow.standing import Standing

STANDINGS: Final = ("valid", "suspended", "revoked", "expired", "none")


@dataclass(frozen=True)
class Miss:
    """
    One thing on which the rules say otherwise than the case.

    Attributes:
        line: Line of the expectation or event in the file.
        expected: What was expected.
        found: What the rules say.
        clause: By which clause; empty where none decides it.
        told: What leads to it, line by line.
    """

    line: int
    expected: str
    found: str
    clause: str = ""
    told: tuple[str, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Give it as plain JSON values."""
        return {
            "line": self.line,
            "expected": self.expected,
            "found": self.found,
            "clause": self.clause or None,
            "told": list(self.told),
        }


def asked_of_eligibility(cases: Cases, i: int, answer: Eligibility) -> Iterator[Miss]:
    """Compare what a case expects of the eligibility with the answer."""
    case: Case = cases.file.cases[i]
    told = tuple(f"{c.explanation} [{c.clause}]" for c in answer.conditions)
    met = ", ".join(answer.conditions_met)
    found = f"eligible under condition {met}" if answer.is_eligible else "not eligible"
    clauses = [c.clause for c in answer.conditions if c.met]

    def miss(name: str, expected: str) -> Miss:
        return Miss(
            cases.line(("cases", i, name)), expected, f"on {answer.measured_on}: {found}", "; ".join(clauses), told
        )

    given = case.model_fields_set
    if "eligible" in given and case.eligible is not answer.is_eligible:
        yield miss("eligible", "eligible" if case.eligible else "not eligible")
    if case.by is not None and sorted(case.by) != sorted(answer.conditions_met):
        yield miss("by", f"eligible under condition {', '.join(case.by)}" if case.by else "no condition met")
    explained = " ".join(c.explanation for c in answer.conditions if not c.met)
    for words in case.missing or ():
        if words.casefold() not in explained.casefold():
            yield miss("missing", f"told that something is missing: {words!r}")
    if "eligible_from" in given and case.eligible_from != answer.eligible_from:
        found = (
            f"{found}; eligible from {answer.eligible_from}" if answer.eligible_from else f"{found}, by waiting never"
        )
        day = case.eligible_from
        yield miss("eligible_from", f"eligible from {day}" if day else "not eligible by waiting alone")


def asked(cases: Cases, place: tuple[int, int], service: Service, rules: Rules, zone: ZoneInfo) -> Iterator[Miss]:
    """Compare one expectation of a case with where the application stands."""
    i, j = place
    expectation = cases.file.cases[i].expect[j]
    known_at = _moment(expectation.known_at, zone)
    history = service.history(KEY)
    when = f"on {expectation.on}" + (f", known at {expectation.known_at}" if expectation.known_at else "")
    standing = service.standing_in(history, expectation.on, known_at)
    if standing is None:
        if expectation.state != "unknown" or expectation.model_fields_set - {"on", "known_at", "state"}:
            line = cases.line(("cases", i, "expect", j))
            yield Miss(line, f"{when}: an application", "it had not been submitted, by that day and that knowledge")
        return
    shown = standing.as_json()
    told: tuple[str, ...] = ()
    for path, wanted in _wanted(expectation):
        name = path[-1]
        find = _FOUND.get(name) if len(path) == 1 else None
        found = find(standing, rules, expectation.on) if find else shown.get(name, _Unknown(shown))
        if _is_so(wanted, found):
            continue
        line = cases.line(("cases", i, "expect", j, *path))
        clause = str(shown["clause"] or "") if name in ("state", "expired_on", "held") else ""
        told = told or tuple(_told(history, rules, expectation.on, known_at))
        expected = f"{when}: {name.replace('_', ' ')} {_said(wanted)}"
        yield Miss(line, expected, _found_words(name, found, shown), clause, told)


class _Unknown:
    """Stands for a field that a standing does not have."""

    def __init__(self, shown: Mapping[str, Any]) -> None:
        self.shown = shown


def _wanted(expectation: Expectation) -> Iterator[tuple[tuple[str, ...], Any]]:
    for name in sorted(expectation.model_fields_set - {"on", "known_at", "shows"}, key=list(_FOUND).index):
        yield (name,), getattr(expectation, name)
    for name, wanted in (expectation.shows or {}).items():
        yield ("shows", name), wanted


def _moment(known_at: date | datetime | None, zone: ZoneInfo) -> datetime | None:
    if known_at is None:
        return None
    if isinstance(known_at, datetime):
        return known_at.replace(tzinfo=zone)
    return datetime.combine(known_at, time.max, zone)


@dataclass(frozen=True)
class _Texts:
    """Texts in which expected words are looked for."""

    texts: tuple[str, ...]


def _held(standing: Standing, _rules: Rules, _day: date) -> list[str]:
    return sorted(standing.held)


def _lapsed(standing: Standing, _rules: Rules, _day: date) -> list[str]:
    return sorted({p.part for p in standing.lapsed})


def _last_valid_on(standing: Standing, _rules: Rules, _day: date) -> dict[str, Any]:
    return {p.part: None if p.last_valid_on == LAST_DAY else p.last_valid_on for p in standing.held.values()}


def _expired_on(standing: Standing, _rules: Rules, _day: date) -> date | None:
    expiry = standing.application.expiry
    return expiry.expired_on if expiry else None


def _because(standing: Standing, _rules: Rules, _day: date) -> _Texts:
    expiry = standing.application.expiry
    return _Texts((f"{standing.expired_because} [{expiry.clause}]",) if expiry else ())


def _certificate(standing: Standing, rules: Rules, day: date) -> str:
    return certificate_standing(standing.application, rules, day)[0] or "none"


_FOUND: Final[dict[str, Callable[[Standing, Rules, date], Any]]] = {
    "state": lambda standing, _rules, _day: standing.application.state,
    "held": _held,
    "lapsed": _lapsed,
    "last_valid_on": _last_valid_on,
    "expired_on": _expired_on,
    "because": _because,
    "awaits": lambda standing, _rules, _day: _Texts(tuple(what for what, _who in standing.awaited)),
    "next_on": lambda standing, _rules, _day: standing.clock_on,
    "next": lambda standing, _rules, _day: _Texts((standing.clock,) if standing.clock else ()),
    "certificate": _certificate,
    "certificate_until": lambda standing, rules, day: certificate_standing(standing.application, rules, day)[1],
    "flags": lambda standing, _rules, _day: _Texts(standing.flags),
}


def _is_so(wanted: Any, found: Any) -> bool:
    match found:
        case _Unknown():
            return False
        case _Texts(texts):
            return all(any(words.casefold() in text.casefold() for text in texts) for words in wanted)
        case dict() if isinstance(wanted, Mapping):
            return all(key in found and _plain(value) == _plain(found[key]) for key, value in wanted.items())
        case list() if isinstance(wanted, tuple | list):
            return sorted(map(str, map(_plain, wanted))) == sorted(map(str, map(_plain, found)))
    return bool(_plain(wanted) == _plain(found))


def _plain(value: Any) -> Any:
    """Give a value as JSON has it, so that days and marks compare by what they say."""
    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_plain(item) for item in value]
    return value if value is None or isinstance(value, bool) else str(value)


def _said(value: Any) -> str:
    if isinstance(value, Mapping):
        return ", ".join(f"{key} {_said(item)}" for key, item in value.items())
    if isinstance(value, tuple | list):
        return ", ".join(map(str, value)) or "none"
    return "none" if value is None else str(value)


def _found_words(name: str, found: Any, shown: Mapping[str, Any]) -> str:
    match found:
        case _Unknown():
            return f"`application show --json` has no field {name!r}{nearest(name, found.shown)}"
        case _Texts(texts):
            return "; ".join(texts) or "nothing of the kind"
    if name == "state" and shown["expired_on"]:
        return f"{found} since {shown['expired_on']} ({shown['expired_because']})"
    if name == "state":
        return f"{found} since {shown['in_state_since']}"
    return _said(found)


def _told(history: Sequence[Any], rules: Rules, on: date, known_at: datetime | None) -> Iterator[str]:
    for line in tell(history, rules, on, known_at).lines:
        data = line.fact
        what = " ".join(
            str(getattr(data, name)) for name in ("part", "score", "condition") if getattr(data, name, None)
        )
        to = f", then {line.dest}" if line.dest != line.source else ""
        clause = f" [{line.clause}]" if line.clause else ""
        seen = "" if line.is_counted and line.seen == "told" else f" ({line.seen})"
        yield f"{line.on} {line.fact.step} {what}".rstrip() + f"{to}{clause}{seen}"
