"""
Floor programs: the durable rows of each work, written by hand on the bare driver, as fast as we know how.

A floor writes the same rows to the same tables (events, projections, hashes, indexes, triggers and all), and knows
nothing else: no rules, no errors, no retries. How far the product lies above it is what the benchmarks say. Each has
two forms, for sqlite3 and for psycopg.
"""

from __future__ import annotations

import csv
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from datetime import date
from itertools import groupby, islice
from operator import itemgetter
from pathlib import Path
from typing import Any, Final

import psycopg

CHUNK: Final = 1_000
AT: Final = "2026-11-22 00:05:00.000000"
AT_TEXT: Final = "2026-11-22T00:05:00.000000Z"
EVENT_COLUMNS: Final = (
    "bucket, application, sequence, type, version, step, source, dest, effective_on, recorded_at, actor, command, "
    "data, previous, hash"
)


def sqlite(file: str) -> sqlite3.Connection:
    """Open a database with the settings of the product."""
    db = sqlite3.connect(file, isolation_level=None)
    for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
        db.execute(f"PRAGMA {pragma}")
    return db


def _event(
    app: str, sequence: int, kind: str, step: str, source: str, dest: str, day: str, actor: str, command: str,
    data: str, head: str,
) -> tuple[Any, ...]:  # fmt: skip
    text = (
        f'{{"actor":"{actor}","application":"{app}","command":"{command}","data":{data},"dest":"{dest}",'
        f'"effective_on":"{day}","previous":"{head}","recorded_at":"{AT_TEXT}","sequence":{sequence},'
        f'"source":"{source}","step":"{step}","type":"{kind}","version":1}}'
    )
    own = hashlib.sha256(text.encode()).hexdigest()
    return (app, sequence, kind, 1, step, source, dest, day, AT, actor, command, data, head, own)


def _chunks(rows: Sequence[Any]) -> Iterator[Sequence[Any]]:
    return (rows[start : start + CHUNK] for start in range(0, len(rows), CHUNK))


DUE: Final = (
    "SELECT bucket, application, sequence, state, head, next_due_on, next_due_data FROM application "
    "WHERE next_due_on <= {} ORDER BY bucket, application"
)


def expire_sqlite(file: str, day: date) -> int:
    """Expire what is due: an event and a projection each, a thousand in a transaction."""
    db = sqlite(file)
    rows = db.execute(DUE.format("?"), (day.isoformat(),)).fetchall()
    for chunk in _chunks(rows):
        events, ends = _expired(chunk)
        db.execute("BEGIN IMMEDIATE")
        db.executemany(f"INSERT INTO event ({EVENT_COLUMNS}) VALUES ({','.join('?' * 15)})", events)
        db.executemany(
            "UPDATE application SET state='expired', sequence=?, head=?, recorded_at=?, next_due_on=NULL, "
            "next_due_type='', next_due_data='' WHERE bucket=? AND application=? AND sequence=?",
            ends,
        )
        db.execute("COMMIT")
    db.close()
    return len(rows)


def expire_postgresql(url: str, day: date) -> int:
    """Do the same on PostgreSQL: events by COPY, projections by one statement a chunk."""
    with psycopg.connect(url) as db:
        rows = db.execute(DUE.format("%s"), (day,)).fetchall()
        db.commit()
        for chunk in _chunks(rows):
            events, ends = _expired(chunk)
            _copy(db, events)
            db.execute(
                "UPDATE application a SET state='expired', sequence=v.n, head=v.head, recorded_at=v.at, "
                "next_due_on=NULL, next_due_type='', next_due_data='' FROM unnest(%s::int[], %s::text[], "
                "%s::timestamptz[], %s::smallint[], %s::text[], %s::int[]) AS v(n, head, at, bucket, key, seen) "
                "WHERE a.bucket = v.bucket AND a.application = v.key AND a.sequence = v.seen",
                [list(column) for column in zip(*ends, strict=True)],
            )
            db.commit()
    return len(rows)


def _copy(db: psycopg.Connection[Any], events: Iterable[tuple[Any, ...]]) -> None:
    with db.cursor() as cursor, cursor.copy(f"COPY event ({EVENT_COLUMNS}) FROM STDIN") as copy:
        for event in events:
            copy.write_row(event)


def _expired(chunk: Sequence[Any]) -> tuple[list[Any], list[Any]]:
    events, ends = [], []
    for bucket, app, seen, state, head, on, data in chunk:
        n = seen + 1
        event = _event(app, n, "Expired", "expire", state, "expired", str(on), "clock", f"clock:{n}", data, head)
        events.append((bucket, *event))
        ends.append((n, event[-1], AT, bucket, app, seen))
    return events, ends


def scores_sqlite(file: str, scores: Path, sitting: str, part: str, sat_on: date) -> int:
    """Record the marks of a file: read it, look the application up, write its event and its projection."""
    db, count = sqlite(file), 0
    look = "SELECT bucket, state, sequence, head FROM application WHERE application = ?"
    with scores.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        while chunk := list(islice(reader, CHUNK)):
            db.execute("BEGIN IMMEDIATE")
            found = [(row, *db.execute(look, (row["application"],)).fetchone()) for row in chunk]
            events, ends = _scored(found, sitting, part, sat_on)
            db.executemany(f"INSERT INTO event ({EVENT_COLUMNS}) VALUES ({','.join('?' * 15)})", events)
            db.executemany(
                "INSERT INTO admission VALUES (?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                [(event[0], event[1], part, sitting, sat_on.isoformat()) for event in events],
            )
            db.executemany(
                "UPDATE application SET sequence=?, head=?, recorded_at=? WHERE bucket=? AND application=? "
                "AND sequence=?",
                ends,
            )
            db.execute("COMMIT")
            count += len(chunk)
    db.close()
    return count


def scores_postgresql(url: str, scores: Path, sitting: str, part: str, sat_on: date) -> int:
    """Do the same on PostgreSQL."""
    count = 0
    look = "SELECT application, bucket, state, sequence, head FROM application WHERE application = ANY(%s)"
    with psycopg.connect(url) as db, scores.open(encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        while chunk := list(islice(reader, CHUNK)):
            there = {row[0]: row[1:] for row in db.execute(look, ([row["application"] for row in chunk],))}
            events, ends = _scored([(row, *there[row["application"]]) for row in chunk], sitting, part, sat_on)
            _copy(db, events)
            with db.cursor() as cursor:
                cursor.executemany(
                    "INSERT INTO admission VALUES (%s, %s, %s, %s, %s) ON CONFLICT DO NOTHING",
                    [(event[0], event[1], part, sitting, sat_on) for event in events],
                )
            db.execute(
                "UPDATE application a SET sequence=v.n, head=v.head, recorded_at=v.at FROM unnest(%s::int[], "
                "%s::text[], %s::timestamptz[], %s::smallint[], %s::text[], %s::int[]) "
                "AS v(n, head, at, bucket, key, seen) "
                "WHERE a.bucket = v.bucket AND a.application = v.key AND a.sequence = v.seen",
                [list(column) for column in zip(*ends, strict=True)],
            )
            db.commit()
            count += len(chunk)
    return count


def _scored(found: Sequence[Any], sitting: str, part: str, sat_on: date) -> tuple[list[Any], list[Any]]:
    events, ends = [], []
    for row, bucket, state, seen, head in found:
        marks = float(row["score"])
        if not 0 <= marks <= 100:
            raise ValueError(row)
        data = f'{{"part":"{part}","sat_on":"{sat_on}","score":"{row["score"]}","sitting":"{sitting}"}}'
        command = f"score:{part}:{sitting}"
        key, n = row["application"], seen + 1
        event = _event(key, n, "ScoreRecorded", "record_score", state, state, str(sat_on), "bench", command, data, head)
        events.append((bucket, *event))
        ends.append((n, event[-1], AT, bucket, key, seen))
    return events, ends


READ_ALL: Final = (
    "SELECT application, sequence, type, version, step, source, dest, effective_on, recorded_at, actor, command, data, "
    "previous, hash FROM event ORDER BY bucket, application, sequence"
)


def audit_sqlite(file: str, lawful: frozenset[tuple[str, str, str]]) -> int:
    """Check every event: the chain, the numbers, and that its step is one of the table."""
    db = sqlite(file)
    count = _audit(((*row[:8], f"{row[8][:10]}T{row[8][11:]}Z", *row[9:]) for row in db.execute(READ_ALL)), lawful)
    db.close()
    return count


def audit_postgresql(url: str, lawful: frozenset[tuple[str, str, str]]) -> int:
    """Do the same on PostgreSQL, through a cursor of the server."""
    with psycopg.connect(url) as db, db.cursor(name="audit") as cursor:
        cursor.itersize = 5_000
        cursor.execute(READ_ALL)
        rows = ((*row[:8], f"{row[8]:%Y-%m-%dT%H:%M:%S.%f}Z", *row[9:]) for row in cursor)
        return _audit(rows, lawful)


def _audit(rows: Iterable[tuple[Any, ...]], lawful: frozenset[tuple[str, str, str]]) -> int:
    count = 0
    for _key, history in groupby(rows, key=itemgetter(0)):
        head, state = "0" * 64, ""
        for n, row in enumerate(history, 1):
            app, sequence, kind, version, step, source, dest, day, at, actor, command, data, previous, own = row
            text = (
                f'{{"actor":"{actor}","application":"{app}","command":"{command}","data":{data},"dest":"{dest}",'
                f'"effective_on":"{day}","previous":"{previous}","recorded_at":"{at}","sequence":{sequence},'
                f'"source":"{source}","step":"{step}","type":"{kind}","version":{version}}}'
            )
            if (
                sequence != n
                or previous != head
                or source != state
                or (source, step, dest) not in lawful
                or hashlib.sha256(text.encode()).hexdigest() != own
            ):
                raise ValueError(row)
            head, state, count = own, dest, count + 1
    return count


APPLICATION_COLUMNS: Final = (
    "bucket, application, candidate, scheme, digest, level, submitted_on, state, sequence, head, next_due_on, "
    "recorded_at, next_due_type, next_due_data"
)
_TYPED: Final = (
    "%s::smallint, %s::text, %s::int, %s::text, %s::smallint, %s::text, %s::text, %s::text, %s::date, "
    "%s::timestamptz, %s::text, %s::text, %s::text, %s::text, %s::text"
)


_MOVED: Final = ("state", "sequence", "head", "next_due_on", "recorded_at", "next_due_type", "next_due_data")


def life_sqlite(file: str, told: Sequence[Any], cases: int) -> int:
    """Write lives step by step, each step one durable commit."""
    db = sqlite(file)
    moved = ", ".join(f"{name}=?" for name in _MOVED)
    for event, row, admission in _steps(told, cases):
        key, seen = (row[0], row[1]), row[8] - 1
        db.execute("BEGIN IMMEDIATE")
        if not seen:
            db.execute(f"INSERT INTO application ({APPLICATION_COLUMNS}) VALUES ({','.join('?' * 14)})", row)
        else:
            where = "WHERE bucket=? AND application=? AND sequence=?"
            done = db.execute(f"UPDATE application SET {moved} {where}", (*row[7:], *key, seen))
            if done.rowcount != 1:
                raise ValueError(key)
        db.execute(f"INSERT INTO event ({EVENT_COLUMNS}) VALUES ({','.join('?' * 15)})", event)
        if admission:
            db.execute("INSERT INTO admission VALUES (?, ?, ?, ?, ?)", admission)
        db.execute("COMMIT")
    db.close()
    return cases * len(told)


def life_postgresql(url: str, told: Sequence[Any], cases: int) -> int:
    """Do the same on PostgreSQL: one statement a step where that is enough, committed by itself."""
    values = {n: ", ".join(["%s"] * n) for n in (14, 15)}
    moved = ", ".join(f"{name}=%s" for name in _MOVED)
    step = (
        f"WITH moved AS (UPDATE application SET {moved} WHERE bucket=%s AND application=%s AND sequence=%s "
        f"RETURNING 1) INSERT INTO event ({EVENT_COLUMNS}) SELECT {_TYPED} FROM moved"
    )
    with psycopg.connect(url, autocommit=True) as db:
        for event, row, admission in _steps(told, cases):
            key, seen = (row[0], row[1]), row[8] - 1
            if seen and not admission:
                if db.execute(step, (*row[7:], *key, seen, *event)).rowcount != 1:
                    raise ValueError(key)
                continue
            with db.transaction():
                if not seen:
                    db.execute(f"INSERT INTO application ({APPLICATION_COLUMNS}) VALUES ({values[14]})", row)
                    db.execute(f"INSERT INTO event ({EVENT_COLUMNS}) VALUES ({values[15]})", event)
                else:
                    db.execute(step, (*row[7:], *key, seen, *event))
                    db.execute("INSERT INTO admission VALUES (%s, %s, %s, %s, %s)", admission)
    return cases * len(told)


def _steps(told: Sequence[Any], cases: int) -> Iterator[tuple[tuple[Any, ...], tuple[Any, ...], Any]]:
    for number in range(cases):
        key, head = f"L{number:06}", "0" * 64
        bucket = hashlib.sha256(key.encode()).digest()[0] % 64
        for n, step in enumerate(told, 1):
            e, p = step.event, step.projection
            day, command = e.effective_on.isoformat(), f"{e.type}:{number}-{n}"
            event = _event(key, n, e.type, e.fact.step, e.source, e.dest, day, "bench", command, e.data, head)
            head = event[-1]
            row = (
                bucket, key, f"life-{number:06}", p.scheme, p.digest, p.level, p.submitted_on.isoformat(), p.state, n,
                head, p.next_due_on and p.next_due_on.isoformat(), AT, p.next_due_type, p.next_due_data,
            )  # fmt: skip
            part, sitting, sat_on = step.admission or ("", "", "")
            yield (bucket, *event), row, step.admission and (bucket, key, part, sitting, str(sat_on))
