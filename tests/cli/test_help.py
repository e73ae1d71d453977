"""Every command explains itself, and help costs nothing."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Iterator

import click
import pytest
from click.shell_completion import ShellComplete

from cli.main import NOUNS, cli
from cli.options import Verb


def verbs() -> Iterator[tuple[str, str, click.Command]]:
    """List every command."""
    for noun in NOUNS:
        group = cli.commands[noun]
        assert isinstance(group, click.Group)
        for name, command in group.commands.items():
            yield noun, name, command


ALL = [pytest.param(*item, id=f"{item[0]} {item[1]}") for item in verbs()]


@pytest.mark.parametrize(("noun", "name", "command"), ALL)
def test_every_command_has_help_with_a_working_example(alone, noun, name, command):
    """A command says what it does, and its example is of itself with options that it has."""
    said = alone(noun, name, "--help")
    assert said.code == 0
    assert command.help
    assert command.get_short_help_str().endswith((".", "..."))
    assert isinstance(command, Verb)
    lines = re.sub(r"\\\n\s*", " ", command.example).splitlines()
    examples = [line for line in lines if line.startswith("examboard ")]
    assert examples
    known = {option for p in (*command.params, *cli.params) for option in p.opts}
    for example in examples:
        assert f" {noun} {name}" in example
        assert {word for word in shlex.split(example) if word.startswith("--")} <= known
        assert ("--reveal" in example) <= ("--reason" in example)  # nobody sees values in full without saying why
    assert command.example.splitlines()[0] in said.out


@pytest.mark.parametrize(("noun", "name", "command"), ALL)
def test_every_option_has_help(noun, name, command):
    """An option that is shown says what it is for."""
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            assert parameter.help, f"{noun} {name} {parameter.name}"


def test_root_help_lists_every_noun_in_its_own_words(alone):
    """The root's help names every noun, with the words with which the noun explains itself."""
    said = alone("--help")
    assert said.code == 0
    for noun, words in NOUNS.items():
        assert noun in said.out
        assert str(cli.commands[noun].help).startswith(words.split(";")[0].rstrip("."))


def test_help_imports_no_heavy_library():
    """`examboard --help` imports neither the database, nor documents, nor tables, nor any noun."""
    done = subprocess.run(
        [sys.executable, "-X", "importtime", "-c", "from cli.main import main; main()", "--help"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0
    assert "Usage: examboard" in done.stdout
    imported = {line.rpartition("|")[2].strip() for line in done.stderr.splitlines()}
    assert {"click", "cli.main"} <= imported
    heavy = {"sqlalchemy", "pydantic", "pydantic_settings", "rich", "transitions", "alembic", "ruamel.yaml", "holidays"}
    assert not heavy & {name.split(".")[0] for name in imported} - {"ruamel"}
    assert not {name for name in imported if name.startswith(("storage", "scheduler", "cli."))} - {
        "cli.main",
        "cli.root",
    }
    assert not {name for name in imported if name.startswith("workflow")}
    # Not heavy each, but together a fifth of the time that help takes; click itself needs none of them.
    assert not {"pathlib", "decimal", "dataclasses", "traceback", "urllib.parse"} & imported


def test_version(alone):
    """The version is that of the distribution."""
    assert re.fullmatch(r"examboard \d+\.\d+\.\d+\n", alone("--version").out)


def test_completion_knows_nouns_and_verbs():
    """The shell completes nouns, verbs and options."""

    def completed(*words: str, start: str) -> list[str]:
        return [item.value for item in ShellComplete(cli, {}, "examboard", "X").get_completions(list(words), start)]

    assert completed(start="app") == ["application"]
    assert completed("application", start="hi") == ["history"]
    assert completed("application", "list", start="--st") == ["--state"]
