"""
The command `examboard`: the root of all nouns, loaded one by one as they are asked for.

Owns the root options and the last line of defence: whatever goes wrong ends as one clear message and an exit code.
Imports click alone, so that `--help` is fast: pathlib, the error tree and the readers of options come with a noun.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from typing import Any, NoReturn

import click

from cli.root import RootOptions

NOUNS = {
    "application": "File, show, list, return, suspend, withdraw and annul applications.",
    "audit": "Replay histories, verify the record, seal it, prove it, hand it over.",
    "candidate": "Register, find, amend, restrict and erase persons.",
    "certificate": "Certify candidates; keep, print and verify certificates.",
    "db": "Make, upgrade, check and rebuild the database.",
    "eligibility": "Check evidence against a scheme; decide applications; reopen decisions.",
    "endorsement": "Record, withdraw and list endorsements by instructors.",
    "evidence": "Add, list, check and judge the evidence of an application.",
    "exemption": "Grant, withdraw and list exemptions from parts.",
    "export": "Write lists to CSV and XLSX files.",
    "extension": "Extend the validity of parts and deadlines, for one application or a whole cohort.",
    "jobs": "Run the nightly work by hand; see what is owed, was done and is to come.",
    "keys": "Make, show and replace the keys for sealing and those of personal values (--ring).",
    "misconduct": "Report, find, lift and list misconduct.",
    "notice": "List, show, deliver and retry notices.",
    "proposal": "List, confirm and withdraw what needs a second person.",
    "recheck": "Request and decide rechecks of results; list the open ones.",
    "report": "Count what became of applications.",
    "retention": "Say whose data need not be kept any more, and erase it.",
    "review": "Record the results of panels.",
    "round": "Take in a whole examination round from files.",
    "scheduler": "Run the nightly work by itself, night by night; check a node.",
    "scheme": "Write, check, prove, compare and show scheme documents.",
    "score": "Enter, record, retract, announce and amend results.",
    "sitting": "Set sittings and admit candidates to them.",
    "staff": "Add and disable members of staff; give roles and tokens.",
    "ticket": "Print admission tickets.",
    "training": "Record, show or waive the training of a level.",
}


class Lazy(dict[str, click.Command]):
    """The nouns: each is imported when it is asked for, since Click accepts any mapping as its commands."""

    def __missing__(self, name: str) -> click.Command:
        if name not in NOUNS:
            raise KeyError(name)
        from cli.loading import load, spare_the_collector

        spare_the_collector()
        load("cli.errors")  # what tells of errors is there before the first one
        noun: click.Command = getattr(load(f"cli.{name}"), name)
        self[name] = noun
        return noun

    def __contains__(self, name: object) -> bool:
        return name in NOUNS

    def __iter__(self) -> Iterator[str]:
        return iter(NOUNS)

    def __len__(self) -> int:
        return len(NOUNS)

    def get(self, name: str, default: Any = None) -> Any:
        """Give a noun, importing it now."""
        if name not in NOUNS:
            return default
        return self[name]

    def items(self) -> Any:
        """Give every noun, importing all of them."""
        return [(name, self[name]) for name in self]

    def values(self) -> Any:
        """Give every noun, importing all of them."""
        return [self[name] for name in self]


class Root(click.Group):
    """The root: its help imports no noun, and its end is always a message and an exit code."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """List the nouns without importing them."""
        with formatter.section("Nouns (each has verbs: examboard NOUN --help)"):
            formatter.write_dl(list(NOUNS.items()))

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the root's own arguments; a word that no system call takes is refused before it goes anywhere."""
        for number, word in enumerate(args, 1):
            # Bytes that are no UTF-8 come as characters that can be written back; a verb judges those by what it asks.
            if "\0" in word or not _is_word(word):
                raise click.UsageError(f"word {number} holds a NUL or half a character (a lone surrogate)", ctx)
        return super().parse_args(ctx, args)

    def main(self, args: Sequence[str] | None = None, prog_name: str | None = None, *_: Any, **extra: Any) -> NoReturn:
        """Run a command line and end the process with the right exit code."""
        extra.pop("standalone_mode", None)
        options = RootOptions()
        try:
            code = super().main(args, prog_name or "examboard", standalone_mode=False, obj=options, **extra)
            sys.stdout.flush()
        except BaseException as error:  # the last line of defence: nothing may end in a bare traceback
            from cli import errors  # a call that goes well, help above all, never needs it

            code = errors.tell(error, options.debug)
        sys.exit(code if isinstance(code, int) else 0)


def _is_word(word: str) -> bool:
    try:
        os.fsencode(word)
    except UnicodeEncodeError:
        return False
    return True


def _version(ctx: click.Context, _param: click.Parameter, wanted: bool) -> None:
    if wanted and not ctx.resilient_parsing:
        from importlib.metadata import version

        click.echo(f"examboard {version('examboard')}")
        ctx.exit()


@click.group(cls=Root, commands=Lazy(), epilog="Start with: examboard round import examples/round-2024")
@click.option("--database", metavar="URL", help="File or URL [env: EXAMBOARD_DATABASE; default: a file of your own].")
@click.option("--actor", metavar="NAME", help="Who acts [env: EXAMBOARD_ACTOR; default: local:<login>].")
@click.option(
    "--config",
    envvar="EXAMBOARD_CONFIG",
    metavar="FILE",
    type=click.Path(exists=True, dir_okay=False),
    help="Settings file (TOML) [env: EXAMBOARD_CONFIG].",
)
@click.option(
    "--token-file",
    metavar="FILE",
    help="File of your own that holds your token, where the board keeps staff [env: EXAMBOARD_TOKEN_FILE].",
)
@click.option("--debug", is_flag=True, help="Show the traceback of an internal error.")
@click.option("--version", is_flag=True, is_eager=True, expose_value=False, callback=_version, help="Show the version.")
@click.pass_obj
def cli(
    options: RootOptions,
    database: str | None,
    actor: str | None,
    config: str | None,
    token_file: str | None,
    debug: bool,
) -> None:
    """
    Examboard: the exam administration service.

    Applications advance by recorded facts; what an application is on a day is computed from them. Type
    `examboard NOUN VERB --help` for an example of each command.
    """
    options.database, options.actor, options.config, options.debug = database or "", actor or "", config or "", debug
    options.token_file = token_file or ""


def main() -> NoReturn:
    """Run the command line of this process."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")  # a terminal that has no Chinese must not stop the work
    cli.main()


if __name__ == "__main__":
    main()
