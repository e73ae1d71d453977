"""
Records: what can be read of a board's database: rules, histories, standings, persons. Nothing here writes.

Owns no I/O of its own: the stores and the clock are handed in. `Service` goes on from here to what a board does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime

from workflow.calendar import board_day
from workflow.errors import Corrupt, NotFound, Objection, Refused
from workflow.events import Event
from workflow.facts import Submitted
from workflow.offers import NOBODY, Applicant, scheme_for
from workflow.persons.forgetting import PersonStanding, restricted
from workflow.ports import Candidate, Stores
from workflow.replay import replay
from workflow.scheme import Pinned, Rules
from workflow.standing import Standing, standing_of


class Records:
    """The record of one database, as of any day and by any knowledge."""

    def __init__(self, stores: Stores, now: Callable[[], datetime], zone: str = "Asia/Shanghai") -> None:
        """
        Open the record.

        Args:
            stores: The database.
            now: Gives the present instant, aware.
            zone: The board's time zone, for days that belong to no application yet.
        """
        self.stores = stores
        self.now = now
        self.zone = zone
        self._rules: dict[tuple[str, int], Rules] = {}

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

    def scheme_for(
        self, submitted_on: date, occupation: str = "", edition: str = "", applicant: Applicant = NOBODY
    ) -> Pinned:
        """Find the scheme for an application on the board's shelf; see `offers.scheme_for`."""
        return scheme_for(self.stores.schemes.current(), submitted_on, occupation, edition, applicant)

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

    def candidate(self, key: str) -> Candidate:
        """
        Give a candidate, restricted or not.

        Raises:
            NotFound: there is no such candidate, or the candidate is erased.
        """
        found = self.stores.candidates.get(key)
        if found is None:
            raise _no_candidate(key, self.stores.candidates.standings([key]).get(key))
        return found

    def refuse_unregistered(self, candidate: str, what: str) -> None:
        """
        Refuse something new for a person who is not registered or whose data is only kept; reads no personal value.

        Raises:
            NotFound: there is no such candidate, or the candidate is erased.
            Refused: the person's data is restricted.
        """
        standing = self.stores.candidates.standings([candidate]).get(candidate)
        if standing == "restricted":
            raise restricted(candidate, what)
        if standing != "active":
            raise _no_candidate(candidate, standing)

    def refuse_future(self, on: date, rules: Rules) -> None:
        """Refuse a day that has not come yet on the board's calendar."""
        today = self.today(rules.scheme.time_zone)
        if on > today:
            raise Refused(f"day {on}", [Objection("not_in_future", f"lies in the future; the board's day is {today}")])


def _no_candidate(key: str, standing: PersonStanding | None) -> NotFound:
    erased = f"candidate {key} is erased; see: examboard candidate acts {key}"
    return NotFound(erased if standing == "erased" else f"no candidate {key}")
