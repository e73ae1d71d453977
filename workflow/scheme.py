"""
Schemes: the rules of one qualification, edition by edition, level by level, as a versioned document.

Owns the scheme language. A document is read once, checked whole, and pinned by the sha256 of its text; an application
is judged for life by the document that it names (design.md, law 3). Never opens a file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Annotated, Final, Literal

from pydantic import Field, StringConstraints, field_validator
from pydantic_core import ErrorDetails

from workflow.document import Day, Strict, Text
from workflow.errors import NotFound
from workflow.language.alike import filled_in, told_of_like
from workflow.language.assessed import Level, LevelNumber, Part
from workflow.language.awarding import CertificateNumber
from workflow.language.conditions import Clause
from workflow.language.durations import ExamYears
from workflow.language.editions import Edition, EducationKinds
from workflow.language.extending import Extended
from workflow.language.limits import Countdown, Limit, countdowns_of, limits_of
from workflow.language.policy import Degree, Duties, Retention
from workflow.language.stages import Name, Stage
from workflow.language.terms import Terms
from workflow.language.workdays import WorkingDays

SchemeId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]*$", max_length=60)]
Zone = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9_+/-]+$", max_length=40)]

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


class OccupationTitle(Strict):
    """
    The occupation: its code in the national classification and its title.

    Attributes:
        code: Its code; documents of one code are editions of one another.
        title: Its name for people.
    """

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
    """
    Which day decides whether the parts were all valid together.

    Attributes:
        judged_on: The day `sat` or the day `announced`.
        clause: Where this comes from.
    """

    judged_on: Literal["sat", "announced"]
    clause: Clause


class Scheme(Strict):
    """
    A scheme document. `workflow/schemes/` holds the ones that ship; docs/scheme-language.md explains each field.

    Attributes:
        scheme: Its id, the same in every version.
        version: Raised with every change.
        title: Its name for people.
        extends: Of an effective document: the standard of which it was made.
        occupation: The occupation.
        edition: The edition of the standard, and when applications under it are taken.
        time_zone: The zone in which the board's day begins and ends, by its IANA name.
        rest_days: The country whose statutory rest days count, as two letters, perhaps with its region.
        board_rest_days: Rest days of the board's own.
        board_working_days: Working days of the board's own, where the country has a rest day.
        exam_years: When an exam year begins, and those not held.
        sources: The papers from which the rules come: a short key, and what the paper is.
        education: The degrees and kinds of school that the document knows.
        parts: What is assessed, by name.
        lapse: What happens when a pass runs out.
        completion: Which day decides whether all parts were valid together.
        misconduct: Degrees of misconduct and what each brings.
        certificate: How certificates are called and numbered, when they end and how they are renewed.
        levels: The levels by number; 1 is the highest.
        cases: The file of worked cases, seen from the document; absent: that of the same name.
    """

    scheme: SchemeId
    version: int = Field(ge=1)
    title: Text
    extends: Extended | None = None
    occupation: OccupationTitle
    edition: Edition
    time_zone: Zone = "Asia/Shanghai"
    rest_days: Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z0-9]{1,3})?$")] = "CN"
    board_rest_days: tuple[Day, ...] = Field(default=(), strict=False)
    board_working_days: tuple[Day, ...] = Field(default=(), strict=False)
    exam_years: ExamYears | None = None
    sources: dict[Name | SchemeId, Text]
    education: EducationKinds = EducationKinds()
    parts: dict[Name, Part] = Field(min_length=1)
    lapse: Lapse
    completion: Completion
    misconduct: dict[Name, Degree] = Field(default_factory=dict)
    duties: Duties | None = None
    retention: Retention | None = None
    certificate: CertificateNumber
    levels: dict[LevelNumber, Level] = Field(min_length=1)
    cases: Text | None = None

    @field_validator("parts", mode="before")
    @classmethod
    def _like_others(cls, parts: object) -> object:
        return filled_in(parts) if isinstance(parts, Mapping) else parts

    @classmethod
    def own_problems(cls, items: list[ErrorDetails], node: object) -> list[ErrorDetails]:
        """Leave out what is repeated by parts that are like one another."""
        return list(told_of_like(items, node))

    @cached_property
    def working_days(self) -> WorkingDays:
        """The working days of the board: those of its country, and its own."""
        return WorkingDays(self.rest_days, frozenset(self.board_rest_days), frozenset(self.board_working_days))

    @cached_property
    def terms(self) -> Terms:
        """What the words of the evidence mean under this document."""
        return Terms(self.education, self.edition)

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
    def stages(self) -> dict[str, Stage]:
        """The assessed stages in order: state name to what is assessed in it."""
        return dict(self.level.stages)

    @cached_property
    def parts(self) -> dict[str, Part]:
        """The parts that this level assesses, in the order of their stages."""
        return {key: self.scheme.parts[key] for stage in self.stages.values() for key in stage.parts}

    @cached_property
    def is_plain(self) -> bool:
        """Whether every stage is one part that has to be passed, and nobody is exempt: what most levels are."""
        return not self.level.exemptions and all(stage.is_plain for stage in self.stages.values())

    @cached_property
    def required_by(self) -> dict[str, tuple[str, ...]]:
        """The parts that must come before each part: those that it requires, and those that its stage does."""
        return {
            key: (*self.parts[key].requires, *(part for name in stage.requires for part in self.stages[name].parts))
            for stage in self.stages.values()
            for key in stage.parts
        }

    @cached_property
    def voids_courses(self) -> bool:
        """Whether the course can be void: some part starts it again when its attempts are used up."""
        return any(part.resits and part.resits.at_cap == "restart_course" for part in self.parts.values())

    @cached_property
    def capped(self) -> tuple[str, ...]:
        """The parts of which it ends the application, or the course, that no attempt is left."""
        return tuple(key for key, part in self.parts.items() if part.resits and part.resits.at_cap != "refuse")

    @cached_property
    def stage_by_part(self) -> dict[str, str]:
        """The stage in which each part is assessed."""
        return {key: name for name, stage in self.stages.items() for key in stage.parts}

    @cached_property
    def limits(self) -> dict[str, tuple[Limit, ...]]:
        """What limits a pass, by part; a part of which a pass never runs out is left out."""
        return limits_of(self)

    @cached_property
    def counts_rest_days(self) -> bool:
        """Whether any of them is counted with the calendar of rest days."""
        spans = (*(part.validity for part in self.parts.values()), self.level.window, *self.level.deadlines.values())
        return any(x.rolls or (x.lasts and x.lasts.working_days) for x in spans if x)

    @cached_property
    def countdowns(self) -> dict[str, Countdown]:
        """The other clocks of an application, by name."""
        return countdowns_of(self)
