"""Settings: option, then environment, then file, then default; what does not fit is named."""

from __future__ import annotations

import pytest

CHECK = ("application", "withdraw", "A4")


def actor(run) -> str:
    """Tell who the last event says has acted."""
    return str(run("application", "history", "A4").rows[-1]["actor"])


def test_the_file_counts_less_than_the_environment_and_that_less_than_the_option(run, tmp_path, monkeypatch):
    """Each source is asked only if those before it say nothing."""
    file = tmp_path / "board.toml"
    file.write_text('actor = "file"\n', encoding="utf-8")
    assert run("--config", file, "training", "record", "A6", "--hours", "1").code == 0
    assert run("application", "history", "A6").rows[-1]["actor"] == "file"
    monkeypatch.setenv("EXAMBOARD_CONFIG", str(file))
    monkeypatch.setenv("EXAMBOARD_ACTOR", "environment")
    assert run("training", "record", "A6", "--hours", "2").code == 0
    assert run("application", "history", "A6").rows[-1]["actor"] == "environment"
    assert run("--actor", "option", "training", "record", "A6", "--hours", "3").code == 0
    assert run("application", "history", "A6").rows[-1]["actor"] == "option"


def test_a_file_in_the_working_folder_is_read(alone, database, tmp_path):
    """Without --config, examboard.toml of the working folder is read."""
    (tmp_path / "here" / "examboard.toml").write_text(f'database = "{database}"\n', encoding="utf-8")
    assert len(alone("application", "list").rows) == 7


def test_the_environment_names_the_database(alone, database, monkeypatch):
    """EXAMBOARD_DATABASE names a file or a URL; empty counts as absent."""
    for value in (str(database), f"sqlite:///{database}"):
        monkeypatch.setenv("EXAMBOARD_DATABASE", value)
        assert len(alone("application", "list").rows) == 7
    monkeypatch.setenv("EXAMBOARD_DATABASE", "")
    assert alone("application", "list").code == 4


def test_the_boards_zone_decides_the_day(run, monkeypatch):
    """The instant of --known-at without a zone is one of the board's zone."""
    assert run("application", "show", "A1", "--known-at", "2026-11-21T12:00").code == 0
    monkeypatch.setenv("EXAMBOARD_TIME_ZONE", "America/New_York")
    assert run("application", "show", "A1", "--known-at", "2026-11-20T22:59").code == 4
    assert run("application", "show", "A1", "--known-at", "2026-11-20T23:00").code == 0


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("databse = 'x.db'\n", "there is no setting 'databse'; there are: database, actor, time_zone"),
        ("actor = 3\n", "setting actor: Input should be a valid string"),
        ("actor = ' '\n", "setting actor: is blank"),
        ("time_zone = 'Mars/Base'\n", "no such time zone: Mars/Base"),
        ("time_zone = '../../etc/passwd'\n", "no such time zone"),
        ("actor = \n", "is not TOML"),
    ],
)
def test_a_setting_that_does_not_fit_is_named(run, tmp_path, text, message):
    """A file that is not TOML, an unknown key or a bad value ends with code 7 and says which."""
    file = tmp_path / "board.toml"
    file.write_text(text, encoding="utf-8")
    said = run("--config", file, *CHECK)
    assert said.code == 7
    assert message in said.err
    assert str(file) in said.err


def test_a_settings_file_in_another_encoding(run, tmp_path):
    """A settings file that is not UTF-8 is named."""
    file = tmp_path / "board.toml"
    file.write_bytes('actor = "考务"\n'.encode("gb18030"))
    assert run("--config", file, *CHECK).code == 7
