"""
Marks as they are given, in a file or by a person: of a part as a whole, or of its components, of which it is made.

Pure. Names of components are found as the scheme has them; the part's marks are made by `rules.marking` alone.
"""

from __future__ import annotations

from decimal import Decimal

from workflow.application import Components
from workflow.errors import Objection, Refused
from workflow.facts import ComponentMark, component_marks
from workflow.rules.marking import marks_of
from workflow.scheme import Rules

Given = Decimal | Components


def made_of(
    rules: Rules, part: str, given: Given, before: Components = ()
) -> tuple[Decimal, tuple[ComponentMark, ...]]:
    """
    Give the marks of a part, and of its components, as a fact bears them.

    Args:
        rules: The rules.
        part: Key of the part.
        given: The marks of the part; or of its components, by any of their names.
        before: The components as they are; of those that are not given, these marks stay.

    Raises:
        Refused: a component is not known, given twice, or missing.
    """
    if isinstance(given, Decimal):
        return given, ()
    known = rules.parts.get(part)
    marks: dict[str, Decimal] = {}
    wrong = []
    for name, score in given:
        key = known.components_by_name.get(name.casefold()) if known else None
        if key is None:
            wrong.append(f"{part} has no component {name!r}")
        elif key in marks:
            wrong.append(f"{key} is given twice")
        else:
            marks[key] = score
    components = known.components if known else {}
    marks = dict(before) | marks
    missing = [key for key in components if key not in marks]
    if known is None or wrong or missing:
        wrong += [f"the marks of {' and '.join(missing)} are missing"] if missing else []
        wrong += [f"its components are: {', '.join(components) or 'none; it is marked as a whole'}"]
        clause = str(known.clause) if known else ""
        raise Refused(f"marks of {part}", [Objection("components_make_the_score", "; ".join(wrong), clause)])
    ordered = {key: marks[key] for key in components}
    return marks_of(known, ordered), component_marks(ordered)
