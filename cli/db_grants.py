"""`examboard db grants`: what each role of the database server may do."""

from __future__ import annotations

import click

from cli import options
from cli.options import Verb
from cli.output import json_line


@click.command(
    cls=Verb,
    example="examboard db grants > grants.sql\n"
    "examboard db grants --service board_app --auditor board_audit | psql board",
)
@click.option("--service", default="examboard_service", show_default=True, metavar="ROLE", help="Records.")
@click.option("--scheduler", default="examboard_scheduler", show_default=True, metavar="ROLE", help="Runs the nights.")
@click.option("--auditor", default="examboard_auditor", show_default=True, metavar="ROLE", help="Reads.")
@click.option(
    "--administrator", default="examboard_administrator", show_default=True, metavar="ROLE", help="Keeps staff, keys."
)
@click.option("--schema", default="public", show_default=True, help="The schema in which the tables lie.")
@options.as_json
def grants(service: str, scheduler: str, auditor: str, administrator: str, schema: str, as_json: bool) -> None:
    """
    Print the GRANTs of least privilege for PostgreSQL; nothing is run.

    Make the roles first (CREATE ROLE ... LOGIN), and run what is printed as the owner of the tables, again after each
    upgrade. The owner makes and upgrades the database and is used for nothing else. See docs/trust.md.
    """
    from storage.grants import grants as statements

    names = {"service": service, "scheduler": scheduler, "auditor": auditor, "administrator": administrator}
    for statement in statements(names, schema):  # type: ignore[arg-type]
        if as_json:
            json_line({"statement": statement})
        else:
            click.echo(statement)
