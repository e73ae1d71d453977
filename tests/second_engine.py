"""A second engine: python-statemachine, running the machines that we write as SCXML, and a fold that uses it alone."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import Final

from statemachine.events import Events as EventsOfTransition
from statemachine.exceptions import TransitionNotAllowed
from statemachine.io import load
from statemachine.orderedset import OrderedSet

from workflow.application import Application, opened, taking
from workflow.errors import Refused
from workflow.events import Event
from workflow.facts import FACTS, Fact
from workflow.machine import machine_of
from workflow.parts import stage_of
from workflow.replay import moved
from workflow.rules import Move
from workflow.scheme import Rules
from workflow.scxml import scxml

REFUSED = "refused by the engine"
_FACT_OF: Final = {fact.step: fact for fact in FACTS.values()}

# Whether a transition of a loaded machine is for an event never changes; the engine asks the names anew each time.
EventsOfTransition.match = cache(EventsOfTransition.match)  # type: ignore[method-assign]


class SecondEngine:
    """
    The machine of a level as python-statemachine runs it, one for all histories: making one takes ten milliseconds.

    It knows the SCXML document and nothing else of ours.
    """

    def __init__(self, document: str) -> None:
        chart = load(document, format="scxml")
        chart.allow_event_without_transition = False  # SCXML drops what does not fit without a word
        self._chart = chart()
        self._values = {str(value) for value in chart.states_map}
        self._ways: dict[tuple[tuple[str, str], ...], str] = {}
        self.initial = self.state
        self.states = {value for value in self._values if not value.endswith(".end")}

    @property
    def state(self) -> str:
        """The state, without the final state that it may hold."""
        (state,) = (str(value) for value in self._chart.configuration_values if not str(value).endswith(".end"))
        return state

    def at(self, state: str) -> SecondEngine:
        """Put it into a state, and into the final state that it may hold."""
        self._chart.current_state_value = OrderedSet(x for x in (state, f"{state}.end") if x in self._values)
        return self

    def send(self, step: str, leads_to: str) -> str:
        """Take a step; give the state after it, or that it was refused."""
        try:
            self._chart.send(step, leads_to=leads_to)
        except TransitionNotAllowed:
            return REFUSED
        return self.state

    def fold(self, history: Sequence[Event], rules: Rules) -> str:
        """Fold a history as replay does, but move from state to state by this engine alone; give the last state."""
        first = history[0]
        application = opened(first.application, first.fact, first.effective_on)
        way: tuple[tuple[str, str], ...] = ()
        for event in history[1:]:
            after = taking(application, event.fact, event.effective_on, event.sequence)
            leads_to = stage_of(after, rules)
            way = (*way, (event.fact.step, leads_to))
            if (state := self._ways.get(way, "")) == "":  # many histories begin alike: no beginning is gone twice
                state = self._ways[way] = self.at(application.state).send(event.fact.step, leads_to)
            if state != application.state:
                after = moved(after, event.fact, state, event.effective_on, event.sequence)
            application = after
            if state == REFUSED:
                break
        return application.state


@cache
def _loaded(document: str) -> SecondEngine:
    return SecondEngine(document)


_ENGINES: dict[tuple[str, int], SecondEngine] = {}


def second_engine(rules: Rules) -> SecondEngine:
    """Give the second engine of a level; levels with the same machine share one."""
    key = (rules.digest, rules.number)
    if key not in _ENGINES:
        document = scxml(rules)
        _ENGINES[key] = _loaded(document.replace(f'name="{rules.scheme.scheme}-level-{rules.number}"', 'name="level"'))
    return _ENGINES[key]


def first_engine(application: Application, step: str, leads_to: str, rules: Rules) -> str:
    """Ask the machine that runs for a step, its rules left out; give the state after it, or that it was refused."""
    fact: Fact = _FACT_OF[step].model_construct()
    move = Move(application, fact, application.on, rules, 1, application.state)
    move.is_asked, move._leads_to = True, leads_to
    try:
        return machine_of(rules).state_after(move)
    except Refused:
        return REFUSED
