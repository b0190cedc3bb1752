"""The command line: what it prints, what it exits with, and that a mistake costs one clear line."""

import json
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from typing import Any

import foreign
import httpx
import pytest
import typer.main
from samples import STUB, published, sink, status

from earful.connectors.http import Client
from earful.data import lock
from earful.flows import cli, cli_data, jobs, score, trial
from earful.flows import run as pipeline
from earful.flows.report import utc_now
from earful.models import encoder
from earful.models.sentiment import WeightsError

COMMANDS = {
    *("init", "check", "run", "serve", "dashboard", "demo", "themes"),
    *(
        "sources",
        "replay",
        "import",
        "export",
        "eval",
        "alert",
        "record",
        "webhook",
        "event",
        "match",
        "health",
        "report",
    ),
}
CONFIG = """
every = "15m"

[[brands]]
name = "Acme"
match = "acme"

[[brands]]
name = "Globex"
match = "globex"
competitor = true

[[sources]]
connector = "hackernews"
target = "acme"

[[sources]]
connector = "mastodon"
target = "social.example/acme"

[[rules]]
name = "Criticism"
"""
RECENT = utc_now().replace(microsecond=0) - timedelta(hours=5)


def hit(number: int, words: str) -> dict[str, Any]:
    time = int((RECENT - timedelta(hours=number)).timestamp())
    return {"objectID": str(number), "created_at_i": time, "author": f"user{number}", "comment_text": words}


def post(number: int, words: str) -> dict[str, Any]:
    address = f"https://social.example/@ada/{number}"
    account = {"acct": "ada", "url": "https://social.example/@ada"}
    created = (RECENT - timedelta(hours=number)).isoformat()
    return {
        "id": str(number),
        "uri": address,
        "url": address,
        "created_at": created,
        "content": words,
        "account": account,
    }


@dataclass
class World:
    """Answers two sources; `broken` hosts answer 500."""

    broken: set[str] = field(default_factory=set)
    asked: list[str] = field(default_factory=list)

    def __call__(self, request: httpx.Request) -> httpx.Response:
        host = request.url.host
        self.asked.append(host)
        if host in self.broken:
            return httpx.Response(500, request=request)
        if host == "hn.algolia.com":
            hits = [hit(1, "acme is bad"), hit(2, "I think acme is good"), hit(3, "acme, you know, exists")]
            return httpx.Response(200, json={"hits": hits, "hitsPerPage": 200}, request=request)
        if "max_id" in request.url.params:
            return httpx.Response(200, json=[], request=request)
        posts = [post(8, "<p>globex is bad, too</p>"), post(7, "<p>both acme and globex</p>"), post(6, "<p>a bird</p>")]
        return httpx.Response(200, json=posts, request=request)


@dataclass(frozen=True)
class Ended:
    """How a call ended."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def world(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> World:
    """Puts the call into an empty folder, before a world without a network, with a judge without weights."""
    made = World()
    client: Callable[..., Client] = lambda config: Client(  # noqa: E731
        transport=httpx.MockTransport(made), spacing=0, allow=config.network.allow
    )
    monkeypatch.setattr(jobs, "client", client)
    monkeypatch.setattr(score, "sentiment", STUB)
    monkeypatch.delenv("EARFUL_CONFIG", raising=False)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "earful.toml").write_text(CONFIG, encoding="utf-8")
    return made


@pytest.fixture
def earful(world: World, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Calls `earful` with arguments."""

    def call(*arguments: object) -> Ended:
        monkeypatch.setattr(sys, "argv", ["earful", *map(str, arguments)])
        capsys.readouterr()
        code = 0
        try:
            cli.main()
        except SystemExit as ended:
            code = int(ended.code or 0)
        printed = capsys.readouterr()
        return Ended(code, printed.out, printed.err)

    return call


def commands() -> dict[str, Any]:
    group: Any = typer.main.get_command(cli.app)
    return dict(group.commands)


def test_these_are_the_commands() -> None:
    assert set(commands()) == COMMANDS


@pytest.mark.parametrize("name", sorted(COMMANDS))
def test_every_help_is_worth_reading(earful, name: str) -> None:
    command = commands()[name]
    assert command.help
    assert command.help[0].isupper()
    assert command.help.rstrip().endswith(".")
    for option in command.params:
        told = getattr(option, "help", None)
        assert told, f"{name}: {option.name} says nothing of itself"
    shown = earful(name, "--help")
    assert shown.code == 0
    told = " ".join(command.help.replace("\\[", "[").split())  # what stands in brackets is no markup
    assert told in " ".join(shown.out.split())


def test_the_help_of_all_says_what_the_exit_codes_mean(earful) -> None:
    shown = earful("--help")
    assert shown.code == 0
    told = " ".join(shown.out.replace("│", " ").split())
    assert "Exit codes: 0 done; 1 done, but something failed" in told
    assert "2 the configuration or the call is wrong; 3 another run is at work; 4 the store can't be used" in told
    assert (cli.FAILED, cli.WRONG, cli.BUSY, cli.BROKEN) == (1, 2, 3, 4)
    for name in COMMANDS:
        assert f" {name} " in shown.out


@pytest.mark.parametrize("arguments", [["nonsense"], ["run", "--nonsense"], ["serve", "--port", "70000"], ["import"]])
def test_a_wrong_call_exits_2(earful, arguments: list[str]) -> None:
    assert earful(*arguments).code == cli.WRONG


def test_init_writes_a_file_to_start_from_and_never_overwrites(earful, tmp_path: Path) -> None:
    fresh = tmp_path / "fresh.toml"
    assert earful("init", fresh).code == 0
    assert earful("check", "--config", fresh, "--json").code in (0, cli.FAILED), "it can be used as it is"
    fresh.write_text("mine", encoding="utf-8")
    again = earful("init", fresh)
    assert (again.code, again.out) == (cli.WRONG, "")
    assert "is there already and was left as it is" in again.err
    assert fresh.read_text(encoding="utf-8") == "mine"
    assert "there is no folder" in earful("init", tmp_path / "no" / "earful.toml").err


@pytest.mark.parametrize(
    "name", ["check", "run", "serve", "dashboard", "sources", "replay", "import", "export", "eval", "alert"]
)
def test_a_broken_configuration_exits_2_with_the_line(earful, tmp_path: Path, name: str) -> None:
    more = {"import": ["x.csv"], "export": ["x.csv"], "alert": ["--test"]}.get(name, [])
    (tmp_path / "earful.toml").write_text(CONFIG.replace('"15m"', '"often"'), encoding="utf-8")
    ended = earful(name, *more)
    assert (ended.code, ended.out) == (cli.WRONG, "")
    assert ended.err.splitlines()[0].startswith("earful: earful.toml:2: every: write a duration")
    assert "Traceback" not in ended.err
    assert not (tmp_path / "store").exists()


def test_without_a_configuration_the_way_to_one_is_told(earful, tmp_path: Path) -> None:
    (tmp_path / "earful.toml").unlink()
    ended = earful("run")
    assert ended.code == cli.WRONG
    assert "'earful init' writes one" in ended.err


def test_the_configuration_may_be_named_by_the_environment(
    earful, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "earful.toml").rename(tmp_path / "other.toml")
    monkeypatch.setenv("EARFUL_CONFIG", str(tmp_path / "other.toml"))
    assert earful("check", "--json").code == 0


def test_check_asks_every_source_and_stores_nothing(earful, tmp_path: Path, world: World) -> None:
    ended = earful("check", "--json")
    assert ended.code == 0
    one, other = ended.json
    assert (one["source"], one["read"], one["matched"]) == ("hackernews:acme", 3, {"Acme": 3, "Globex": 0})
    assert (other["source"], other["read"], other["matched"]) == (
        "mastodon:social.example/acme",
        3,
        {"Acme": 1, "Globex": 2},
    )
    assert "Acme: acme is bad" in one["examples"]
    assert world.asked == ["hn.algolia.com", "social.example"]
    assert {path.name for path in tmp_path.iterdir()} == {"earful.toml"}
    shown = earful("check")
    assert "Acme 3" in shown.out
    assert "Acme: acme is bad" in shown.err


def test_check_takes_everything_of_a_brands_own_source_for_it(earful, tmp_path: Path) -> None:
    own = CONFIG.replace('target = "social.example/acme"', 'target = "social.example/acme"\nbrand = "Globex"')
    (tmp_path / "earful.toml").write_text(own, encoding="utf-8")
    one, other = earful("check", "--json").json
    assert (one["matched"], other["matched"]) == ({"Acme": 3, "Globex": 0}, {"Acme": 1, "Globex": 3})
    earful("run")
    found = published(tmp_path / "store", "SELECT brand, count(*) FROM facts GROUP BY ALL ORDER BY ALL")
    assert found == [("Acme", 4), ("Globex", 3)]


def test_what_the_model_does_not_know_stays_unscored_with_its_reason(earful, tmp_path: Path) -> None:
    words = "acme hat meine Bestellung schon wieder verloren und niemand antwortet auf meine Fragen"
    (tmp_path / "x.csv").write_text(f"id,text\n1,{words}\n2,acme is bad\n", encoding="utf-8")
    earful("import", "x.csv")
    assert earful("run").code == 0
    query = "SELECT id, label, reason FROM scores WHERE source = 'import:x' ORDER BY id"
    assert published(tmp_path / "store", query) == [
        ("1", "unscored", "the model does not know the language de"),
        ("2", "negative", ""),
    ]


def test_check_shows_all_results_though_one_source_fails(earful, world: World) -> None:
    world.broken.add("hn.algolia.com")
    ended = earful("check", "--json")
    assert ended.code == cli.FAILED
    one, other = ended.json
    assert "500" in one["error"]
    assert (other["read"], other["error"]) == (3, "")


def test_check_proves_a_foreign_model_and_says_what_it_costs(earful, tmp_path: Path) -> None:
    foreign.make(tmp_path / "tiny")
    (tmp_path / "earful.toml").write_text(CONFIG + '[model]\nhub = "./tiny"\nlanguages = ["de"]\n', encoding="utf-8")
    ended = earful("check", "--json")
    assert ended.code == 0
    one, other, tried = ended.json
    assert (one["source"], other["source"]) == ("hackernews:acme", "mastodon:social.example/acme")
    assert tried["model"].startswith("tiny@")
    assert (tried["languages"], tried["error"]) == (["de"], "")
    assert len(tried["examples"]) == 3
    assert all(sum(judged[kind] for kind in encoder.LABELS) == pytest.approx(1) for _, judged in tried["examples"])
    assert tried["speed"] > 0
    assert tried["shipped_speed"] > 0
    assert len({text for text, _ in trial.TEXTS}) == 64
    shown = earful("check")
    assert shown.code == 0
    assert "texts a second" in shown.out
    assert "tiny@" in shown.out
    assert shown.err.count("Ferrywell") == 3
    assert {path.name for path in tmp_path.iterdir()} == {"earful.toml", "tiny"}, "nothing is stored"


def test_check_says_why_a_model_cannot_be_used(earful, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    foreign.make(tmp_path / "tiny", ["LABEL_0", "LABEL_1", "LABEL_2"])
    (tmp_path / "earful.toml").write_text(CONFIG + '[model]\nhub = "./tiny"\n', encoding="utf-8")
    ended = earful("check")
    assert ended.code == cli.FAILED
    assert "Acme 3" in ended.out, "the sources are shown all the same"
    assert "! model: the model's labels are LABEL_0, LABEL_1, LABEL_2; say in [model]" in ended.err
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "cache"))
    with foreign.hub("owner/other", tmp_path / "tiny") as (address, _):
        monkeypatch.setattr("huggingface_hub.constants.ENDPOINT", address)
        named = f'[model]\nhub = "owner/name"\nrevision = "{foreign.REVISION}"\n'
        (tmp_path / "earful.toml").write_text(CONFIG + named, encoding="utf-8")
        ended = earful("check", "--json")
    assert ended.code == cli.FAILED
    assert ended.json[-1]["error"].startswith("owner/name can't be fetched: ")
    assert ended.json[-1]["model"] == "owner/name"


def test_run_says_in_json_what_became_of_each_source(earful, tmp_path: Path) -> None:
    ended = earful("run", "--json")
    assert ended.code == 0
    assert ended.err == ""
    report = ended.json
    counts = [(one["source"], one["read"], one["new"], one["known"], one["refused"]) for one in report["sources"]]
    assert counts == [("hackernews:acme", 3, 3, 0, []), ("mastodon:social.example/acme", 3, 3, 0, [])]
    assert [stage["stage"] for stage in report["stages"]] == [name for name, _ in pipeline.stages()]
    assert all(stage["seconds"] >= 0 for stage in report["stages"])
    assert report["errors"] == []
    labels = published(tmp_path / "store", "SELECT brand, label, count(*) FROM facts GROUP BY ALL ORDER BY ALL")
    assert labels == [
        ("Acme", "negative", 1),
        ("Acme", "neutral", 2),
        ("Acme", "positive", 1),
        ("Globex", "negative", 1),
        ("Globex", "neutral", 1),
    ]
    assert earful("run", "--json").json["sources"] == [], "nothing is due so soon"


def test_run_shows_a_table_to_people(earful, world: World) -> None:
    world.broken.add("social.example")
    ended = earful("run")
    assert ended.code == cli.FAILED
    assert "hackernews:acme" in ended.out
    assert "nothing broke out" in ended.out
    assert ended.err.startswith("! mastodon:social.example/acme: social.example: answered 500")


def test_run_without_weights_keeps_what_it_read(earful, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(_: object) -> str:
        raise WeightsError("weights/config.json is missing")

    monkeypatch.setattr(STUB, "name", missing)
    ended = earful("run", "--json")
    assert ended.code == cli.FAILED
    assert ended.json["errors"] == ["weights/config.json is missing"]
    assert published(tmp_path / "store", "SELECT DISTINCT label FROM facts") == [("unscored",)]


def test_a_broken_edit_runs_on_with_the_last_good_one(earful, tmp_path: Path) -> None:
    assert earful("run").code == 0
    (tmp_path / "earful.toml").write_text("every = 5\n" + CONFIG, encoding="utf-8")
    assert earful("run", "--json").code == 0
    ((error,),) = published(tmp_path / "store", "SELECT value ->> '$.message' FROM settings WHERE key = 'config_error'")
    assert "earful.toml:1: every" in error or "earful.toml:3: " in error
    (tmp_path / "earful.toml").write_text(CONFIG, encoding="utf-8")
    assert earful("run", "--json").code == 0
    assert published(tmp_path / "store", "SELECT value ->> '$' FROM settings WHERE key = 'config_error'") == [(None,)]


@pytest.mark.parametrize("arguments", [["run"], ["replay"], ["import", "x.csv"]])
def test_busy_exits_3_and_does_nothing(earful, tmp_path: Path, arguments: list[str], world: World) -> None:
    (tmp_path / "x.csv").write_text("id,text\n1,acme\n", encoding="utf-8")
    with lock.hold(tmp_path / "store" / "run.lock", 0, "the test"):
        ended = earful(*arguments)
    assert (ended.code, ended.out) == (cli.BUSY, "")
    assert "the pipeline is in use by process" in ended.err
    assert world.asked == []
    assert not (tmp_path / "store" / "main.duckdb").exists()


@pytest.mark.parametrize("arguments", [["run", "--json"], ["replay"], ["import", "x.csv"]])
def test_a_file_that_is_no_database_exits_4_and_is_left_as_it_is(earful, tmp_path: Path, arguments: list[str]) -> None:
    (tmp_path / "x.csv").write_text("id,text\n1,acme\n", encoding="utf-8")
    (tmp_path / "store").mkdir()
    garbage = b"not a database " * 1000
    (tmp_path / "store" / "main.duckdb").write_bytes(garbage)
    ended = earful(*arguments)
    assert (ended.code, ended.out) == (cli.BROKEN, "")
    assert "main.duckdb is not a database and was left as it is" in ended.err
    assert "Traceback" not in ended.err
    assert (tmp_path / "store" / "main.duckdb").read_bytes() == garbage


def test_before_the_first_run_there_is_nothing_to_show(earful) -> None:
    for arguments in (["sources"], ["export", "x.csv"], ["eval"], ["eval", "--sample", "5"]):
        ended = earful(*arguments)
        assert ended.code == cli.BROKEN
        assert "run 'earful run'" in ended.err


def test_sources_says_how_each_one_is(earful, world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    world.broken.add("social.example")
    earful("run")
    rows = {row["source"]: row for row in earful("sources", "--json").json}
    assert (rows["hackernews:acme"]["state"], rows["hackernews:acme"]["late"]) == ("fine", False)
    assert (rows["mastodon:social.example/acme"]["state"], rows["mastodon:social.example/acme"]["failures"]) == (
        "failing",
        1,
    )
    assert "failing" in earful("sources").out
    late = earful("sources", "--check")
    assert late.code == cli.FAILED
    assert late.err.strip() == "earful: no success for three intervals: mastodon:social.example/acme"

    world.broken.clear()
    monkeypatch.setattr(jobs, "utc_now", lambda: utc_now() + timedelta(hours=1))
    earful("run")
    monkeypatch.setattr(cli_data, "utc_now", lambda: utc_now() + timedelta(hours=1))
    assert earful("sources", "--check").code == 0
    monkeypatch.setattr(cli_data, "utc_now", lambda: utc_now() + timedelta(hours=1, minutes=46))
    late = earful("sources", "--check")
    assert late.code == cli.FAILED
    assert "hackernews:acme, mastodon:social.example/acme" in late.err


def test_import_export_and_back(earful, tmp_path: Path) -> None:
    (tmp_path / "reviews.csv").write_text("nr,date,said\n1,2025-01-02,acme is bad\n2,2025-01-03,=acme is good\n")
    first = earful("import", "reviews.csv", "--json", "--column", "text=said", "--column", "id=nr")
    assert first.code == 0
    (report,) = first.json
    assert (report["source"], report["read"], report["new"]) == ("import:reviews", 2, 2)
    again = earful("import", "reviews.csv", "--json", "--column", "text=said", "--column", "id=nr").json[0]
    assert (again["new"], again["changed"], again["known"]) == (0, 0, 2)
    assert "import:reviews" in earful("import", "reviews.csv", "--column", "text=said", "--column", "id=nr").out
    earful("run")
    ended = earful("export", "out.csv")
    assert ended.code == 0
    assert "rows to out.csv" in ended.err
    written = (tmp_path / "out.csv").read_text(encoding="utf-8")
    assert "'=acme is good" in written
    assert ",=acme" not in written
    assert earful("export", "out.parquet").code == 0


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["no.csv"], "no.csv is not there"),
        (["x.csv", "--column", "words=said"], "--column: there is no field words; there are id, text"),
        (["x.csv", "--column", "text"], "--column: write text=COLUMN"),
        (["x.csv", "--column", "text=words"], "x.csv: there is no column 'words' for text; there are id, text"),
        (["bad.jsonl"], "bad.jsonl:2: this line is no JSON object"),
    ],
)
def test_an_import_that_cannot_be_read_exits_2(earful, tmp_path: Path, arguments: list[str], said: str) -> None:
    (tmp_path / "x.csv").write_text("id,text\n1,acme\n", encoding="utf-8")
    (tmp_path / "bad.jsonl").write_text('{"id": 1, "text": "acme"}\n{"id": \n', encoding="utf-8")
    ended = earful("import", *arguments)
    assert (ended.code, ended.out) == (cli.WRONG, "")
    assert said in ended.err


def test_a_lost_database_is_rebuilt_from_the_landed_answers(earful, tmp_path: Path) -> None:
    earful("run")
    (tmp_path / "x.csv").write_text("id,text,date\n1,acme again,2025-01-02\n", encoding="utf-8")
    earful("import", "x.csv")
    columns = "source, id, author, published, text, url"
    query = f"SELECT {columns} FROM mentions ORDER BY ALL"
    earful("run")
    whole = published(tmp_path / "store", query)
    assert len(whole) == 7
    (tmp_path / "store" / "main.duckdb").unlink()
    ended = earful("replay", "--json")
    assert ended.code == 0
    assert sum(report["new"] for report in ended.json) == 7
    assert published(tmp_path / "store", query) == whole
    assert earful("run", "--json").code == 0
    assert published(tmp_path / "store", "SELECT count(*) FROM facts WHERE label <> 'unscored'") == [(7,)]


def test_run_can_read_recorded_answers(earful, tmp_path: Path, world: World) -> None:
    recordings = tmp_path / "recorded" / "hackernews"
    recordings.mkdir(parents=True)
    body = {"hits": [hit(1, "acme is bad"), hit(2, "nothing of interest")], "hitsPerPage": 200}
    (recordings / "search.json").write_text(json.dumps(body), encoding="utf-8")
    (recordings / "torn.json").write_text('{"hits": [', encoding="utf-8")
    report = earful("run", "--replay", tmp_path / "recorded", "--json").json
    found = {one["source"]: one for one in report["sources"]}
    assert found["hackernews:recorded/hackernews/search.json"]["new"] == 2
    assert "cut short" in found["hackernews:recorded/hackernews/torn.json"]["error"]
    assert world.asked == []
    assert published(tmp_path / "store", "SELECT brand, label FROM facts") == [("Acme", "negative")]
    assert earful("run", "--replay", tmp_path / "nowhere").code == cli.WRONG


def test_alert_tries_every_target(earful, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with sink(status(204)) as well, sink(status(500)) as ill:
        monkeypatch.setenv("WELL", well.url)
        monkeypatch.setenv("ILL", ill.url)
        targets = [
            f'[[targets]]\nname = "{name.lower()}"\nkind = "webhook"\nurl_env = "{name}"\n' for name in ("WELL", "ILL")
        ]
        (tmp_path / "earful.toml").write_text(CONFIG + targets[0] + '[network]\nallow = ["127.0.0.1"]\n')
        monkeypatch.setattr(jobs, "client", lambda config: Client(allow=config.network.allow, spacing=0))
        ended = earful("alert", "--test")
        assert ended.code == 0
        assert ended.out.split()[-2:] == ["well", "arrived"]
        (tmp_path / "earful.toml").write_text(CONFIG + "".join(targets) + '[network]\nallow = ["127.0.0.1"]\n')
        ended = earful("alert", "--test")
        assert ended.code == cli.FAILED
        assert "arrived" in ended.out
        assert "answered 500" in " ".join(ended.out.split())
        assert "S3CRET" not in ended.out + ended.err
    assert [message["title"] for message in well.taken] == ["Earful: a test"] * 2


def test_alert_says_what_is_missing(earful) -> None:
    assert "'earful alert --test' sends a test message" in earful("alert").err
    assert "no target is configured; add a [[targets]] table" in earful("alert", "--test").err
    assert earful("alert").code == earful("alert", "--test").code == cli.WRONG


def test_an_address_that_can_never_work_stops_every_start(earful, tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("TEAM", "nosuch://S3CRET")
    (tmp_path / "earful.toml").write_text(CONFIG + '[[targets]]\nname = "team"\nurl_env = "TEAM"\n')
    for arguments in (["check"], ["run"], ["serve"], ["alert", "--test"]):
        ended = earful(*arguments)
        assert ended.code == cli.WRONG
        assert "target 'team': TEAM holds no address that Apprise knows" in ended.err
        assert "S3CRET" not in ended.err


def test_a_target_in_markup_is_shown_as_it_is(earful, tmp_path: Path) -> None:
    """What sources send is never taken for markup of the terminal."""
    (tmp_path / "[red]x.csv").write_text("id,text\n1,acme\n", encoding="utf-8")
    assert "import:[red]x" in earful("import", "[red]x.csv").out


def test_an_event_is_marked_once_listed_and_withdrawn(earful) -> None:
    assert earful("run").code == 0
    outage = ("event", "add", " Pay  page down", "--kind", "outage", "--brand", "Acme", "--author", "eva")
    outage = (*outage, "--start", "2026-03-01T08:00", "--finish", "2026-03-01T09:30")
    added = earful(*outage)
    assert added.code == 0
    assert earful(*outage).out == added.out
    assert earful("event", "add", "Version 2", "--link", "https://example.org/2").code == 0
    found = earful("event", "list", "--json").json
    assert [(one["title"], one["kind"], one["brand"]) for one in found] == [
        ("Version 2", "release", ""),
        ("Pay page down", "outage", "Acme"),
    ]
    assert (found[1]["author"], found[1]["start"]) == ("eva", "2026-03-01 08:00:00+00:00")
    assert "2026-03-01" in earful("event", "list").out
    assert earful("event", "withdraw", added.out.strip()).code == 0
    assert len(earful("event", "list", "--json").json) == 1


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["add", "Version 2", "--kind", "party"], "one of release"),
        (["add", "Version 2", "--start", "tomorrow"], "--start: write a time as 2026-11-20"),
        (["add", "Version 2", "--brand", "Nobody"], "no brand is called 'Nobody'"),
        (["add", "  "], "needs a title"),
        (["withdraw", "nothing"], "there is no event nothing"),
    ],
)
def test_what_is_no_event_costs_one_clear_line(earful, arguments: list[str], said: str) -> None:
    ended = earful("event", *arguments)
    assert (ended.code, ended.out) == (cli.WRONG, "")
    assert said in ended.err
