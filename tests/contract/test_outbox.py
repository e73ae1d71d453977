"""What every outbox keeps: one notice for each reason ever, taken with its next try set ahead, and how each ended."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from tests.claims import AT, RUN, keys_of, notice, parked, part, parts_of
from workflow.nights.ledger import Notice
from workflow.ports import Stores, bucket_of

KEYS = keys_of(5, "A", "a", "中文")
LATER = [AT + timedelta(hours=hours) for hours in (1, 2, 3)]


def queue(stores: Stores, *notices: Notice, key: str = "k1") -> int:
    """Queue notices of one bucket, each with a line of its own."""
    bucket = bucket_of(notices[0].application)
    changes = (f"{one.application} {one.reason}" for one in notices)
    return stores.runs.add(part(bucket, *changes, key=key), notices)


def test_a_notice_comes_back_as_it_was_queued(stores: Stores) -> None:
    """Every field comes back; it waits until its time has come."""
    (elsewhere,) = keys_of(9, "é")
    written = [notice(KEYS[2]), notice(KEYS[0], "r2"), notice(KEYS[0], "r1")]
    assert queue(stores, *written) == 3
    assert queue(stores, notice(elsewhere, at=AT - timedelta(days=1))) == 1
    assert stores.outbox.notices() == (notice(elsewhere, at=AT - timedelta(days=1)), *written[::-1])
    assert stores.outbox.notices(KEYS[0]) == (written[2], written[1])
    assert stores.outbox.notices("nobody") == ()
    assert stores.outbox.notices(most=2) == stores.outbox.notices()[:2]


def test_a_notice_is_queued_once_for_each_reason(stores: Stores) -> None:
    """What was queued before, or twice at once, is left out with its line, and what there was stays as it was."""
    assert queue(stores, notice(KEYS[0]), notice(KEYS[1]), replace(notice(KEYS[0]), about="{}")) == 2
    assert [one.changes for one in parts_of(stores)] == [(f"{KEYS[0]} r1", f"{KEYS[1]} r1")]
    stores.outbox.sent(notice(KEYS[1]), AT)
    again = (notice(KEYS[0], at=LATER[0]), notice(KEYS[1]), notice(KEYS[1], "r2"))
    assert queue(stores, *again, key="k2") == 1
    assert parts_of(stores)[1].changes == (f"{KEYS[1]} r2",)
    assert queue(stores, *again, key="k3") == 0
    assert len(parts_of(stores)) == 2
    assert stores.outbox.notices(KEYS[0]) == (notice(KEYS[0]),)
    assert [one.reason for one in stores.outbox.notices(waiting=True)] == ["r1", "r2"]


def test_notices_belong_to_their_part(stores: Stores) -> None:
    """A notice of another bucket, or without a line of its own, is a fault of the caller; nothing is kept."""
    (elsewhere,) = keys_of(9, "x")
    for made, notices in (
        (part(5, "x", "y"), [notice(KEYS[0]), notice(elsewhere)]),
        (part(5, "x"), [notice(KEYS[0]), notice(KEYS[1])]),
    ):
        with pytest.raises(ValueError, match="notice"):
            stores.runs.add(made, notices, [parked(KEYS[0])])
    assert (stores.outbox.notices(), parts_of(stores), stores.runs.parked(RUN)) == ((), [], ())


def test_what_was_ever_queued_is_known(stores: Stores) -> None:
    """Sent, given up or waiting: each reason is known, for very many that are asked at once."""
    many = [(f"{KEYS[0]}", f"r{n:04}") for n in range(1_000)]
    assert stores.outbox.queued(5, many) == set()
    queue(stores, *(notice(application, reason) for application, reason in many[::2]))
    (first, second, *_) = stores.outbox.notices()
    stores.outbox.sent(first, AT)
    stores.outbox.failed(second, "no address", is_over=True)
    assert stores.outbox.queued(5, many) == set(many[::2])
    assert stores.outbox.queued(5, [(KEYS[1], "r0000")]) == set()
    assert stores.outbox.queued(5, []) == set()


def test_a_claim_sets_the_next_try_ahead(stores: Stores) -> None:
    """Taken once, it is not taken again before that time; tried as often as there are times, never again."""
    queue(stores, notice(KEYS[0]), notice(KEYS[1], at=LATER[0]))
    assert stores.outbox.claim(AT - timedelta(seconds=1), LATER, 9) == ()
    (taken,) = stores.outbox.claim(AT, LATER, 9)
    assert taken == replace(notice(KEYS[0]), tries=1, next_try_at=LATER[0])
    assert stores.outbox.notices(KEYS[0]) == (taken,)
    assert stores.outbox.claim(LATER[0] - timedelta(seconds=1), LATER, 9) == ()
    again = stores.outbox.claim(LATER[0], LATER, 9)
    assert [(one.application, one.tries, one.next_try_at) for one in again] == [
        (KEYS[0], 2, LATER[1]),
        (KEYS[1], 1, LATER[0]),
    ]
    far = LATER[2] + timedelta(days=9)
    assert [one.tries for one in stores.outbox.claim(far, LATER, 9)] == [2, 3]
    assert [one.tries for one in stores.outbox.claim(far, LATER, 9)] == [3]
    assert stores.outbox.claim(far, LATER, 9) == ()
    assert stores.outbox.claim(far, [], 9) == ()


def test_a_claim_takes_no_more_than_asked(stores: Stores) -> None:
    """Bucket by bucket, oldest first in each, then by key; the rest stays for the next."""
    early = AT - timedelta(days=1)
    others = keys_of(3, *(f"x{n}" for n in range(4)))
    queue(stores, notice(KEYS[0], "r2"), notice(KEYS[0]), notice(KEYS[1]), notice(KEYS[2], at=early))
    queue(stores, *(notice(key) for key in others))
    first = stores.outbox.claim(AT, LATER, 5)
    assert [one.application for one in first] == [*others, KEYS[2]]
    rest = stores.outbox.claim(AT, LATER, 5)
    assert [(one.application, one.reason) for one in rest] == [(KEYS[0], "r1"), (KEYS[0], "r2"), (KEYS[1], "r1")]
    assert stores.outbox.claim(AT, LATER, 5) == ()


def test_what_is_sent_is_over(stores: Stores) -> None:
    """It waits no more, keeps its tries, and what a slow node says of it afterwards changes nothing."""
    queue(stores, notice(KEYS[0]))
    (taken,) = stores.outbox.claim(AT, LATER, 1)
    stores.outbox.failed(taken, "busy")
    stores.outbox.sent(taken, LATER[0])
    sent = replace(taken, sent_at=LATER[0], next_try_at=None)
    assert stores.outbox.notices() == (sent,)
    assert stores.outbox.notices(waiting=True) == ()
    assert stores.outbox.claim(LATER[2], LATER, 9) == ()
    stores.outbox.failed(taken, "late", is_over=True)
    stores.outbox.sent(taken, LATER[2])
    assert stores.outbox.notices() == (sent,)


def test_what_failed_waits_or_is_given_up(stores: Stores) -> None:
    """A failure is noted and tried again at its time; given up, it waits no more, whoever failed with it later."""
    queue(stores, notice(KEYS[0]))
    (first,) = stores.outbox.claim(AT, LATER, 1)
    stores.outbox.failed(first, "451 try\x00later \ud800")
    (noted,) = stores.outbox.notices(waiting=True)
    assert noted == replace(first, error=noted.error)
    assert noted.error == "451 try\ufffdlater ?"
    (second,) = stores.outbox.claim(LATER[0], LATER, 1)
    stores.outbox.failed(second, "no such address", is_over=True)
    over = replace(second, error="no such address", next_try_at=None)
    assert stores.outbox.notices() == (over,)
    assert stores.outbox.notices(waiting=True) == ()
    stores.outbox.failed(first, "a slow node")
    assert stores.outbox.notices() == (replace(over, error="a slow node"),)
    assert stores.outbox.claim(LATER[2], LATER, 9) == ()


def test_an_unknown_notice_is_passed_over(stores: Stores) -> None:
    """What is said of a notice that is not there makes none."""
    stores.outbox.sent(notice(KEYS[0]), AT)
    stores.outbox.failed(notice(KEYS[0]), "x")
    assert stores.outbox.notices() == ()
