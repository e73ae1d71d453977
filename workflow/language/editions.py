"""
Editions: under which edition of a standard applications are taken, for how long, and for whom still afterwards.

Owns the models only; `workflow/offers.py` decides by them.
"""

from __future__ import annotations

from datetime import date

from pydantic import Field, model_validator

from workflow.document import Day, Strict, Text
from workflow.evidence import DEGREES, SCHOOLS, CertificateLevel, KindName
from workflow.language.conditions import CertificateRequirement, Clause


class EducationKinds(Strict):
    """
    The kinds of degrees and schools that a document knows, each with the words that candidates read.

    Attributes:
        degrees: Degrees, lowest first.
        schools: Kinds of school.
    """

    degrees: dict[KindName, Text] = Field(default_factory=lambda: dict(DEGREES), min_length=1)
    schools: dict[KindName, Text] = Field(default_factory=lambda: dict(SCHOOLS), min_length=1)


class StillOpen(Strict):
    """
    Who may apply under an edition after it has been closed; everything listed must hold.

    Attributes:
        until: Last day on which such an application may be filed.
        cohorts: It is filed under one of these programmes.
        filed_before: The candidate filed an application under this edition before this day.
        holds: The candidate holds one of these parts, in an application under this edition, on the day of filing.
        certificate: The candidate shows such a certificate.
        by_default: Whether such an application gets this edition where it names none.
        clause: Where this comes from.
    """

    until: Day
    cohorts: tuple[Text, ...] = Field(default=(), strict=False)
    filed_before: Day | None = None
    holds: tuple[Text, ...] = Field(default=(), strict=False)
    certificate: CertificateRequirement | None = None
    by_default: bool = False
    clause: Clause

    @property
    def asks_who_files(self) -> bool:
        """Whether it depends on what the candidate has filed before, or shows."""
        return bool(self.filed_before or self.holds or self.certificate)

    @model_validator(mode="after")
    def _is_for_somebody(self) -> StillOpen:
        if not (self.cohorts or self.filed_before or self.holds or self.certificate):
            raise ValueError(
                "say for whom: cohorts, filed_before, holds or certificate; for everybody, set offered_until later"
            )
        return self


class CountsAs(Strict):
    """
    The levels of another edition that count as levels of this one.

    Attributes:
        edition: Its names, as certificates name it.
        levels: Its level: the level as which it counts here; one that is not listed counts as none.
        clause: Where this comes from.
    """

    edition: tuple[Text, ...] = Field(min_length=1, strict=False)
    levels: dict[CertificateLevel, CertificateLevel] = Field(min_length=1)
    clause: Clause


class Edition(Strict):
    """
    The edition of the standard.

    Attributes:
        names: Names under which applications and files may ask for it.
        in_force_from: Day from which it is the one taken where an application names none.
        offered_from: First day on which the board takes applications under it (the board's own data).
        offered_until: Last such day; absent: no end.
        closes_on: Last day on which an application under it can be completed; afterwards all end. Absent: no end.
        still_open_for: Who may apply under it after that day.
        counts_as: Levels of other editions that count as levels of this one.
        clause: Where this comes from.
    """

    names: tuple[Text, ...] = Field(min_length=1, strict=False)
    in_force_from: Day
    offered_from: Day
    offered_until: Day | None = None
    closes_on: Day | None = None
    still_open_for: tuple[StillOpen, ...] = Field(default=(), strict=False)
    counts_as: tuple[CountsAs, ...] = Field(default=(), strict=False)
    clause: Clause

    def is_offered_on(self, day: date) -> bool:
        """Tell whether the board takes anybody's application under this edition on a day; both ends count."""
        return self.offered_from <= day and (self.offered_until is None or day <= self.offered_until)

    def level_of(self, edition: str, level: CertificateLevel) -> CertificateLevel | None:
        """
        Give the level as which a level of another edition counts here; None where it counts as none.

        Args:
            edition: The edition that a certificate names; empty, or one that is not mapped: the level is its own.
            level: Its level.
        """
        name = edition.casefold()
        for mapped in self.counts_as if edition else ():
            if name in {n.casefold() for n in mapped.edition}:
                return mapped.levels.get(level)
        return level
