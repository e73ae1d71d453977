"""
The machine of a level: generated from its scheme with `transitions`, the only judge of what may happen.

One shared machine per pinned document and level; no model is ever registered with it, so it holds no application and
may be used by every thread. Live commands, replay, diagrams and checks all ask this one (design.md, section 3).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from typing import Any

from transitions import Event, EventData, Machine, MachineError

from workflow.clock import because
from workflow.errors import Objection, Refused
from workflow.facts import FACTS
from workflow.rules import RULES, Move, Rule, concerns
from workflow.scheme import Rules
from workflow.steps import ENDED, steps_of


@dataclass(frozen=True)
class Guard:
    """
    The guard of one way of a step.

    Attributes:
        rules: The rules of the step that concern the level; every one is asked, and every objection kept.
        leads_to: The state into which the facts afterwards must put the application; empty: wherever they do.
    """

    rules: tuple[Rule, ...]
    leads_to: str

    def __call__(self, event: EventData) -> bool:
        """Answer the library."""
        assert isinstance(event.model, Move)
        return self.lets(event.model)

    def lets(self, move: Move) -> bool:
        """Tell whether this way is the one; rules are asked once for each move, however many ways its step has."""
        if not move.is_asked:
            move.is_asked = True
            for rule in self.rules:
                if (no := rule(move)) is not None:
                    move.objections = (*move.objections, no)
        # Where it would lead is not asked of a fact to which a rule objects: it may make no sense at all.
        return not move.objections and (not self.leads_to or move.leads_to == self.leads_to)


class Trigger(Event):
    """
    A step's trigger without the library's queue, hooks and event data, of which this machine uses none.

    It does what the library's own does; a test holds the two equal.
    """

    def trigger(self, model: Any, *_: object, **__: object) -> bool:
        """Try the ways from the state of a move, and take the first whose guard lets it."""
        ways: list[Any] | None = self.transitions.get(model.state)
        if ways is None:
            raise MachineError(f"no {self.name} from {model.state}")
        for way in ways:
            if way.conditions[0].func.lets(model):
                model.state = way.dest
                return True
        return False


class Ways(Machine):
    """A machine of such steps."""

    event_cls = Trigger


class LevelMachine:
    """
    The state machine of one level of a pinned scheme.

    Attributes:
        states: Its states: `submitted`, `trained`, the assessed stages in order, `awaiting_award`, then the ends.
        steps: Its steps, each with the states where it may start and to which it may lead.
        triggers: The trigger of each step, by its name.
    """

    def __init__(self, rules: Rules) -> None:
        """Generate the machine."""
        self.states = ("submitted", "trained", *rules.stages, "awaiting_award", *ENDED)
        self.steps = tuple(steps_of(rules))
        guards = {
            fact.step: tuple(rule for rule in RULES[fact] if concerns(rule, rules))
            for fact in FACTS.values()
            if fact in RULES
        }
        self._transitions = [
            {
                "trigger": step.name,
                "source": source,
                "dest": dest,
                "conditions": Guard(guards[step.name], dest if step.is_derived else ""),
            }
            for step in self.steps
            for source in step.sources
            for dest in sorted(step.dests, key=lambda dest: dest != source)  # most steps stay: tried first
        ]
        self._machine = self.built(Ways)
        self.triggers: Mapping[str, Event] = self._machine.events

    def built(self, kind: type[Machine]) -> Machine:
        """Build the machine anew as one of a kind; the library's own class triggers in the library's own way."""
        return kind(
            model=None,
            states=list(self.states),
            initial=None,
            auto_transitions=False,
            send_event=True,
            transitions=self._transitions,
        )

    def state_after(self, move: Move) -> str:
        """
        Judge a move and give the state to which it leads.

        Raises:
            Refused: with every objection, or the states in which such a step is possible.
        """
        step = move.fact.step
        try:
            if self.triggers[step].trigger(move):
                return move.state
        except (KeyError, MachineError):
            raise _refused(move, [self._wrong_state(move, step)]) from None
        if move.objections:  # where it would lead cannot be said of a fact that makes no sense
            raise _refused(move, move.objections)
        elsewhere = Objection(step, f"the facts would put it into {move.leads_to}, where this step cannot lead")
        raise _refused(move, [elsewhere])

    def _wrong_state(self, move: Move, step: str) -> Objection:
        application = move.application
        sources = [s for known in self.steps if known.name == step for s in known.sources]
        found = f"the application is {application.state}"
        if application.expiry:
            found += f" since {application.expiry.expired_on} ({because(application.expiry, move.rules)})"
        allowed = f"{step} is possible in: {', '.join(sources)}" if sources else f"no such step as {step}"
        clause = application.expiry.clause if application.expiry else ""
        return Objection("state", f"{found}; {allowed}", clause)

    def steps_from(self, state: str) -> list[str]:
        """List the steps that may be tried in a state."""
        return list(self._machine.get_triggers(state))

    def table(self) -> list[tuple[str, str, str]]:
        """List every (source, step, dest) of the very machine that runs, in order."""
        return [
            (source, name, str(transition.dest))
            for name, event in self._machine.events.items()
            for source, transitions in event.transitions.items()
            for transition in transitions
        ]

    @cached_property
    def lawful(self) -> frozenset[tuple[str, str, str]]:
        """The same table, to look a recorded step up in."""
        return frozenset(self.table())

    def traps(self) -> list[str]:
        """Name every state that cannot be reached, or that has not ended and cannot reach `certified`."""
        edges = {(source, dest) for source, _step, dest in self.table() if source != dest}
        forward = _closure({"submitted"}, edges)
        backward = _closure({"certified"}, {(dest, source) for source, dest in edges})
        found = [f"state {s} can never be reached" for s in self.states if s not in forward]
        found += [
            f"an application in state {s} could never be certified" for s in self.states if s not in (*backward, *ENDED)
        ]
        return found

    def mermaid(self, title: str) -> str:
        """Draw the machine in Mermaid; ways between the same two states share an arrow."""
        ways: dict[tuple[str, str], list[str]] = {}
        for source, step, dest in self.table():
            if source != dest and step not in ways.setdefault((source, dest), []):
                ways[source, dest].append(step)
        lines = ["---", f"title: {title}", "---", "stateDiagram-v2", "    [*] --> submitted: submit"]
        lines += [f"    {source} --> {dest}: {', '.join(steps)}" for (source, dest), steps in ways.items()]
        lines += [f"    {state} --> [*]" for state in ENDED]
        return "\n".join(lines) + "\n"


def _refused(move: Move, objections: Sequence[Objection]) -> Refused:
    return Refused(f"application {move.application.key}: {type(move.fact).__name__}", objections)


def _closure(start: set[str], edges: set[tuple[str, str]]) -> set[str]:
    reached = set(start)
    while more := {dest for source, dest in edges if source in reached} - reached:
        reached |= more
    return reached


_MACHINES: dict[tuple[str, int], LevelMachine] = {}


@lru_cache(maxsize=1_000)  # asked at every step of every history
def machine_of(rules: Rules) -> LevelMachine:
    """Give the one shared machine of a pinned document's level."""
    key = (rules.digest, rules.number)
    if key not in _MACHINES:
        _MACHINES[key] = LevelMachine(rules)
    return _MACHINES[key]
