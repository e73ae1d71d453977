"""
The tables of SQLite and PostgreSQL.

Owns names and shapes only: a database is made by the migrations, never from here, and a test holds the two equal.
Every key that concerns an application begins with `bucket`, so that the same SQL runs on one file, one server and
Citus (engines.md, section 6).
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Final

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Date,
    ForeignKeyConstraint,
    Index,
    Integer,
    Named,
    SmallInteger,
    String,
    Table,
    Text,
    TypedColumns,
    UniqueConstraint,
)

from storage.column_types import Code, Instant
from storage.column_types import metadata as metadata
from storage.person_tables import access as access
from storage.person_tables import candidate as candidate
from storage.person_tables import candidate_act as candidate_act
from storage.person_tables import candidate_change as candidate_change
from storage.person_tables import member as member
from storage.person_tables import verification as verification
from storage.person_tables import wrapped_key as wrapped_key


class _SchemeDocument(TypedColumns):
    digest: Named[str] = Column(String(64), primary_key=True)
    scheme: Named[str] = Column(Code)
    version: Named[int] = Column(Integer)
    title: Named[str] = Column(Text)
    text: Named[str] = Column(Text)
    put_at: Named[datetime] = Column(Instant)
    ordinal: Named[int] = Column(Integer, unique=True)


class _Application(TypedColumns):
    bucket: Named[int] = Column(SmallInteger, primary_key=True, autoincrement=False)
    application: Named[str] = Column(Code, primary_key=True)
    candidate: Named[str] = Column(Code)
    scheme: Named[str] = Column(Code)
    digest: Named[str] = Column(String(64))
    level: Named[int] = Column(SmallInteger)
    submitted_on: Named[date] = Column(Date)
    state: Named[str] = Column(Code)
    sequence: Named[int] = Column(Integer)
    head: Named[str] = Column(String(64))
    next_due_on: Named[date | None] = Column(Date)
    recorded_at: Named[datetime | None] = Column(Instant)
    next_due_type: Named[str] = Column(Code, server_default="")
    next_due_data: Named[str] = Column(Text, server_default="")


class _Event(TypedColumns):
    bucket: Named[int] = Column(SmallInteger, primary_key=True, autoincrement=False)
    application: Named[str] = Column(Code, primary_key=True)
    sequence: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    type: Named[str] = Column(Code)
    version: Named[int] = Column(SmallInteger)
    step: Named[str] = Column(Code)
    source: Named[str] = Column(Code)
    dest: Named[str] = Column(Code)
    effective_on: Named[date] = Column(Date)
    recorded_at: Named[datetime] = Column(Instant)
    actor: Named[str] = Column(Text)
    command: Named[str] = Column(Code)
    data: Named[str] = Column(Text)
    previous: Named[str] = Column(String(64))
    hash: Named[str] = Column(String(64))


class _Admission(TypedColumns):
    bucket: Named[int] = Column(SmallInteger, primary_key=True, autoincrement=False)
    application: Named[str] = Column(Code, primary_key=True)
    part: Named[str] = Column(Code, primary_key=True)
    sitting: Named[str] = Column(Code, primary_key=True)
    sat_on: Named[date] = Column(Date)


class _Certificate(TypedColumns):
    number: Named[str] = Column(Code, primary_key=True)
    series: Named[str] = Column(Code)
    serial: Named[int] = Column(Integer)
    bucket: Named[int] = Column(SmallInteger)
    application: Named[str] = Column(Code)
    awarded_on: Named[date] = Column(Date)


class _NumberSeries(TypedColumns):
    series: Named[str] = Column(Code, primary_key=True)
    last: Named[int] = Column(Integer)


class _Sitting(TypedColumns):
    key: Named[str] = Column(Code, primary_key=True)
    part: Named[str] = Column(Code, primary_key=True)
    sat_on: Named[date] = Column(Date, primary_key=True)
    centre: Named[str] = Column(Text)
    starts: Named[str | None] = Column(Text)
    minutes: Named[int | None] = Column(Integer)
    closes_on: Named[date | None] = Column(Date)


class _Seat(TypedColumns):
    sitting: Named[str] = Column(Code, primary_key=True)
    part: Named[str] = Column(Code, primary_key=True)
    sat_on: Named[date] = Column(Date, primary_key=True)
    place: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    room: Named[str] = Column(Code)
    number: Named[int] = Column(Integer)
    is_separate: Named[bool] = Column(Boolean)
    given: Named[int] = Column(Integer)
    application: Named[str | None] = Column(Code)


class _Staff(TypedColumns):
    sitting: Named[str] = Column(Code, primary_key=True)
    part: Named[str] = Column(Code, primary_key=True)
    sat_on: Named[date] = Column(Date, primary_key=True)
    role: Named[str] = Column(Code, primary_key=True)
    name: Named[str] = Column(Code, primary_key=True)
    recused: Named[str] = Column(Text)


class _CertificateCode(TypedColumns):
    code: Named[str] = Column(Code, primary_key=True)
    number: Named[str] = Column(Code, unique=True)


class _Run(TypedColumns):
    job: Named[str] = Column(Code, primary_key=True)
    day: Named[date] = Column(Date, primary_key=True)
    opened_at: Named[datetime] = Column(Instant)
    opened_by: Named[str] = Column(Text)
    finished_at: Named[datetime | None] = Column(Instant)
    finished_by: Named[str] = Column(Text)
    outcome: Named[str] = Column(Code)
    digest: Named[str] = Column(String(64))


class _RunPart(TypedColumns):
    bucket: Named[int] = Column(SmallInteger, primary_key=True, autoincrement=False)
    job: Named[str] = Column(Code, primary_key=True)
    day: Named[date] = Column(Date, primary_key=True)
    key: Named[str] = Column(Code, primary_key=True)
    at: Named[datetime] = Column(Instant)
    by: Named[str] = Column(Text)
    changes: Named[str] = Column(Text)


class _Parked(TypedColumns):
    bucket: Named[int] = Column(SmallInteger, primary_key=True, autoincrement=False)
    application: Named[str] = Column(Code, primary_key=True)
    job: Named[str] = Column(Code, primary_key=True)
    day: Named[date] = Column(Date, primary_key=True)
    at: Named[datetime] = Column(Instant)
    reason: Named[str] = Column(Text)


class _Outbox(TypedColumns):
    bucket: Named[int] = Column(SmallInteger, primary_key=True, autoincrement=False)
    application: Named[str] = Column(Code, primary_key=True)
    reason: Named[str] = Column(Code, primary_key=True)
    candidate: Named[str] = Column(Code)
    kind: Named[str] = Column(Code)
    about: Named[str] = Column(Text)
    queued_on: Named[date] = Column(Date)
    useful_until: Named[date] = Column(Date)
    queued_at: Named[datetime] = Column(Instant)
    tries: Named[int] = Column(SmallInteger)
    next_try_at: Named[datetime | None] = Column(Instant)
    sent_at: Named[datetime | None] = Column(Instant)
    error: Named[str] = Column(Text)


class _Seal(TypedColumns):
    number: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    size: Named[int] = Column(BigInteger, unique=True)
    root: Named[str] = Column(String(64))
    note: Named[str] = Column(Text)
    at: Named[datetime] = Column(Instant)
    by: Named[str] = Column(Text)
    frontier: Named[str] = Column(Text)
    key: Named[str] = Column(Code)


class _SealRange(TypedColumns):
    bucket: Named[int] = Column(SmallInteger, primary_key=True, autoincrement=False)
    application: Named[str] = Column(Code, primary_key=True)
    seal: Named[int] = Column(Integer, primary_key=True, autoincrement=False)
    first_sequence: Named[int] = Column(Integer)
    last_sequence: Named[int] = Column(Integer)
    head: Named[str] = Column(String(64))


scheme_document: Final = Table("scheme_document", metadata, _SchemeDocument)

# The second key serves whatever runs over all applications in the order of their keys, without sorting.
application: Final = Table("application", metadata, _Application, UniqueConstraint("application", "bucket"))

Index("ix_application_candidate", application.c.candidate)

# What is due is few among many: the index holds only applications for which the clock has something to do. Claims go
# bucket by bucket, since Citus locks rows of one bucket only.
Index(
    "ix_application_due",
    application.c.bucket,
    application.c.next_due_on,
    application.c.application,
    sqlite_where=application.c.next_due_on.is_not(None),
    postgresql_where=application.c.next_due_on.is_not(None),
)

# (bucket, application, sequence) is the optimistic lock's last line; a retried command is recognised by the second key.
event: Final = Table(
    "event",
    metadata,
    _Event,
    UniqueConstraint("bucket", "application", "command"),
    ForeignKeyConstraint(["bucket", "application"], ["application.bucket", "application.application"]),
)

admission: Final = Table("admission", metadata, _Admission, Index(None, "sitting", "part", "application"))

certificate: Final = Table("certificate", metadata, _Certificate, UniqueConstraint("series", "serial"))

number_series: Final = Table("number_series", metadata, _NumberSeries)

sitting: Final = Table("sitting", metadata, _Sitting)

_OF_A_SITTING: Final = (("sitting", "part", "sat_on"), ("sitting.key", "sitting.part", "sitting.sat_on"))

# A row for every seat that there is: the database itself holds the capacity, and gives each seat to one application.
seat: Final = Table(
    "seat",
    metadata,
    _Seat,
    UniqueConstraint("sitting", "part", "sat_on", "room", "number"),
    UniqueConstraint("sitting", "part", "application"),
    ForeignKeyConstraint(*_OF_A_SITTING),
)

staff: Final = Table("staff", metadata, _Staff, ForeignKeyConstraint(*_OF_A_SITTING))

# The code on the paper, by which a certificate is found again without a name.
certificate_code: Final = Table("certificate_code", metadata, _CertificateCode)

# A run is named by its job and its business day. What it did stands in its parts, each written by the transaction that
# did it; what it could not judge is parked until the run is taken up again or the next night.
run: Final = Table("run", metadata, _Run)

run_part: Final = Table("run_part", metadata, _RunPart)

parked: Final = Table("parked", metadata, _Parked)

# One notice for each application and reason, ever. The index holds only what waits.
outbox: Final = Table("outbox", metadata, _Outbox)
Index(
    "ix_outbox_waiting",
    outbox.c.bucket,
    outbox.c.next_try_at,
    sqlite_where=outbox.c.next_try_at.is_not(None),
    postgresql_where=outbox.c.next_try_at.is_not(None),
)

# A seal goes on where the one before ended; its ranges say which events came in. The second key gives the log's order.
seal: Final = Table("seal", metadata, _Seal)

seal_range: Final = Table("seal_range", metadata, _SealRange, UniqueConstraint("seal", "bucket", "application"))

APPEND_ONLY: Final = (
    "event", "scheme_document", "certificate", "certificate_code", "verification", "candidate_change", "candidate_act",
    "run_part", "seal", "seal_range", "access",
)  # fmt: skip
