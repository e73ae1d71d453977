"""Certificates: the award, and the number that no other certificate ever bears."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date

from workflow.board.decisions import Outcome
from workflow.draft import Draft
from workflow.errors import Conflict, ExamboardError, NotFound, Objection, Refused
from workflow.events import Event
from workflow.facts import CertificateAwarded
from workflow.language.awarding import split_number
from workflow.ports import Append
from workflow.scheme import Rules
from workflow.service import TRIES, Done, Service

OVERTAKEN = "awarded already by another run"


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


def award_all(
    service: Service, applications: Sequence[str], on: date | None = None, authority: str = "", is_sweep: bool = True
) -> Iterator[Outcome]:
    """
    Certify many candidates by one decision, each by an event of its own, in the order given.

    Args:
        service: The service.
        applications: Keys of applications that awaited the award a moment ago.
        on: Day of the award; absent: today.
        authority: On whose decision.
        is_sweep: Whether all that wait are meant: then one that another run has certified meanwhile is no failure. It
            keeps that certificate in any case.

    Returns:
        An outcome for each; one that is refused never touches the others.
    """
    for application in applications:
        try:
            yield Outcome(application, award(service, application, on, authority))
        except ExamboardError as error:
            number = number_of(service, application) if is_sweep else None
            if number is None:
                yield Outcome(application, None, error)
            else:
                yield Outcome(application, Done(application, (), "certified"), note=f"{OVERTAKEN}: {number}")


def number_of(service: Service, application: str) -> str | None:
    """Give the number of the certificate that an application has led to; None if it has not."""
    for event in reversed(service.stores.events.history(application)):
        if isinstance(event.fact, CertificateAwarded):
            return event.fact.number
    return None


def holder_of(service: Service, text: str) -> str:
    """
    Find the application of a certificate, by its number or by the application's own.

    Raises:
        NotFound: there is no such certificate.
        Refused: the application has not led to one.
    """
    if (found := service.stores.events.certificate_holder(text)) is not None:
        return found
    if service.stores.events.projection(text) is None:
        raise NotFound(f"no certificate {text}, and no application of that number")
    if number_of(service, text) is None:
        state = service.standing(text).application.state
        no = Objection("has_certificate", f"it has led to no certificate; it is {state}")
        raise Refused(f"application {text}", [no])
    return text


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
