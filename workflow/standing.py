"""
Standing: what an application is on a day, said for people and programs.

Pure; made from a replayed application. Marks that have not been announced are not shown.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Any

from workflow.application import Application, Attempt
from workflow.clock import Due, because, next_due
from workflow.document import LAST_DAY
from workflow.eligibility import asked_for_award, assessed, doubts, exemption_answer
from workflow.facts import CertificateExpired, CourseVoided, Expired, RenewalMissed
from workflow.parts import complete_set, exempt_parts, held_on, open_attempts, passes, running, training_gate
from workflow.renewal import awaited_renewal, certificate_standing, renewal_doubts
from workflow.scheme import FIXED_STATES, Rules
from workflow.sets import Pass
from workflow.still_to_pass import still_to_pass
from workflow.validity import countdown_ends_on, is_authorization_awaited


@dataclass(frozen=True, slots=True)
class Exempt:
    """A part held without an exam: by which exemption, and its clause."""

    part: str
    exemption: str
    clause: str

    def as_json(self) -> dict[str, str]:
        """Give it as plain JSON values."""
        return {"part": self.part, "exemption": self.exemption, "clause": self.clause}


@dataclass(frozen=True, slots=True)
class Standing:
    """
    Where an application stands.

    Attributes:
        application: The application as replayed.
        as_of: The day asked about.
        known_at: The moment of knowledge; None: everything recorded.
        conditions_met: Ids of the conditions met, as decided, or as the evidence says while undecided.
        held: The exam parts held, by part.
        awaited: What has to come next, and from whom.
        clock: What the clock will do next and when, in words; empty where nothing.
        clock_on: The day of it.
        deadlines: The other clocks that run, by name, each with its last day.
        exempt: Parts that count as held without an exam.
        lapsed: Passes that have run out.
        flags: What the board should look at; nothing follows from it by itself.
        certificate_standing: Where the certificate stands; empty if there is none.
        certificate_until: Its last valid day; None where it does not end or there is none.
        expired_because: Why it expired, in words; empty if it has not.
    """

    application: Application
    as_of: date
    known_at: datetime | None
    conditions_met: tuple[str, ...]
    held: dict[str, Pass]
    awaited: tuple[tuple[str, str], ...]
    clock: str
    clock_on: date | None
    deadlines: dict[str, date]
    exempt: tuple[Exempt, ...]
    lapsed: tuple[Pass, ...]
    flags: tuple[str, ...]
    certificate_standing: str = ""
    certificate_until: date | None = None
    expired_because: str = ""

    def as_row(self) -> dict[str, Any]:
        """Give the short form: one row of a listing, as plain JSON values."""
        a = self.application
        return {
            "application": a.key,
            "scheme": a.scheme,
            "level": a.level,
            "state": a.state,
            "conditions_met": list(self.conditions_met),
            "parts_held": sorted(self.held),
            "expired_on": _text(a.expiry.expired_on) if a.expiry else None,
            "submitted_on": _text(a.submitted_on),
            "cohort": a.cohort or None,
            "next_on": _text(self.clock_on) if self.clock_on else None,
            "certificate": a.certificate.number if a.certificate else None,
        }

    def as_json(self) -> dict[str, Any]:
        """Give everything, as plain JSON values."""
        a = self.application
        return {
            **self.as_row(),
            "as_of": _text(self.as_of),
            "known_at": self.known_at.isoformat() if self.known_at else None,
            "candidate": a.candidate,
            "digest": a.digest,
            "in_state_since": _text(a.entered_on),
            "accepted_under": a.condition or None,
            "refusal": a.refusal or None,
            "expired_because": self.expired_because or None,
            "clause": a.expiry.clause if a.expiry else None,
            "held": [
                {"part": p.part, "sat_on": _text(p.sat_on), "last_valid_on": _last(p)}
                for p in self.held.values()
                if not p.exemption
            ],
            **({"exempt": [x.as_json() for x in self.exempt]} if self.exempt else {}),
            "lapsed": [{"part": p.part, "sat_on": _text(p.sat_on), "last_valid_on": _last(p)} for p in self.lapsed],
            "attempts": [_attempt(x) for x in a.attempts],
            "awaited": [{"what": what, "from": who} for what, who in self.awaited],
            "clock_next": self.clock or None,
            "deadlines": {name: _text(last) for name, last in self.deadlines.items()},
            "flags": list(self.flags),
            "certificate_standing": self.certificate_standing or None,
            "certificate_until": _text(self.certificate_until) if self.certificate_until else None,
            "suspended": a.suspended or None,
            "events": a.sequence,
        }


def _text(day: date) -> str:
    return day.isoformat()


def _last(p: Pass) -> str | None:
    return None if p.last_valid_on == LAST_DAY else p.last_valid_on.isoformat()


def _attempt(x: Attempt) -> dict[str, Any]:
    is_out = x.outcome == "announced"
    return {
        "part": x.part,
        "sitting": x.sitting,
        "sat_on": _text(x.sat_on),
        "outcome": x.outcome,
        "score": str(x.score) if is_out else None,
        **({"components": {key: str(marks) for key, marks in x.components}} if is_out and x.components else {}),
        "earlier_scores": [str(s) for s in x.earlier_scores] if is_out else [],
        "announced_on": _text(x.announced_on) if x.announced_on else None,
        "form": x.form or None,
    }


def standing_of(application: Application, rules: Rules, as_of: date, known_at: datetime | None = None) -> Standing:
    """Say where a replayed application stands on the day for which it was replayed."""
    met = application.conditions_met
    if not application.condition and not application.refusal:
        met = assessed(application, rules).conditions_met
    held = {k: p for k, p in held_on(application, rules, as_of).items() if rules.parts[k].kind == "exam"}
    valid = {(p.part, p.sitting) for p in held.values()}
    lapsed = tuple(
        p for p in passes(application, rules) if p.last_valid_on < as_of and (p.part, p.sitting) not in valid
    )
    due = next_due(application, rules)
    return Standing(
        application,
        as_of,
        known_at,
        met,
        held,
        awaited(application, rules, as_of),
        _clock(application, rules, due),
        due.on if due else None,
        dict(_deadlines(application, rules)),
        tuple(_exempt(application, rules)),
        lapsed,
        (*flags(application, rules), *doubts(application, rules), *_not_granted(application, rules)),
        *certificate_standing(application, rules, as_of),
        because(application.expiry, rules) if application.expiry else "",
    )


def _deadlines(application: Application, rules: Rules) -> Iterator[tuple[str, date]]:
    """Give the clocks that run, each with its last day; one that is authorized for single parts once for each."""
    for countdown, last in running(application, rules):
        parts = {x[3]: None for x in application.authorizations} if countdown.counted_from == "authorized" else {}
        if not any(parts):
            yield countdown.name, last
        for part in rules.parts if any(parts) else ():
            if (its := countdown_ends_on(countdown, application, rules, part)) is not None:
                yield f"{countdown.name} {part}", its


def _exempt(application: Application, rules: Rules) -> Iterator[Exempt]:
    for part, key in exempt_parts(application, rules).items():
        yield Exempt(part, key, str(rules.level.exemptions[key].clause))


def _not_granted(application: Application, rules: Rules) -> Iterator[str]:
    """Name the exemptions whose requirements are met and that were not granted, or granted and are not met."""
    if not rules.level.exemptions or not application.condition or application.state in FIXED_STATES[3:]:
        return
    for key, exemption in rules.level.exemptions.items():
        is_granted, answer = key in application.exemptions, exemption_answer(application, rules, key)
        what = f"exemption {key} ({exemption})"
        if answer.met and not is_granted and not complete_set(application, rules):
            yield f"the evidence meets {what}, which was not granted"
        elif is_granted and not answer.met:
            yield f"the evidence as now weighed does not meet {what}, which was granted: the board decides"


def flags(application: Application, rules: Rules) -> tuple[str, ...]:
    """Name what the board should look at and decide; the machine changes nothing by itself after the award."""
    if application.state != "certified" or application.certificate_standing == "revoked":
        return ()
    found = []
    if not complete_set(application, rules):
        found.append("the certificate rests on a set of parts that is no longer complete")
    for _sequence, _on, finding in application.findings:
        if rules.scheme.misconduct[finding.degree].voids_certificate:
            found.append(f"misconduct ({finding.degree}) calls for the certificate to be revoked")
    return (*found, *renewal_doubts(application, rules))


def _clock(application: Application, rules: Rules, due: Due | None) -> str:
    """Say what the clock will do next, or what it would do if the results that hold it were no passes, or even then."""
    held_up = ""
    if due is None and any(x.is_open for x in application.attempts):
        settled = replace(application, attempts=tuple(x for x in application.attempts if not x.is_open))
        if (due := next_due(settled, rules)) is not None:
            passed = replace(application, attempts=tuple(_supposed_pass(x, rules) for x in application.attempts))
            when = "even if that is a pass" if next_due(passed, rules) == due else "if that is no pass"
            held_up = f"held by a result that is still to come; {when}, as of {due.on}: "
    if due is None:
        return ""
    if isinstance(due.fact, Expired):
        return f"{held_up}{because(due.fact, rules)}: the application expires"
    if isinstance(due.fact, RenewalMissed):
        missed = due.fact
        counts = f", counts through {missed.counts_until}" if missed.counts_until > missed.last_valid_on else ""
        return (
            f"the certificate is no longer renewed in time after {missed.last_valid_on}{counts}, and can still be "
            f"renewed through {missed.renewable_until}"
        )
    if isinstance(due.fact, CertificateExpired) and due.fact.renewable_until:
        return f"the certificate expires; it can be renewed through {due.fact.renewable_until}"
    if isinstance(due.fact, CertificateExpired):
        return f"the certificate expires; its last valid day is {due.fact.last_valid_on}"
    if isinstance(due.fact, CourseVoided):
        return f"no attempt at {due.fact.part} is left: the course must be taken again"
    return f"{held_up}{getattr(due.fact, 'part', '')} lapses: to be taken again"


def _supposed_pass(attempt: Attempt, rules: Rules) -> Attempt:
    """Suppose that an open attempt is a pass."""
    if not attempt.is_open:
        return attempt
    part = rules.parts[attempt.part]
    marks = tuple((key, component.maximum) for key, component in part.components.items())
    return replace(attempt, outcome="announced", score=part.maximum, components=marks, announced_on=attempt.sat_on)


def _before_the_award(application: Application, rules: Rules, as_of: date) -> tuple[tuple[str, str], ...]:
    if not rules.level.award_conditions:
        return ()
    asked = asked_for_award(application, rules, as_of)
    return () if asked.is_eligible else ((f"for the award: {asked.unmet}", "candidate"),)


def awaited(application: Application, rules: Rules, as_of: date) -> tuple[tuple[str, str], ...]:
    """Say what an application waits for, and from whom; once it has ended that is the decision on a recheck at most."""
    return (*_rechecks(application), *_next_step(application, rules, as_of))


def _rechecks(application: Application) -> Iterator[tuple[str, str]]:
    for x in application.attempts:
        if x.recheck_on and not x.recheck_decided_on:
            by = f", by {x.recheck_due_on}" if x.recheck_due_on else ""
            yield f"the decision on the recheck of {x.part} sat on {x.sat_on} ({x.sitting}){by}", "board"


def _next_step(application: Application, rules: Rules, as_of: date) -> tuple[tuple[str, str], ...]:
    state = application.state
    if application.suspended:
        return ((f"the end of the suspension: {application.suspended}", "board"),)
    if application.is_draft:
        return (("the completion of the draft", "candidate"),)
    if application.returned:
        return ((f"information: {application.returned}", "candidate"),)
    if state == "submitted" and not application.condition:
        return (("the decision on eligibility", "board"),)
    if state == "submitted":
        gate = training_gate(application, rules)
        return ((f"training: {gate.missing}" if gate else "training", "candidate"),)
    if state == "certified":
        renewal = awaited_renewal(application, rules, as_of)
        return ((renewal, "candidate"),) if renewal else ()
    if state == "awaiting_award":
        return _before_the_award(application, rules, as_of) or (("the decision to certify", "board"),)
    if state not in ("trained", *rules.stages):
        return ()
    pending = open_attempts(application, as_of)
    if pending:
        return tuple((f"the result of {x.part} sat on {x.sat_on} ({x.sitting})", "board") for x in pending)
    booked = [x for x in application.attempts if x.is_open]
    if booked:
        return tuple((f"{x.part} on {x.sat_on} ({x.sitting})", "candidate") for x in booked)
    held = held_on(application, rules, as_of)
    if is_authorization_awaited(application, rules, as_of, [x for x in rules.parts if x not in held] or rules.parts):
        return (("an authorization to test", "board"),)
    return still_to_pass(application, rules, as_of)
