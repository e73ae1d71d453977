"""`audit log` and `scheme diagram --format scxml`: files that the tools of others read."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import pytest
import r4pm
from r4pm import bindings

from tests.cli.conftest import document

FORMATS = ("ocel", "xes")


@pytest.fixture
def recorded(run):
    """Give every event of the board by application, as the command line tells them."""
    keys = [row["application"] for row in run("application", "list", "--json").rows]
    return {key: run("application", "history", key, "--json").rows for key in keys}


def written(run, form: str, *more: object) -> Path:
    """Write a log; give its file."""
    file = Path(f"log.{form}.json" if form == "ocel" else "log.xes")
    said = run("audit", "log", file, "--format", form, *more)
    assert said.code == 0, said.err
    return file


def test_r4pm_reads_ocel(run, recorded):
    """r4pm finds every event, every object and every attribute where they belong."""
    log = r4pm.convert_item(r4pm.import_item("OCEL", str(written(run, "ocel"))), "SlimLinkedOCEL")
    assert bindings.num_events(log) == sum(map(len, recorded.values()))
    told = json.loads(Path("log.ocel.json").read_text(encoding="utf-8"))
    assert bindings.num_objects(log) == len(told["objects"])
    for kind in bindings.locel_get_ob_types(log):
        ids = {bindings.locel_get_ob_id(log, x) for x in bindings.locel_get_obs_of_type(log, kind)}
        assert ids == {x["id"] for x in told["objects"] if x["type"] == kind}
    for key, history in recorded.items():
        for row in history:
            event = bindings.locel_get_full_ev(log, bindings.locel_get_ev_by_id(log, f"{key}/{row['sequence']}"))
            values = {x["name"]: x["value"] for x in event["attributes"]}
            assert event["type"] == row["type"]
            assert values["sequence"] == row["sequence"]
            assert values["effective_on"] == row["effective_on"]
            assert values["dest"] == row["dest"]
            assert ("application:" + key, "subject") in {
                (x["objectId"], x["qualifier"]) for x in event["relationships"]
            }
    cases = bindings.log_to_activity_projection(bindings.flatten_ocel_on(log, "application"))
    assert bindings.get_num_cases(cases) == len(recorded)


def test_r4pm_reads_xes(run, recorded):
    """r4pm finds a trace for each application with its events in their order, and their attributes."""
    log = r4pm.import_item("EventLog", str(written(run, "xes")))
    r4pm.export_item(log, "read.json")
    traces = json.loads(Path("read.json").read_text(encoding="utf-8"))["traces"]
    found = {values(trace)["concept:name"]: [values(event) for event in trace["events"]] for trace in traces}
    assert {key: [x["concept:name"] for x in events] for key, events in found.items()} == {
        key: [row["type"] for row in history] for key, history in recorded.items()
    }
    for key, history in recorded.items():
        for event, row in zip(found[key], history, strict=True):
            assert event["sequence"] == row["sequence"]
            assert (event["effective_on"], event["dest"]) == (row["effective_on"], row["dest"])
            assert event["org:resource"] == row["actor"]
            assert event["lifecycle:transition"] == "complete"
    assert bindings.get_num_cases(bindings.log_to_activity_projection(log)) == len(recorded)


def values(item):
    """Give the attributes of a trace or an event as r4pm read them."""
    return {x["key"]: x["value"].get("content") for x in item["attributes"]}


@pytest.mark.parametrize("form", FORMATS)
def test_export_writes_the_same_log(run, form):
    """`audit export --format` is another way to the same file; what is for sealed events alone is refused with it."""
    assert run("audit", "log", "one", "--format", form).code == 0
    said = run("audit", "export", "two", "--format", form, "--json")
    assert (said.code, said.row["format"]) == (0, form)
    assert Path("one").read_bytes() == Path("two").read_bytes()
    assert run("audit", "export", "two", "--format", form).code == 5
    assert run("audit", "export", "three", "--format", form, "--unsealed").code == 2


@pytest.mark.parametrize("form", FORMATS)
def test_a_log_names_nobody(run, form):
    """No name, identity number or phone number of the registry stands in a log."""
    text = written(run, form).read_text(encoding="utf-8")
    assert "A1" in text
    for personal in ("王A1", document(1), "19900000001"):
        assert personal not in text


@pytest.mark.parametrize("form", FORMATS)
def test_a_log_of_one_level(run, form):
    """A scheme and a level choose applications, by any name; what is left out is nowhere in the log."""
    text = written(run, form, "--scheme", "2019年版", "--level", "2").read_text(encoding="utf-8")
    assert "A5" in text
    assert "A1" not in text


def test_what_was_written_is_counted(run, recorded):
    """The command tells how much it wrote, to people and to programs."""
    row = run("audit", "log", "a.json", "--format", "ocel", "--json").row
    assert (row["applications"], row["events"]) == (len(recorded), sum(map(len, recorded.values())))
    assert row["objects"]["application"] == len(recorded)
    said = run("audit", "log", "a.xes", "--format", "xes", "--since", "2024-03-16")
    assert said.out == "a.xes: 0 applications, 0 events\n"


def test_a_file_that_is_there_is_left_alone(run):
    """A file is written over only by --force, and then as a whole; nothing else is left in the folder."""
    Path("log.xes").write_text("mine", encoding="utf-8")
    said = run("audit", "log", "log.xes", "--format", "xes")
    assert (said.code, Path("log.xes").read_text(encoding="utf-8")) == (5, "mine")
    assert "--force" in said.err
    written(run, "xes", "--force")
    assert ElementTree.parse("log.xes").getroot().tag.endswith("log")
    assert [x.name for x in Path().iterdir()] == ["log.xes"]


def test_a_log_that_fails_leaves_nothing(run, database):
    """Where a history cannot be read the error says so, and neither the file nor a part of it is left."""
    import sqlite3

    with sqlite3.connect(database) as raw:
        for (trigger,) in raw.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            raw.execute(f'DROP TRIGGER "{trigger}"')
        raw.execute("UPDATE event SET data = '{' WHERE application = 'A8'")
    raw.close()
    said = run("audit", "log", "log.xes", "--format", "xes")
    assert said.code == 6
    assert list(Path().iterdir()) == []


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (("log.xes", "--format", "csv"), 2),
        (("log.xes",), 2),
        (("log.xes", "--format", "xes", "--level", "nono"), 4),
        (("log.xes", "--format", "xes", "--scheme", "nono"), 4),
        (("nowhere/log.xes", "--format", "xes"), 8),
    ],
)
def test_what_cannot_be_written_is_refused(run, arguments, code):
    """An unknown format, level, scheme or folder is refused with its own code, and no file is made."""
    assert run("audit", "log", *arguments).code == code
    assert list(Path().iterdir()) == []


def test_a_level_is_written_as_scxml(alone):
    """`scheme diagram --format scxml` writes one machine as one document, by the level's number or name."""
    said = alone("scheme", "diagram", "lrc-2019", "--level", "3", "--format", "scxml")
    root = ElementTree.fromstring(said.out)
    assert root.tag == "{http://www.w3.org/2005/07/scxml}scxml"
    assert root.get("name") == "lrc-2019-level-3"
    assert root.get("initial") == "submitted"
    assert alone("scheme", "diagram", "lrc-2019", "--format", "scxml").code == 2
    assert "stateDiagram-v2" in alone("scheme", "diagram", "lrc-2019", "--level", "3").out
