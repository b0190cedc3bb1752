"""A digest is made when it is due, once; a report is whole in itself, and the same snapshot gives the same bytes."""

import json
import re
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from invented_store import NOON, Said, fill
from samples import config, rows

from earful.data import alerting, board, digests, events, health, store, versions
from earful.data.database import Database, snapshot
from earful.flows import cli, digest, reporting
from earful.flows.config import Config
from earful.flows.messages import digest as page
from earful.flows.messages import text, web
from earful.flows.target_table import Digest, Target

ZONE = ZoneInfo("Europe/Berlin")
DAY = timedelta(days=1)
END = datetime(2026, 11, 20, tzinfo=ZONE).astimezone(UTC)  # a Friday
WEEK = (END - 7 * DAY, END)


def said(number: int, days: float, label: str, source: str = "shop", brand: str = "Acme", **values: Any) -> Said:
    """A mention so many days before the end of the week; each by an author of its own."""
    words = f"{brand} lost parcel {number}" if label == "negative" else f"{brand} is what it is, {number}"
    return Said(f"m{number}", brand, days + 0.5, source, label, words, author=f"author {number}", **values)


def crisis() -> tuple[Said, ...]:
    """A calm week, then one with much criticism from one source; a competitor that stays as it is."""
    made = [said(n, 13.6 - n % 7, "positive" if n % 4 else "negative") for n in range(28)]
    made += [said(100 + n, 6.6 - n % 7, "negative" if n % 6 else "positive") for n in range(56)]
    made += [said(200 + n, 6.6 - n % 7, "negative", "news") for n in range(7)]
    made += [said(300 + n, 13.6 - n % 14, "neutral", brand="Bolt") for n in range(28)]
    made += [said(400, 2, "unscored", language="is"), said(401, 3, "unclear")]
    return tuple(made)


def drawn(database: Database, span: tuple[datetime, datetime] = WEEK, brand: str = "Acme") -> dict[str, Any]:
    """The content of a digest, as JSON holds it."""
    with snapshot(database.folder) as con:
        return json.loads(json.dumps(asdict(reporting.draw_up(con, brand, *span, ZONE))))


def written(content: dict[str, Any]) -> str:
    """The digest as text, without the marks that keep words from being links."""
    return "\n".join(text.write(page.write(content, ZONE), 20_000)).replace("\u2060", "")


@pytest.fixture(scope="module")
def stored(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A store with a crisis in its last week."""
    return fill(tmp_path_factory.mktemp("crisis"), NOON, crisis())


def test_what_changed_is_told_with_its_interval(stored: Database) -> None:
    content = drawn(stored)
    known = {one["name"]: one for one in content["figures"]}
    assert (known["volume"]["value"], known["volume"]["before"]) == (65, 28)
    assert known["volume"]["clear"]
    assert known["net"]["value"] == pytest.approx((10 - 53) / 63)
    assert known["net"]["before"] == pytest.approx((21 - 7) / 28)
    assert known["net"]["low"] < known["net"]["value"] < known["net"]["high"]
    assert known["net"]["clear"]
    assert known["voice"]["value"] == pytest.approx(65 / (65 + 14))
    said = written(content)
    assert said.startswith("Acme, 13 Nov to 19 Nov 2026: net sentiment fell to −68 from +50")
    assert "65 stories, 2.3 times as many as before (28; " in said
    assert "Of 46 more negative stories, 39 more came from shop." in said


def test_noise_is_left_alone(tmp_path: Path) -> None:
    calm = tuple(said(n, 13.6 - n % 14, "positive" if n % 3 else "negative") for n in range(43))
    content = drawn(fill(tmp_path, NOON, calm))
    assert not any(one["clear"] for one in content["figures"])
    told = written(content)
    assert told.startswith("Acme, 13 Nov to 19 Nov 2026: no clear change\n")
    assert "no clear change from" in told
    assert "rose" not in told
    assert "fell" not in told


def test_the_change_by_source_adds_up(stored: Database) -> None:
    content = drawn(stored)
    now, before = content["negative"]
    assert sum(one["now"] for one in content["sources"]) == now
    assert sum(one["before"] for one in content["sources"]) == before
    part = written(content).partition("Where negative stories changed (these sum to +46):\n")[2].partition("\n\n")[0]
    shown = [int(line.split()[1].replace("−", "-")) for line in part.splitlines()]
    assert (sum(shown), shown) == (46, [39, 7])


def test_many_sources_are_summed_up_and_still_add_up(tmp_path: Path) -> None:
    many = tuple(said(n, 1 + n % 5, "negative", f"source {n:02}") for n in range(20))
    part = written(drawn(fill(tmp_path, NOON, many))).partition("(these sum to +20):\n")[2].partition("\n\n")[0]
    lines = part.splitlines()
    assert len(lines) == 7
    assert lines[-1] == "- +14  all others (14 now, 0 before)"


def test_what_is_not_known_is_told(tmp_path: Path) -> None:
    database = fill(tmp_path, NOON, crisis())
    with database.transaction() as con:
        health.save_silences(
            con,
            [
                ("shop", END - 3 * DAY, END - 2 * DAY, "silent"),
                ("shop", END - 2.5 * DAY, END - 2 * DAY + timedelta(hours=6), "could not be read"),
                ("news", END - 30 * DAY, END - 7 * DAY, "silent"),
            ],
        )
    content = drawn(database)
    assert content["gaps"] == [{"source": "shop", "name": "shop", "hours": 30.0}]
    told = written(content)
    assert "- shop was not heard for 30 hours" in told
    assert "- 1 story was not scored (by language: Icelandic 1)" in told
    assert "- 1 story was unclear: the model was not sure of the sentiment" in told


def test_a_day_that_was_not_heard_is_no_zero(tmp_path: Path) -> None:
    few = tuple(said(n, n, "negative") for n in (1, 2, 3, 6, 7))
    database = fill(tmp_path, NOON, few)
    with database.transaction() as con:
        health.save_silences(con, [("shop", END - 5 * DAY, END - 3 * DAY, "silent")])
    days = drawn(database)["days"]
    assert [day["negative"] for day in days] == [1, 1, None, None, 1, 1, 1]


def test_alerts_events_and_what_was_resolved_are_told(tmp_path: Path) -> None:
    database = fill(tmp_path, NOON, crisis())
    fired = END - 2 * DAY
    card = {"what": "negative stories", "counts": "negative", "observed": 31, "expected": 2.2, "quotes": [], "page": ""}
    with database.transaction() as con:
        for number, at in enumerate((fired, END - 9 * DAY, END)):
            name = f"Acme|Criticism|{number}"
            over = at + timedelta(hours=3)
            made = alerting.Alert(name, "Acme", "Criticism", "resolved", at, at, over, at, card)
            alerting.save_alert(con, made)
        events.add(con, "Acme", "release", fired - DAY, None, "App 2.0", "", "ada", NOON)
        add_theme(con, "t1", "lost parcels", [])
        board.change_card(con, "Acme", "t1", "status", {"status": "resolved", "on": "2026-11-18"}, "ada", NOON)
    content = drawn(database)
    assert [one["fired"] for one in content["alerts"]] == [fired.isoformat()]
    assert content["resolved"] == [{"name": "lost parcels", "on": "2026-11-18"}]
    told = written(content)
    assert "- 31 negative stories, 2.2 expected (Criticism, 18 Nov 2026, 00:00, over 18 Nov 2026, 03:00)" in told
    assert "- lost parcels (on 18 Nov 2026)" in told
    assert "- App 2.0 (release, 17 Nov 2026, 00:00)" in told
    assert "Alert: 31 negative stories, 2.2 expected, 18 Nov 2026, 00:00." in told


def test_a_period_that_hides_an_outbreak_says_so_first(tmp_path: Path) -> None:
    content = drawn(fill(tmp_path, NOON, crisis()))
    calm = [one | {"clear": False} for one in content["figures"]]
    alert = {
        "rule": "r",
        "state": "resolved",
        "fired": END.isoformat(),
        "resolved": END.isoformat(),
        "counts": "negative",
    }
    alerts = [
        alert | {"what": "", "observed": seen, "expected": 1.0, "page": "http://d/alerts?alert=a"} for seen in (7, 9)
    ]
    for count, title in (
        (0, "no clear change"),
        (1, "an alert, else no clear change"),
        (2, "2 alerts, else no clear change"),
    ):
        made = page.write(content | {"figures": calm, "alerts": alerts[:count]}, ZONE)
        assert made.title.endswith(f": {title}") and made.tone == ("bad" if count else "plain")
    assert "The largest alert: 9 stories, 1.0 expected, 20 Nov 2026, 00:00." in made.lead
    assert ">open this alert</a>" in web.page(made, "")


def add_theme(con: Any, theme: str, name: str, members: list[str]) -> None:
    """A theme as finding them leaves it, with mentions of `shop` as its members."""
    con.execute(
        "INSERT INTO themes (theme, brand, name, words, sentence, sentence_source, sentence_id, centre, first_seen,"
        " last_seen, state, model, found, updated)"
        " VALUES (?, 'Acme', ?, '[]', '', '', '', ''::BLOB, ?, ?, 'active', 'm', ?, ?)",
        [theme, name, NOON, NOON, NOON, NOON],
    )
    con.execute(
        "INSERT INTO theme_rounds (brand, model, made, stories, note) VALUES ('Acme', 'm', ?, 10, '')"
        " ON CONFLICT DO NOTHING",
        [NOON],
    )
    for name in members:
        con.execute(
            "INSERT INTO theme_members (theme, brand, source, id, digest, strength, again, journey)"
            " VALUES (?, 'Acme', 'shop', ?, '', 0.9, false, '')",
            [theme, name],
        )


def test_only_criticism_that_grew_beyond_chance_is_said_to_have_grown(tmp_path: Path) -> None:
    database = fill(tmp_path, NOON, crisis())
    grown, same = [f"m{100 + n}" for n in range(56) if n % 6], [f"m{n}" for n in range(0, 28, 4)]
    with database.transaction() as con:
        add_theme(con, "t1", "lost parcels", grown[:30])
        add_theme(con, "t2", "hidden away", grown[30:])
        add_theme(con, "t3", "as before", [*same[:4], "m100"])
        board.decide(con, "Acme", "t2", "hide", {}, "ada", NOON)
        board.decide(con, "Acme", "t1", "rename", {"name": "Parcels that get lost"}, "ada", NOON)
    content = drawn(database)
    assert [(one["name"], one["now"], one["before"]) for one in content["grew"]] == [("Parcels that get lost", 30, 0)]
    told = written(content)
    assert "- +30  Parcels that get lost (30 stories, 0 before)\n- “Acme lost parcel 1" in told
    with database.transaction() as con:
        board.decide(con, "Acme", "t1", "hide", {}, "ada", NOON)
    assert "Criticism that grew:\n- None grew more than chance explains." in written(drawn(database))


def test_an_hour_of_the_clock_more_or_less_changes_nothing(tmp_path: Path) -> None:
    """The clocks go back on 25 October 2026: that week is an hour longer than the one before."""
    start, end = (datetime(2026, 10, day, tzinfo=ZONE).astimezone(UTC) for day in (19, 26))
    database = fill(tmp_path, NOON, crisis())
    content = drawn(database, (start, end))
    assert datetime.fromisoformat(content["before"]).astimezone(ZONE) == datetime(2026, 10, 12, tzinfo=ZONE)
    assert len(content["days"]) == 7


@pytest.mark.parametrize(
    ("table", "now", "first", "last"),
    [
        (Digest(every="day", at="08:00"), "2026-11-20T08:00+01:00", "2026-11-19", "2026-11-19"),
        (Digest(every="day", at="08:00"), "2026-11-20T07:59+01:00", "2026-11-18", "2026-11-18"),
        (Digest(every="week", at="08:00", on="monday"), "2026-11-16T08:00+01:00", "2026-11-09", "2026-11-15"),
        (Digest(every="week", at="08:00", on="monday"), "2026-11-16T07:00+01:00", "2026-11-02", "2026-11-08"),
        (Digest(every="week", at="08:00", on="friday"), "2026-11-26T12:00+01:00", "2026-11-13", "2026-11-19"),
        (Digest(every="day", at="02:30"), "2026-03-29T03:30+02:00", "2026-03-28", "2026-03-28"),  # 02:30 was skipped
        (Digest(every="day", at="02:30"), "2026-10-25T02:30+02:00", "2026-10-24", "2026-10-24"),  # comes twice
    ],
)
def test_the_latest_digest_is_the_one_whose_time_has_passed(table: Digest, now: str, first: str, last: str) -> None:
    start, finish = digest.period(table, datetime.fromisoformat(now), ZONE)
    assert start.astimezone(ZONE).date() == date.fromisoformat(first)
    assert finish.astimezone(ZONE).date() == date.fromisoformat(last) + DAY
    assert {start.astimezone(ZONE).time(), finish.astimezone(ZONE).time()} == {datetime.min.time()}


def team(folder: Path, monkeypatch: pytest.MonkeyPatch, **values: Any) -> Config:
    """A configuration with a weekly digest on Fridays for two targets."""
    monkeypatch.setenv("HOOK", "https://hooks.example/1")
    targets = [Target(name=name, kind="webhook", url_env="HOOK") for name in ("boss", "team")]
    made = Digest(**{"every": "week", "on": "friday", **values})
    return config(folder, timezone="Europe/Berlin", targets=targets, digest=made)


def test_a_digest_goes_out_once_to_each_target(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = fill(tmp_path / "store", NOON, crisis())
    settings = team(tmp_path, monkeypatch)
    early, due = END + timedelta(hours=7, minutes=59), END + timedelta(hours=8)
    last_week = digest.make(database, settings, lambda: early)
    assert last_week == ["digest|week|2026-11-13|Acme"], "the first is made at once"
    for now in (due, due, due + timedelta(hours=5)):
        digest.make(database, settings, lambda now=now: now)
    name = "digest|week|2026-11-20|Acme"
    sent = rows(database, "SELECT key, target, message ->> 'state' FROM outbox WHERE alert = ? ORDER BY key", name)
    assert sent == [(f"{name}|boss", "boss", "digest"), (f"{name}|team", "team", "digest")]
    with database.look() as con:
        kept = digests.find(con, name)
        assert kept is not None
        assert (kept.brand, kept.start, kept.finish, kept.made) == ("Acme", *WEEK, due)
        (message,) = con.execute("SELECT message FROM outbox WHERE key = ?", [f"{name}|boss"]).fetchone() or ()
    assert json.loads(message)["card"] == kept.content
    with snapshot(database.folder) as con:
        assert kept.sequence <= digests.sequence(con)


def test_late_digests_are_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = fill(tmp_path / "store", NOON, crisis())
    settings = team(tmp_path, monkeypatch, every="day")
    digest.make(database, settings, lambda: END + timedelta(hours=9))
    assert digest.make(database, settings, lambda: END + timedelta(days=5, hours=9)) == ["digest|day|2026-11-25|Acme"]


def test_it_names_the_snapshot_that_shows_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = fill(tmp_path / "store", NOON, crisis())
    (name,) = digest.make(database, team(tmp_path, monkeypatch), lambda: END + timedelta(hours=8))
    with snapshot(database.folder) as con:
        kept = digests.find(con, name)
        assert kept is not None
        assert digests.sequence(con) == kept.sequence
        again = asdict(reporting.draw_up(con, "Acme", *WEEK, ZONE))
    assert json.loads(json.dumps(again)) == kept.content
    assert f"Snapshot {kept.sequence}, model invented." in written(kept.content)


def test_a_brand_of_which_nothing_is_known_has_no_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = fill(tmp_path / "store", NOON, ())
    assert digest.make(database, team(tmp_path, monkeypatch), lambda: END + timedelta(hours=8)) == []


def test_without_the_table_there_is_none(tmp_path: Path) -> None:
    assert digest.make(Database(tmp_path), config(tmp_path), lambda: END) == []


def test_what_was_deleted_at_its_source_is_in_no_kept_digest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    database = fill(tmp_path / "store", NOON, crisis())
    (name,) = digest.make(database, team(tmp_path, monkeypatch), lambda: END + timedelta(hours=8))
    with database.look() as con:
        quotes = (digests.find(con, name) or pytest.fail()).content["loud"]
    gone = quotes[0]
    with database.transaction() as con:
        assert versions.erase(con, gone["source"], [gone["id"]], NOON) == 1
    with database.look() as con:
        left = digests.find(con, name)
        (message,) = con.execute("SELECT message FROM outbox LIMIT 1").fetchone() or ()
    assert left is not None
    assert gone["text"] not in json.dumps(left.content) + message
    assert len(left.content["loud"]) == 2


@pytest.mark.parametrize("form", ["html", "pdf"])
def test_the_same_snapshot_gives_the_same_bytes(form: str, stored: Database) -> None:
    one, other = (digest.render(drawn(stored), ZONE, form) for _ in range(2))
    assert one == other
    changed = drawn(stored) | {"model": "another"}
    assert digest.render(changed, ZONE, form) != one


def test_a_file_says_what_its_words_mean_and_a_message_does_not(stored: Database) -> None:
    content = drawn(stored)
    made = digest.render(content, ZONE, "html").decode()
    assert "What the words mean" in made and "own history leads one to expect" in made
    assert "What the words mean" not in web.body(page.write(content, ZONE), "")


def test_a_page_loads_nothing_and_runs_nothing(stored: Database) -> None:
    made = digest.render(drawn(stored), ZONE, "html").decode()
    assert "<script" not in made
    assert "<svg" in made
    loading = re.findall(r'(?:src|href|xlink:href|url)\s*[=(]\s*["\']?([^"\') >]+)', made)
    assert [one for one in loading if not one.startswith(("#", "https://shop.example/", "https://news.example/"))] == []
    names = set(re.findall(r'xmlns(?::\w+)?="([^"]+)"', made))
    assert names <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_a_pdf_bears_the_time_of_its_period_and_any_letters(tmp_path: Path) -> None:
    words = "Никогда больше, ποτέ ξανά, nigdy więcej \N{GRINNING FACE} 日本"
    odd = (Said("x", "Acme", 1, "shop", "negative", words, author="дмитрий"),)
    made = digest.render(drawn(fill(tmp_path, NOON, odd)), ZONE, "pdf")
    assert made.startswith(b"%PDF-")
    assert b"D:20261119230000" in made, "not of the time at which it was written"


def test_a_week_without_a_word_is_told_as_such(tmp_path: Path) -> None:
    old = (said(1, 40, "negative"),)
    content = drawn(fill(tmp_path, NOON, old))
    assert written(content).startswith("Acme, 13 Nov to 19 Nov 2026: nothing was said\n0 stories; none before.")
    assert digest.render(content, ZONE, "html")
    assert digest.render(content, ZONE, "pdf")


CONFIG = """
timezone = "Europe/Berlin"

[[brands]]
name = "Acme"
match = "acme"

[[targets]]
name = "team"
kind = "webhook"
url_env = "HOOK"
"""


@pytest.fixture
def command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]):
    """Runs `earful` beside a store with a crisis; gives the exit code and what it printed."""
    monkeypatch.setenv("HOOK", "https://hooks.example/S3CRET")
    (tmp_path / "earful.toml").write_text(CONFIG)
    fill(tmp_path / "store", NOON, crisis())

    def run_it(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["earful", *arguments, "-c", str(tmp_path / "earful.toml")])
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = capsys.readouterr()
        return int(ended.value.code or 0), printed.out, printed.err

    return run_it


def test_the_command_writes_a_period_as_page_and_pdf(command, tmp_path: Path) -> None:
    span = ("--brand", "Acme", "--from", "2026-11-13", "--to", "2026-11-19")
    for name, begins in (("week.html", b"<!DOCTYPE html>"), ("week.pdf", b"%PDF-")):
        out = tmp_path / name
        code, _, err = command("report", *span, "--out", str(out))
        assert (code, err) == (0, f"wrote {out}: Acme, snapshot 1\n")
        assert out.read_bytes().startswith(begins)
    assert "net sentiment fell to −68" in (tmp_path / "week.html").read_text(encoding="utf-8")
    code, out, _ = command("report", *span, "--json")
    assert json.loads(out)["negative"] == [53, 7]


def test_the_command_writes_a_digest_as_it_was_sent(command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert "none was made yet" in command("report", "--list")[2]
    database = Database(tmp_path / "store")
    (name,) = digest.make(database, team(tmp_path, monkeypatch), lambda: END + timedelta(hours=8))
    assert name in command("report", "--list")[1]
    assert command("report", "--digest", name, "--out", str(tmp_path / "sent.pdf"))[0] == 0
    first = (tmp_path / "sent.pdf").read_bytes()
    with database.transaction() as con:
        store.save_correction(con, "shop", "m101", "Acme", "positive", "ada", NOON)
    assert command("report", "--digest", name, "--out", str(tmp_path / "again.pdf"))[0] == 0
    assert (tmp_path / "again.pdf").read_bytes() == first, "what was sent stays as it was"


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--out", "x.docx"), "ends in neither .html nor .pdf"),
        ((), "say where to write it"),
        (("--brand", "Acne", "--out", "x.pdf"), "there is no brand 'Acne'; there are Acme"),
        (("--from", "2026-11-20", "--to", "2026-11-13", "--out", "x.pdf"), "--from 2026-11-20 is after --to"),
        (("--digest", "nothing", "--out", "x.pdf"), "there is no digest 'nothing'"),
    ],
)
def test_the_command_says_what_is_wrong_with_a_call(command, arguments: tuple[str, ...], said: str) -> None:
    code, _, err = command("report", *arguments)
    assert code == 2
    assert said in err


def test_the_command_shows_how_each_target_stands(command, tmp_path: Path) -> None:
    with Database(tmp_path / "store").transaction() as con:
        messages = [(f"a|{name}", name, {"state": "test", "card": {}}) for name in ("team", "old")]
        alerting.put_out(con, "a", messages, NOON)
        alerting.put_out(con, "b", [("b|team", "team", messages[0][2])], NOON)
        alerting.mark_sent(con, "b|team", NOON)
        alerting.mark_failed(con, "a|team", "hooks.example: answered 500", timedelta(hours=1), NOON)
    code, out, _ = command("alert", "--targets")
    assert code == 0
    at = f"{NOON.astimezone(ZoneInfo('Europe/Berlin')):%Y-%m-%d %H:%M}"
    assert re.search(rf"team\s+webhook\s+1\s+{at}\s+1\s+hooks.example: answered 500", out)
    assert re.search(r"old\s+removed\s+0\s+1", out)
    assert json.loads(command("alert", "--targets", "--json")[1])[1]["failing"]
