"""
The service: what a board does, as use cases. Load, decide, append; nothing else writes.

Owns no state and no I/O of its own: the stores, the clock and the maker of keys are handed in by the composition root.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial

from workflow import facts as f
from workflow.application import Application
from workflow.bars import Bar, bars_of
from workflow.calendar import board_day
from workflow.draft import Draft
from workflow.errors import Conflict, Corrupt, ExamboardError, NotFound, Objection, Refused
from workflow.events import Event
from workflow.evidence import Evidence
from workflow.facts import Fact, Submitted
from workflow.offers import scheme_for
from workflow.ports import Candidate, Sitting, Stores
from workflow.replay import replay
from workflow.scheme import Pinned, Rules
from workflow.standing import Standing, standing_of

TRIES = 5
REMEMBERED = 256  # applications whose next step needs no reading


@dataclass(frozen=True, slots=True)
class Done:
    """
    What a command did.

    Attributes:
        application: The application.
        events: The events that it added; empty where it had been done before.
        state: The state afterwards.
    """

    application: str
    events: tuple[Event, ...]
    state: str


class Service:
    """The board's use cases over one database, for one actor."""

    def __init__(
        self,
        stores: Stores,
        now: Callable[[], datetime],
        new_key: Callable[[], str],
        actor: str,
        zone: str = "Asia/Shanghai",
    ) -> None:
        """
        Wire the service.

        Args:
            stores: The database.
            now: Gives the present instant, aware.
            new_key: Gives a key that was never given before.
            actor: Who acts; stands in every event.
            zone: The board's time zone, for days that belong to no application yet.
        """
        self.stores = stores
        self.now = now
        self.new_key = new_key
        self.actor = actor
        self.zone = zone
        self._rules: dict[tuple[str, int], Rules] = {}
        self._recent: OrderedDict[str, tuple[tuple[Event, ...], Application]] = OrderedDict()

    # -- rules ---------------------------------------------------------------------------------------------------

    def today(self, zone: str | None = None) -> date:
        """Give the board's calendar day."""
        return board_day(self.now(), zone or self.zone)

    def rules(self, digest: str, level: int) -> Rules:
        """
        Give the rules that an application pinned.

        Raises:
            Corrupt: the document is not on the shelf.
        """
        found = self._rules.get((digest, level))
        if found is None:
            pinned = self.stores.schemes.get(digest)
            if pinned is None:
                raise Corrupt(f"the scheme document {digest} is not in the database, though an application names it")
            found = self._rules[digest, level] = pinned.rules(level)
        return found

    def rules_of(self, history: Sequence[Event]) -> Rules:
        """Give the rules that a history pinned in its first event."""
        fact = history[0].fact
        if not isinstance(fact, Submitted):
            raise Corrupt(f"application {history[0].application}: its history does not open with a submission")
        return self.rules(fact.digest, fact.level)

    def scheme_for(self, submitted_on: date, occupation: str = "", edition: str = "") -> Pinned:
        """Find the scheme for an application on the board's shelf; see `offers.scheme_for`."""
        return scheme_for(self.stores.schemes.current(), submitted_on, occupation, edition)

    # -- reading -------------------------------------------------------------------------------------------------

    def history(self, application: str) -> tuple[Event, ...]:
        """
        Give all events of an application.

        Raises:
            NotFound: there is no such application.
        """
        history = self.stores.events.history(application)
        if not history:
            raise NotFound(f"no application {application}")
        return history

    def standing(self, application: str, as_of: date | None = None, known_at: datetime | None = None) -> Standing:
        """
        Say where an application stands on a day, by what was known at a moment.

        Raises:
            NotFound: there is no such application, or not on that day, or not by that knowledge.
        """
        return self.stood(self.history(application), as_of, known_at)

    def stood(self, history: Sequence[Event], as_of: date | None = None, known_at: datetime | None = None) -> Standing:
        """
        Say where the application of a history stands.

        Raises:
            NotFound: it did not exist on that day, or not by that knowledge.
        """
        found = self.standing_in(history, as_of, known_at)
        if found is None:
            key = history[0].application
            raise NotFound(f"application {key} had not been submitted, by that day and that knowledge")
        return found

    def standings(self, as_of: date | None = None, known_at: datetime | None = None) -> Iterator[Standing]:
        """Stream the standing of every application, in the order of their keys, without a limit."""
        for history in self.stores.events.histories():
            found = self.standing_in(history, as_of, known_at)
            if found is not None:
                yield found

    def standing_in(self, history: Sequence[Event], as_of: date | None, known_at: datetime | None) -> Standing | None:
        """Say where the application of a history stands; None if it did not exist by then."""
        rules = self.rules_of(history)
        day = as_of or self.today(rules.scheme.time_zone)
        application = replay(history, rules, day, known_at)
        return None if application is None else standing_of(application, rules, day, known_at)

    # -- writing -------------------------------------------------------------------------------------------------

    def submit(
        self,
        candidate: str,
        scheme: Pinned,
        level: int,
        evidence: Evidence,
        on: date,
        key: str = "",
        command: str = "",
        cohort: str = "",
    ) -> Done:
        """
        File an application.

        Args:
            candidate: Key of a registered candidate.
            scheme: The scheme, as `scheme_for` found it.
            level: The level.
            evidence: What is shown.
            on: The day of submission.
            key: The board's own number; empty: one is made.
            command: Key of the command; empty: one is made.
            cohort: Tag of the programme under which it is filed; empty: none.

        Raises:
            NotFound: the candidate or the level does not exist.
            Conflict: the number is taken by another application.
            Refused: the day has not come yet.
        """
        rules = scheme.rules(level)
        if self.stores.candidates.get(candidate) is None:
            raise NotFound(f"no candidate {candidate}")
        self.refuse_future(on, rules)
        key = key or f"E-{self.new_key()}"
        draft = self.opening(key, candidate, scheme, rules, evidence, on, command, cohort)
        append = draft.append()
        if self.stores.events.append([append]):
            before = self.stores.events.history(key)
            if before and before[0].command == draft.new[0].command and before[0].fact == draft.new[0].fact:
                return Done(key, (), before[-1].dest)
            raise Conflict(f"application number {key} is taken")
        self._remember(append.events, draft.application)
        return Done(key, append.events, "submitted")

    def opening(
        self,
        key: str,
        candidate: str,
        scheme: Pinned,
        rules: Rules,
        evidence: Evidence,
        on: date,
        command: str = "",
        cohort: str = "",
    ) -> Draft:
        """
        Draft a new application, without writing it.

        Raises:
            Refused: the candidate is barred for misconduct on that day.
        """
        bars = self.bars(candidate, key)
        if barred := [no for bar in bars if (no := bar.objection(on, "the submission"))]:
            raise Refused(f"application {key}: Submitted", barred)
        fact = Submitted(
            candidate=candidate,
            scheme=scheme.scheme.scheme,
            digest=scheme.digest,
            level=rules.number,
            evidence=evidence,
            cohort=cohort,
        )
        command = command or f"submit:{self.new_key()}"
        return Draft.opening(key, fact, on, rules, self.now(), self.actor, command, lambda: bars)

    def draft(self, history: Sequence[Event], application: Application | None = None) -> Draft:
        """Take up a recorded history; what it folds to may be given where it is known."""
        fact, key = history[0].fact, history[0].application
        candidate = fact.candidate if isinstance(fact, Submitted) else ""
        bars = partial(self.bars, candidate, key)
        return Draft(history, self.rules_of(history), self.now(), self.actor, bars, application)

    def bars(self, candidate: str, but: str = "") -> tuple[Bar, ...]:
        """
        Give the bars in force that misconduct of a candidate has brought, in whichever application it was found.

        Args:
            candidate: Key of the candidate.
            but: An application to leave out: its own findings are judged by its own machine.
        """
        keys = [key for key in self.stores.events.of_candidate(candidate) if key != but]
        drafts = (self.draft(history) for history in (self.stores.events.histories(keys) if keys else ()))
        return tuple(bar for draft in drafts for bar in bars_of(draft.application, draft.rules))

    def record(self, application: str, fact: Fact, on: date | None = None, command: str = "") -> Done:
        """
        Record one fact of an application: judge it, and write it with whatever the clock has made true before it.

        A write that someone else overtook is judged again on what is there now, a few times.

        Args:
            application: Key of the application.
            fact: The fact.
            on: The day on which it takes effect; absent: today. Never a day to come.
            command: Key of the command; the same key again changes nothing. Empty: one is made.

        Raises:
            NotFound, Refused, Conflict: see errors.
        """
        command = command or f"{type(fact).__name__}:{self.new_key()}"
        for _ in range(TRIES):
            remembered = self._recent.pop(application, None)
            try:
                draft = self.draft(*remembered) if remembered else self.draft(self.history(application))
                day = on or self.today(draft.rules.scheme.time_zone)
                self.refuse_future(day, draft.rules)
                draft.propose(fact, day, command)
            except ExamboardError:
                if remembered is None:
                    raise
                continue  # someone may have written since: look before saying no
            append = draft.append() if draft.new else None
            if append is None or not self.stores.events.append([append]):
                events = append.events if append else ()
                self._remember((*draft.recorded_events, *events), draft.application)
                return Done(application, events, draft.application.state)
        raise Conflict(f"application {application} is being written by others; try again")

    def _remember(self, history: tuple[Event, ...], application: Application) -> None:
        """
        Keep what was just written, for the next step of the same application.

        It may be behind what others write, and never wrong: the expected sequence of an append shows that.
        """
        self._recent[application.key] = (history, application)
        if len(self._recent) > REMEMBERED:
            self._recent.popitem(last=False)

    def admit(self, application: str, sitting: Sitting, on: date | None = None, command: str = "") -> Done:
        """
        Admit a candidate to a sitting without rooms; `sittings.admit_all` gives out seats.

        Args:
            application: Key of the application.
            sitting: The sitting.
            on: The day on which the admission takes effect; absent: today, or the day of the sitting if that is past.
            command: Key of the command.
        """
        if sitting.rooms:
            raise ValueError(f"sitting {sitting.key} has rooms: an admission to it needs a seat")
        fact = f.Admitted(part=sitting.part, sitting=sitting.key, sat_on=sitting.sat_on)
        return self.record(application, fact, on or min(self.today(), sitting.sat_on), command)

    def candidate(self, key: str) -> Candidate:
        """
        Give a candidate.

        Raises:
            NotFound: there is no such candidate.
        """
        found = self.stores.candidates.get(key)
        if found is None:
            raise NotFound(f"no candidate {key}")
        return found

    def refuse_future(self, on: date, rules: Rules) -> None:
        """Refuse a day that has not come yet on the board's calendar."""
        today = self.today(rules.scheme.time_zone)
        if on > today:
            raise Refused(f"day {on}", [Objection("not_in_future", f"lies in the future; the board's day is {today}")])
