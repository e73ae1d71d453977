"""
Retention: how long a person's data is kept, and restricting, freeing and erasing it.

Each application is kept by the `retention` of its own scheme document, or by the default where that says nothing; a
person's data is kept as long as that of any application. While it is kept it may be restricted: no lists, exports or
notices. After the last day it may be erased: the histories stay, and nobody can tell any more whose they were.
Source: domain.md, sections 2.5 and 4 (PIPL articles 19 and 47).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import islice
from typing import Any, Final

from workflow.application import Application
from workflow.bars import bars_of, bars_of_attempts
from workflow.calendar import Period
from workflow.errors import ExamboardError, Objection, Refused
from workflow.language.policy import DEFAULT_RETENTION, Retention
from workflow.logs import Note
from workflow.persons.forgetting import Act, Deed
from workflow.persons.prose import refuse_values_in
from workflow.renewal import certificate_standing
from workflow.replay import replay
from workflow.scheme import Rules
from workflow.service import Service
from workflow.steps import ENDED

AT_ONCE: Final = 500


@dataclass(frozen=True, slots=True)
class Kept:
    """
    How long a person's data is kept.

    Attributes:
        candidate: Key of the person.
        applications: The person's applications.
        until: The last day on which it is kept; None while an application runs, or where it is kept for ever.
        clause: The clause that asks for the longest time.
        is_declared: Whether every scheme says so itself; else the default does for one of them at least.
        running: The applications that have not ended.
    """

    candidate: str
    applications: tuple[str, ...] = ()
    until: date | None = None
    clause: str = ""
    is_declared: bool = True
    running: tuple[str, ...] = ()

    def is_over(self, day: date) -> bool:
        """Tell whether the last day is past; nothing is kept for a person without applications."""
        return not self.applications or (self.until is not None and self.until < day)

    def as_json(self) -> dict[str, Any]:
        """Give plain JSON values."""
        return {
            "candidate": self.candidate,
            "applications": list(self.applications),
            "kept_until": self.until.isoformat() if self.until else None,
            "clause": self.clause or None,
            "declared": self.is_declared,
        }


def policy_of(rules: Rules) -> Retention:
    """Give the retention of a scheme, or the default."""
    return rules.scheme.retention or DEFAULT_RETENTION


def kept_until(application: Application, rules: Rules, day: date) -> date | None:
    """
    Give the last day on which the data of an ended application is kept; None where that is for ever.

    The time runs from the day on which it ended; after a certification from the award, or from the certificate's last
    valid day where it has one. Data that a bar rests on is kept to the bar's own last day at least.

    Args:
        application: The application, ended, as of the day.
        rules: Its rules.
        day: The day asked about.
    """
    policy, start = policy_of(rules), application.entered_on
    length: Period | None = policy.ended
    if application.state == "certified":
        length = policy.certified
        _standing, last = certificate_standing(application, rules, day)
        start = max(start, last or start)
    if length is None:
        return None
    bars = (*bars_of(application, rules), *bars_of_attempts(application, rules, day))
    return max([length.after(start), *(bar.until for bar in bars)])


def kept(service: Service, candidate: str, day: date) -> Kept:
    """
    Say how long a person's data is kept, as of a day.

    Raises:
        Corrupt: an application cannot be judged.
    """
    keys = service.stores.events.of_candidates(candidate)
    running, longest, is_declared = [], (date.min, ""), True
    for history in service.stores.events.histories(keys) if keys else ():
        rules = service.rules_of(history)
        application = replay(history, rules, max(day, history[0].effective_on))
        assert application is not None
        if application.state not in ENDED:
            running.append(application.key)
            continue
        is_declared = is_declared and rules.scheme.retention is not None
        until = kept_until(application, rules, day) or date.max
        longest = max(longest, (until, f"{rules.scheme.scheme}: {policy_of(rules).clause}"))
    if running:
        return Kept(candidate, keys, None, "", is_declared, tuple(running))
    until, clause = longest
    return Kept(candidate, keys, None if until in (date.min, date.max) else until, clause, is_declared)


def due(service: Service, day: date) -> Iterator[Kept | tuple[str, ExamboardError]]:
    """
    Stream the persons whose data need not be kept any more on a day, in the order of their first old application.

    A person of whom that cannot be told comes as a key with the error.
    """
    rows = (p.candidate for p in service.stores.events.projections() if _may_be_over(service, p, day))
    seen: set[str] = set()
    while some := list(islice(rows, AT_ONCE)):
        new = [key for key in dict.fromkeys(some) if key not in seen]
        seen.update(new)
        standings = service.stores.candidates.standings(new)
        for key in new:
            if standings.get(key, "erased") == "erased":
                continue
            try:
                found = kept(service, key, day)
            except ExamboardError as error:
                yield key, error
                continue
            if found.is_over(day):
                yield found


def _may_be_over(service: Service, row: Any, day: date) -> bool:
    """Tell by its row whether an application may be over: no history is read for those that cannot."""
    if row.state not in ENDED:
        return row.next_due_on is not None and row.next_due_on <= day and _is_old(service, row, day)
    return _is_old(service, row, day)


def _is_old(service: Service, row: Any, day: date) -> bool:
    try:
        policy = policy_of(service.rules(row.digest, row.level))
    except ExamboardError:  # it is told of when the history is asked
        return True
    lengths = [length for length in (policy.certified, policy.ended) if length is not None]
    return any(length.after(row.submitted_on) < day for length in lengths)


# -- deeds -------------------------------------------------------------------------------------------------------------


def restrict(service: Service, candidate: str, reason: str, authority: str) -> Act | None:
    """
    Restrict a person's data: it is kept, and used for nothing but answers about certificates.

    Returns:
        The act; None where it was restricted already.

    Raises:
        NotFound: there is no such person.
        Conflict: the person is erased.
        Refused: an application of the person still runs.
        Invalid: the reason or the authority repeats a personal value.
    """
    if running := kept(service, candidate, service.today()).running:
        text = f"{', '.join(running)} still runs: nobody could be admitted or told of a result; end it first"
        raise Refused(f"candidate {candidate}: restrict", [Objection("has_ended", text, "board forgetting")])
    return _do(service, candidate, "restricted", reason, authority)


def unrestrict(service: Service, candidate: str, reason: str, authority: str) -> Act | None:
    """Free a person's data again; see `restrict`."""
    return _do(service, candidate, "unrestricted", reason, authority)


def erase(service: Service, candidate: str, reason: str, authority: str) -> Act | None:
    """
    Erase a person: data key, values and digests are destroyed; histories, counts, proofs and acts stay.

    Returns:
        The act; None where the person was erased already.

    Raises:
        NotFound: there is no such person.
        Refused: the data must still be kept; says until when, and by which clause.
        Invalid: the reason or the authority repeats a personal value.
    """
    refuse_early(kept(service, candidate, service.today()), service.today())
    return _do(service, candidate, "erased", reason, authority)


def refuse_early(found: Kept, day: date) -> None:
    """
    Refuse to erase what must still be kept.

    Raises:
        Refused: an application runs, or the last day of keeping is not past.
    """
    if found.is_over(day):
        return
    if found.running:
        text = f"{', '.join(found.running)} still runs; it is kept for some time after its end"
    elif found.until is None:
        text = "a certificate's data is kept for ever; it may be restricted"
    else:
        text = f"kept through {found.until}; until then it may be restricted: examboard candidate restrict"
    raise Refused(f"candidate {found.candidate}: erase", [Objection("is_past_retention", text, found.clause)])


def _do(service: Service, candidate: str, deed: Deed, reason: str, authority: str) -> Act | None:
    person = service.stores.candidates.get(candidate)
    if person is not None:
        refuse_values_in(f"{reason} {authority}", person, f"candidate {candidate}")
    note = Note(service.now(), service.actor, reason, authority)
    return service.stores.candidates.forget(candidate, deed, service.today(), note)
