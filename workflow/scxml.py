"""
The machine of a level as W3C SCXML, so that an engine that is not ours can run it.

Written from the table of the very machine that runs (`machine.LevelMachine.table`), never from a second list of moves.
What the facts decide stays with the facts: an engine is told of each step into which stage they put the application.
"""

from __future__ import annotations

from typing import Final
from xml.etree.ElementTree import Comment, Element, SubElement, indent, tostring

from workflow.machine import machine_of
from workflow.scheme import Rules

NAMESPACE: Final = "http://www.w3.org/2005/07/scxml"
_NOTE: Final = (
    " Each event is a step. Where the facts decide to which state it leads, send with it, as leads_to, the stage"
    " into which they put the application. "
)


def scxml(rules: Rules) -> str:
    """
    Write the machine of a level as an SCXML document.

    A state that is never left and still takes steps, as `certified` does for its certificate, holds a final state of
    its own: entering it is told as `done.state.certified`, and the machine goes on. A final state of the whole machine
    would end it there.
    """
    machine = machine_of(rules)
    table = machine.table()
    # Not told by the table: a step that the facts decide may, on a level with one stage, have one way all the same.
    decided = {(source, step.name) for step in machine.steps if step.is_derived for source in step.sources}
    name = f"{rules.scheme.scheme}-level-{rules.number}"
    head = {"xmlns": NAMESPACE, "version": "1.0", "name": name, "datamodel": "ecmascript"}
    root = Element("scxml", {**head, "initial": machine.states[0]})
    root.append(Comment(_NOTE))
    for state in machine.states:
        moves = [(step, dest) for source, step, dest in table if source == state]
        written = SubElement(root, "state" if moves else "final", {"id": state})
        for step, dest in moves:
            asked = {"cond": f"_event.data.leads_to === '{dest}'"} if (state, step) in decided else {}
            SubElement(written, "transition", {"event": step, **asked, "target": dest})
        if moves and all(dest == state for _step, dest in moves):
            SubElement(written, "final", {"id": f"{state}.end"})
    indent(root)
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{tostring(root, encoding="unicode")}\n'
