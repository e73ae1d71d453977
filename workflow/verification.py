"""
Verification: the one question that anybody may ask about a certificate, and what may be answered.

An answer holds no personal value, and a wrong name gets the answer that a number which is not there gets: it cannot be
used to find out who holds what. Every question is logged.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from workflow import identity
from workflow.cells import compact
from workflow.issued import Issued, issued_of
from workflow.logs import Verification
from workflow.service import Service

_CODE: Final = re.compile(r"[0-9a-f]{16}")


@dataclass(frozen=True, slots=True)
class Answer:
    """
    What anybody may know of a certificate.

    Attributes:
        outcome: `valid`, `replaced` (valid, but earlier papers of this number are not), `suspended`, `revoked`,
            `expired` or `not_found`. The rest is empty for the last.
        number: Its number.
        title: Title of the paper.
        occupation: Title of the occupation.
        level: The level.
        level_title: Its title.
        awarded_on: Day of the award.
        since: The day from which it stands as it does.
    """

    outcome: str
    number: str = ""
    title: str = ""
    occupation: str = ""
    level: int = 0
    level_title: str = ""
    awarded_on: date | None = None
    since: date | None = None

    @property
    def counts(self) -> bool:
        """Whether the certificate counts today."""
        return self.outcome in ("valid", "replaced")

    def as_json(self) -> dict[str, Any]:
        """Give the answer as plain JSON values."""
        if self.outcome == "not_found":
            return {"answer": self.outcome, "counts": False}
        return {
            "answer": self.outcome,
            "counts": self.counts,
            "certificate": self.number,
            "title": self.title,
            "occupation": self.occupation,
            "level": self.level,
            "level_title": self.level_title,
            "awarded_on": self.awarded_on.isoformat() if self.awarded_on else None,
            "since": self.since.isoformat() if self.since else None,
        }


NOT_FOUND = Answer("not_found")


def verify(service: Service, number: str, name: str, asked_by: str) -> Answer:
    """
    Answer whether a person of this name holds the certificate of this number, and log the question.

    Args:
        service: The service; its database must be one to write to.
        number: The number on the paper.
        name: The name on the paper; blank is nobody's.
        asked_by: Who asks, through which door.
    """
    number = compact(number)
    found = _found(service, number)
    if found is None:
        return _logged(service, NOT_FOUND, identity.shown(number), "not_found", asked_by)
    if not _is_name_of(service, found, name):
        return _logged(service, NOT_FOUND, number, "wrong_name", asked_by)
    return _answered(service, found, asked_by)


def verify_code(service: Service, code: str, asked_by: str) -> Answer:
    """
    Answer what the paper with this code is worth, and log the question; who has the code has seen the paper.

    Args:
        service: The service; its database must be one to write to.
        code: The code in the paper's QR, alone or at the end of the address.
        asked_by: Who asks, through which door.
    """
    last = compact(code).rpartition("/")[2].casefold()
    number = service.stores.events.certificate_with_code(last) if _CODE.fullmatch(last) else None
    found = _found(service, number) if number else None
    if found is None:
        return _logged(service, NOT_FOUND, f"code {identity.shown(last)}", "not_found", asked_by)
    return _answered(service, found, asked_by)


def _found(service: Service, number: str) -> Issued | None:
    if not number.isprintable():
        return None
    holder = service.stores.events.certificate_holder(number)
    return None if holder is None else issued_of(service, service.history(holder))


def _is_name_of(service: Service, found: Issued, name: str) -> bool:
    person = service.stores.candidates.get(found.application.candidate)
    try:
        return person is not None and identity.name(name).casefold() == person.name.casefold()
    except ValueError:
        return False


def _answered(service: Service, found: Issued, asked_by: str) -> Answer:
    outcome = "replaced" if found.counts and found.replaced_on else found.standing
    scheme, level = found.rules.scheme, found.rules.level
    answer = Answer(
        outcome,
        found.award.number,
        scheme.certificate.title,
        scheme.occupation.title,
        found.rules.number,
        level.title,
        found.awarded_on,
        found.replaced_on if outcome == "replaced" else found.since,
    )
    return _logged(service, answer, answer.number, outcome, asked_by)


def _logged(service: Service, answer: Answer, number: str, outcome: str, asked_by: str) -> Answer:
    service.stores.verifications.put(Verification(service.now(), number, outcome, asked_by))
    return answer
