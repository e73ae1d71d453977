"""
`examboard audit`: replay, proof and dossier; every verb but `seal` opens the database read-only.

One thing is written all the same, on a connection of its own: the entry of the access log, where a verb hands something
out (`cli/access.py`). A test holds both.
"""

from __future__ import annotations

import click

from cli import audit_access, audit_dossier, audit_mining, audit_replay, audit_seals, audit_verify, audit_whatif
from cli.options import Noun


@click.group(cls=Noun)
def audit() -> None:
    """Replay histories, verify the record, seal it, prove it, hand it over."""


for verb in (
    *audit_replay.VERBS,
    *audit_verify.VERBS,
    *audit_seals.VERBS,
    *audit_dossier.VERBS,
    *audit_mining.VERBS,
    *audit_whatif.VERBS,
    *audit_access.VERBS,
):
    audit.add_command(verb)
