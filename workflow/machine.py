"""
The machine of a level: generated from its scheme with `transitions`, the only judge of what may happen.

One shared machine per pinned document and level; no model is ever registered with it, so it holds no application and
may be used by every thread. Live commands, replay, diagrams and checks all ask this one (design.md, section 3).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from transitions import EventData, Machine, MachineError

from workflow.application import Application
from workflow.errors import Objection, Refused
from workflow.facts import FACTS
from workflow.rules import RULES, Move, Rule
from workflow.rules.ending import STANDINGS
from workflow.scheme import Rules

ENDED: Final = ("certified", "expired", "refused", "withdrawn", "annulled")


@dataclass(frozen=True)
class Guard:
    """
    The guard of one way of a step.

    Attributes:
        rules: The rules of the step; every one is asked, and every objection kept.
        leads_to: The state into which the facts afterwards must put the application; empty: wherever they do.
    """

    rules: tuple[Rule, ...]
    leads_to: str

    def __call__(self, event: EventData) -> bool:
        """Tell whether this way is the one; rules are asked once for each move, however many ways its step has."""
        move = event.model
        assert isinstance(move, Move)
        if not move.is_asked:
            for rule in self.rules:
                if (no := rule(move)) is not None:
                    move.objections.append(no)
            move.is_asked = True
        # Where it would lead is not asked of a fact to which a rule objects: it may make no sense at all.
        return not move.objections and (not self.leads_to or move.leads_to == self.leads_to)


@dataclass(frozen=True)
class Step:
    """A step of the machine: its name, where it may start, and where it may lead."""

    name: str
    sources: tuple[str, ...]
    dests: tuple[str, ...]
    is_derived: bool


def _steps(rules: Rules) -> Iterator[Step]:
    """List the steps of a level; where a step may lead to several states, the facts decide which."""
    stages = tuple(rules.stages)
    done, over = "awaiting_award", ("certified", "expired")
    going_on = ("submitted", "trained", *stages, done)
    yield from _intake(stages)
    yield Step("admit", ("trained", *stages), stages, True)
    yield Step("cancel_admission", stages, ("trained", *stages), True)
    for step in ("record_absence", "enter_score", "record_score", "retract_score"):
        yield Step(step, stages, stages, True)
    for step in ("announce_score", "amend_score", "decide_recheck", "extend_validity", "lift_annulment"):
        yield Step(step, stages, (*stages, done), True)
    for step in ("amend_score", "decide_recheck"):
        yield Step(step, (done,), (*stages, done), True)
    yield Step("carry_over", ("trained", *stages), (*stages, done), True)
    yield Step("find_misconduct", (*stages, done), (*stages, done, "annulled"), True)
    yield Step("find_misconduct", ("submitted", "trained"), ("submitted", "trained", "annulled"), True)
    yield Step("lift_annulment", ("annulled",), going_on, True)
    yield Step("award", (done,), ("certified",), False)
    yield Step("lapse", stages, stages, True)
    yield from _staying(("lapse",), ("submitted",))  # while a decision on eligibility is reopened
    yield Step("expire", ("submitted", "trained", *stages), ("expired",), False)
    yield Step("reinstate", ("expired", "withdrawn", "annulled"), going_on, True)
    yield Step("withdraw", going_on, ("withdrawn",), False)
    yield Step("annul", going_on, ("annulled",), False)
    # What leaves the state as it is. An attempt that was open when the set became complete still gets its result, and
    # a correction after the end stays visible and changes nothing by itself: the board decides what follows.
    open_results = (
        "cancel_admission",
        "record_absence",
        "enter_score",
        "record_score",
        "retract_score",
        "announce_score",
    )
    yield from _staying(open_results, (done,))
    # A seat that no longer serves anyone is released, however the application ended.
    yield from _staying(("cancel_admission",), ("refused", "withdrawn", "annulled", *over))
    # While a decision is reopened, what was sat before still gets its result.
    yield from _staying((*open_results, "amend_score", "request_recheck", "decide_recheck"), ("submitted",))
    yield from _staying(("extend_validity", "lift_annulment"), ("submitted", "trained", done))
    yield from _staying(("amend_score", "decide_recheck", "find_misconduct", "lift_annulment"), over)
    yield from _staying(("extend_validity",), ("expired",))
    yield from _staying(("request_recheck",), (*stages, done, *over))
    yield from _staying(("report_incident",), (*going_on, *over))
    yield from _staying(("check_evidence", "judge_evidence"), (*going_on, "certified"))
    yield from _staying(("suspend", "resume"), going_on)
    yield from _staying((*STANDINGS, "expire_certificate"), ("certified",))


def _intake(stages: tuple[str, ...]) -> Iterator[Step]:
    yield from _staying(("request_information", "resubmit"), ("submitted",))
    yield Step("accept", ("submitted",), ("submitted", "trained", *stages, "awaiting_award"), True)
    yield Step("refuse", ("submitted",), ("refused",), False)
    yield Step(
        "reopen_eligibility", ("submitted", "trained", *stages, "awaiting_award", "refused"), ("submitted",), False
    )
    yield Step("record_training", ("submitted",), ("submitted", "trained", *stages, "awaiting_award"), True)
    yield Step("waive_training", ("submitted",), ("trained", *stages, "awaiting_award"), True)


def _staying(names: tuple[str, ...], states: tuple[str, ...]) -> Iterator[Step]:
    for name in names:
        for state in states:
            yield Step(name, (state,), (state,), False)


class LevelMachine:
    """
    The state machine of one level of a pinned scheme.

    Attributes:
        states: Its states: `submitted`, `trained`, the assessed stages in order, `awaiting_award`, then the ends.
        steps: Its steps, each with the states where it may start and to which it may lead.
    """

    def __init__(self, rules: Rules) -> None:
        """Generate the machine."""
        self.states = ("submitted", "trained", *rules.stages, "awaiting_award", *ENDED)
        self.steps = tuple(_steps(rules))
        guards = {fact.step: RULES[fact] for fact in FACTS.values() if fact in RULES}
        self._machine = Machine(
            model=None,
            states=list(self.states),
            initial=None,
            auto_transitions=False,
            send_event=True,
            transitions=[
                {
                    "trigger": step.name,
                    "source": source,
                    "dest": dest,
                    "conditions": Guard(guards[step.name], dest if step.is_derived else ""),
                }
                for step in self.steps
                for source in step.sources
                for dest in sorted(step.dests, key=lambda dest: dest != source)  # most steps stay: tried first
            ],
        )

    def state_after(self, move: Move) -> str:
        """
        Judge a move and give the state to which it leads.

        Raises:
            Refused: with every objection, or the states in which such a step is possible.
        """
        step = move.fact.step
        try:
            if self._machine.events[step].trigger(move):
                return move.state
        except (KeyError, MachineError):
            raise _refused(move, [self._wrong_state(move.application, step)]) from None
        if move.objections:  # where it would lead cannot be said of a fact that makes no sense
            raise _refused(move, move.objections)
        elsewhere = Objection(step, f"the facts would put it into {move.leads_to}, where this step cannot lead")
        raise _refused(move, [elsewhere])

    def _wrong_state(self, application: Application, step: str) -> Objection:
        sources = [s for known in self.steps if known.name == step for s in known.sources]
        found = f"the application is {application.state}"
        if application.expiry:
            found += f" since {application.expiry.expired_on} ({application.expiry.cause})"
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


def _refused(move: Move, objections: list[Objection]) -> Refused:
    return Refused(f"application {move.application.key}: {type(move.fact).__name__}", objections)


def _closure(start: set[str], edges: set[tuple[str, str]]) -> set[str]:
    reached = set(start)
    while more := {dest for source, dest in edges if source in reached} - reached:
        reached |= more
    return reached


_MACHINES: dict[tuple[str, int], LevelMachine] = {}


def machine_of(rules: Rules) -> LevelMachine:
    """Give the one shared machine of a pinned document's level."""
    key = (rules.digest, rules.number)
    if key not in _MACHINES:
        _MACHINES[key] = LevelMachine(rules)
    return _MACHINES[key]
