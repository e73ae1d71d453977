"""Terms: what the words of the evidence mean under one scheme document: its degrees, its schools, its level maps."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from workflow.document import nearest
from workflow.evidence import CertificateLevel, Education, Evidence
from workflow.language.editions import Edition, EducationKinds


@dataclass(frozen=True, slots=True, eq=False)
class Terms:
    """
    The terms of a document; each is known by itself alone, so that answers can be remembered by it.

    Attributes:
        kinds: Its kinds of degrees and schools.
        edition: Its edition, which says what levels of other editions count as; None: every level is its own.
    """

    kinds: EducationKinds = field(default_factory=EducationKinds)
    edition: Edition | None = None

    def degrees_from(self, lowest: str) -> tuple[str, ...]:
        """Give a degree and all higher ones."""
        known = list(self.kinds.degrees)
        return tuple(known[known.index(lowest) :]) if lowest in known else ()

    def school_of(self, education: Education) -> str:
        """Give the kind of school; a degree tells it where it is left out. Empty where it does not."""
        if education.school:
            return education.school
        told = "college" if education.degree == "college" else "university"
        return told if education.degree and told in self.kinds.schools else ""

    def degree_words(self, degree: str) -> str:
        """Give the words for a degree."""
        return self.kinds.degrees.get(degree, degree)

    def school_words(self, school: str) -> str:
        """Give the words for a kind of school."""
        return self.kinds.schools.get(school, school)

    def faults(self, shown: Evidence) -> Iterator[tuple[tuple[str | int, ...], str]]:
        """Name every kind of degree or school in evidence that is not known here, with its path and what is known."""
        for n, e in enumerate(shown.education):
            if e.degree and e.degree not in self.kinds.degrees:
                yield ("education", n, "degree"), unknown("degree", e.degree, self.kinds.degrees)
            if e.school and e.school not in self.kinds.schools:
                yield ("education", n, "school"), unknown("kind of school", e.school, self.kinds.schools)

    def level_of(self, edition: str, level: CertificateLevel) -> CertificateLevel | None:
        """Give the level as which the level of a certificate counts; None where it counts as none."""
        return self.edition.level_of(edition, level) if self.edition else level


BUILT_IN = Terms()


def unknown(what: str, word: str, known: Iterable[str]) -> str:
    """Say that a word is not known, and which ones are."""
    return f"no {what} is called {word!r}{nearest(word, known)}"


def one_of(words: Iterable[str]) -> str:
    """Write alternatives: `a, b or c`."""
    known = list(words)
    return " or ".join([", ".join(known[:-1]), known[-1]] if len(known) > 1 else known)


def one_of_named(names: Mapping[str, str], keys: Iterable[str]) -> str:
    """Write alternatives by their names."""
    return one_of(names[key] for key in keys)
