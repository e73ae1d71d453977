"""
Delivery: what waits in the outbox is sent, at least once, and tried again at growing intervals.

A notice is claimed with its next try set ahead, sent, and only then noted as sent: a node that dies in between sends it
once more when that time has come, under the same Message-ID. Nobody is told of a lapse that is no more: right before
it is sent, a notice is held against what the application's row says of the clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Final

from scheduler.messages import Message, NotTaken, RunsOut, Sink, Words, key_of, words_of
from workflow.clock import next_due
from workflow.errors import ExamboardError, Unavailable
from workflow.facts import Fact
from workflow.nights.last_steps import due_fact, last_day, notice_kind
from workflow.nights.ledger import Notice
from workflow.ports import Candidate, Projection
from workflow.service import Service

# How long after a try that failed the next one comes; after the last of them a notice is given up.
BACK_OFF: Final = (
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=6),
    timedelta(days=1),
    timedelta(days=1),
    timedelta(days=2),
    timedelta(days=2),
)
TRIES: Final = len(BACK_OFF) + 1
BATCH: Final = 8  # so few that they are dealt with before the first back-off is over, even at a slow server's pace
STRIKES: Final = 3  # how often in a row the sink may be unavailable before the rest is left for the next run
NO_ADDRESS: Final = "no e-mail address is registered"
DROPPED: Final = "dropped: "


@dataclass(frozen=True, slots=True)
class Delivered:
    """
    What a delivery came to.

    Attributes:
        sent: Notices that were sent.
        failed: Notices that will be tried again.
        given_up: Notices that will not.
        dropped: Notices that were not sent, since they no longer hold.
        stopped: Why it ended before nothing was ready any more; empty if it did not.
    """

    sent: int = 0
    failed: int = 0
    given_up: int = 0
    dropped: int = 0
    stopped: str = ""

    def __add__(self, other: Delivered) -> Delivered:
        """Count together."""
        given_up, dropped = self.given_up + other.given_up, self.dropped + other.dropped
        return Delivered(self.sent + other.sent, self.failed + other.failed, given_up, dropped, other.stopped)

    @property
    def done(self) -> int:
        """How many notices were dealt with."""
        return self.sent + self.failed + self.given_up + self.dropped


@dataclass(frozen=True, slots=True)
class Outcome:
    """
    What is to be done with a notice.

    Attributes:
        words: What it says; None where it is not to be sent.
        person: To whom it goes; None where nobody is registered under that key.
        error: Why it is not to be sent; empty where it is.
    """

    words: Words | None
    person: Candidate | None
    error: str = ""


def deliver(
    service: Service,
    sink: Sink,
    is_stopping: Callable[[], bool] = lambda: False,
    tell: Callable[[int], None] = lambda done: None,
    board: str = "",
) -> Delivered:
    """
    Send what is ready, until nothing is.

    Args:
        service: The service; its clock says what is ready.
        sink: Where messages are handed in.
        is_stopping: Tells whether to end; asked before each notice. What was claimed comes up again by itself.
        tell: Told how many were dealt with.
        board: The board's name, for the end of a message.

    Raises:
        Unavailable: the database cannot be written. A notice that was sent just then will be sent again.
    """
    total, strikes, is_reached = Delivered(), 0, False
    while not is_stopping():
        # One by one until the sink has taken something: while it is down, what is not tried is not claimed.
        claimed = _claim(service, BATCH if is_reached else 1)
        if not claimed:
            return total
        for notice in claimed:
            if is_stopping():
                return replace(total, stopped="it was told to stop")
            told, unavailable = _deliver_one(service, sink, notice, board)
            total += told
            tell(total.done)
            is_reached = bool(told.sent) or (is_reached and not unavailable)
            strikes = strikes + 1 if unavailable else 0
            if strikes == STRIKES:
                return replace(total, stopped=unavailable)
    return replace(total, stopped="it was told to stop")


def _claim(service: Service, most: int) -> tuple[Notice, ...]:
    now = service.now()
    # One more than there are tries: a last try that a node died in comes up once more, to be closed.
    again_at = [now + wait for wait in (*BACK_OFF, BACK_OFF[-1], BACK_OFF[-1])]
    return service.stores.outbox.claim(now, again_at, most)


def _deliver_one(service: Service, sink: Sink, notice: Notice, board: str) -> tuple[Delivered, str]:
    """Deal with a claimed notice; tells as well why the sink was unavailable, if it was."""
    outbox = service.stores.outbox
    if notice.tries > TRIES:
        outbox.failed(notice, notice.error or "the last try did not come to its end", is_over=True)
        return Delivered(given_up=1), ""
    person: Candidate | None = None
    try:
        found = outcome_of(service, notice, board)
        person = found.person
        if found.words is None or person is None:
            outbox.failed(notice, found.error, is_over=True)
            return (Delivered(dropped=1) if found.error.startswith(DROPPED) else Delivered(given_up=1)), ""
        message = Message(key_of(notice.application, notice.reason), person.email, found.words, service.now())
    except Unavailable:  # the database; the sink was not asked yet
        raise
    except Exception as error:  # whatever one notice brings must not stop the others
        return _failed(service, notice, _reason(error, person)), ""
    try:
        sink.send(message)
    except Unavailable as error:
        reason = _reason(error, person)
        return _failed(service, notice, reason), reason
    except Exception as error:
        is_final = isinstance(error, NotTaken) and error.is_final
        return _failed(service, notice, _reason(error, person), is_final), ""
    outbox.sent(notice, service.now())
    return Delivered(sent=1), ""


def _failed(service: Service, notice: Notice, reason: str, is_final: bool = False) -> Delivered:
    is_over = is_final or notice.tries >= TRIES
    service.stores.outbox.failed(notice, reason, is_over)
    return Delivered(given_up=1) if is_over else Delivered(failed=1)


def _reason(error: Exception, person: Candidate | None) -> str:
    """Say why, without a personal value; an error that is not ours is named by its type: its text may hold anything."""
    if not isinstance(error, ExamboardError):
        return f"internal error: {type(error).__name__}"
    return str(error).replace(person.email, "***") if person and person.email else str(error)


def outcome_of(service: Service, notice: Notice, board: str = "") -> Outcome:
    """
    Say what is to be done with a notice now, by what the application's row and the registry say now.

    Raises:
        Corrupt: the application cannot be judged.
    """
    person = service.stores.candidates.get(notice.candidate)
    projection = service.stores.events.projection(notice.application)
    if projection is None:
        return Outcome(None, person, f"{DROPPED}there is no such application")
    rules = service.rules(projection.digest, projection.level)
    if service.today(rules.scheme.time_zone) > notice.useful_until:
        return Outcome(None, person, f"{DROPPED}its last day, {notice.useful_until}, is past")
    fact = _ahead(service, projection)
    # The kind and the last valid day make it the same; what is said of it is what holds today.
    if not isinstance(fact, RunsOut) or (notice_kind(fact), last_day(fact)) != (notice.kind, notice.useful_until):
        return Outcome(None, person, f"{DROPPED}nothing runs out on {notice.useful_until} any more")
    words = words_of(notice.application, fact, rules, board)
    if person is not None and person.is_restricted:
        return Outcome(None, person, f"{DROPPED}the person's data is restricted")
    if person is None or not person.email:
        return Outcome(None, person, NO_ADDRESS if person else "no such candidate is registered")
    return Outcome(words, person)


def judged(service: Service, notice: Notice, board: str = "") -> Outcome:
    """Say what is to be done with a notice now, for people; where that cannot be told, why not."""
    try:
        return outcome_of(service, notice, board)
    except Unavailable:
        raise
    except ExamboardError as error:
        return Outcome(None, None, str(error))


def _ahead(service: Service, projection: Projection) -> Fact | None:
    """Give the clock's next step; a row of an older version does not name it, and the history is asked."""
    if projection.next_due_on is None:
        return None
    if projection.next_due_type:
        return due_fact(projection.next_due_type, projection.next_due_data)
    draft = service.draft(service.history(projection.application))
    due = next_due(draft.application, draft.rules)
    return due.fact if due else None


def ready(service: Service, board: str = "", most: int = 100_000) -> Iterator[tuple[Notice, Outcome]]:
    """Say what a delivery would do now with each notice that is ready; claims and writes nothing."""
    now: datetime = service.now()
    for notice in service.stores.outbox.notices(waiting=True, most=most):
        if notice.next_try_at is not None and notice.next_try_at <= now:
            yield notice, judged(service, notice, board)
