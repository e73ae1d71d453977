"""
The tables of persons: candidates with what was done to their data, the board's staff, and who asked and saw what.

Names and shapes only, as in `tables`, which gives these along with its own.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from sqlalchemy import Column, Date, Index, Integer, LargeBinary, Named, String, Table, Text, TypedColumns

from storage.column_types import Code, Instant, metadata


class _Candidate(TypedColumns):
    key: Named[str] = Column(Code, primary_key=True)
    standing: Named[str] = Column(Code)
    document_index: Named[str | None] = Column(Code, unique=True)
    name_index: Named[str | None] = Column(Code, index=True)
    ring_key: Named[str | None] = Column(Code)
    data_key: Named[str | None] = Column(Text)
    sealed: Named[bytes | None] = Column(LargeBinary)


class _CandidateAct(TypedColumns):
    number: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    candidate: Named[str] = Column(Code, index=True)
    deed: Named[str] = Column(Code)
    effective_on: Named[date] = Column(Date)
    at: Named[datetime] = Column(Instant)
    actor: Named[str] = Column(Text)
    reason: Named[str] = Column(Text)
    authority: Named[str] = Column(Text)
    previous: Named[str] = Column(String(64))
    hash: Named[str] = Column(String(64))


class _WrappedKey(TypedColumns):
    name: Named[str] = Column(Code, primary_key=True)
    ring_key: Named[str] = Column(Code)
    wrapped: Named[str] = Column(Text)


class _Verification(TypedColumns):
    id: Named[int] = Column(Integer, primary_key=True)
    at: Named[datetime] = Column(Instant)
    number: Named[str] = Column(Code, index=True)
    outcome: Named[str] = Column(Code)
    asked_by: Named[str] = Column(Text)


class _CandidateChange(TypedColumns):
    id: Named[int] = Column(Integer, primary_key=True)
    candidate: Named[str] = Column(Code, index=True)
    at: Named[datetime] = Column(Instant)
    actor: Named[str] = Column(Text)
    field: Named[str] = Column(Code)
    reason: Named[str] = Column(Text)
    authority: Named[str] = Column(Text)


class _Member(TypedColumns):
    name: Named[str] = Column(Code, primary_key=True)
    roles: Named[str] = Column(Text)
    added_at: Named[datetime] = Column(Instant)
    token_hash: Named[str] = Column(Text)
    token_at: Named[datetime] = Column(Instant)
    disabled_at: Named[datetime | None] = Column(Instant)


class _Access(TypedColumns):
    number: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    at: Named[datetime] = Column(Instant)
    actor: Named[str] = Column(Code)
    what: Named[str] = Column(Code)
    subject: Named[str] = Column(Code)
    reason: Named[str] = Column(Text)
    persons: Named[int] = Column(Integer)
    detail: Named[str] = Column(Text)
    previous: Named[str] = Column(String(64))
    hash: Named[str] = Column(String(64))


# No value of a person is stored in plain text: all are in `sealed`, under the person's own data key, which the key ring
# wraps (storage/personal.py). Of who is erased only the key and the standing stay.
candidate: Final = Table("candidate", metadata, _Candidate)

# Who was restricted, freed again or erased, when, by whom and why; each act names the hash of the one before it.
candidate_act: Final = Table("candidate_act", metadata, _CandidateAct)

# Keys that belong to no person, wrapped by the ring: the one of the digests.
wrapped_key: Final = Table("wrapped_key", metadata, _WrappedKey)

# Who asked after a certificate, and which personal value was amended and why: neither log holds a personal value.
verification: Final = Table("verification", metadata, _Verification)

candidate_change: Final = Table("candidate_change", metadata, _CandidateChange)

# Who may sign in; and who saw what, each entry going on from the one before.
member: Final = Table("member", metadata, _Member)

access: Final = Table("access", metadata, _Access, Index(None, "what", "subject"))
