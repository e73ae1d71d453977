"""
Differing: what changed between two points of view on one application, and by which facts.

Pure; compares two tellings of the same history.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from workflow.audit.telling import Telling, Told
from workflow.standing import Standing

_PLAIN: Final = (
    *("state", "in_state_since", "conditions_met", "accepted_under", "refusal", "expired_on", "expired_because"),
    *("certificate", "certificate_standing", "suspended", "clock_next", "next_on"),
)


@dataclass(frozen=True, slots=True)
class Change:
    """One field of the standing that is not the same: its name, and its value before and after."""

    field: str
    before: Any
    after: Any


@dataclass(frozen=True, slots=True)
class Difference:
    """
    What changed between two points of view.

    Attributes:
        changes: The fields of the standing that changed.
        only_before: The facts that only the first point of view takes.
        only_after: The facts that only the second one takes.
        newly_superseded: The facts that both take and only the second one knows to be superseded.
        no_longer_superseded: Those that only the first one knows to be superseded.
    """

    changes: tuple[Change, ...]
    only_before: tuple[Told, ...]
    only_after: tuple[Told, ...]
    newly_superseded: tuple[Told, ...] = ()
    no_longer_superseded: tuple[Told, ...] = ()

    @property
    def is_none(self) -> bool:
        """Whether the two points of view see the same."""
        return not (self.changes or self.only_before or self.only_after)


def difference(before: Telling, after: Telling) -> Difference:
    """Compare two tellings of one history."""
    known, later = {_key(x): x for x in before.counted}, {_key(x): x for x in after.counted}
    both = known.keys() & later.keys()
    return Difference(
        changes(before.standing, after.standing),
        tuple(x for key, x in known.items() if key not in both),
        tuple(x for key, x in later.items() if key not in both),
        tuple(x for key, x in later.items() if key in both and x.superseded_by and not known[key].superseded_by),
        tuple(x for key, x in known.items() if key in both and x.superseded_by and not later[key].superseded_by),
    )


def _key(line: Told) -> object:
    """Know a fact again: by its number, or a step of the clock by what it says."""
    return line.event.sequence if line.event else (line.on, line.fact)


def changes(before: Standing | None, after: Standing | None) -> tuple[Change, ...]:
    """List the fields of two standings that are not the same; None is an application that was not there."""
    old, new = fields_of(before), fields_of(after)
    names = dict.fromkeys([*old, *new])
    return tuple(Change(name, old.get(name), new.get(name)) for name in names if old.get(name) != new.get(name))


def fields_of(standing: Standing | None) -> dict[str, Any]:
    """Lay a standing out as names and plain values: each part held, each result, the clock, the certificate."""
    if standing is None:
        return {}
    said = standing.as_json()
    fields = {name: said[name] for name in _PLAIN}
    for kind in ("held", "lapsed"):
        for x in said[kind]:
            what = f"{kind} {x['part']}" + (f" sat {x['sat_on']}" if kind == "lapsed" else "")
            fields[what] = f"through {x['last_valid_on']}" if x["last_valid_on"] else "does not lapse"
    for x in said["attempts"]:
        name = f"result {x['part']} {x['sitting']}"
        while name in fields:
            name += " again"
        earlier = f" (before: {', '.join(x['earlier_scores'])})" if x["earlier_scores"] else ""
        announced = f"{x['score']}{earlier}, announced {x['announced_on']}"
        fields[name] = announced if x["outcome"] == "announced" else x["outcome"]
    fields["awaited"] = [f"{x['what']} (from the {x['from']})" for x in said["awaited"]]
    fields["flags"] = said["flags"]
    return fields
