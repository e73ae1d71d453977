"""Delivery: every notice reaches its reader at least once, under one name; nobody is told what is no more."""

from __future__ import annotations

from datetime import timedelta

import pytest

from scheduler import jobs
from scheduler.delivery import BACK_OFF, NO_ADDRESS, TRIES, Delivered, deliver, ready
from scheduler.messages import Message, NotTaken, key_of
from scheduler.night import Night
from tests.timeline import day
from tests.unit.board import Board
from workflow import facts as f
from workflow.errors import Unavailable
from workflow.logs import Note
from workflow.nights.ledger import Notice
from workflow.ports import Candidate

WANG = Candidate("p1", "王晓明", "passport", "Xp1", "male", "19900000001", "wang@example.org")
PERSONAL = (WANG.name, WANG.phone, WANG.email, WANG.document_number)
REMINDED = "2026-05-21"  # 30 days before the last valid day
LAST = "2026-06-20"


class Post:
    """A sink that keeps what it takes, and fails as it is told, call by call."""

    def __init__(self, *faults: Exception | None) -> None:
        self.taken: list[Message] = []
        self.calls = 0
        self.faults = list(faults)

    def send(self, message: Message) -> None:
        self.calls += 1
        if self.faults and (fault := self.faults.pop(0)):
            raise fault
        self.taken.append(message)


def passed(board: Board, key: str, person: Candidate = WANG, level: int = 2) -> None:
    """File an application whose theory was announced on 2024-06-20."""
    board.stores.candidates.add([person])
    board.at("2024-07-01").file(key, person.key, level).score(key, "theory", "S", "2024-05-18", "80", "2024-06-20")


def remind(board: Board, on: str) -> None:
    """Run the reminders of a day, at that day's hour."""
    jobs.run(Night(board.at(on).service, "node"), "remind", day(on))


@pytest.fixture
def board() -> Board:
    """Give a board that has just reminded A1 that its theory runs out."""
    board = Board()
    passed(board, "A1")
    remind(board, REMINDED)
    return board


def only(board: Board, application: str = "A1") -> Notice:
    """Give the one notice of an application."""
    (notice,) = board.stores.outbox.notices(application)
    return notice


def test_a_notice_is_sent_once(board):
    """It goes to the address of the registry, is noted as sent, and neither it nor its reason comes again."""
    post = Post()
    assert deliver(board.service, post) == Delivered(sent=1)
    assert (only(board).sent_at, only(board).error) == (board.now, "")
    remind(board, "2026-05-22")
    remind(board, "2026-05-25")
    assert deliver(board.service, post) == Delivered()
    assert [message.to for message in post.taken] == [WANG.email]
    remind(board, "2026-06-13")  # seven days before is a reason of its own
    assert deliver(board.service, post) == Delivered(sent=1)
    assert len({message.key for message in post.taken}) == 2


def test_a_message_says_what_when_and_what_to_do_in_both_languages(board):
    """Number, part, last valid day, what follows, what to do and the clause stand in it, and no personal value."""
    post = Post()
    deliver(board.service, post, board="考试院 Board")
    (message,) = post.taken
    subject, text = message.words
    assert LAST in subject
    assert "A1" in subject
    for said in (
        "申报号：A1", "即将到期：“Theory”合格成绩", f"有效期末日：{LAST}（当日仍有效）",
        "申报终止，须重新申报", "参加其余科目并合格",
        "Application: A1", "What runs out: the pass in Theory", f"Last valid day: {LAST}", "the application ends",
        "sit the missing parts by that day", "Clause: rules lapse", "考试院 Board",
    ):  # fmt: skip
        assert said in text
    assert not any(value in subject + text for value in PERSONAL)
    assert WANG.email not in repr(message)


def test_the_outbox_holds_no_personal_value(board):
    """Neither a row that waits nor one that failed names the reader, whatever the sink said."""
    for fault in (NotTaken(f"550 <{WANG.email}> unknown"), OSError(f"no route to {WANG.email}")):
        assert deliver(board.service, Post(fault)).failed == 1
        assert only(board).error in ("550 <***> unknown", "internal error: OSError")
        board.now += timedelta(days=1)
    assert not any(value in repr(board.stores.outbox.notices()) for value in PERSONAL)


def test_a_node_that_dies_after_sending_sends_the_same_again(board, monkeypatch):
    """The next try comes only after the back-off, and bears the same name, so that the repeat is recognised."""
    post = Post()
    with monkeypatch.context() as patched:
        patched.setattr(board.stores.outbox, "sent", lambda notice, at: (_ for _ in ()).throw(KeyboardInterrupt))
        with pytest.raises(KeyboardInterrupt):
            deliver(board.service, post)
    assert len(post.taken) == 1
    board.now += BACK_OFF[0] - timedelta(seconds=1)
    assert deliver(board.service, post) == Delivered()
    board.now += timedelta(seconds=1)
    assert deliver(board.service, post) == Delivered(sent=1)
    assert [message.key for message in post.taken] == [key_of("A1", only(board).reason)] * 2
    board.now += timedelta(days=9)
    assert deliver(board.service, post) == Delivered()


def test_what_fails_is_tried_at_growing_intervals_and_given_up_after_the_last(board):
    """A try comes when its interval is over and not before; after the last one there is none, and the reason stays."""
    busy = NotTaken("busy (451)")
    for number, wait in enumerate(BACK_OFF, 1):
        assert deliver(board.service, Post(busy)) == Delivered(failed=1)
        assert (only(board).tries, only(board).next_try_at) == (number, board.now + wait)
        board.now += wait - timedelta(seconds=1)
        assert deliver(board.service, Post()) == Delivered()
        board.now += timedelta(seconds=1)
    assert deliver(board.service, Post(busy)) == Delivered(given_up=1)
    assert (only(board).tries, only(board).next_try_at, only(board).error) == (TRIES, None, "busy (451)")
    assert [str(wait) for wait in BACK_OFF[:5]] == ["0:05:00", "0:30:00", "2:00:00", "6:00:00", "1 day, 0:00:00"]


def test_a_last_try_that_did_not_end_is_closed(board):
    """A notice whose every try ended with the death of the node does not wait for ever."""
    post = Post(*[KeyboardInterrupt()] * TRIES)
    for wait in (*BACK_OFF, BACK_OFF[-1]):
        with pytest.raises(KeyboardInterrupt):
            deliver(board.service, post)
        board.now += wait
    assert deliver(board.service, post) == Delivered(given_up=1)
    assert post.calls == TRIES
    assert (only(board).next_try_at, only(board).error) == (None, "the last try did not come to its end")


def test_what_is_refused_for_good_is_given_up_at_once(board):
    """An address that the server does not know is not tried for a week."""
    assert deliver(board.service, Post(NotTaken("unknown (550)", is_final=True))) == Delivered(given_up=1)
    assert (only(board).next_try_at, only(board).error) == (None, "unknown (550)")


def test_without_an_address_a_notice_is_given_up(board):
    """Nobody is written to who has no address, and the reason says so."""
    passed(board, "A2", Candidate("p2", "李四", "passport", "Xp2"))
    remind(board, "2026-05-22")
    assert deliver(board.service, Post()) == Delivered(sent=1, given_up=1)
    assert only(board, "A2").error == NO_ADDRESS
    assert only(board, "A2").next_try_at is None


def test_the_address_is_that_of_the_moment(board):
    """An address that was amended after queueing is the one that counts."""
    note = Note(board.now, "clerk", "moved", "clerk")
    board.stores.candidates.amend("p1", {"email": "new@example.org"}, note)
    post = Post()
    deliver(board.service, post)
    assert post.taken[0].to == "new@example.org"


def test_who_was_extended_meanwhile_is_not_told(board):
    """The lapse that the notice speaks of is no more: it is dropped, and the later day has a notice of its own."""
    extended = f.ValidityExtended(part="theory", until=day("2026-07-20"), reason="flood", authority="board")
    board.service.record("A1", extended)
    post = Post()
    assert deliver(board.service, post) == Delivered(dropped=1)
    assert (post.calls, only(board).error) == (0, f"dropped: nothing runs out on {LAST} any more")
    remind(board, "2026-06-20")
    assert deliver(board.service, post) == Delivered(sent=1)
    assert "2026-07-20" in post.taken[0].words.text


@pytest.mark.parametrize(
    "fact", [f.Withdrawn(), f.ApplicationSuspended(reason="court", authority="board")], ids=["withdrawn", "suspended"]
)
def test_whose_clock_stands_still_is_not_told(board, fact):
    """Who withdrew or is suspended loses nothing on that day."""
    board.service.record("A1", fact)
    post = Post()
    assert deliver(board.service, post) == Delivered(dropped=1)
    assert post.calls == 0


def test_who_completed_the_set_is_not_told(board):
    """Passes of a complete set do not lapse any more."""
    passed(board, "A2", level=3)
    remind(board, "2026-05-22")
    board.score("A2", "skills", "S2", "2026-05-22", "80", "2026-05-22")
    assert board.state("A2") == "awaiting_award"
    assert deliver(board.service, Post()) == Delivered(sent=1, dropped=1)
    assert only(board, "A2").error.startswith("dropped: ")


@pytest.mark.parametrize(("on", "expected"), [(LAST, Delivered(sent=1)), ("2026-06-21", Delivered(dropped=1))])
def test_a_notice_helps_until_its_last_day(board, on, expected):
    """On the last valid day it is still sent, on the day after it is dropped, by the board's calendar."""
    assert deliver(board.at(on).service, Post()) == expected
    if expected.dropped:
        assert only(board).error == f"dropped: its last day, {LAST}, is past"


def test_a_row_of_an_older_version_is_asked_of_its_history(board, monkeypatch):
    """Where the row does not name the clock's step, the history does."""
    row = board.stores.events.projection("A1")._replace(next_due_type="", next_due_data="")
    monkeypatch.setattr(board.stores.events, "projection", lambda application: row)
    assert deliver(board.service, Post()) == Delivered(sent=1)


def test_an_unreachable_sink_ends_the_delivery(board):
    """After three in a row the rest is left alone, not even claimed; it goes out when the sink is back."""
    for number in range(2, 12):
        passed(board, f"A{number}")
    remind(board, "2026-05-22")
    post = Post(*[Unavailable("the mail server is down")] * 3)
    assert deliver(board.service, post) == Delivered(failed=3, stopped="the mail server is down")
    assert sum(notice.tries for notice in board.stores.outbox.notices()) == 3
    assert deliver(board.service, post) == Delivered(sent=8)
    board.now += BACK_OFF[0]
    assert deliver(board.service, post) == Delivered(sent=3)


def test_a_hiccup_does_not_end_the_delivery(board):
    """One or two failures in a row, or a fault of one notice, do not stop the others."""
    for number in range(2, 8):
        passed(board, f"A{number}")
    remind(board, "2026-05-22")
    away = Unavailable("away")
    post = Post(away, away, None, ValueError("a line end in a header"), away, away)
    assert deliver(board.service, post) == Delivered(sent=2, failed=5)


def test_one_that_cannot_be_judged_does_not_stop_the_others(board, monkeypatch):
    """An application whose rules are not on the shelf is noted, and tried again."""
    passed(board, "A2")
    remind(board, "2026-05-22")
    projection = board.stores.events.projection
    lost = projection("A1")._replace(digest="0" * 64)
    monkeypatch.setattr(board.stores.events, "projection", lambda key: lost if key == "A1" else projection(key))
    assert deliver(board.service, Post()) == Delivered(sent=1, failed=1)
    assert "scheme document 0000" in only(board).error
    board.now += BACK_OFF[0]
    assert [said.error for _notice, said in ready(board.service)] == [only(board).error]


def test_a_node_that_is_told_to_stop_stops_between_notices(board):
    """What it did not come to is left for others."""
    for number in range(2, 5):
        passed(board, f"A{number}")
    remind(board, "2026-05-22")
    post = Post()
    told: list[int] = []
    done = deliver(board.service, post, lambda: len(post.taken) == 2, told.append)
    assert (done, told) == (Delivered(sent=2, stopped="it was told to stop"), [1, 2])
    board.now += BACK_OFF[0]
    assert deliver(board.service, post) == Delivered(sent=2)
    assert len({message.words.subject for message in post.taken}) == 4


def test_looking_at_what_is_ready_changes_nothing(board):
    """What would be done is told without a claim, and only of what is ready."""
    ((notice, said),) = ready(board.service)
    assert (notice, said.person, said.error) == (only(board), WANG, "")
    assert said.words is not None
    assert only(board).tries == 0
    deliver(board.service, Post(NotTaken("busy")))
    assert list(ready(board.service)) == []
