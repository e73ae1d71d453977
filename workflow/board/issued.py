"""
Issued certificates: what a certificate says and where it stands, on a day and by what was known at a moment.

Pure reading. Standing is derived from the history, like everything else (design.md, laws 1 and 2).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from workflow.application import Application
from workflow.board.certificates import holder_of
from workflow.calendar import ONE_DAY
from workflow.errors import NotFound
from workflow.events import Event, certificate_code
from workflow.facts import CertificateAwarded, CertificateRenewed, CertificateReplaced
from workflow.facts.certificates import StandingChanged
from workflow.renewal import certificate_standing, renewed_from_suspension, term_of
from workflow.replay import known
from workflow.scheme import Rules
from workflow.service import Service
from workflow.standing import flags


@dataclass(frozen=True, slots=True)
class Turn:
    """
    Something that became of a certificate after its award.

    Attributes:
        on: The day on which it took effect.
        what: Name of the fact.
        reason: Why.
        authority: On whose decision.
        stationery: Serial number of the new sheet of a replacement; empty otherwise.
    """

    on: date
    what: str
    reason: str
    authority: str
    stationery: str = ""


@dataclass(frozen=True, slots=True)
class Issued:
    """
    A certificate as it stands.

    Attributes:
        application: The application that led to it, as replayed.
        rules: The rules that it pinned.
        award: The award.
        awarded_on: Its day.
        code: The code on the paper, under which it is verified without a name.
        standing: `valid`, `suspended`, `revoked` or `expired`.
        since: The day from which it stands so.
        last_valid_on: Its last valid day; None where it does not end.
        turns: What became of it, in the order of recording.
        flags: What the board should look at.
    """

    application: Application
    rules: Rules
    award: CertificateAwarded
    awarded_on: date
    code: str
    standing: str
    since: date
    last_valid_on: date | None
    turns: tuple[Turn, ...]
    flags: tuple[str, ...]

    @property
    def counts(self) -> bool:
        """Whether it counts: it is neither suspended nor revoked, nor has it expired."""
        return self.standing == "valid"

    @property
    def replaced_on(self) -> date | None:
        """The day from which only the newest paper counts; None if it was never replaced."""
        return max((t.on for t in self.turns if t.what == CertificateReplaced.__name__), default=None)

    def as_row(self) -> dict[str, Any]:
        """Give the short form: one row of a listing, as plain JSON values, without a personal value."""
        a = self.application
        return {
            "certificate": self.award.number,
            "application": a.key,
            "scheme": a.scheme,
            "level": a.level,
            "awarded_on": self.awarded_on.isoformat(),
            "standing": self.standing,
            "since": self.since.isoformat(),
            "last_valid_on": self.last_valid_on.isoformat() if self.last_valid_on else None,
            "authority": self.award.authority or None,
            "remarks": list(a.certificate_remarks),
            "flags": list(self.flags),
        }

    def as_json(self) -> dict[str, Any]:
        """Give everything but the person, as plain JSON values."""
        turns = [
            {
                "on": t.on.isoformat(),
                "what": t.what,
                "reason": t.reason,
                "authority": t.authority,
                "stationery": t.stationery or None,
            }
            for t in self.turns
        ]
        credits_ = [
            {
                "event": known.sequence,
                "credits": str(known.fact.credits),
                "category": known.fact.category or None,
                "earned_on": known.fact.earned_on.isoformat(),
                "recorded_on": known.from_day.isoformat(),
                "rejected_on": known.rejected_on.isoformat() if known.rejected_on else None,
                "provider": known.fact.provider or None,
                "reference": known.fact.reference or None,
            }
            for known in self.application.credits
        ]
        return {**self.as_row(), "code": self.code, "turns": turns, "credits": credits_}


def issued(service: Service, number: str, as_of: date | None = None, known_at: datetime | None = None) -> Issued:
    """
    Give a certificate by its number or by the number of its application.

    Raises:
        NotFound: there is none, or not yet on that day, or not by that knowledge.
        Refused: the application has led to none.
    """
    found = issued_of(service, service.history(holder_of(service, number)), as_of, known_at)
    if found is None:
        raise NotFound(f"certificate {number} had not been awarded, by that day and that knowledge")
    return found


def all_issued(
    service: Service, as_of: date | None = None, known_at: datetime | None = None, keys: Sequence[str] | None = None
) -> Iterator[Issued]:
    """
    Stream every certificate in the order of the applications' numbers.

    Args:
        service: The service.
        as_of: The day asked about; absent: today.
        known_at: The moment of knowledge; absent: now.
        keys: Applications to look at; absent: all that are certified; once certified, always certified.
    """
    if keys is None:
        keys = [p.application for p in service.stores.events.projections() if p.state == "certified"]
    for history in service.stores.events.histories(keys):
        if (found := issued_of(service, history, as_of, known_at)) is not None:
            yield found


def issued_of(
    service: Service, history: Sequence[Event], as_of: date | None = None, known_at: datetime | None = None
) -> Issued | None:
    """Give the certificate of a history; None if there was none on that day by that knowledge."""
    standing = service.standing_in(history, as_of, known_at)
    if standing is None or (award := standing.application.certificate) is None:
        return None
    a, rules = standing.application, service.rules_of(history)
    seen = known(history, standing.as_of, known_at)
    turns = [(e, e.fact) for e in seen if isinstance(e.fact, StandingChanged | CertificateRenewed)]
    awarded = next(e for e in seen if isinstance(e.fact, CertificateAwarded))
    moves = [e.effective_on for e, fact in turns if not isinstance(fact, CertificateReplaced | CertificateRenewed)]
    moves = sorted((*moves, *renewed_from_suspension(a, rules)))
    state, last = certificate_standing(a, rules, standing.as_of)
    since = _ended_on(a, rules, state) or (moves or [awarded.effective_on])[-1]
    return Issued(
        a,
        rules,
        award,
        awarded.effective_on,
        certificate_code(awarded),
        state,
        since,
        last,
        tuple(
            Turn(e.effective_on, e.type, _why(fact), fact.authority, getattr(fact, "stationery", ""))
            for e, fact in turns
        ),
        flags(a, rules),
    )


def _ended_on(application: Application, rules: Rules, state: str) -> date | None:
    """Give the day from which time alone has a certificate expired or suspended; None where it has not."""
    term = term_of(application, rules)
    if term is None or (state == "suspended" and application.certificate_standing == "suspended"):
        return None
    if state == "suspended":
        return term.counts_until + ONE_DAY
    return term.renewable_until + ONE_DAY if state == "expired" else None


def _why(fact: StandingChanged | CertificateRenewed) -> str:
    if isinstance(fact, CertificateRenewed):
        return f"valid through {fact.last_valid_on}{'; ' if fact.reason else ''}{fact.reason}"
    return fact.reason
