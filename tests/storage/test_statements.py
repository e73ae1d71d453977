"""No statement of the stores is one that Citus refuses: what they send is judged by its text."""

from __future__ import annotations

from datetime import timedelta
from functools import partial
from pathlib import Path

import pytest

from storage import tables
from storage.database import Database, init, open_database
from storage.rewrap import rewrap
from tests.claims import AT, DAY, RUN, ended, notice, parked, part
from tests.histories import FACTS, filed, followed, projected
from tests.sealed import found, keys_in, sealed
from tests.seated import NOW, SAT_ON, sitting
from tests.statements import noted, objections, tables_of
from tests.timeline import test_scheme as scheme_with
from workflow.facts import Admitted
from workflow.logs import Note, Verification
from workflow.nights.ledger import Run, Window
from workflow.ports import Candidate, Sitting, bucket_of
from workflow.roles.access import Access
from workflow.roles.staff import Member
from workflow.seating import Staff

AWARDED = FACTS[-1]


def used(stores: Database, folder: Path) -> None:
    """Do with the stores, once at least, whatever they can do."""
    events, note = stores.events, Note(AT, "clerk", "misspelt", "minute 1")
    stores.schemes.put(scheme_with(), NOW)
    stores.schemes.current()
    stores.candidates.add([Candidate("c-1", "张三", "passport", "E12345678")])
    stores.candidates.amend("c-1", {"name": "张叁", "document_number": "E2"}, note)
    stores.candidates.changes("c-1")
    stores.candidates.by_name("张叁")
    stores.candidates.forget("c-1", "restricted", DAY, note)
    list(stores.candidates.acts("c-1"))
    with stores.ring.changing():
        stores.ring.add(AT)
    assert rewrap(stores.engine, stores.ring) == 2
    stores.staff.put(
        member := Member("li", ("auditor",), AT, "00$00", AT), None, said := Access(AT, "x", "staff", "li")
    )
    stores.staff.put(member, member, said)
    stores.staff.get("li"), stores.staff.all(), stores.staff.is_kept(), list(stores.access.entries("staff", "li"))
    stores.verifications.put(Verification(AT, "2600003000001", "valid", "web"))
    stores.verifications.of("2600003000001")
    one = sitting(2)
    stores.sittings.put([one, Sitting("T", "theory", SAT_ON, "hall", staff=(Staff("李四", "proctor"),))])
    stores.sittings.change(one)
    stores.sittings.find("S")
    first = [filed(f"E-{n}", next_due_on=DAY) for n in range(6)]
    events.append(first)
    events.append([followed(first[0])])
    assert events.append([followed(first[0]), followed(first[1])]) == ("E-0",)
    events.append_numbered("26-3-*", lambda serial: filed("E-8", AWARDED))
    admitted = Admitted(part=one.part, sitting=one.key, sat_on=one.sat_on)
    events.append_seated(one, 5, lambda free: [filed("E-9", admitted)])
    _read(stores)
    key = first[2].application
    stores.runs.open(RUN, AT, "node")
    stores.runs.add(part(bucket_of(key), "{}", key="k9"), [notice(key)], [parked(key)])
    stores.due.buckets(DAY, DAY)
    for n in (2, 3, 4):
        here = Window(bucket_of(f"E-{n}"), DAY, DAY, run=RUN)
        stores.due.rows(here)
        stores.due.claim(here, partial(ended, key=f"k{n}"))
    stores.runs.parked(RUN)
    stores.runs.release(RUN)
    list(stores.runs.parts(RUN))
    stores.runs.finish(Run(RUN, AT, "node", AT, "node", "complete", "d" * 64))
    stores.runs.history(), stores.runs.last_finished(RUN.job), stores.runs.first_unfinished(RUN.job)
    for taken in stores.outbox.claim(AT + timedelta(1), [AT + timedelta(2)], 5):
        stores.outbox.failed(taken, "no reader")
        stores.outbox.sent(taken, AT)
    stores.outbox.notices(key, waiting=True)
    ring = keys_in(folder)
    sealed(stores, ring)
    events.append([followed(first[5])])
    sealed(stores, ring)
    found(stores, ring)
    list(stores.seals.unsealed())
    stores.rebuild(projected)


def _read(stores: Database) -> None:
    events = stores.events
    list(events.histories()), list(events.histories(["E-1", "E-2"])), list(events.projections())
    events.history("E-1"), events.projection("E-1"), events.of_candidates("c-1"), events.at_sitting("S", "theory")
    events.of_candidates("c-1", "c-2"), events.alongside(["E-1", "E-2"])
    events.certificate_holder("x"), events.certificate_with_code("x")


def test_no_statement_is_one_that_citus_refuses(postgres_url: str, tmp_path: Path) -> None:
    """
    Rows are locked within a bucket, no statement moves a row to another one, and none mixes the two kinds of tables.

    The contract suite holds the same of every statement that it sends.
    """
    init(postgres_url)
    with open_database(postgres_url) as stores, noted(stores.engine) as sent:
        used(stores, tmp_path)
    assert {words: found for words in sent if (found := objections(words))} == {}
    named = {table for words in sent for table in tables_of(" ".join(words.split()))}
    assert named == set(tables.metadata.tables)
    locking = [tables_of(" ".join(words.split())) for words in sent if "FOR UPDATE" in words]
    assert {frozenset(found) for found in locking} == {
        frozenset(found)
        for found in (["application", "event", "parked"], ["outbox"], ["candidate"], ["wrapped_key"], ["sitting"])
    }


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("SELECT application FROM application WHERE next_due_on < %s FOR UPDATE", "locks rows"),
        (
            "SELECT application.state FROM application WHERE application.bucket = %s AND NOT (EXISTS (SELECT * FROM "
            "parked WHERE parked.application = application.application)) FOR UPDATE SKIP LOCKED",
            "locks rows",
        ),
        ("UPDATE application SET state=%s, bucket=%s WHERE application.application = %s", "sets the column"),
        ("INSERT INTO outbox (bucket) VALUES (%s) ON CONFLICT (reason) DO NOTHING", "conflict on a key"),
        ("SELECT * FROM application JOIN event ON event.application = application.application", "joins tables"),
        ("SELECT * FROM application JOIN candidate ON candidate.key = application.candidate", "both kinds"),
    ],
)
def test_a_statement_that_citus_refuses_is_found(statement: str, told: str) -> None:
    """The rules by which statements are judged do find what they are for."""
    assert any(told in found for found in objections(statement))
