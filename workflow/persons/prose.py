"""
Prose: what people write in their own words into a record that outlives the person whom it concerns.

Pure. A reason, an authority or a reference that repeats the person's name, number or address is refused: no history
could be cleared of it (design.md, section 5).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from functools import cache
from typing import Final

from workflow.errors import Invalid, Problem
from workflow.evidence import Evidence
from workflow.facts import Fact
from workflow.ports import Candidate

# The fields of facts that hold words or numbers of somebody's choice; what else is text is a key or a rule's own.
FIELDS: Final = (
    "reason", "authority", "what", "issuer", "reference", "remark", "stationery", "provider", "trainer", "instructor",
    "certificate_number",
)  # fmt: skip

Person = Callable[[], Candidate | None]


@cache  # asked of every fact that is proposed, and most hold none
def _spoken(kind: type[Fact]) -> tuple[str, ...]:
    return tuple(field for field in (*FIELDS, "evidence") if field in kind.model_fields)


def prose_of(fact: Fact) -> str:
    """Give what a fact says in somebody's own words; empty where it says nothing so."""
    said: list[str] = []
    for field in _spoken(type(fact)):
        spoken = getattr(fact, field)
        said += spoken.prose if isinstance(spoken, Evidence) else [spoken] if isinstance(spoken, str) else []
    return "\n".join(filter(None, said))


def is_repeated(text: str, values: Iterable[str]) -> bool:
    """Tell whether a text repeats one of some values, in any case; one in Latin letters counts as a whole word."""
    return any(
        re.search(rf"(?<!\w){re.escape(value)}(?!\w)" if value.isascii() else re.escape(value), text, re.IGNORECASE)
        for value in values
        if len(value) > 1
    )


def refuse_values_in(text: str, person: Candidate, where: str) -> None:
    """
    Refuse a text that repeats a name, number or address of a person.

    Args:
        text: What was said.
        person: The person whom it concerns.
        where: What it was said of; holds no personal value.

    Raises:
        Invalid: it does; the message does not repeat it.
    """
    if is_repeated(text, (person.name, person.document_number, person.phone, person.email)):
        fault = "repeats the name or a number or an address, which must not enter the record; say only what was decided"
        raise Invalid([Problem(where, 0, "reason", fault)])


def check_prose(fact: Fact, person: Person, where: str) -> None:
    """
    Check what a fact says in somebody's own words against the values of the person, who is read only if it says any.

    Raises:
        Invalid: see `refuse_values_in`.
        Misconfigured: the key ring is lost, so that it cannot be told.
    """
    if (text := prose_of(fact)) and (found := person()) is not None:
        refuse_values_in(text, found, where)
