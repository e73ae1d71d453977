"""
What is assessed: parts, the course before them, and the levels that put them together.

Owns the models only; `workflow/parts.py` says what is held, `workflow/rules` what is allowed.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cached_property
from typing import Annotated, Any, Literal

from pydantic import Field, GetJsonSchemaHandler, StringConstraints, field_validator, model_validator
from pydantic_core import CoreSchema

from workflow.document import Marks, Strict, Text
from workflow.language.annual import AnnualDay
from workflow.language.attempting import Endorsement, Resits
from workflow.language.conditions import Clause, Condition
from workflow.language.durations import Deadline, SetWindow, Validity
from workflow.language.policy import CarriesFrom, Entry, Panel, Recheck, Staffing
from workflow.language.stages import Exemption, Name, Stage

Key = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,10}$")]
LevelNumber = Annotated[int, Field(ge=1, le=9)]


class Component(Strict):
    """
    One of several marks of which a part's marks are made, all taken at one sitting.

    Attributes:
        title: Its name for people.
        names: Other names under which files know it.
        maximum: Most marks that can be had.
        weight: Its share of the part's marks, in any unit; absent: its maximum.
        pass_mark: Marks that pass it; absent: none are asked for.
        floor: Marks below which the whole part is failed; absent: none are asked for.
    """

    title: Text
    names: tuple[Text, ...] = Field(default=(), strict=False)
    maximum: Annotated[Marks, Field(gt=0)]
    weight: Annotated[Marks, Field(gt=0)] | None = None
    pass_mark: Marks | None = None
    floor: Marks | None = None

    @model_validator(mode="after")
    def _can_be_passed(self) -> Component:
        for name in ("pass_mark", "floor"):
            marks = getattr(self, name)
            if marks is not None and marks > self.maximum:
                raise ValueError(f"the {name} {marks} lies above the maximum {self.maximum}")
        return self


class Part(Strict):
    """
    A unit that is assessed.

    Attributes:
        title: Its name for people.
        names: Other names under which files know it.
        like: Another part from which what is left out was taken, but for its names; empty once the document is read.
        kind: `exam` (sat at a sitting, by admission) or `review` (held by a panel).
        forms: Forms that a sitting or review of it may take, in the board's choice.
        conditions: The ways to be let in to it, by their number in the regulation; any one is enough; none: nothing is
            asked for but what the level asks of everybody.
        maximum: Most marks that can be had.
        components: What its marks are made of, by name; none: its marks are entered as they are. Where each of them has
            a pass mark, the part may leave out its own.
        may_fail: How many components may miss their own pass mark.
        pass_mark: Marks that pass; this number itself passes.
        validity: How long a pass stays valid; absent: it does not lapse.
        requires: Parts that must be held, still valid, on the day on which this one is assessed.
        endorsement: What an instructor must have confirmed before any sitting; absent: nothing.
        resits: Limits on taking it again.
        entry: How marks are established.
        recheck: The right to a recheck; absent: none.
        panel: The panel of a review; absent: one mark is recorded as it is given.
        staffing: How its sittings are to be staffed; absent: no findings are made.
        clause: Where this comes from.
    """

    title: Text
    names: tuple[Text, ...] = Field(default=(), strict=False)
    like: Name | None = None
    kind: Literal["exam", "review"] = "exam"
    forms: tuple[Name, ...] = Field(default=(), strict=False)
    conditions: dict[Key, Condition] = Field(default_factory=dict)
    maximum: Marks
    components: dict[Name, Component] = Field(default_factory=dict)
    may_fail: int = Field(default=0, ge=0, le=20)
    pass_mark: Marks
    validity: Validity | None = None
    requires: tuple[Name, ...] = Field(default=(), strict=False)
    endorsement: Endorsement | None = None
    resits: Resits | None = None
    entry: Entry | None = None
    recheck: Recheck | None = None
    panel: Panel | None = None
    staffing: Staffing | None = None
    clause: Clause

    @model_validator(mode="before")
    @classmethod
    def _may_pass_by_components(cls, part: object) -> object:
        if not isinstance(part, Mapping) or "pass_mark" in part or not isinstance(part.get("components"), Mapping):
            return part
        components = part["components"].values()
        if not components or any(not isinstance(c, Mapping) or c.get("pass_mark") is None for c in components):
            return part
        return {**part, "pass_mark": 0}

    @field_validator("like")
    @classmethod
    def _names_a_part(cls, like: str | None) -> None:
        if like is not None:  # what names another part has been filled in before
            raise ValueError(f"no other part is called {like!r}, or it is like this one in turn")

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Say that a part like another one needs no more than its title, and one with components no pass mark."""
        schema = handler.resolve_ref_schema(handler(core))
        needed = schema.pop("required", [])
        made = ["components", *(name for name in needed if name != "pass_mark")]
        return {**schema, "anyOf": [{"required": needed}, {"required": made}, {"required": ["title", "like"]}]}

    @model_validator(mode="after")
    def _can_be_passed(self) -> Part:
        if self.pass_mark > self.maximum:
            raise ValueError(f"the pass mark {self.pass_mark} lies above the maximum {self.maximum}")
        return self

    @model_validator(mode="after")
    def _components_hold_together(self) -> Part:
        if self.components and self.panel:
            raise ValueError("a panel's members mark the part as a whole; leave out components")
        asked = sum(component.pass_mark is not None for component in self.components.values())
        if self.may_fail and self.may_fail >= asked:
            raise ValueError(f"may_fail: {self.may_fail}, but {asked} components have a pass_mark of their own")
        return self

    @property
    def passes_by_components(self) -> bool:
        """Whether every component has a pass mark, so that the whole needs none."""
        return bool(self.components) and all(c.pass_mark is not None for c in self.components.values())

    @cached_property
    def components_by_name(self) -> dict[str, str]:
        """Every name under which a component is known, folded to lower case, with its key."""
        return {name.casefold(): key for key, c in self.components.items() for name in (key, c.title, *c.names)}

    @cached_property
    def components_that_decide(self) -> dict[str, Component]:
        """The components whose own marks can fail the part."""
        return {key: c for key, c in self.components.items() if c.pass_mark is not None or c.floor is not None}


class Training(Strict):
    """
    The training gate of a level.

    Attributes:
        hours: Standard class hours of the course.
        waived: True where the board's policy asks for no course at this level.
        hours_per_credit: Class hours that a credit stands for, where courses are counted in credits.
        clause: Where this comes from.
    """

    hours: Marks | None = None
    waived: bool = False
    hours_per_credit: Marks | None = None
    clause: Clause

    @model_validator(mode="after")
    def _open_or_closed(self) -> Training:
        if self.waived == (self.hours is not None):
            raise ValueError("give either hours or waived: true")
        return self


class Level(Strict):
    """
    One level of the qualification.

    Attributes:
        title: Its name for people.
        names: Other names under which files know it.
        training: The training gate.
        stages: The assessed stages in order: state name to what is assessed in it.
        conditions: The ways to be eligible, by their number in the regulation; any one is enough.
        award_conditions: What must be shown before the certificate is awarded, in the same way; none: nothing.
        exemptions: Parts held without an exam, by their number in the regulation.
        window: The time within which all parts must be passed; absent: none but the validity of each.
        deadlines: The other clocks of an application by name; none is the default.
        carries_from: Other rules whose parts may be carried over to this level.
        measured_on: The day on which eligibility is measured: the first such day on or after the submission; absent:
            the day of submission.
    """

    title: Text
    names: tuple[Text, ...] = Field(default=(), strict=False)
    training: Training
    stages: dict[Name, Stage] = Field(min_length=1)
    exemptions: dict[Key, Exemption] = Field(default_factory=dict)
    conditions: dict[Key, Condition] = Field(min_length=1)
    award_conditions: dict[Key, Condition] = Field(default_factory=dict)
    window: SetWindow | None = None
    deadlines: dict[Name, Deadline] = Field(default_factory=dict)
    carries_from: tuple[CarriesFrom, ...] = Field(default=(), strict=False)
    measured_on: AnnualDay | None = None
