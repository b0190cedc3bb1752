"""`earful alert`: rehearsals, silences, acknowledgements, and what there is."""

import json
import re
import shlex
import sys
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from rich.console import Console
from samples import hourly, keep, rows

from earful.data.database import Database
from earful.flows import cli, cli_alert, show, watch
from earful.flows.config import load

HOUR = timedelta(hours=1)
NOW = datetime(2025, 3, 17, 3, 5, tzinfo=UTC)
CONFIG = """
timezone = "Europe/Berlin"

[[brands]]
name = "Acme"
match = "acme"

[[rules]]
name = "Criticism"
step = "1h"
"""


@pytest.fixture
def earful(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Calls `earful` on a store in which criticism of Acme has broken out, and gives its exit code and its output."""
    (tmp_path / "earful.toml").write_text(CONFIG, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cli_alert, "utc_now", lambda: NOW)
    monkeypatch.setenv("COLUMNS", "120")
    settings = load(tmp_path / "earful.toml")
    database = Database(settings.store_folder)
    begin = NOW.replace(minute=0) - 362 * HOUR
    keep(database, hourly(begin, [*[0, 1, 1, 0, 2, 0] * 60, 15, 20]), NOW)
    watch.watch(database, settings, lambda: NOW)

    def call(*arguments: str) -> tuple[int, str]:
        monkeypatch.setattr(sys, "argv", ["earful", *arguments])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        code = ended.value.code
        return (code if isinstance(code, int) else 0), " ".join((printed.out + printed.err).split())

    return call, database


Earful = tuple[Callable[..., tuple[int, str]], Database]


@pytest.fixture
def alert(earful: Earful) -> str:
    """The alert that fires, or is about to."""
    ((name,),) = rows(earful[1], "SELECT alert FROM alerts")
    return name


def test_rules_are_rehearsed_on_the_past(earful: Earful) -> None:
    call, database = earful
    before = rows(database, "FROM alerts")
    code, said = call("alert", "--rehearse", "--days", "30")
    assert (
        code == 0 and "Criticism, Acme: in the last 30 days, of which 15 are kept, this would have fired once" in said
    )
    assert "2025-03-17 02:00" in said or "2025-03-17 03:00" in said, "the team's time"
    found = json.loads(call("alert", "--rehearse", "--rule", "Criticism", "--brand", "Acme", "--json")[1])
    assert [(one["rule"], one["brand"], len(one["alerts"])) for one in found] == [("Criticism", "Acme", 1)]
    assert call("alert", "--rehearse", "--rule", "Critcism")[0] == cli.WRONG
    assert rows(database, "FROM alerts") == before


def test_a_silence_is_made_listed_and_ended(earful: Earful) -> None:
    call, database = earful
    code, said = call("alert", "--silence", "Acme", "--for", "3d", "--reason", "a fair", "--author", "ada")
    assert code == 0 and "silenced until 2025-03-20 04:05" in said
    ((name, *kept),) = rows(database, "SELECT id, brand, rule, author, reason, start, finish FROM silences")
    assert kept == ["Acme", "", "ada", "a fair", NOW, NOW + timedelta(days=3)]
    assert "ada a fair" in call("alert", "--list")[1]
    assert call("alert", "--end", name) == (0, "ended")
    code, said = call("alert", "--end", name)
    assert code == cli.WRONG and "no silence" in said
    assert call("alert", "--silence", "all", "--rule", "Criticism", "--reason", "a fair")[0] == 0
    assert rows(database, "SELECT brand, rule FROM silences WHERE ended IS NULL") == [("", "Criticism")]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--silence", "Amce", "--reason", "x"), "there is no brand 'Amce'; did you mean 'Acme'?"),
        (("--silence", "Acme"), "say why"),
        (("--silence", "Acme", "--reason", "x", "--for", "long"), "write a duration"),
        (("--silence", "Acme", "--reason", "x", "--rule", "None"), "there is no rule 'None'"),
        (("--ack", "nothing"), "there is no alert 'nothing'"),
        (("--list", "--rehearse"), "say one thing to do"),
        ((), "say one thing to do"),
    ],
)
def test_a_wrong_call_says_what_is_right(earful: Earful, arguments: tuple[str, ...], said: str) -> None:
    code, told = earful[0]("alert", *arguments)
    assert code == cli.WRONG and said in told
    assert rows(earful[1], "FROM silences") == rows(earful[1], "FROM acknowledgements") == []


def test_a_narrow_list_names_an_alert_whole_and_as_a_shell_takes_it(
    earful: Earful, alert: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(show, "out", Console(highlight=False, width=40, soft_wrap=False))
    call, _ = earful
    (command,) = re.findall(r"earful (alert --ack .*)$", call("alert", "--list")[1])
    assert shlex.split(command) == ["alert", "--ack", alert]
    assert call(*shlex.split(command))[0] == 0
    assert "--ack" not in call("alert", "--list")[1], "somebody looks after it"


def test_an_alert_is_acknowledged_and_listed(earful: Earful, alert: str) -> None:
    call, database = earful
    assert call("alert", "--ack", alert, "--author", "ada", "--note", "on it")[0] == 0
    assert rows(database, "SELECT alert, author, made, note FROM acknowledgements") == [(alert, "ada", NOW, "on it")]
    listed = call("alert", "--list")[1]
    assert "firing" in listed and "ada" in listed and "35" in listed
    found = json.loads(call("alert", "--list", "--json")[1])
    assert [one["alert"] for one in found["alerts"]] == [alert] and found["silences"] == []
