"""
The runner: looks at short intervals at what the database says is owed, and does it.

APScheduler decides only when to look, from a store in memory: there is nothing in it to lose, to share or to catch up
with (engines.md, section 2). What is owed is told by the ledger. A look that fails is logged and tried again at the
next one; nobody needs to start the runner anew.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from typing import Any, Final, Protocol

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

from scheduler.health import STOPPED, Health
from scheduler.jobs import owed_runs, run, states
from scheduler.night import Night, Stopped
from workflow.calendar import ONE_DAY
from workflow.errors import ExamboardError, Misconfigured, Unavailable
from workflow.nights.ledger import COMPLETE, RunKey
from workflow.sealing.seals import Sealing

BEAT: Final = 30.0
SIGN_OF_LIFE: Final = timedelta(seconds=10)
MOST_COUNTED: Final = 10_000  # of what waits in the outbox
MOST_NIGHTS: Final = 400  # that a node makes up for by itself: what expires, and who is erased, does not come back


class Log(Protocol):
    """Where the runner says what it does."""

    def info(self, event: str, **fields: Any) -> Any:
        """Tell of something that went as it should."""

    def error(self, event: str, **fields: Any) -> Any:
        """Tell of something that went wrong."""


class Stop:
    """Tells a node to stop. A signal handler may set it at any point of the program: no lock is taken for that."""

    def __init__(self) -> None:
        self._is_set = False
        self._told: SimpleQueue[None] = SimpleQueue()

    def set(self) -> None:
        """Tell the node to stop."""
        self._is_set = True
        self._told.put(None)

    def is_set(self) -> bool:
        """Tell whether the node was told to stop."""
        return self._is_set

    def wait(self, seconds: float) -> bool:
        """Wait some seconds, or until the node is told to stop; give whether it was."""
        if not self._is_set:
            try:
                self._told.get(timeout=seconds)
            except Empty:
                return self._is_set
        return True


@dataclass
class Beat:
    """
    What became of one look at what is owed.

    Attributes:
        runs: Runs that were finished.
        excepted: Those of them that ended with exceptions.
        delivered: Notices that were delivered.
        error: What made it fail; None if nothing did.
        is_stopped: Whether the node was told to stop meanwhile.
    """

    runs: list[RunKey] = field(default_factory=list)
    excepted: list[RunKey] = field(default_factory=list)
    delivered: int = 0
    error: Exception | None = None
    is_stopped: bool = False

    @property
    def failing(self) -> str:
        """Why it failed; empty where it did not."""
        return "" if self.error is None else reason_of(self.error)


def reason_of(error: Exception) -> str:
    """Say why something failed. An error that is not ours is named by its type: its text may hold anything."""
    return str(error) if isinstance(error, ExamboardError) else f"internal error: {type(error).__name__}"


class Runner:
    """One node."""

    def __init__(
        self,
        night: Night,
        log: Log,
        report: Callable[[Health], None],
        node: str,
        pid: int = 0,
        deliver: Callable[[], int] | None = None,
        seal: Callable[[], Sealing] | None = None,
    ) -> None:
        """
        Make a node; it does nothing by itself.

        Args:
            night: What the jobs work with: its clock is the node's, its `is_stopping` tells the node to stop.
            log: Where it says what it does.
            report: Told after every beat, and now and then during a long one, how the node is.
            node: Its name.
            pid: Its process.
            deliver: Delivers notices that wait, and gives their number; None: this node delivers none.
            seal: Seals whatever is new, after the jobs of a night; None: this node has no key.
        """
        self._night = replace(night, is_stopping=self._is_stopping)
        self._is_told = night.is_stopping
        self._log = log
        self._report = report
        self._deliver = deliver
        self._seal = seal
        self._health = Health(node, pid, night.now(), night.service.today())
        self._done_until = self._health.day

    def beat(self) -> Beat:
        """Do whatever is owed, deliver what waits, and say how it went; never raises."""
        beat = Beat()
        for work in (self._run_owed, self._seal_night, self._deliver_waiting):
            try:
                work(beat)
            except Stopped:
                beat.is_stopped = True
                break
            except Exception as error:  # the node must not die from what the next beat may do well
                self._failed(beat, error)
                if isinstance(error, Unavailable):
                    break
        self._look(beat)
        if self._health.failing and not beat.failing:
            self._log.info("recovered")
        self._say(failing=beat.failing, working_on="")
        return beat

    def stopped(self) -> None:
        """Say for the last time how the node is: stopped."""
        self._log.info(STOPPED)
        self._say(failing=STOPPED, working_on="")

    def is_called(self) -> bool:
        """
        Tell whether a delivery must be left: the node was told to stop, or the runs of another business day are owed.

        To be asked between notices: like between chunks, the node gives signs of life meanwhile.
        """
        return self._is_stopping() or self._night.service.today() > self._done_until

    def _run_owed(self, beat: Beat) -> None:
        self._done_until = today = self._night.service.today()
        keys = owed_runs(self._night, until=today)
        if keys and (today - keys[0].day).days >= MOST_NIGHTS:
            raise Misconfigured(
                f"today is {today} by this machine's clock, and the first night that is owed is {keys[0].day}: nobody "
                f"was asked whether that is so. If the clock is right: examboard jobs run all"
            )
        for key in keys:
            self._say(working_on=str(key))
            self._night.stop_if_told()
            self._log.info("run begins", run=str(key))
            receipt = run(self._night, key.job, key.day, again=False)
            beat.runs.append(key)
            if receipt.outcome != COMPLETE:
                beat.excepted.append(key)
            counts = {"counts": receipt.counts, "parked": len(receipt.parked), "digest": receipt.digest[:12]}
            self._log.info("run finished", run=str(key), outcome=receipt.outcome, **counts)
        self._health = replace(self._health, working_on="")

    def _seal_night(self, beat: Beat) -> None:
        if self._seal is None or not beat.runs:
            return
        done = self._seal()
        if done.is_new and done.seal is not None:
            self._log.info("sealed", seal=done.seal.number, events=done.events, left_out=list(done.left_out))

    def _deliver_waiting(self, beat: Beat) -> None:
        self._night.stop_if_told()
        if self._deliver is not None and (number := self._deliver()):
            beat.delivered = number
            self._log.info("delivered", notices=number)

    def _failed(self, beat: Beat, error: Exception) -> None:
        beat.error = beat.error or error
        # Where an error is not ours, its frames are told and its text is not: that may hold a personal value.
        is_ours = isinstance(error, ExamboardError)
        frames = {} if is_ours else {"frames": "".join(traceback.format_tb(error.__traceback__))}
        run_ = {"run": self._health.working_on} if self._health.working_on else {}
        self._log.error("beat failed", reason=reason_of(error), **run_, **frames)

    def _look(self, beat: Beat) -> None:
        """Ask the database how things stand; what was known before stays where it cannot be asked."""
        fault: Exception | None
        try:
            waiting = len(self._night.service.stores.outbox.notices(waiting=True, most=MOST_COUNTED))
            self._health = replace(self._health, jobs=tuple(states(self._night)), waiting=waiting)
            fault = self._days_ahead()
        except Exception as error:
            fault = error
        if fault is not None and beat.error is None:
            self._failed(beat, fault)

    def _days_ahead(self) -> Misconfigured | None:
        """Say where nights of days to come are done: none is owed until those have come, which must not go unseen."""
        today = self._night.service.today()
        done = max((state.last.key.day for state in self._health.jobs if state.last), default=today)
        if done <= today + ONE_DAY:  # the clocks of two nodes may lie on either side of midnight
            return None
        return Misconfigured(
            f"nights up to {done} are done and today is {today}: the clock of a node ran ahead, or this one is "
            "behind; no night is owed until then, run each day: examboard jobs run all"
        )

    def _say(self, **changes: Any) -> None:
        night = self._night
        self._health = replace(self._health, beat_at=night.now(), day=night.service.today(), **changes)
        try:
            self._report(self._health)
        except OSError as error:
            self._log.error("the health or metrics file cannot be written", reason=error.strerror)

    def _is_stopping(self) -> bool:
        """Tell whether the node was told to stop; asked between chunks, so that a long night gives signs of life."""
        if abs(self._night.now() - self._health.beat_at) >= SIGN_OF_LIFE:
            self._say()
        return self._is_told()


class Every(BaseTrigger):  # type: ignore[misc]
    """
    Says when the next beat is: an interval after the last one, or after the present instant if that is past already.

    APScheduler's own trigger counts every beat that was missed: where a clock jumps ahead by years, that takes minutes
    and the memory for millions of instants, and until it is done the node neither works nor stops.
    """

    def __init__(self, seconds: float) -> None:
        self._interval = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous_fire_time: datetime | None, now: datetime) -> datetime:
        """Give the instant of the next beat; always one to come."""
        following = (previous_fire_time or now) + self._interval
        return following if following > now else now + self._interval


def run_beats(beat: Callable[[], object], stop: Stop, interval: float, now: Callable[[], datetime]) -> None:
    """
    Beat at once and then at an interval, until told to stop; a beat under way is ended in its own way first.

    A beat that is due while another one is under way is left out, and beats that were missed are not made up for: each
    one does all that is owed.

    Args:
        beat: What is to be done; must not raise.
        stop: Tells it to stop.
        interval: Seconds from one beat to the next.
        now: Gives the present instant, by the machine's clock.
    """
    scheduler = BackgroundScheduler(timezone=UTC, executors={"default": {"type": "threadpool", "max_workers": 1}})
    job = scheduler.add_job(
        beat,
        Every(interval),
        next_run_time=now(),
        coalesce=True,
        max_instances=1,
        misfire_grace_time=None,
    )
    scheduler.start()
    try:
        while not stop.wait(interval):
            if is_set_back(job.next_run_time, now(), interval):
                job.modify(next_run_time=now())
    finally:
        stop.set()
        scheduler.shutdown(wait=True)


def is_set_back(next_run_time: datetime, now: datetime, interval: float) -> bool:
    """Tell whether the clock was set back: then the next beat lies further ahead than beats are apart."""
    return next_run_time - now > timedelta(seconds=interval)
