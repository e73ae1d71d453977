"""Whether the nights came or not: no step is allowed or refused for it, and no day tells another story."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from tests.properties.test_replay import DAYS, FIRST, SCHEMES, act, operation, points, sit
from tests.timeline import Timeline, day
from workflow.errors import Refused
from workflow.replay import replay
from workflow.standing import standing_of

# Where all parts start again, what was passed before helps no more, also where an entry shows later that it would have.
KEEPING = [scheme for scheme in SCHEMES if "restart" not in scheme.text]


def led(operations, level, scheme, first, every_night):
    """Lead an application through operations; say of each whether it was allowed, and what was recorded by then."""
    t = Timeline(level, scheme=scheme).accept()
    if level == 3:
        t.train("2024-04-01")
    sit(t, first, str(FIRST), "60", str(FIRST))
    t.announce(first, str(FIRST), "2024-06-20")
    known, told = day("2024-06-20"), []
    for o in operations:
        if every_night:
            t.night(str(known))
        try:
            known = act(t, known, *o)
            told.append("")
        except Refused:
            told.append("refused")
            known = max(known, t.history[-1].recorded_at.date())
    return t, told


@given(
    st.lists(operation.filter(lambda o: o[0] != "night"), min_size=2, max_size=9),
    st.sampled_from([2, 3, 3]),
    st.sampled_from(KEEPING),
    st.sampled_from(["theory", "skills"]),
)
def test_nights_that_were_missed_change_no_answer(operations, level, scheme, first):
    """The clock's steps written down every night, or only where a step needs them: the same is allowed, and stands."""
    late, told = led(operations, level, scheme, first, every_night=False)
    prompt, told_too = led(operations, level, scheme, first, every_night=True)
    assert told == told_too
    for on in sorted({*points(late), *points(prompt), *DAYS}):
        assert seen(late, on) == seen(prompt, on), on


def seen(t, on):
    """Say where an application stands on a day."""
    application = replay(t.history, t.rules, on)
    if application is None:
        return None
    return application.state, sorted(standing_of(application, t.rules, on).held)
