"""Texts that every database can keep: PostgreSQL refuses a NUL, and half a character cannot be encoded at all."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workflow.errors import Invalid, Problem
from workflow.ports import Candidate, Sitting


def check_portable(where: str, texts: Mapping[str, str]) -> None:
    """
    Check the texts of one record.

    Args:
        where: The record, in words that hold no personal value.
        texts: Its texts by field.

    Raises:
        Invalid: naming each field that cannot be kept; never its value.
    """
    problems = [Problem(where, 0, field, why) for field, text in texts.items() if (why := _fault(text))]
    if problems:
        raise Invalid(problems)


def kept(text: str) -> str:
    """Give a text of unknown making (a reason, the error of a mail server) so that every database can keep it."""
    return text.replace("\x00", "\ufffd").encode("utf-8", "replace").decode() if _fault(text) else text


def check_candidates(candidates: Sequence[Candidate]) -> None:
    """Check persons to be registered; a person is named by place, since anything else is personal."""
    for place, person in enumerate(candidates, 1):
        texts = {"key": person.key, "name": person.name, "sex": person.sex}
        document = {"document_type": person.document_type, "document_number": person.document_number}
        reached = {"phone": person.phone, "email": person.email}
        check_portable(f"person {place} of those given", texts | document | reached)


def check_sittings(sittings: Sequence[Sitting]) -> None:
    """Check sittings to be registered."""
    for place, sitting in enumerate(sittings, 1):
        texts = {"key": sitting.key, "part": sitting.part, "centre": sitting.centre}
        texts |= {f"room {n}": room.name for n, room in enumerate(sitting.rooms, 1)}
        texts |= {f"staff {n}": one.name for n, one in enumerate(sitting.staff, 1)}
        check_portable(f"sitting {place} of those given", texts)


def _fault(text: str) -> str:
    if "\x00" in text:
        return "holds a NUL character"
    try:
        text.encode()
    except UnicodeEncodeError:
        return "holds half a character (a lone surrogate)"
    return ""
