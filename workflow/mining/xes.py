"""An event log as XES (IEEE 1849): a trace for each application, told as they come."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Final, TextIO

from workflow.events import Event, instant_text
from workflow.facts import Submitted
from workflow.mining import logged

_HEAD: Final = """\
<?xml version="1.0" encoding="UTF-8"?>
<log xes.version="1849.2016" xes.features="" xmlns="http://www.xes-standard.org/">
  <extension name="Concept" prefix="concept" uri="http://www.xes-standard.org/concept.xesext"/>
  <extension name="Lifecycle" prefix="lifecycle" uri="http://www.xes-standard.org/lifecycle.xesext"/>
  <extension name="Organizational" prefix="org" uri="http://www.xes-standard.org/org.xesext"/>
  <extension name="Time" prefix="time" uri="http://www.xes-standard.org/time.xesext"/>
  <global scope="trace">
    <string key="concept:name" value=""/>
  </global>
  <global scope="event">
    <string key="concept:name" value=""/>
    <string key="lifecycle:transition" value="complete"/>
    <date key="time:timestamp" value="1970-01-01T00:00:00Z"/>
    <string key="org:resource" value=""/>
  </global>
  <classifier name="Fact" keys="concept:name"/>
  <classifier name="Fact and state" keys="concept:name dest"/>
  <string key="concept:name" value="Examboard"/>
"""
_SPECIAL: Final = re.compile("[&<>\"'\x00-\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufffe\uffff]")
_NAMED: Final = {"&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;", "'": "&apos;"}


class Xes:
    """A log in XES."""

    def __init__(self, file: TextIO) -> None:
        self._file = file

    def open(self) -> None:
        """Write the extensions, what every trace and event has, and the classifiers."""
        self._file.write(_HEAD)

    def add(self, events: Sequence[Event], opening: Submitted) -> None:
        """Write a trace."""
        texts = {
            "concept:name": events[0].application,
            "candidate": opening.candidate,
            "scheme": opening.scheme,
            "digest": opening.digest,
            "cohort": opening.cohort,
            "submitted_on": events[0].effective_on.isoformat(),
        }
        lines = ["  <trace>\n"]
        lines += [_told("    ", key, value) for key, value in texts.items() if value]
        lines.append(_told("    ", "level", opening.level))
        for event in events:
            lines.append("    <event>\n")
            lines.append(_told("      ", "concept:name", event.type))
            lines.append('      <string key="lifecycle:transition" value="complete"/>\n')
            lines.append(f'      <date key="time:timestamp" value="{instant_text(event.recorded_at)}"/>\n')
            for name, value in logged.attributes(event):
                lines.append(_told("      ", "org:resource" if name == "actor" else name, value))
            if sitting := logged.session(event.fact)[0]:
                lines.append(_told("      ", "sitting", sitting))
            lines.append("    </event>\n")
        lines.append("  </trace>\n")
        self._file.write("".join(lines))

    def close(self) -> Mapping[str, int]:
        """End the log."""
        self._file.write("</log>\n")
        return {}


def _told(indent: str, key: str, value: str | int) -> str:
    kind = "int" if isinstance(value, int) else "string"
    return f'{indent}<{kind} key="{key}" value="{xml_text(str(value))}"/>\n'


def xml_text(text: str) -> str:
    """Write a text as the value of an attribute; what XML 1.0 cannot hold becomes the sign for what is unknown."""
    return _SPECIAL.sub(_safe, text)


def _safe(found: re.Match[str]) -> str:
    sign = found[0]
    return _NAMED.get(sign) or (
        f"&#{ord(sign)};" if sign in "\t\n\r" or "\x7f" <= sign <= "\x9f" else "\N{REPLACEMENT CHARACTER}"
    )
