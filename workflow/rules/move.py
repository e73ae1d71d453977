"""One fact's attempt to become true, and the form of a rule that judges it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any

from workflow.application import Application, taking
from workflow.errors import Objection
from workflow.parts import stage_of
from workflow.scheme import Rules


@dataclass
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
    objections: list[Objection] = field(default_factory=list)
    is_asked: bool = False

    @cached_property
    def after(self) -> Application:
        """The application with the fact taken in, its state not yet moved."""
        return taking(self.application, self.fact, self.on, self.sequence)

    @cached_property
    def leads_to(self) -> str:
        """The stage in which the facts put the application afterwards."""
        return stage_of(self.after, self.rules)


Rule = Callable[[Move], Objection | None]
