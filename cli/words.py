"""
Standing in words: what an application is on a day, what it waits for and why it ended, for people.

Pure text from a standing and a history; it decides nothing. Names and numbers of persons come masked from the caller.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from cli.desk_words import desk_sections
from cli.errors import clause_text
from cli.output import aligned, cell_text
from workflow.application import Attempt
from workflow.board.decisions import explanation
from workflow.document import LAST_DAY
from workflow.eligibility import assessed
from workflow.events import Event
from workflow.facts import EligibilityRefused, Fact, Resubmitted, Submitted
from workflow.parts import complete_set, is_pass
from workflow.scheme import Rules
from workflow.sets import Pass
from workflow.standing import Standing


def standing_lines(standing: Standing, rules: Rules, history: Sequence[Event], person: str) -> Iterator[str]:
    """
    Write where an application stands.

    Args:
        standing: The standing.
        rules: The rules that it pinned.
        history: Its events, for the explanation that a refusal was given.
        person: The candidate, masked.
    """
    a = standing.application
    known = f", as known at {standing.known_at.isoformat(timespec='seconds')}" if standing.known_at else ""
    yield f"application {a.key}: {a.state} on {standing.as_of}{known}"
    scheme = rules.scheme
    yield f"  level {a.level} ({rules.level.title}) of {scheme.title}"
    yield f"  judged for life by {scheme.scheme} version {scheme.version} (sha256 {a.digest[:12]})"
    yield f"  candidate {a.candidate} ({person}); submitted on {a.submitted_on}, {a.state} since {a.entered_on}"
    if a.cohort:
        yield f"  cohort {a.cohort}"
    yield from _eligibility(standing, rules, history)
    yield from _end(standing, rules)
    is_complete = bool(complete_set(a, rules))
    held = [_pass(p, "complete" if is_complete else "is") for p in standing.held.values() if not p.exemption]
    yield from _section("held", held)
    exempt = [f"{x.part}, by exemption {x.exemption} [{clause_text(x.clause)}]" for x in standing.exempt]
    yield from _section("exempt", exempt)
    yield from _section("lapsed", [_pass(p, "was") for p in standing.lapsed])
    yield from _section("attempts", aligned([_attempt(x, rules) for x in a.attempts]) if a.attempts else [])
    for title, lines in desk_sections(standing, history):
        yield from _section(title, lines)
    yield from _section("awaited", [f"{what} (from the {who})" for what, who in standing.awaited])
    if standing.clock:
        when = f"{standing.clock_on}: " if standing.clock_on else ""
        yield from _section("clock", [f"{when}{standing.clock}, if nothing else happens before"])


def _section(title: str, lines: Sequence[str]) -> Iterator[str]:
    if lines:
        yield title
        yield from (f"  {line}" for line in lines)


def _eligibility(standing: Standing, rules: Rules, history: Sequence[Event]) -> Iterator[str]:
    a = standing.application
    if a.condition:
        clause = clause_text(str(rules.level.conditions[a.condition].clause))
        met = f"; met: {', '.join(a.conditions_met)}" if len(a.conditions_met) > 1 else ""
        yield from _section("eligibility", [f"accepted under condition {a.condition} [{clause}]{met}"])
    elif a.refusal:
        refusals = [event for event in history if isinstance(event.fact, EligibilityRefused)]
        said = refusals[-1].fact.explanation if isinstance(refusals[-1].fact, EligibilityRefused) else ()
        on = refusals[-1].effective_on
        yield from _section("eligibility", [f"refused on {on}: {a.refusal}", *(f"  {line}" for line in said)])
    else:
        lines = explanation(assessed(a, rules))
        yield from _section("eligibility", ["not decided yet; the evidence says:", *(f"  {line}" for line in lines)])


def _end(standing: Standing, rules: Rules) -> Iterator[str]:
    a = standing.application
    if a.expiry:
        recorded = f"event {a.expiry_sequence}" if a.expiry_sequence else "by the clock; not written down yet"
        scheme, level = rules.scheme, rules.level
        clauses = [scheme.lapse.clause, *(d.clause for d in level.deadlines.values()), scheme.edition.clause]
        clauses += [x.clause for x in (level.window, *rules.parts.values()) if x]
        clause = next((c for c in clauses if str(c) == a.expiry.clause), None)
        lines = [
            f"on {a.expiry.expired_on}, since {standing.expired_because}; "
            f"its last valid day was {a.expiry.last_valid_on}",
            f"by clause: {clause_text(a.expiry.clause)}",
            clause.reading if clause and clause.reading else "",
            f"recorded as {recorded}" if a.expiry_sequence else recorded,
        ]
        yield from _section("expired", [line for line in lines if line])
    if a.certificate:
        authority = f", by {a.certificate.authority}" if a.certificate.authority else ""
        number = a.certificate.number
        yield from _section(
            "certificate", [f"{rules.scheme.certificate.title} {number}, awarded {a.entered_on}{authority}"]
        )
    if a.ended:
        yield from _section(a.state, [a.ended])


def _pass(p: Pass, verb: str) -> str:
    last = f"its last valid day {verb} {p.last_valid_on}"
    if verb == "complete":
        last = "the set is complete, so it does not lapse any more"
    elif p.last_valid_on == LAST_DAY:
        last = "it does not lapse"
    return f"{p.part}, sat {p.sat_on} ({p.sitting}); {last}"


def _attempt(x: Attempt, rules: Rules) -> tuple[str, ...]:
    result = x.outcome
    if x.outcome == "announced":
        earlier = f" (before: {', '.join(map(str, x.earlier_scores))})" if x.earlier_scores else ""
        made = f" ({', '.join(f'{key} {marks}' for key, marks in x.components)})" if x.components else ""
        passed = "passed" if is_pass(x, rules) else "failed"
        result = f"{x.score} marks{made}{earlier}, {passed}, announced {x.announced_on}"  # type: ignore[assignment]
    elif x.outcome == "recorded":
        result = "marked; not announced yet"  # type: ignore[assignment]
    return (x.part, x.sitting, str(x.sat_on), x.form, result)


def fact_words(fact: Fact) -> str:
    """Write what a fact says in one line; evidence is counted, not listed, and a sitting without seats names none."""
    said = fact.model_dump(mode="json", by_alias=True, exclude_none=True)
    if isinstance(shown := said.pop("evidence", None), dict):
        lists = [f"{len(items)} {kind}" if isinstance(items, list) else kind for kind, items in shown.items() if items]
        said["evidence"] = ", ".join(lists) or ("none" if isinstance(fact, Submitted | Resubmitted) else "")
    if isinstance(fact, Submitted):
        said["digest"] = fact.digest[:12]
    if said.get("seat") == 0:
        del said["seat"]
    return "; ".join(f"{key} {_plain(value)}" for key, value in said.items() if value not in ("", [], None))


def _plain(value: object) -> str:
    return " | ".join(map(str, value)) if isinstance(value, list) else cell_text(value)
