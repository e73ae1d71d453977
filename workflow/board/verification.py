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
from workflow.board.issued import Issued, issued_of
from workflow.cells import compact
from workflow.language.awarding import split_number
from workflow.logs import Verification
from workflow.service import Service

MOST_NUMBER: Final = 64  # characters of a number that is looked at closely
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
        last_valid_on: Its last valid day, as it was last renewed; None where it does not end.
        is_erased: Whether the holder's data is erased, so that the name could not be compared.
    """

    outcome: str
    number: str = ""
    title: str = ""
    occupation: str = ""
    level: int = 0
    level_title: str = ""
    awarded_on: date | None = None
    since: date | None = None
    last_valid_on: date | None = None
    is_erased: bool = False

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
            "last_valid_on": self.last_valid_on.isoformat() if self.last_valid_on else None,
            **({"holder": "erased"} if self.is_erased else {}),
        }


NOT_FOUND = Answer("not_found")


def verify(service: Service, number: str, name: str, asked_by: str) -> Answer:
    """
    Answer whether a person of this name holds the certificate of this number, and log the question.

    Where the holder's data is erased the number alone is answered, and the answer says so.

    Args:
        service: The service; its database must be one to write to.
        number: The number on the paper.
        name: The name on the paper; blank is nobody's.
        asked_by: Who asks, through which door.
    """
    number = compact(number)
    found = _found(service, number)
    if found is None:
        return _logged(service, NOT_FOUND, _kept(service, number), "not_found", asked_by)
    is_erased = _is_erased(service, found)
    if not is_erased and not _is_name_of(service, found, name):
        return _logged(service, NOT_FOUND, number, "wrong_name", asked_by)
    return _answered(service, found, asked_by, is_erased)


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
    return _answered(service, found, asked_by, _is_erased(service, found))


def asked_after(service: Service, number: str) -> tuple[Verification, ...]:
    """List every question that was asked after a number, oldest first; also where the log keeps it masked."""
    log = service.stores.verifications
    return log.of(number) or log.of(_kept(service, number))


def _kept(service: Service, number: str) -> str:
    """Give what the log keeps of a number that nobody bears: masked where it is no number that a scheme gives."""
    patterns = (pinned.scheme.certificate.number for pinned in service.stores.schemes.current())
    is_like_one = len(number) <= MOST_NUMBER and any(re.fullmatch(_shape(pattern), number) for pattern in patterns)
    return identity.shown(number if is_like_one else identity.mask(number))


def _shape(pattern: str) -> str:
    before, digits, after = split_number(pattern)
    pieces = [re.sub(r"\\{\w+\\}", r"\\w*", re.escape(piece)) for piece in (before, after)]
    return rf"{pieces[0]}\d{{{digits}}}{pieces[1]}"


def _found(service: Service, number: str) -> Issued | None:
    if not number.isprintable():
        return None
    holder = service.stores.events.certificate_holder(number)
    return None if holder is None else issued_of(service, service.history(holder))


def _is_erased(service: Service, found: Issued) -> bool:
    candidate = found.application.candidate
    return service.stores.candidates.standings([candidate]).get(candidate) == "erased"


def _is_name_of(service: Service, found: Issued, name: str) -> bool:
    person = service.stores.candidates.get(found.application.candidate)
    try:
        return person is not None and identity.name(name).casefold() == person.name.casefold()
    except ValueError:
        return False


def _answered(service: Service, found: Issued, asked_by: str, is_erased: bool) -> Answer:
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
        found.last_valid_on,
        is_erased,
    )
    return _logged(service, answer, answer.number, outcome, asked_by)


def _logged(service: Service, answer: Answer, number: str, outcome: str, asked_by: str) -> Answer:
    service.stores.verifications.put(Verification(service.now(), number, outcome, asked_by))
    return answer
