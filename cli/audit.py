"""`examboard audit`: replay, proof and dossier; every verb but `seal` opens the database read-only."""

from __future__ import annotations

import click

from cli import audit_dossier, audit_mining, audit_replay, audit_seals, audit_verify, audit_whatif
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
):
    audit.add_command(verb)
