"""
Stages: the part of the scheme language about groups and choices of parts, and about parts held without an exam.

Owns the models only; `workflow/sets.py` says what is complete.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from functools import cached_property
from itertools import combinations
from typing import Annotated, Any, Final

from pydantic import BeforeValidator, Field, GetJsonSchemaHandler, StringConstraints, model_validator
from pydantic_core import CoreSchema

from workflow.document import Marks, Strict
from workflow.language.conditions import Clause, Condition

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=40)]
MOST_WAYS: Final = 1000  # ways to complete a stage: beyond this a choice of single parts was probably meant


def _listed(value: object) -> object:
    return (value,) if isinstance(value, str) else value


# A part alone, or parts that count together.
Alternative = Annotated[tuple[Name, ...], BeforeValidator(_listed, str | list[Any]), Field(min_length=1, strict=False)]


class Stage(Strict):
    """
    A stage of a level: one part, all of several, or some of several.

    Attributes:
        all_of: Parts, each of which must be held.
        choose: How many of the alternatives must be held.
        of: The alternatives: each a part, or parts that count together.
        requires: Earlier stages that must be complete on the day on which a part of this one is assessed.
        same_sitting: Whether parts count only if all that are needed were passed at one sitting.
        average: The mean of the marks that must be reached; absent: none is asked for.
        total: The sum of the marks that must be reached; absent: none is asked for.
        weights: What the marks of a part weigh in the average, in any unit; a part that is not listed weighs 1.
        kept_from: Marks from which a part is kept although its group was failed; absent: none is kept.
        for_good: Whether a stage that is complete stays complete, whatever runs out.
        clause: Where this comes from; a stage that is one part has it with the part.
    """

    all_of: tuple[Name, ...] | None = Field(default=None, min_length=1, strict=False)
    choose: int | None = Field(default=None, ge=1, le=20)
    of: tuple[Alternative, ...] | None = Field(default=None, min_length=1, strict=False)
    requires: tuple[Name, ...] = Field(default=(), strict=False)
    same_sitting: bool = False
    average: Marks | None = None
    total: Marks | None = None
    weights: dict[Name, Annotated[Marks, Field(gt=0)]] = Field(default_factory=dict)
    kept_from: Marks | None = None
    for_good: bool = False
    clause: Clause | None = None

    @model_validator(mode="before")
    @classmethod
    def _written_short(cls, value: object) -> object:
        return {"all_of": (value,)} if isinstance(value, str) else value

    @classmethod
    def __get_pydantic_json_schema__(cls, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """Say that a stage may be written as the name of its one part."""
        schema = handler.resolve_ref_schema(handler(core))
        return {"anyOf": [{"type": "string", "description": "The name of the one part."}, dict(schema)]}

    @model_validator(mode="after")
    def _is_a_part_or_a_group(self) -> Stage:
        if (self.all_of is None) == (self.of is None) or (self.of is None) != (self.choose is None):
            raise ValueError("give the name of a part, or all_of: [parts], or choose: N with of: [parts]")
        if self.is_plain:
            return self
        if self.clause is None:
            raise ValueError("say where this group comes from: add a clause")
        alternatives = len(self.of or ())
        if self.choose and self.choose > alternatives:
            raise ValueError(f"choose: {self.choose}, but there are {alternatives} alternatives")
        if self.average is not None and self.total is not None:
            raise ValueError("give either average or total")
        if self.weights and self.average is None:
            raise ValueError("weights are those of an average; write average: N beside them")
        if unknown := sorted(set(self.weights) - set(self.parts)):
            raise ValueError(f"weighs {unknown[0]!r}, which is no part of this group: {', '.join(self.parts)}")
        if self.kept_from is not None and not self.same_sitting:
            raise ValueError("kept_from has a meaning only with same_sitting: true; else every part passed is kept")
        if len(self.parts) > len(set(self.parts)) or (self.of and len(self.of) > len(set(self.of))):
            raise ValueError("names a part twice")
        if len(self.ways) > MOST_WAYS:
            raise ValueError(f"can be completed in {len(self.ways)} ways; at most {MOST_WAYS} are allowed")
        return self

    @cached_property
    def is_plain(self) -> bool:
        """Whether it is one part and nothing else."""
        return self.all_of is not None and len(self.all_of) == 1 and self.model_fields_set <= {"all_of"}

    def __str__(self) -> str:
        if self.all_of is not None:
            return ", ".join(self.all_of)
        return f"{self.choose} of {', '.join(' and '.join(alternative) for alternative in self.of or ())}"

    @property
    def has_marks(self) -> bool:
        """Whether marks are asked for beside every part's own."""
        return self.average is not None or self.total is not None

    @cached_property
    def parts(self) -> tuple[str, ...]:
        """Every part of it once, in the order of the document."""
        return self.all_of or tuple(dict.fromkeys(part for alternative in self.of or () for part in alternative))

    @cached_property
    def ways(self) -> tuple[tuple[str, ...], ...]:
        """The sets of parts of which any one completes it, in the order of the document."""
        if self.all_of is not None:
            return (self.all_of,)
        chosen = combinations(self.of or (), self.choose or 1)
        return tuple(tuple(dict.fromkeys(part for alternative in way for part in alternative)) for way in chosen)

    def reaches(self, marks: Mapping[str, Decimal]) -> bool:
        """Tell whether the marks of the parts that complete it reach its average or total; the number itself does."""
        if not marks or not self.has_marks:
            return True
        if self.total is not None:
            return sum(marks.values()) >= self.total
        weights = {part: self.weights.get(part, Decimal(1)) for part in marks}
        return sum(marks[part] * weights[part] for part in marks) >= (self.average or 0) * sum(weights.values())


class Exemption(Condition):
    """
    Parts that count as held without an exam, if everything under `all` holds on the day of submission.

    Attributes:
        parts: The parts.
        choose: How many of them, by the candidate's choice; absent: all.
    """

    parts: tuple[Name, ...] = Field(min_length=1, strict=False)
    choose: int | None = Field(default=None, ge=1, le=20)

    @model_validator(mode="after")
    def _leaves_a_choice(self) -> Exemption:
        if self.choose is not None and self.choose >= len(self.parts):
            raise ValueError(f"choose: {self.choose} of {len(self.parts)} parts; fewer, or leave choose out for all")
        return self

    def __str__(self) -> str:
        return f"{f'{self.choose} of ' if self.choose else ''}{', '.join(self.parts)}"

    def gives(self, parts: tuple[str, ...]) -> bool:
        """Tell whether parts can be granted by it: all of its own, or as many different ones as may be chosen."""
        if self.choose is None:
            return parts == self.parts
        return len(parts) == len(set(parts)) == self.choose and set(parts) <= set(self.parts)
