"""
Schemes: the rules of one qualification, edition by edition, level by level, as a versioned document.

Owns the scheme language. A document is read once, checked whole, and pinned by the sha256 of its text; an application
is judged for life by the document that it names (design.md, law 3). Never opens a file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, field_validator, model_validator

from workflow.calendar import LastDayRule, Period
from workflow.conditions import Clause, Condition
from workflow.document import Day, Marks, Strict, Text
from workflow.errors import NotFound
from workflow.policy import CarriesFrom, Degree, Entry, Panel, Recheck, Resits, Staffing

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
SchemeId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]+$", max_length=40)]
LevelNumber = Annotated[int, Field(ge=1, le=9)]

FIXED_STATES: Final = (
    "submitted",
    "trained",
    "awaiting_award",
    "certified",
    "expired",
    "refused",
    "withdrawn",
    "annulled",
)


class Validity(Strict):
    """
    How long a pass stays valid.

    Attributes:
        length: Calendar length.
        counted_from: The day that starts it: `announced` or `sat`.
        last_day: How the last valid day is found.
    """

    length: Period
    counted_from: Literal["announced", "sat"] = "announced"
    last_day: LastDayRule = "corresponding"


class Part(Strict):
    """
    A unit that is assessed.

    Attributes:
        title: Its name for people.
        names: Other names under which files know it.
        kind: `exam` (sat at a sitting, by admission) or `review` (held by a panel).
        forms: Forms that a sitting or review of it may take, in the board's choice.
        maximum: Most marks that can be had.
        pass_mark: Marks that pass; this number itself passes.
        validity: How long a pass stays valid; absent: it does not lapse.
        requires: Parts that must be held, still valid, on the day on which this one is assessed.
        resits: Limits on taking it again.
        entry: How marks are established.
        recheck: The right to a recheck; absent: none.
        panel: The panel of a review; absent: one mark is recorded as it is given.
        staffing: How its sittings are to be staffed; absent: no findings are made.
        clause: Where this comes from.
    """

    title: Text
    names: tuple[Text, ...] = Field(default=(), strict=False)
    kind: Literal["exam", "review"] = "exam"
    forms: tuple[Name, ...] = Field(default=(), strict=False)
    maximum: Marks
    pass_mark: Marks
    validity: Validity | None = None
    requires: tuple[Name, ...] = Field(default=(), strict=False)
    resits: Resits | None = None
    entry: Entry | None = None
    recheck: Recheck | None = None
    panel: Panel | None = None
    staffing: Staffing | None = None
    clause: Clause

    @model_validator(mode="after")
    def _can_be_passed(self) -> Part:
        if self.pass_mark > self.maximum:
            raise ValueError(f"the pass mark {self.pass_mark} lies above the maximum {self.maximum}")
        return self


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


class Deadline(Strict):
    """How long an application may stay in a stage before it expires; the last day itself counts."""

    within: Period
    clause: Clause


class Level(Strict):
    """
    One level of the qualification.

    Attributes:
        title: Its name for people.
        names: Other names under which files know it.
        training: The training gate.
        stages: The assessed stages in order: state name to part.
        conditions: The ways to be eligible, by their number in the regulation; any one is enough.
        deadlines: Stage deadlines by state name; none is the default.
        carries_from: Other rules whose parts may be carried over to this level.
    """

    title: Text
    names: tuple[Text, ...] = Field(default=(), strict=False)
    training: Training
    stages: dict[Name, Name] = Field(min_length=1)
    conditions: dict[Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9.-]{1,10}$")], Condition] = Field(
        min_length=1
    )
    deadlines: dict[Name, Deadline] = Field(default_factory=dict)
    carries_from: tuple[CarriesFrom, ...] = Field(default=(), strict=False)


class Edition(Strict):
    """
    The edition of the standard.

    Attributes:
        names: Names under which applications and files may ask for it.
        in_force_from: Day from which it is the one taken where an application names none.
        offered_from: First day on which the board takes applications under it (the board's own data).
        offered_until: Last such day; absent: no end.
        clause: Where this comes from.
    """

    names: tuple[Text, ...] = Field(min_length=1, strict=False)
    in_force_from: Day
    offered_from: Day
    offered_until: Day | None = None
    clause: Clause

    def is_offered_on(self, day: date) -> bool:
        """Tell whether the board takes applications under this edition on a day; both ends count."""
        return self.offered_from <= day and (self.offered_until is None or day <= self.offered_until)


class OccupationTitle(Strict):
    """The occupation: its code in the national classification and its title."""

    code: Text
    title: Text


class Lapse(Strict):
    """
    What happens when a held part lapses before the set is complete.

    Attributes:
        effect: `expire` (the application ends), `reopen` (only that part must be taken again) or `restart` (all parts).
    """

    effect: Literal["expire", "reopen", "restart"]
    clause: Clause


class Completion(Strict):
    """Which day decides whether the parts were all valid together: the day `sat` or the day `announced`."""

    judged_on: Literal["sat", "announced"]
    clause: Clause


class CertificateNumber(Strict):
    """
    How certificates are called and numbered.

    Attributes:
        title: Title of the paper.
        number: Pattern of the number. `{year}`, `{yy}`, `{level}` and the names under `fields` are filled in;
            `{serial:N}` is the running number in N digits, counted from 1 without a gap for each series, and a series
            is the rest of the number.
        fields: The board's own pieces of the number, such as its province or site code.
        valid_for: How long a certificate is valid from its award; absent: it does not end.
    """

    title: Text
    number: Text
    fields: dict[Name, Text] = Field(default_factory=dict)
    valid_for: Period | None = None
    clause: Clause

    @field_validator("number")
    @classmethod
    def _has_a_serial(cls, number: str) -> str:
        split_number(number)
        return number


def split_number(pattern: str) -> tuple[str, int, str]:
    """
    Split a certificate number's pattern around its serial.

    Returns:
        What stands before the serial, its number of digits, what stands after.

    Raises:
        ValueError: there is not exactly one `{serial:N}` with N from 1 to 12.
    """
    before, mark, rest = pattern.partition("{serial:")
    digits, closing, after = rest.partition("}")
    if not mark or not closing or not digits.isdigit() or not 1 <= int(digits) <= 12 or "{serial" in after:
        raise ValueError("needs exactly one {serial:N}, N being its number of digits, 1 to 12")
    return before, int(digits), after


class Scheme(Strict):
    """A scheme document. `workflow/schemes/` holds the ones that ship; docs/scheme-language.md explains each field."""

    scheme: SchemeId
    version: int = Field(ge=1)
    title: Text
    occupation: OccupationTitle
    edition: Edition
    time_zone: Zone = "Asia/Shanghai"
    rest_days: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}$")] = "CN"
    sources: dict[Name | SchemeId, Text]
    parts: dict[Name, Part] = Field(min_length=1)
    lapse: Lapse
    completion: Completion
    misconduct: dict[Name, Degree] = Field(default_factory=dict)
    certificate: CertificateNumber
    levels: dict[LevelNumber, Level] = Field(min_length=1)

    @cached_property
    def parts_by_name(self) -> dict[str, str]:
        """Every name under which a part is known, folded to lower case, with the part's key."""
        return {name.casefold(): key for key, part in self.parts.items() for name in (key, part.title, *part.names)}

    def level_named(self, name: str) -> int | None:
        """Find a level by its number, title or other name; None where there is none."""
        for number, level in self.levels.items():
            if name.casefold() in {str(number), level.title.casefold(), *(n.casefold() for n in level.names)}:
                return number
        return None


@dataclass(frozen=True)
class Pinned:
    """
    A scheme with the exact text that it was read from.

    Attributes:
        scheme: The rules.
        text: The document.
        digest: sha256 of the text in UTF-8, in hexadecimal: the name that applications pin.
    """

    scheme: Scheme
    text: str
    digest: str

    def rules(self, level: int) -> Rules:
        """
        Give the rules of one level.

        Raises:
            NotFound: the scheme has no such level.
        """
        if level not in self.scheme.levels:
            known = ", ".join(str(n) for n in sorted(self.scheme.levels))
            raise NotFound(f"scheme {self.scheme.scheme} has no level {level}; it has {known}")
        return Rules(self.scheme, self.digest, level)


@dataclass(frozen=True, eq=False)
class Rules:
    """
    The rules by which an application is judged: one level of a pinned scheme.

    Attributes:
        scheme: The scheme.
        digest: Its pinned digest.
        number: The level.
    """

    scheme: Scheme
    digest: str
    number: int

    @cached_property
    def level(self) -> Level:
        """The level's own rules."""
        return self.scheme.levels[self.number]

    @cached_property
    def stages(self) -> dict[str, str]:
        """The assessed stages in order: state name to part."""
        return dict(self.level.stages)

    @cached_property
    def parts(self) -> dict[str, Part]:
        """The parts that this level assesses, in the order of their stages."""
        return {key: self.scheme.parts[key] for key in self.stages.values()}
