"""
Logs beside the histories, as ports: who asked after a certificate, and which personal value was amended and why.

Neither holds a name, a number of an identity document, or any other personal value.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Protocol

AMENDABLE: Final = ("name", "document_type", "document_number", "sex", "phone", "email")


@dataclass(frozen=True, slots=True)
class Note:
    """
    Why a personal value is amended.

    Attributes:
        at: The instant, aware.
        actor: Who did it.
        reason: Why.
        authority: On whose decision.
    """

    at: datetime
    actor: str
    reason: str
    authority: str


@dataclass(frozen=True, slots=True)
class Change:
    """
    An amendment of one personal value; the value itself is not kept.

    Attributes:
        candidate: Key of the person.
        field: Which value: a field of `Candidate`.
        note: When, by whom and why.
    """

    candidate: str
    field: str
    note: Note


@dataclass(frozen=True, slots=True)
class Verification:
    """
    One question after a certificate.

    Attributes:
        at: The instant, aware.
        number: The number asked about, with nothing in it that looks like an identity number.
        outcome: What was found: `valid`, `replaced`, `suspended`, `revoked`, `wrong_name` or `not_found`.
        asked_by: Who asked, through which door.
    """

    at: datetime
    number: str
    outcome: str
    asked_by: str


class VerificationLog(Protocol):
    """The log of verifications."""

    def put(self, verification: Verification) -> None:
        """Keep a verification."""

    def of(self, number: str) -> tuple[Verification, ...]:
        """Give the verifications of a number, oldest first."""
