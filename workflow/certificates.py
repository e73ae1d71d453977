"""Certificates: the award, and the number that no other certificate ever bears."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from workflow.draft import Draft
from workflow.errors import Conflict, Objection, Refused
from workflow.events import Event
from workflow.facts import CertificateAwarded
from workflow.ports import Append
from workflow.scheme import Rules, split_number
from workflow.service import TRIES, Done, Service


def award(service: Service, application: str, on: date | None = None, authority: str = "") -> Done:
    """
    Certify a candidate: draw the next number of the series and record the award, in one transaction.

    Args:
        service: The service.
        application: Key of the application.
        on: Day of the award; absent: today.
        authority: On whose decision.

    Raises:
        NotFound, Refused, Conflict: see errors.

    Source: the scheme's `certificate`.
    """
    for _ in range(TRIES):
        try:
            draft = _award(service, service.history(application), on, authority)
        except Conflict:
            continue
        return Done(application, tuple(draft.new), draft.application.state)
    raise Conflict(f"application {application} is being written by others; try again")


def _award(service: Service, history: Sequence[Event], on: date | None, authority: str) -> Draft:
    draft = service.draft(history)
    day = on or service.today(draft.rules.scheme.time_zone)
    service.refuse_future(day, draft.rules)
    before, digits, after = number_pattern(draft.rules, day)
    series = f"{before}*{after}"

    def build(serial: int) -> Append:
        if serial >= 10**digits:
            raise Refused(series, [Objection("serial", f"the series is full: {digits} digits hold no {serial}")])
        number = f"{before}{serial:0{digits}d}{after}"
        fact = CertificateAwarded(number=number, series=series, serial=serial, authority=authority)
        draft.propose(fact, day, f"award:{series}:{serial}")
        return draft.append()

    service.stores.events.append_numbered(series, build)
    return draft


def number_pattern(rules: Rules, awarded_on: date) -> tuple[str, int, str]:
    """Fill in the pattern of a certificate's number: what stands before the serial, its digits, what stands after."""
    before, digits, after = split_number(rules.scheme.certificate.number)
    values = {
        "year": f"{awarded_on.year:04d}",
        "yy": f"{awarded_on.year % 100:02d}",
        "level": str(rules.number),
        **rules.scheme.certificate.fields,
    }

    def fill(text: str) -> str:
        for name, value in values.items():
            text = text.replace("{" + name + "}", value)
        return text

    return fill(before), digits, fill(after)
