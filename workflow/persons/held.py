"""
Held: all that the board holds about a person, for that person: as plain JSON values, and as text to be read.

Source: domain.md, section 4 (PIPL article 45: the right to see and to have a copy).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

from workflow.board.issued import issued_of
from workflow.events import Event, canonical_data
from workflow.logs import Change, Note
from workflow.nights.ledger import Notice
from workflow.persons.forgetting import Act
from workflow.ports import Candidate
from workflow.service import Service


def held(service: Service, candidate: str) -> dict[str, Any]:
    """
    Gather what is held about a person: the registry's values, the logs about them, and every application in full.

    Raises:
        NotFound: there is no such person, or the person is erased.
    """
    person = service.candidate(candidate)
    registry = service.stores.candidates
    keys = service.stores.events.of_candidates(candidate)
    return {
        "candidate": candidate,
        "standing": "restricted" if person.is_restricted else "active",
        "values": _values(person),
        "amended": [_change(change) for change in registry.changes(candidate)],
        "acts": [act_row(act) for act in registry.acts(candidate)],
        "seen": [_seen(entry) for entry in service.stores.access.entries(subject=candidate)],
        "applications": [_application(service, history) for history in service.stores.events.histories(keys)]
        if keys
        else [],
    }


def _values(person: Candidate) -> dict[str, str]:
    names = ("name", "document_type", "document_number", "sex", "phone", "email")
    return {name: getattr(person, name) for name in names}


def _noted(note: Note) -> dict[str, str]:
    return {"at": note.at.isoformat(), "by": note.actor, "reason": note.reason, "authority": note.authority}


def _change(change: Change) -> dict[str, str]:
    return {"value": change.field, **_noted(change.note)}


def act_row(act: Act) -> dict[str, Any]:
    """Give an act as plain JSON values."""
    row = {"number": act.number, "deed": act.deed, "on": act.on.isoformat(), **_noted(act.note)}
    return {**row, "hash": act.hash}


def _seen(entry: Any) -> dict[str, str]:
    return {"at": entry.at.isoformat(), "by": entry.actor, "what": entry.what, "reason": entry.reason}


def _application(service: Service, history: tuple[Event, ...]) -> dict[str, Any]:
    key, rules = history[0].application, service.rules_of(history)
    found = issued_of(service, history)
    return {
        "application": key,
        "scheme": rules.scheme.title,
        "document": rules.digest,
        "level": rules.number,
        "standing": service.stood(history).as_json(),
        "history": [_event(event) for event in history],
        "notices": [_notice(notice) for notice in service.stores.outbox.notices(key)],
        "certificate": found.as_json() if found else None,
        "verifications": [
            {"at": v.at.isoformat(), "outcome": v.outcome, "by": v.asked_by}
            for v in (service.stores.verifications.of(found.award.number) if found else ())
        ],
    }


def _event(event: Event) -> dict[str, Any]:
    return {
        "number": event.sequence,
        "what": event.type,
        "on": event.effective_on.isoformat(),
        "recorded_at": event.recorded_at.isoformat(),
        "by": event.actor,
        "data": json.loads(canonical_data(event.fact)),
    }


def _notice(notice: Notice) -> dict[str, Any]:
    sent = notice.sent_at.isoformat() if notice.sent_at else None
    return {"kind": notice.kind, "queued_on": notice.queued_on.isoformat(), "sent_at": sent, "about": notice.about}


def readable(found: dict[str, Any], title: str = "") -> Iterator[str]:
    """Write what `held` gathered as lines of text: a heading for each part, a line for each value."""
    if title:
        yield title
    yield from _lines(found, 0)


def _lines(value: Any, depth: int) -> Iterator[str]:
    pad = "  " * depth
    for name, inner in value.items() if isinstance(value, dict) else ((str(n), x) for n, x in enumerate(value, 1)):
        if inner in (None, "", [], {}):
            continue
        if isinstance(inner, dict | list):
            yield f"{pad}{name.replace('_', ' ')}:"
            yield from _lines(inner, depth + 1)
        else:
            yield f"{pad}{name.replace('_', ' ')}: {inner}"
