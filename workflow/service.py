"""
The service: what a board does, as use cases. Load, decide, append; nothing else writes.

Owns no state and no I/O of its own: the stores, the clock and the maker of keys are handed in by the composition root.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import partial
from itertools import chain
from types import MappingProxyType

from workflow import facts as f
from workflow.application import Application
from workflow.draft import Draft
from workflow.elsewhere import Others, against_submission
from workflow.errors import Conflict, ExamboardError, Objection, Refused
from workflow.events import Event
from workflow.evidence import Evidence
from workflow.facts import Fact, Submitted
from workflow.persons.prose import check_prose
from workflow.ports import Sitting, Stores
from workflow.records import Records
from workflow.roles.duties import Acting, trainers
from workflow.roles.guarded import guarded
from workflow.roles.rights import Actor
from workflow.roles.staff import check_local
from workflow.scheme import Pinned, Rules

TRIES = 5
Beside = Mapping[str, Draft | None]  # what is written together; None: known to be none yet, and still to be filed
NONE_BESIDE: Beside = MappingProxyType({})
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


class Service(Records):
    """The board's use cases over one database, for one actor."""

    def __init__(
        self,
        stores: Stores,
        now: Callable[[], datetime],
        new_key: Callable[[], str],
        actor: str | Actor,
        zone: str = "Asia/Shanghai",
    ) -> None:
        """
        Wire the service.

        Args:
            stores: The database.
            now: Gives the present instant, aware.
            new_key: Gives a key that was never given before.
            actor: Who acts; stands in every event. A member as `staff.sign_in` gives it, the clock, or the name of a
                local operator, who may do everything.
            zone: The board's time zone, for days that belong to no application yet.

        Raises:
            Refused: a local operator is named, though the board keeps staff.
        """
        actor = actor if isinstance(actor, Actor) else Actor(actor)
        if actor.kind == "local":
            check_local(stores.staff, actor.name)
        super().__init__(guarded(stores, actor) if actor.kind == "member" else stores, now, zone)
        self.new_key = new_key
        self.actor = actor.name
        self.acts_as = actor
        self._recent: OrderedDict[str, tuple[tuple[Event, ...], Application]] = OrderedDict()

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
        is_draft: bool = False,
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
            is_draft: Whether the candidate has still to complete it, by a `Resubmitted`.

        Raises:
            NotFound: the candidate or the level does not exist.
            Conflict: the number is taken by another application.
            Refused: the day has not come yet.
        """
        rules = scheme.rules(level)
        self.refuse_unregistered(candidate, "submit")
        self.refuse_future(on, rules)
        key = key or f"E-{self.new_key()}"
        draft = self.opening(key, candidate, scheme, rules, evidence, on, command, cohort, is_draft)
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
        is_draft: bool = False,
        beside: Beside = NONE_BESIDE,
    ) -> Draft:
        """
        Draft a new application, without writing it.

        Args:
            beside: Drafts of the candidate's other applications that are to be written together with it, None for one
                that is still to be filed; the other arguments are those of `submit`.

        Raises:
            Refused: the candidate's other applications rule it out on that day (a bar, attempts used up), or the
                evidence has words that the scheme does not know.
        """
        others = self._asking(candidate, key, beside)
        objections = against_submission(rules, on, others())
        objections += [Objection("words_are_known", why) for _at, why in scheme.scheme.terms.faults(evidence)]
        if objections:
            raise Refused(f"application {key}: Submitted", objections)
        fact = Submitted(
            candidate=candidate,
            scheme=scheme.scheme.scheme,
            digest=scheme.digest,
            level=rules.number,
            evidence=evidence,
            cohort=cohort,
            draft=is_draft,
        )
        check_prose(fact, lambda: self.stores.candidates.get(candidate), f"application {key}: Submitted")
        command = command or f"submit:{self.new_key()}"
        if (acting := self._acting(candidate, key, beside)) is not None:
            acting.may_record(key, fact, rules)
        draft = Draft.opening(key, fact, on, rules, self.now(), self.actor, command, others)
        draft.acting = acting
        return draft

    def draft(
        self,
        history: Sequence[Event],
        application: Application | None = None,
        beside: Beside = NONE_BESIDE,
    ) -> Draft:
        """
        Take up a recorded history.

        Args:
            history: The history.
            application: What it folds to, where that is known.
            beside: Drafts of the candidate's other applications that are to be written together with it, None for one
                that is still to be filed.
        """
        fact, key = history[0].fact, history[0].application
        candidate = fact.candidate if isinstance(fact, Submitted) else ""
        others = self._asking(candidate, key, beside)
        draft = Draft(history, self.rules_of(history), self.now(), self.actor, others, application)
        draft.acting = self._acting(candidate, key, beside)
        if candidate and self.acts_as.kind != "clock":
            draft.person = partial(self.stores.candidates.get, candidate)
        return draft

    def _acting(self, candidate: str, application: str, beside: Beside) -> Acting | None:
        """Give whose rights and duties a draft is held to; None for a local operator."""
        if self.acts_as.kind == "local":
            return None

        def elsewhere() -> frozenset[str]:
            but = {application, *beside}
            keys = [key for key in self.stores.events.of_candidates(candidate) if key not in but]
            recorded = self.stores.events.histories(keys) if keys else ()
            drafted = ([*x.recorded_events, *x.new] for key, x in beside.items() if x and key != application)
            return frozenset(name for history in chain(recorded, drafted) for name in trainers(history))

        return Acting(self.acts_as, self.stores.access, elsewhere, self.now)

    def _asking(self, candidate: str, application: str, beside: Beside) -> Callable[[], Others]:
        """
        Give what an application asks for the others of its candidate.

        The record is read once, however often it asks; what is drafted beside it is taken as it stands at that moment.
        """
        recorded: Others | None = None

        def ask() -> Others:
            nonlocal recorded
            if recorded is None:
                recorded = self.others(candidate, application, *beside)
            return (*recorded, *((x.application, x.rules) for key, x in beside.items() if x and key != application))

        return ask

    def others(self, candidate: str, *but: str) -> Others:
        """
        Give the other applications of a candidate as they are known now, each with its rules.

        Args:
            candidate: Key of the candidate.
            but: The applications to leave out: what one brings itself is judged by its own machine.
        """
        keys = [key for key in self.stores.events.of_candidates(candidate) if key not in but]
        drafts = (self.draft(history) for history in (self.stores.events.histories(keys) if keys else ()))
        return tuple((draft.application, draft.rules) for draft in drafts)

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
        fact = f.Admitted(
            part=sitting.part, sitting=sitting.key, sat_on=sitting.sat_on, registration_closed_on=sitting.closes_on
        )
        return self.record(application, fact, on or min(self.today(), sitting.sat_on), command)
