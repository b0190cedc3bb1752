"""Every mistake in earful.toml names its line and the mend; a broken edit never stops what runs."""

from datetime import timedelta
from importlib import resources
from pathlib import Path

import pytest

from earful import connectors
from earful.flows import template
from earful.flows.config import ConfigError, load, load_or_last_good
from earful.flows.target_table import Digest

SECRET = "https://hooks.example/T0/b4d-S3CRET"
WHOLE = """timezone = "Europe/Berlin"
every = "30m"
keep_raw = "10 d"
dashboard = "https://earful.example/"

[[brands]]
name = "Acme"
match = 'acme NOT "acme comics"'

[[brands]]
name = "Globex"
match = "globex"
competitor = true

[[sources]]
connector = "rss"
target = "https://news.example/feed.xml"
every = "1h"

[[sources]]
connector = "appstore"
target = "us/389801252"
brand = "Acme"

[[rules]]
name = "Criticism"
brands = ["Acme", "Globex"]
step = "1d"
targets = ["team"]

[[targets]]
name = "team"
kind = "webhook"
url_env = "EARFUL_TEST_HOOK"

[network]
contact = "listening@acme.example"
allow = ["wiki.intranet", "10.1.0.0/16", "127.0.0.1"]
"""


@pytest.fixture(autouse=True)
def secret(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_TEST_HOOK", SECRET)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "earful.toml"


def mistakes(path: Path, text: str) -> str:
    """What is said of a file with this text, its path shortened."""
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ConfigError) as caught:
        load(path)
    said = str(caught.value)
    assert SECRET not in said
    assert "S3CRET" not in said
    return said.replace(f"{path}:", "")


def test_a_whole_file_is_read(path: Path) -> None:
    path.write_text(WHOLE, encoding="utf-8")
    config = load(path)
    assert config.store_folder == path.parent / "store"
    assert config.zone.key == "Europe/Berlin"
    assert (config.every, config.keep_raw) == (timedelta(minutes=30), timedelta(days=10))
    assert config.dashboard == "https://earful.example"
    assert [(brand.name, brand.competitor) for brand in config.brands] == [("Acme", False), ("Globex", True)]
    assert [source.name for source in config.sources] == [
        "rss:https://news.example/feed.xml",
        "appstore:us/389801252",
    ]
    assert [source.every for source in config.sources] == [timedelta(hours=1), None]
    assert config.rules[0].brands == ("Acme", "Globex")
    assert config.targets[0].url == SECRET
    assert SECRET not in repr(config), "a configuration may be logged"
    with pytest.raises(ValueError, match="frozen"):
        config.every = timedelta(1)  # type: ignore[misc]


def test_a_file_saved_by_notepad_is_read(path: Path) -> None:
    path.write_bytes(b"\xef\xbb\xbf" + WHOLE.replace("\n", "\r\n").encode())
    assert len(load(path).sources) == 2


@pytest.mark.parametrize(
    ("old", "new", "line", "mend"),
    [
        ('every = "30m"', 'evry = "30m"', 2, "unknown key 'evry'; did you mean 'every'?"),
        ('name = "Acme"', 'nmae = "Acme"\nname = "Acme"', 7, "unknown key 'nmae'; did you mean 'name'?"),
        ("competitor = true", "competitor = true\nxyz = 1", 14, "known here are name, match, competitor"),
        ('contact = "list', 'kontakt = "list', 37, "unknown key 'kontakt'; did you mean 'contact'?"),
        ("[[brands]]\nname = \"Acme\"", "[[brand]]\nname = \"Acme\"", 1, "unknown key 'brand'; did you mean 'brands'?"),
        ('timezone = "Europe/Berlin"', 'folder = "/tmp"', 1, "unknown key 'folder'"),
        ('every = "30m"', "every = 30", 2, 'every: write a duration like "15m"'),
        ('every = "30m"', 'every = "0m"', 2, 'every: write a duration like "15m"'),
        ('every = "30m"', 'every = "-5m"', 2, 'every: write a duration like "15m"'),
        ('every = "30m"', 'every = "99999999999999d"', 2, 'every: write a duration like "15m"'),
        ('every = "1h"', 'every = "1 hour"', 18, 'every: write a duration like "15m"'),
        ('step = "1d"', 'step = "7d"', 28, 'step: a step is at least "5m" and at most "1d"'),
        ('step = "1d"', 'step = "10s"', 28, 'step: a step is at least "5m" and at most "1d"'),
        ('"Europe/Berlin"', '"Berlin"', 1, 'timezone: write a time zone like "Europe/Berlin"'),
        ('"Europe/Berlin"', '"../etc/passwd"', 1, 'timezone: write a time zone like "Europe/Berlin"'),
        ('"Europe/Berlin"', '""', 1, 'timezone: write a time zone like "Europe/Berlin"'),
        ('"https://earful.example/"', '"earful.example"', 4, "dashboard: write the dashboard's address"),
        ("""'acme NOT "acme comics"'""", "'acme AND'", 8, "match: after AND a word is missing"),
        ("""'acme NOT "acme comics"'""", "'acme NOT \"comics'", 8, "a quotation mark is not closed"),
        ("""'acme NOT "acme comics"'""", '"NOT comics"', 8, "this would match almost everything"),
        ("""'acme NOT "acme comics"'""", "['acme']", 8, "match: write a text in quotation marks"),
        ('match = "globex"', "", 10, "'match' is missing; add it to this table"),
        ('name = "Globex"', 'name = ""', 11, "name: it is empty"),
        ('name = "Globex"', 'name = "Acme"', 10, "'Acme' stands here a second time"),
        ("competitor = true", "competitor = \"perhaps\"", 13, "competitor: write true or false"),
        ('connector = "rss"', 'connector = "rsss"', 16, "there is no connector 'rsss'; there are appstore, bluesky"),
        ('brand = "Acme"', 'brand = "Akme"', 23, "there is no brand 'Akme'; did you mean 'Acme'?"),
        ('brand = "Acme"', 'brand = "Initech"', 23, "there is no brand 'Initech'; add a [[brands]] table"),
        ('brands = ["Acme", "Globex"]', 'brands = ["Acme", "Globx"]', 27, "no brand 'Globx'; did you mean 'Globex'?"),
        ('brands = ["Acme", "Globex"]', 'brands = "Acme"', 27, 'brands: write a list, like ["one", "two"]'),
        ('targets = ["team"]', 'targets = ["taem"]', 29, "there is no target 'taem'; did you mean 'team'?"),
        ('kind = "webhook"', 'kind = "mail"', 33, "kind: Input should be 'apprise', 'webhook', 'email', 'slack'"),
        ("url_env =", 'secret_env = "EARFUL_NOT_SET"\nurl_env =', 34, "environment variable EARFUL_NOT_SET is not set"),
        ("EARFUL_TEST_HOOK", "EARFUL_NOT_SET", 34, "the environment variable EARFUL_NOT_SET is not set; export it"),
        ('"EARFUL_TEST_HOOK"', f'"{SECRET}"', 34, "name an environment variable, like EARFUL_TEAM_URL"),
        ("url_env =", f'url = "{SECRET}"\nurl_env =', 34, "unknown key 'url'; did you mean 'url_env'?"),
        ('"10.1.0.0/16"', '"10.1.0.0/99"', 38, "allow: '10.1.0.0/99' is no host and no network"),
        ("[[rules]]", "[rules]", 25, "write [[rules]] with two brackets"),
    ],
)  # fmt: skip
def test_a_mistake_names_its_line_and_the_mend(path: Path, old: str, new: str, line: int, mend: str) -> None:
    assert WHOLE.count(old) >= 1
    text = WHOLE.replace(old, new, 1)
    said = mistakes(path, text)
    assert [one for one in said.splitlines() if one.startswith(f"{line}: ") and mend in one], said


PINNED = 'revision = "0123456789abcdef0123456789abcdef01234567"'
FOREIGN = """
[model]
hub = "owner/name"
REVISION
labels = { LABEL_0 = "negative", LABEL_1 = "positive" }
languages = ["de", "en"]
threshold = 0.7
towards = true
""".replace("REVISION", PINNED)


def test_a_foreign_model_is_read(path: Path) -> None:
    path.write_text(WHOLE + FOREIGN, encoding="utf-8")
    config = load(path)
    named = config.model.named(path.parent)
    assert (named.place, named.revision) == ("owner/name", PINNED.split('"')[1])
    assert named.labels == {"LABEL_0": "negative", "LABEL_1": "positive"}
    assert (named.languages, named.threshold, named.towards) == (("de", "en"), 0.7, True)
    path.write_text(WHOLE + '[model]\nhub = "./models/xlmr"\n', encoding="utf-8")
    named = load(path).model.named(path.parent)
    assert (Path(named.place), named.revision) == (path.parent / "models" / "xlmr", "")
    assert (named.labels, named.languages, named.threshold, named.towards) == ({}, ("en",), 0.6, False)


@pytest.mark.parametrize(
    ("old", "new", "line", "mend"),
    [
        ('hub = "owner/name"', 'hub = "xlm-roberta"', 41, 'hub: \'xlm-roberta\' is no model; write "owner/name"'),
        ('hub = "owner/name"', 'hub = "https://huggingface.co/a/b"', 41, 'is no model; write "owner/name", or'),
        ('hub = "owner/name"', 'weights = "mine"\nhub = "owner/name"', 42, "hub: weights and hub name two models"),
        ('hub = "owner/name"', 'hub = "./here"', 42, "revision: a folder has no revision; delete this line"),
        ('hub = "owner/name"', "", 44, "languages: this describes a model that hub names; add hub or delete"),
        ('hub = "owner/name"', "", 42, "revision: this describes a model that hub names; add hub or delete"),
        (PINNED, "", 40, 'revision: owner/name has to be pinned; add revision = "..." with the 40 digits'),
        (PINNED, 'revision = "main"', 42, "revision: 'main' may be another model tomorrow; write the 40 digits"),
        (PINNED, 'revision = "0123456"', 42, "revision: '0123456' may be another model tomorrow"),
        ('"negative"', '"bad"', 43, "LABEL_0: Input should be 'negative', 'neutral' or 'positive'"),
        ('labels = {', 'labels = "x" # {', 43, 'labels: write a table, like { LABEL_0 = "negative" }'),
        ('["de", "en"]', '["German"]', 44, "languages: 'German' is no language code; write two or three letters"),
        ('["de", "en"]', '"de"', 44, 'languages: write a list, like ["one", "two"]'),
        ('["de", "en"]', "[]", 44, 'languages: name at least one language, like ["de", "en"]'),
        ("0.7", "70", 45, "threshold: Input should be less than or equal to 1"),
        ("0.7", '"high"', 45, "threshold: write a number, like 0.6"),
        ("towards = true", 'towards = "brand"', 46, "towards: write true or false"),
        ("towards", "toward", 46, "unknown key 'toward'; did you mean 'towards'?"),
    ],
)  # fmt: skip
def test_a_mistake_about_the_model_names_its_line(path: Path, old: str, new: str, line: int, mend: str) -> None:
    assert FOREIGN.count(old) == 1
    said = mistakes(path, WHOLE + FOREIGN.replace(old, new))
    assert [one for one in said.splitlines() if one.startswith(f"{line}: ") and mend in one], said


TARGETS = {
    "rss": ["news.example/feed", "ftp://news.example/", "http://", "http://ex\u00e4mple..com/", "https://[::1"],
    "hackernews": ["", " ", "x" * 300],
    "appstore": ["389801252", "us/abc", "usa/389801252"],
    "mastodon": ["acme", "mastodon.social", "https://mastodon.social/tags/acme"],
    "bluesky": ["", "x" * 600],
    "cfpb": ["", "x" * 600],
    "discourse": ["https://forum.example.org", "forum"],
    "firefox_addons": ["", "two words", "a/b"],
    "gdelt": ["ab", "x" * 600],
    "github": ["", "x" * 600],
    "googlebusiness": ["accounts/1", "accounts/../locations/2"],
    "googleplaces": ["", "a/b", "two words"],
    "googleplay": ["kettle", "com/acme"],
    "jetstream": ["", "*"],
    "lemmy": ["acme", "https://lemmy.world/acme"],
    "nhtsa": ["ferrywell", "ferrywell/f-150", "ferrywell/f-150/23"],
    "producthunt": ["", "two words", "a/b"],
    "reddit": ["", "r/"],
    "reviewpage": ["www.example.org/anvil", "file:///etc/passwd"],
    "stackexchange": ["acme", "https://stackoverflow.com/acme"],
    "steam": ["portal", "", "-1"],
    "trustpilot": ["https://acme.example", "acme"],
    "youtube": ["", "channel/", "search/"],
    "files": ["../exports", "/etc", "ftp://example.org/a.csv", "https://example.org/a.csv#top"],
}


@pytest.mark.parametrize(("connector", "target"), [(name, one) for name, some in TARGETS.items() for one in some])
def test_a_target_that_its_connector_cannot_ask_is_refused(path: Path, connector: str, target: str) -> None:
    text = f'[[brands]]\nname = "A"\nmatch = "a"\n\n[[sources]]\nconnector = "{connector}"\ntarget = "{target}"\n'
    said = mistakes(path, text)
    assert said.startswith(f"7: target: {connector}: ")


def test_every_connector_has_a_wrong_target_above() -> None:
    assert set(TARGETS) == set(connectors.names())


def test_the_place_in_an_expression_is_pointed_at(path: Path) -> None:
    said = mistakes(path, "[[brands]]\nname = 'A'\nmatch = 'acme OR (globex'\n").splitlines()
    assert said[0] == "3: match: a parenthesis is not closed; add )"
    assert said[1].rstrip() == "  acme OR (globex"
    assert said[2].index("^") == len("  acme OR ")  # at the one that is not closed


def test_all_mistakes_are_told_at_once(path: Path) -> None:
    text = WHOLE.replace('every = "30m"', "every = 30").replace("Europe/Berlin", "Berlin").replace("webhook", "mail")
    assert [said.partition(":")[0] for said in mistakes(path, text).splitlines()] == ["1", "2", "33"]


def test_names_differ(path: Path) -> None:
    twice = WHOLE + WHOLE[WHOLE.index("[[sources]]") : WHOLE.index("[network]")]
    twice = twice.replace("[network]", "", 1).replace("contact", "#").replace("allow", "#")
    said = mistakes(path, twice)
    for name in ("rss:https://news.example/feed.xml", "appstore:us/389801252", "Criticism", "team"):
        assert f"{name!r} stands here a second time" in said


def test_without_a_brand_there_is_nothing_to_do(path: Path) -> None:
    assert "no brand is watched; add a [[brands]] table" in mistakes(path, 'timezone = "UTC"\n')
    assert "no brand is watched" in mistakes(path, "")


def test_broken_toml_names_the_line(path: Path) -> None:
    assert mistakes(path, 'timezone = "UTC"\nevery = \n').startswith("2: Invalid value")
    assert mistakes(path, 'timezone = "UTC"\nevery').startswith("2: Expected '='")


def test_a_file_that_is_not_there_or_no_text(path: Path) -> None:
    with pytest.raises(ConfigError, match=r"is not there; 'earful init' writes one"):
        load(path)
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match="can't be read"):
        load(path)
    path.unlink()
    path.mkdir()
    with pytest.raises(ConfigError, match="can't be read"):
        load(path)


def test_the_template_can_be_used_as_it_is(path: Path) -> None:
    path.write_text(template.TEXT, encoding="utf-8")
    config = load(path)
    assert {brand.name for brand in config.brands} == {"Acme", "Globex"}
    assert [rule.step for rule in config.rules] == [timedelta(minutes=15), timedelta(days=1)]


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ('at = "8 am"', 'at: write a time of the day, like "08:00"'),
        ('at = "24:00"', 'at: write a time of the day, like "08:00"'),
        ('every = "month"', "every: Input should be 'day' or 'week'"),
        ('on = "Monday"', "on: Input should be 'monday'"),
        ('brands = ["Acne"]', "there is no brand 'Acne'; did you mean 'Acme'?"),
        ('targets = ["boss"]', "there is no target 'boss'; add a [[targets]] table"),
        ('to = ["boss"]', "unknown key 'to'; known here are every, at, on, brands, targets"),
    ],
)
def test_a_mistake_in_the_digests_table_names_its_line_and_the_mend(path: Path, line: str, said: str) -> None:
    (found,) = mistakes(path, f"[[brands]]\nname = 'Acme'\nmatch = 'acme'\n[digest]\n{line}\n").splitlines()
    assert found.startswith(f"5: {said}")


def test_what_the_template_offers_in_comments_can_be_used_too(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A line of settings that is commented out begins with '# ' and a key or a bracket."""
    monkeypatch.setenv("EARFUL_TEAM_URL", "https://hooks.example/1")
    monkeypatch.setenv("EARFUL_TICKETS_URL", "https://hooks.example/2")
    monkeypatch.setenv("EARFUL_TICKETS_SECRET", "MDEyMzQ1Njc4OWFiY2RlZjAxMjM0NTY3ODlhYmNkZWY=")
    settings = ("[", "connector =", "target =", "brand =", "every =", "name =", "kind =", "url_env =", "secret_env =")
    settings += ("on =", "at =", "brands =", "targets =")
    settings += ("provider =", "client_id =", "editors =", "viewers =", "listen =")
    settings += ("columns =", "scale =", "port =", "backfill =")
    settings += ("counts =", "lasting =", "repeat =", "quiet =", "theme =", "source =", "stars_at_most =")
    settings += ("hub =", "revision =", "labels =", "languages =", "threshold =", "towards =")
    lines = [
        line.removeprefix("# ") if line.removeprefix("# ").startswith(settings) else line
        for line in template.TEXT.splitlines()
    ]
    path.write_text("\n".join(lines), encoding="utf-8")
    config = load(path)
    assert {source.connector for source in config.sources} == {"hackernews", "rss", "appstore", "mastodon", "files"}
    assert [(target.name, bool(target.secret)) for target in config.targets] == [("team", False), ("tickets", True)]
    assert config.digest == Digest(brands=("Acme",), targets=("team",))
    assert config.webhook and config.webhook.port == 8502
    assert config.model.languages == ("de", "en")
    assert config.model.labels


def test_the_demos_configuration_is_good(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_DEMO_WEBHOOK", "http://127.0.0.1:1/")
    path.write_bytes(resources.files("earful.data").joinpath("demo", "earful.toml").read_bytes())
    config = load(path)
    assert [brand.competitor for brand in config.brands] == [False, True, True]
    assert {source.connector for source in config.sources} == {"hackernews", "rss", "appstore", "mastodon"}


def test_a_broken_edit_keeps_the_last_good_one(path: Path) -> None:
    path.write_text(WHOLE, encoding="utf-8")
    assert load_or_last_good(path) == (load(path), "")
    path.write_text(WHOLE.replace('every = "30m"', "every = 30"), encoding="utf-8")
    config, trouble = load_or_last_good(path)
    assert config.every == timedelta(minutes=30)
    assert trouble.startswith(f"{path}:2: every: write a duration")
    path.write_text(WHOLE.replace('every = "30m"', 'every = "45m"'), encoding="utf-8")
    config, trouble = load_or_last_good(path)
    assert (config.every, trouble) == (timedelta(minutes=45), "")
    path.unlink()
    config, trouble = load_or_last_good(path)
    assert config.every == timedelta(minutes=45), "the mended one is the last good one now"
    assert "is not there" in trouble


def test_the_last_good_one_stands_in_the_same_folder(path: Path) -> None:
    path.write_text(WHOLE, encoding="utf-8")
    good, _ = load_or_last_good(path)
    path.write_text("nonsense", encoding="utf-8")
    kept, _ = load_or_last_good(path)
    assert kept.store_folder == good.store_folder == path.parent / "store"


def test_without_a_good_one_the_error_is_about_the_present_one(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path.write_text("nonsense", encoding="utf-8")
    with pytest.raises(ConfigError, match=r"earful\.toml:1: Expected"):
        load_or_last_good(path)
    path.write_text(WHOLE, encoding="utf-8")
    load_or_last_good(path)
    monkeypatch.delenv("EARFUL_TEST_HOOK")
    with pytest.raises(ConfigError) as caught:
        load_or_last_good(path)
    assert str(caught.value).startswith(f"{path}:34: url_env: the environment variable EARFUL_TEST_HOOK is not set")
