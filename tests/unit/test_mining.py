"""Logs for process mining: what stands in them, what never does, and that they can be read."""

from __future__ import annotations

import io
import json
from collections import Counter
from types import SimpleNamespace
from xml.etree import ElementTree

import pytest

from tests.desk import Board
from tests.histories import FACTS
from tests.timeline import day
from workflow import facts as f
from workflow.errors import Corrupt
from workflow.mining.ocel import OBJECT_TYPES, _Seen
from workflow.mining.scope import Choice, write
from workflow.mining.xes import Xes, xml_text

XES = "{http://www.xes-standard.org/}"


@pytest.fixture(scope="module")
def board():
    """Give a board with two applications of one person, one certified, and one of another."""
    board = Board().ready("A1", candidate="p1").ready("A2", "2024-04-15", candidate="p1").file("A3", candidate="p2")
    for part in ("theory", "skills"):
        board.passed("A1", part, "2024-05-18", "2024-06-20")
    board.record("A1", f.CertificateAwarded(number="T1", series="T*", serial=1), "2024-07-01")
    board.record("A1", f.CertificateSuspended(reason="王小明 complained", authority="board"), "2024-07-02")
    return board


def ocel(board, **chosen):
    """Give the log as OCEL, read, and what was counted."""
    file = io.StringIO()
    written = write("ocel", board.stores, file, io.StringIO(), Choice(**chosen))
    return json.loads(file.getvalue()), written


def xes(board, **chosen):
    """Give the log as XES, read, and what was counted."""
    file = io.StringIO()
    written = write("xes", board.stores, file, io.StringIO(), Choice(**chosen))
    return ElementTree.fromstring(file.getvalue().encode()), written


def values(element):
    """Give the attributes of an element of XES by their keys."""
    return {child.get("key"): child.get("value") for child in element if child.get("key")}


def related(item):
    """Give the relations of an event or an object."""
    return {(x["objectId"], x["qualifier"]) for x in item["relationships"]}


def test_ocel_has_the_form_of_the_standard(board):
    """All keys that the standard's schema asks for are there, every value is a text, and every instant has a zone."""
    log, _written = ocel(board)
    assert set(log) == {"objectTypes", "eventTypes", "objects", "events"}
    for known in (*log["objectTypes"], *log["eventTypes"]):
        assert set(known) == {"name", "attributes"}
        assert all(set(x) == {"name", "type"} for x in known["attributes"])
        assert {x["type"] for x in known["attributes"]} <= {"string", "integer", "float", "boolean", "time"}
    for item, keys in [(x, {"name", "value"}) for x in log["events"]] + [
        (x, {"name", "value", "time"}) for x in log["objects"]
    ]:
        assert all(set(x) == keys and isinstance(x["value"], str) for x in item["attributes"])
        assert all(set(x) == {"objectId", "qualifier"} for x in item["relationships"])
        assert all(x.get("time", "Z").endswith("Z") for x in (item, *item["attributes"]))


def test_ocel_declares_whatever_it_uses(board):
    """Every type, attribute and object that is named is declared, ids are unique, and values too at an instant."""
    log, _written = ocel(board)
    objects = [x["id"] for x in log["objects"]]
    events = [x["id"] for x in log["events"]]
    assert len(set(objects)) == len(objects)
    assert len(set(events)) == len(events)
    for items, types in ((log["events"], log["eventTypes"]), (log["objects"], log["objectTypes"])):
        known = {x["name"]: {a["name"] for a in x["attributes"]} for x in types}
        for item in items:
            assert {a["name"] for a in item["attributes"]} <= known[item["type"]]
            assert {key for key, _how in related(item)} <= set(objects)
    for item in log["objects"]:
        assert set(Counter((a["name"], a["time"]) for a in item["attributes"]).values()) <= {1}


def test_ocel_tells_whom_and_what_an_event_is_about(board):
    """An event names its application, its candidate, and the level, the sitting or the certificate that it is about."""
    log, written = ocel(board)
    events = {x["id"]: x for x in log["events"]}
    objects = {x["id"]: x for x in log["objects"]}
    always = {("application:A1", "subject"), ("candidate:p1", "candidate")}
    assert related(events["A1/1"]) == {*always, ("level:test/3", "under")}
    assert related(events["A1/4"]) == {*always, ("sitting:2024-05-18", "at")}
    assert related(events["A1/11"]) == {*always, ("certificate:T1", "paper")}
    assert related(objects["application:A1"]) == {("candidate:p1", "of"), ("level:test/3", "under")}
    assert related(objects["certificate:T1"]) == {("application:A1", "awarded on")}
    assert written.objects == {"application": 3, "candidate": 2, "sitting": 1, "certificate": 1, "level": 1}
    assert set(written.objects) == set(OBJECT_TYPES)
    assert (written.applications, written.events) == (3, len(events))


def test_an_event_is_told_with_both_its_days_and_its_step(board):
    """An event has the instant of recording as its time, and beside it its day, actor, step, source, dest, number."""
    event = board.service.history("A1")[3]
    log, _written = ocel(board)
    told = next(x for x in log["events"] if x["id"] == "A1/4")
    expected = {
        "sequence": "4", "step": "admit", "source": "trained", "dest": "theory_exam", "effective_on": "2024-05-18",
        "actor": "clerk", "part": "theory",
    }  # fmt: skip
    assert told["time"] == event.recorded_at.strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    assert {x["name"]: x["value"] for x in told["attributes"]} == expected
    trace = xes(board)[0].find(f"{XES}trace")
    found = values(trace.findall(f"{XES}event")[3])
    assert found.pop("org:resource") == expected.pop("actor")
    assert found == expected | {
        "concept:name": "Admitted", "lifecycle:transition": "complete", "time:timestamp": told["time"],
        "sitting": "2024-05-18",
    }  # fmt: skip


def test_xes_has_a_trace_for_each_application(board):
    """A trace is an application with its opaque candidate; extensions, globals and classifiers stand before it."""
    log, written = xes(board)
    assert [x.get("prefix") for x in log.findall(f"{XES}extension")] == ["concept", "lifecycle", "org", "time"]
    assert [x.get("scope") for x in log.findall(f"{XES}global")] == ["trace", "event"]
    assert [x.get("keys") for x in log.findall(f"{XES}classifier")] == ["concept:name", "concept:name dest"]
    traces = [values(x) for x in log.findall(f"{XES}trace")]
    assert [(x["concept:name"], x["candidate"], x["level"]) for x in traces] == [
        ("A1", "p1", "3"), ("A2", "p1", "3"), ("A3", "p2", "3"),
    ]  # fmt: skip
    assert written.applications == 3
    assert written.events == len(log.findall(f".//{XES}event"))


def test_no_text_of_a_person_gets_into_a_log(board):
    """Neither reasons nor evidence stand in a log: whoever wrote a name into a reason has not told it to a miner."""
    for form in ("ocel", "xes"):
        file = io.StringIO()
        write(form, board.stores, file, io.StringIO())
        assert "王小明" not in file.getvalue()
        assert "complained" not in file.getvalue()
        assert "2015-01-01" not in file.getvalue()  # of the evidence


def test_an_application_is_in_a_log_whole_or_not_at_all(board):
    """Scheme, level and days of submission choose applications; only `as_of` cuts a history, as replay does."""
    assert xes(board, levels={"test": frozenset([2])})[1].applications == 0
    assert xes(board, levels={"test": frozenset([3])})[1].applications == 3
    assert xes(board, since=day("2024-03-16"))[1].applications == 1
    assert xes(board, until=day("2024-04-14"))[1].applications == 2
    assert xes(board, since=day("2024-04-15"), until=day("2024-04-15"))[1].applications == 1
    assert xes(board, as_of=day("2024-03-15"))[1].applications == 2
    log, _written = ocel(board, as_of=day("2024-05-18"))
    assert not [x for x in log["objects"] if x["type"] == "certificate"]
    assert {x["type"] for x in log["events"]} & {"ScoreAnnounced", "CertificateAwarded"} == set()


def test_a_history_that_does_not_open_is_told(board):
    """A history without its submission is an error, and nothing to be guessed at or passed over."""

    class Torn:
        events = SimpleNamespace(histories=lambda: iter([board.service.history("A1")[1:]]))

    with pytest.raises(Corrupt, match="does not open with a submission"):
        write("xes", Torn(), io.StringIO(), io.StringIO())


def test_every_fact_can_be_told(board):
    """There is no fact of which a log cannot tell."""
    first = board.service.history("A1")[0]
    events = [first._replace(sequence=n, fact=fact) for n, fact in enumerate(FACTS, 1)]
    file = io.StringIO()
    log = Xes(file)
    log.open()
    log.add(events, FACTS[0])
    log.close()
    read = ElementTree.fromstring(file.getvalue().encode())
    assert [values(x)["concept:name"] for x in read.iter(f"{XES}event")] == [type(fact).__name__ for fact in FACTS]


@pytest.mark.parametrize("text", ["<&>\"'", "王\t考\n官\r", "\x85\x9f", "", "𠮷 & co"])
def test_a_text_comes_back_from_xml_as_it_was(text):
    """What XML can hold comes back sign for sign."""
    assert ElementTree.fromstring(f'<a b="{xml_text(text)}"/>').get("b") == text


@pytest.mark.parametrize("sign", ["\x00", "\x0b", "\ud800", "\ufffe", "\uffff"])
def test_what_xml_cannot_hold_is_replaced(sign):
    """A sign that no XML may hold does not spoil the file."""
    assert ElementTree.fromstring(f'<a b="{xml_text(f"x{sign}y")}"/>').get("b") == "x\ufffdy"


def test_a_key_is_new_once():
    """Each of many keys is new the first time and never again, however often the table has grown."""
    seen = _Seen()
    keys = [f"candidate:{n}" for n in range(5_000)]
    assert all(seen.is_new(key) for key in keys)
    assert not any(seen.is_new(key) for key in keys)
