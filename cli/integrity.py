"""
Integrity: whether what the database holds is what was recorded, history by history, in flat memory.

Only reads. A finding is data, never an exception: one broken history must not hide the next.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import fields

from workflow.application import Application
from workflow.draft import project
from workflow.errors import ExamboardError
from workflow.events import Event, check_chain
from workflow.facts import CertificateAwarded
from workflow.ports import EventStore, Projection
from workflow.replay import advance, fold
from workflow.scheme import Rules
from workflow.service import Service

Finding = tuple[str, str | None]


def findings(service: Service) -> Iterator[Finding]:
    """
    Check every application.

    Returns:
        Pairs of an application's key and a finding about it; each application ends with a pair without a finding.
    """
    projections = service.stores.events.projections()
    ahead = next(projections, None)
    for history in service.stores.events.histories():
        key = history[0].application
        while ahead is not None and ahead.application < key:
            yield from _without_history(service, ahead)
            ahead = next(projections, None)
        stored = ahead if ahead is not None and ahead.application == key else None
        if stored is not None:
            ahead = next(projections, None)
        texts = list(_of_history(service, history, stored))
        if texts:  # the two streams are not of one moment: what was written in between is no finding
            events = service.stores.events
            texts = list(_of_history(service, events.history(key), events.projection(key)))
        yield from ((key, text) for text in texts)
        yield key, None
    while ahead is not None:
        yield from _without_history(service, ahead)
        ahead = next(projections, None)


def _without_history(service: Service, stored: Projection) -> Iterator[Finding]:
    if not service.stores.events.history(stored.application):
        yield stored.application, "has a row but no history"


def _of_history(service: Service, history: Sequence[Event], stored: Projection | None) -> Iterator[str]:
    try:
        check_chain(history)
        rules = service.rules_of(history)
        application = None
        for event in history:
            application = _after(application, event, rules)
            if application.state != event.dest:
                yield f"event {event.sequence} says that it led to {event.dest}; the rules say {application.state}"
                return
    except ExamboardError as error:
        yield str(error)
        return
    assert application is not None  # a history has at least one event
    yield from _of_row(stored, project(application, rules, history[-1]))
    yield from _of_certificate(service.stores.events, history)


def _after(application: Application | None, event: Event, rules: Rules) -> Application:
    after = fold([event], rules) if application is None else None
    if application is not None:
        after = advance(application, event.fact, event.effective_on, rules, event.sequence)
    assert after is not None
    return after


def _of_row(stored: Projection | None, right: Projection) -> Iterator[str]:
    if stored is None:
        yield "has a history but no row; run: examboard db rebuild"
        return
    for field in fields(Projection):
        found, wanted = getattr(stored, field.name), getattr(right, field.name)
        if found != wanted:
            yield f"its row says {field.name} {found}, its history {wanted}; run: examboard db rebuild"


def _of_certificate(store: EventStore, history: Sequence[Event]) -> Iterator[str]:
    for event in history:
        if isinstance(event.fact, CertificateAwarded):
            holder = store.certificate_holder(event.fact.number)
            if holder != event.application:
                yield f"certificate {event.fact.number} is kept for {holder or 'nobody'}, not for it"
