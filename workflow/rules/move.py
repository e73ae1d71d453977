"""One fact's attempt to become true, and the form of a rule that judges it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Final

from workflow.application import Application, taking
from workflow.errors import Objection
from workflow.parts import stage_of
from workflow.scheme import Rules


@dataclass(eq=False)
class Move:
    """
    One fact's attempt to become true of one application; lives for a moment and is never stored.

    Attributes:
        application: The application before.
        fact: The fact.
        on: Its effective day.
        rules: The pinned rules.
        sequence: The event's number.
        state: State before; the machine sets it to the state after.
        objections: What the rules objected, filled by the machine's guard.
        is_asked: Whether they have been asked.
    """

    application: Application
    fact: Any
    on: date
    rules: Rules
    sequence: int
    state: str
    objections: Sequence[Objection] = field(default=(), init=False)
    is_asked: bool = field(default=False, init=False)
    _after: Application | None = field(default=None, init=False)
    _leads_to: str = field(default="", init=False)

    @property
    def after(self) -> Application:
        """The application with the fact taken in, its state not yet moved."""
        if self._after is None:
            self._after = taking(self.application, self.fact, self.on, self.sequence)
        return self._after

    @property
    def leads_to(self) -> str:
        """The stage in which the facts put the application afterwards."""
        if not self._leads_to:
            self._leads_to = stage_of(self.after, self.rules)
        return self._leads_to


Rule = Callable[[Move], Objection | None]
_WHERE: Final[dict[Rule, Callable[[Rules], bool]]] = {}


def only_where(has: Callable[[Rules], bool]) -> Callable[[Rule], Rule]:
    """
    Mark a rule that can object to nothing in a level without something.

    Args:
        has: Whether a level has it. The machine of a level that has not never asks the rule.
    """

    def marked(rule: Rule) -> Rule:
        _WHERE[rule] = has
        return rule

    return marked


def concerns(rule: Rule, rules: Rules) -> bool:
    """Tell whether a rule can object to anything in a level."""
    return rule not in _WHERE or _WHERE[rule](rules)
