"""The outbox by hand, on both databases: what was not delivered is listed, and queued as if for the first time."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from storage.database import Database
from storage.notices import queue_again, undelivered
from tests.claims import AT, keys_of, notice, part
from workflow.nights.ledger import Notice

A, B, C = keys_of(5, "A", "B", "C")
LATER = AT + timedelta(hours=1)


@pytest.fixture
def filled(database: Database) -> Database:
    """Give an outbox: of A one sent and one given up, of B one that waits for its next try, of C one untried."""
    notices = [notice(A, "r1"), notice(A, "r2"), notice(B), notice(C, at=LATER)]
    database.runs.add(part(5, *(f"{n.application} {n.reason}" for n in notices)), notices)
    first, second, third = database.outbox.claim(AT, [LATER, LATER], 9)
    database.outbox.sent(first, AT)
    database.outbox.failed(second, "no address", is_over=True)
    database.outbox.failed(third, "busy")
    return database


def given_up(database: Database) -> Notice:
    """Give the one that was given up."""
    (found,) = undelivered(database.engine)
    return found


def test_what_was_given_up_is_listed(filled: Database) -> None:
    """Only that: neither what was sent nor what waits, of one application or of all."""
    expected = replace(notice(A, "r2"), tries=1, next_try_at=None, error="no address")
    assert list(undelivered(filled.engine)) == list(undelivered(filled.engine, A)) == [expected]
    assert list(undelivered(filled.engine, B)) == []


def test_it_is_queued_again_once(filled: Database) -> None:
    """It is ready at that time with no try behind it; what was sent, waits or was never tried stays as it is."""
    before = {n for n in filled.outbox.notices() if n.reason != "r2"}
    today = given_up(filled).useful_until
    assert queue_again(filled.engine, LATER, today, B) == 0
    assert queue_again(filled.engine, LATER, today, dry_run=True) == 1
    assert given_up(filled).error == "no address"
    assert queue_again(filled.engine, LATER, today, A) == 1
    assert queue_again(filled.engine, LATER, today) == 0
    assert set(filled.outbox.notices()) == before | {replace(notice(A, "r2"), next_try_at=LATER)}


def test_what_waits_after_a_failure_may_be_hurried(filled: Database) -> None:
    """Asked for, it is ready now; what was never tried keeps its own time."""
    at, today = AT + timedelta(minutes=1), notice(B).useful_until
    assert queue_again(filled.engine, at, today, is_waiting=True, dry_run=True) == 2
    assert queue_again(filled.engine, at, today, is_waiting=True) == 2
    assert [(n.application, n.tries) for n in filled.outbox.claim(at, [LATER], 9)] == [(A, 1), (B, 1)]


def test_what_helps_nobody_any_more_is_left(filled: Database) -> None:
    """After its last day a notice is not queued again."""
    assert queue_again(filled.engine, LATER, given_up(filled).useful_until + timedelta(1)) == 0


def test_very_many_are_listed_without_a_gap(database: Database) -> None:
    """Page by page, each once, in the order of their keys."""
    many = [notice(key, f"r{n}") for key in (A, B, C) for n in range(400)]
    database.runs.add(part(5, *(f"{n.application} {n.reason}" for n in many)), many)
    for one in many:
        database.outbox.failed(one, "x", is_over=True)
    found = [(n.application, n.reason) for n in undelivered(database.engine)]
    assert found == sorted((n.application, n.reason) for n in many)
