"""What a rule may say, what it counts, and what a mistake in it is answered with."""

import json
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from samples import Said, config, hourly, keep, rows

from earful.connectors.types import Mention
from earful.data import counting, store
from earful.data.alerting import Alert
from earful.data.counting import Counted
from earful.data.database import Database
from earful.flows import checking, template, watch, windows
from earful.flows.config import Config, ConfigError, Rule, load
from earful.flows.messages import compose
from earful.models.alertlife import Budget

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2025, 3, 3, tzinfo=UTC)
CRISIS = START + 14 * DAY
FORUM, SHOP = "rss:https://forum.example/", "appstore:us/1"
USUAL = [0, 1, 1, 0, 2, 0] * 4 * 14


def written(tmp_path: Path, rule: str) -> Config:
    path = tmp_path / "earful.toml"
    head = (
        '[[brands]]\nname = "Acme"\nmatch = "acme"\n\n[[sources]]\nconnector = "rss"\ntarget = "https://a.example/f"\n'
    )
    path.write_text(f'{head}\n[[rules]]\nname = "R"\n{rule}', encoding="utf-8")
    return load(path)


def test_a_rule_may_say_all_of_this(tmp_path: Path) -> None:
    rule = written(
        tmp_path,
        'theme = "Delivery"\nsource = "rss:https://a.example/f"\nbudget = "1 per week"\n'
        'quiet = "22:00-07:00"\nrepeat = "4h"\n',
    ).rules[0]
    assert rule.budget == Budget(1, 7 * DAY) and rule.allowance == "1 per week"
    assert rule.quiet is not None and (rule.quiet.start.hour, rule.quiet.finish.hour) == (22, 7)
    assert rule.repeat == 4 * HOUR
    assert rule.what == "negative stories on “Delivery” from rss:https://a.example/f"
    stars = written(tmp_path, "stars_at_most = 2\n").rules[0]
    assert (stars.counts, stars.what) == ("all", "stories with 2 stars or fewer")
    assert written(tmp_path, 'stars_at_most = 2\ncounts = "negative"\n').rules[0].counts == "negative"
    assert written(tmp_path, 'source = "import:letters"\n').rules[0].source == "import:letters"
    silence = written(tmp_path, 'counts = "silence"\nlasting = "2d"\n').rules[0]
    assert silence.lasting == 2 * DAY and windows.line(_watched(silence), START).least == 0


def _watched(rule: Rule) -> windows.Watched:
    return windows.Watched("Acme", rule, START, ())


@pytest.mark.parametrize(
    ("rule", "said"),
    [
        ('budget = "often"\n', 'budget: write how many alerts there may be, like "1 per week"'),
        ('budget = "0 per week"\n', "budget: write how many alerts"),
        ('budget = "1 per week"\nsensitivity = "strict"\n', "take sensitivity or budget out"),
        ('quiet = "22-7"\n', 'quiet: write from when to when nobody is to be told, like "22:00-07:00"'),
        ('quiet = "25:00-07:00"\n', "quiet: write from when"),
        ('quiet = "07:00-07:00"\n', "quiet: write from when"),
        ('lasting = "2d"\n', 'it needs counts = "silence"'),
        ('counts = "silence"\ntheme = "Delivery"\n', "a silence is that of a brand or a source"),
        ('counts = "some"\n', "counts: "),
        ("stars_at_most = 9\n", "stars_at_most: "),
        ('repeat = "often"\n', 'repeat: write a duration like "15m"'),
        ('step = "2d"\n', 'step: a step is at least "5m" and at most "1d"'),
        ('source = "rss:https://a.example/x"\n', "did you mean 'rss:https://a.example/f'?"),
        ('sensitivty = "strict"\n', "did you mean 'sensitivity'?"),
    ],
)
def test_a_mistake_names_its_line_and_the_mend(tmp_path: Path, rule: str, said: str) -> None:
    with pytest.raises(ConfigError) as caught:
        written(tmp_path, rule)
    assert said in str(caught.value)
    line = int(str(caught.value).split("earful.toml:")[1].split(":")[0])
    assert 9 <= line <= 9 + rule.count("\n") + 1


def test_the_template_shows_every_key_of_a_rule() -> None:
    table = template.TEXT[template.TEXT.index("# When to tell") : template.TEXT.index("# Whom to tell")]
    assert {key for key in Rule.model_fields if f"\n{key} = " not in table and f"\n# {key} = " not in table} == set()


# What is counted


def reviews(database: Database, at: datetime, stars: list[int]) -> None:
    """Keeps reviews of Acme with stars, judged neutral."""
    made = [
        Mention(f"{at:%d%H%M}-{place}", "", "", at + timedelta(minutes=place), "", "Acme", "en", rating=float(rating))
        for place, rating in enumerate(stars)
    ]
    with database.transaction() as con:
        store.add_source(con, SHOP, "appstore", "us/1")
        store.use_model(con, "stub-1")
        store.save_page(con, SHOP, made, at)
        examined = [store.Examined(SHOP, one.id, store.digest(one), "en", one.id, ("Acme",)) for one in made]
        store.save_examined(con, "rules", examined)
        scores = [store.Score(SHOP, one.id, "Acme", store.digest(one), 0.1, 0.8, 0.1, "neutral") for one in made]
        store.save_scores(con, "stub-1", at, scores)


def counts(database: Database, counted: Counted, hours: int = 3) -> list[int]:
    with database.look() as con:
        return counting.per_step(con, counted, [CRISIS + n * HOUR for n in range(hours + 1)])


def test_few_stars_one_source_and_one_theme_are_counted_alone(tmp_path: Path) -> None:
    database = Database(tmp_path)
    keep(database, hourly(CRISIS, [3, 0, 2]), CRISIS)
    keep(database, hourly(CRISIS, [4, 1, 0], label="positive"), CRISIS)
    reviews(database, CRISIS + HOUR, [1, 2, 3, 5])
    assert counts(database, Counted("Acme")) == [3, 0, 2]
    assert counts(database, Counted("Acme", negative=False)) == [7, 5, 2]
    assert counts(database, Counted("Acme", negative=False, stars=2)) == [0, 2, 0]
    assert counts(database, Counted("Acme", negative=False, source=SHOP)) == [0, 4, 0]
    assert counts(database, Counted("Globex")) == [0, 0, 0]
    assert counts(database, Counted("Acme", theme="Delivery")) == [0, 0, 0], "no themes were found yet"
    members(database, "t1", "Delivery", "ORDER BY published LIMIT 1")
    members(database, "t2", "Delivery slots", "ORDER BY published DESC LIMIT 1", into="t1")
    for theme in ("Delivery", "t1"):
        assert counts(database, Counted("Acme", theme=theme)) == [1, 0, 1], "a merged theme's members belong to it"
    with database.transaction() as con:
        con.execute("UPDATE facts SET hidden = true WHERE published < ?", [CRISIS + HOUR])
    assert counts(database, Counted("Acme")) == [0, 0, 2]


def members(database: Database, theme: str, name: str, which: str, into: str = "") -> None:
    """Makes a theme of some negative mentions."""
    with database.transaction() as con:
        con.execute(
            "INSERT INTO themes BY NAME SELECT ? AS theme, 'Acme' AS brand, ? AS name, '[]' AS words, '' AS sentence,"
            " '' AS sentence_source, '' AS sentence_id, ''::BLOB AS centre, now() AS first_seen, now() AS last_seen,"
            " 'live' AS state, ? AS merged_into, '' AS model, now() AS found, now() AS updated",
            [theme, name, into],
        )
        con.execute(
            "INSERT INTO theme_members BY NAME SELECT ? AS theme, brand, source, id, '' AS digest, 1 AS strength,"
            f" false AS again, '' AS journey FROM facts WHERE label = 'negative' {which}",
            [theme],
        )


def test_days_are_counted_between_the_teams_midnights(tmp_path: Path) -> None:
    database = Database(tmp_path)
    keep(database, hourly(datetime(2024, 3, 30, tzinfo=UTC), [1] * 72), CRISIS)
    bounds = windows.edges(
        datetime(2024, 3, 30, 12, tzinfo=UTC), datetime(2024, 4, 2, tzinfo=UTC), DAY, ZoneInfo("Europe/Berlin")
    )
    with database.look() as con:
        assert counting.per_step(con, Counted("Acme"), bounds) == [23, 23, 24]


def test_a_rule_on_a_theme_alerts_about_nothing_else(tmp_path: Path) -> None:
    rule = Rule(name="Delivery", step=HOUR, theme="Delivery")
    settings = config(tmp_path, rules=[rule])
    database = Database(settings.store_folder)
    keep(database, hourly(START, [*USUAL, 20, 20]), CRISIS)
    now = CRISIS + 2 * HOUR + timedelta(minutes=5)
    assert watch.watch(database, settings, lambda: now) == []
    members(database, "t1", "Delivery", "")
    (pending, firing) = watch.watch(database, settings, lambda: now)
    assert (pending.state, firing.state) == ("pending", "firing")
    themes = firing.card["splits"]["theme"]
    assert [(one["name"], one["observed"]) for one in themes] == [("Delivery", 40)]
    assert firing.card["what"] == "negative stories on “Delivery”"
    assert led_to(firing) == {"brand": "Acme", "sentiment": "negative", "theme": "t1"}


def led_to(alert: Alert) -> dict[str, str]:
    """What the list of mentions is narrowed to by an alert's link, but for the times."""
    asked = {key: value for key, (value,) in parse_qs(urlsplit(alert.card["link"]).query).items()}
    assert (asked.pop("from"), asked.pop("to")) == (alert.card["start"], alert.card["finish"])
    return asked


def test_an_alert_about_few_stars_of_a_source_leads_to_them(tmp_path: Path) -> None:
    rule = Rule(name="Stars", step=HOUR, source=SHOP, stars_at_most=2)
    settings = config(tmp_path, rules=[rule])
    database = Database(settings.store_folder)
    for hour in range(0, 14 * 24, 6):
        reviews(database, START + hour * HOUR, [1])
    for hour in range(2):
        reviews(database, CRISIS + hour * HOUR, [1, 2] * 10)
    (*_, firing) = watch.watch(database, settings, lambda: CRISIS + 2 * HOUR + timedelta(minutes=5))
    assert firing.state == "firing" and firing.card["observed"] == 40
    assert led_to(firing) == {"brand": "Acme", "source": SHOP, "stars": "2"}
    message = {"state": "firing", "card": firing.card}
    assert compose.notice(message, settings.zone).title.startswith(
        "Criticism of Acme: 40 stories with 2 stars or fewer"
    )


def test_a_rule_on_a_theme_that_is_not_there_is_told_and_the_others_go_on(tmp_path: Path) -> None:
    rules = [Rule(name="Slips", step=HOUR, theme="delivry"), Rule(name="All", step=HOUR)]
    settings = config(tmp_path, rules=rules)
    assert watch.idle(None, settings) == [("Slips", "counts nothing: Acme has no themes yet")]
    database = Database(settings.store_folder)
    keep(database, hourly(START, [*USUAL, 20, 20]), CRISIS)
    members(database, "t1", "Delivery", "")
    now = CRISIS + 2 * HOUR + timedelta(minutes=5)
    assert {one.rule for one in watch.watch(database, settings, lambda: now)} == {"All"}
    ((rule, problem),) = checking.idle_rules(settings)
    assert rule == "Slips" and "no theme 'delivry'; did you mean 'Delivery'?" in problem
    right = settings.model_copy(
        update={"rules": (Rule(name="Right", theme="Delivery"), Rule(name="By id", theme="t1"))}
    )
    assert checking.idle_rules(right) == []


# Shares


def test_a_share_rises_only_when_criticism_rises_more_than_talk(tmp_path: Path) -> None:
    rules = [Rule(name="Share", step=HOUR, counts="share"), Rule(name="Number", step=HOUR)]
    settings = config(tmp_path, rules=rules)
    database = Database(settings.store_folder)
    keep(database, hourly(START, [2, 1, 3, 2] * 6 * 14), CRISIS)
    keep(database, hourly(START, [8, 9, 7, 8] * 6 * 14, label="neutral"), CRISIS)
    keep(database, hourly(START, [9] * 24 * 14, label="unclear"), CRISIS)
    keep(database, hourly(CRISIS, [14, 16, 2, 1, 2]), CRISIS)
    keep(database, hourly(CRISIS, [56, 64, 8, 9, 8], label="neutral"), CRISIS)
    changes = [(one.rule, one.state) for one in watched_hourly(database, settings, 5)]
    assert ("Number", "firing") in changes and not [one for one in changes if one[0] == "Share"]
    keep(database, hourly(CRISIS + 5 * HOUR, [8, 9]), CRISIS)
    keep(database, hourly(CRISIS + 5 * HOUR, [2, 1], label="neutral"), CRISIS)
    (alert,) = [one for one in watched_hourly(database, settings, 7, 5) if (one.rule, one.state) == ("Share", "firing")]
    assert (alert.card["observed"], alert.card["counts"]) == (17, "share")
    assert 3 <= alert.card["expected"] <= 5, "a fifth of twenty"
    total = sum(Decimal(str(part["excess"])) for part in alert.card["splits"]["source"])
    assert total == Decimal(str(alert.card["excess"]))


def watched_hourly(database: Database, settings: Config, hours: int, begin: int = 0) -> list[Alert]:
    """Watches after each hour of the crisis but the first ones, and lists what changed."""
    return [
        alert
        for hour in range(begin + 1, hours + 1)
        for alert in watch.watch(database, settings, lambda hour=hour: CRISIS + hour * HOUR + timedelta(minutes=5))
    ]


# Silence


def silent(database: Database, settings: Config, hours: int, begin: int = 0) -> list[str]:
    """Watches hourly while nothing comes, and gives the states of what changed."""
    return [alert.state for alert in watched_hourly(database, settings, hours, begin)]


@pytest.fixture
def quiet(tmp_path: Path):
    settings = config(tmp_path, rules=[Rule(name="Nothing", step=HOUR, counts="silence", lasting="6h")])
    database = Database(settings.store_folder)
    keep(database, hourly(START, [1] * 14 * 24, label="neutral"), CRISIS)
    return database, settings


def test_a_silence_is_told_and_ends_with_the_first_word(quiet) -> None:
    database, settings = quiet
    assert silent(database, settings, 5) == []
    assert silent(database, settings, 8, 5) == ["pending", "firing"]
    ((card,),) = rows(database, "SELECT card -> '$' FROM alerts")
    ((start, observed),) = rows(database, "SELECT card ->> '$.start', (card ->> '$.observed')::INT FROM alerts")
    assert (start, observed) == (CRISIS.isoformat(), 0), card
    told = json.loads(card)
    assert told["low"] < told["excess"] < told["high"] <= 0, "how many are usual is not known to the tenth"
    keep(database, [Said(CRISIS + n * HOUR, label="neutral") for n in (8.5, 9.5, 10.5)], CRISIS + 11 * HOUR)
    assert silent(database, settings, 11, 8) == ["resolved"]


def test_a_source_that_cannot_be_read_makes_no_silence(quiet) -> None:
    database, settings = quiet
    with database.transaction() as con:
        con.execute("INSERT INTO gaps VALUES (?, ?, NULL, 'status 500')", [FORUM, CRISIS])
    assert silent(database, settings, 12) == []


def test_a_habit_says_when_a_silence_is_too_long() -> None:
    counts = [1, 0, 0, 0] * 6 * 21 + [0] * 60
    bounds = [START + n * HOUR for n in range(len(counts) + 1)]
    found = windows.silences(counts, bounds, [], None)
    assert {one.start for one in found[:-60] if one.score} == set()
    loud = [place for place, one in enumerate(found[-60:]) if one.score]
    assert loud and 24 <= loud[0] <= 34 and loud == list(range(loud[0], 60))
    dark = [(bounds[-60], bounds[-1])]
    assert not any(one.score for one in windows.silences(counts, bounds, dark, None))
