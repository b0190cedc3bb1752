"""From counts to alerts: what fires, what is told, and what must stay quiet."""

import json
import random
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from pathlib import Path
from urllib.parse import parse_qs, urlsplit
from zoneinfo import ZoneInfo

import pytest
from samples import Said, config, hourly, keep, rows

from earful.data import health
from earful.data.alerting import Alert
from earful.data.database import Database
from earful.flows import watch, windows
from earful.flows.config import Brand, Config, Rule, Source, Target

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2025, 3, 3, tzinfo=UTC)
CRISIS = START + 14 * DAY  # when criticism breaks out, after two usual weeks
LATER = CRISIS + 30 * DAY  # by then every interval has settled
RULE = Rule(name="Criticism", step=HOUR)
BERLIN = ZoneInfo("Europe/Berlin")


def usual(hours: int = 14 * 24, seed: int = 1) -> list[int]:
    """So many negative stories an hour, one every other hour or so."""
    chance = random.Random(seed)
    return [chance.choice([0, 0, 1, 1, 0, 2]) for _ in range(hours)]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setenv("HOOK", "https://hooks.example/1")
    targets = [Target(name=name, kind="webhook", url_env="HOOK") for name in ("team", "boss")]
    return config(tmp_path, rules=[RULE], targets=targets)


@pytest.fixture
def database(settings: Config) -> Database:
    """A store that holds two usual weeks."""
    made = Database(settings.store_folder)
    keep(made, hourly(START, usual()), CRISIS)
    return made


def look(database: Database, settings: Config, now: datetime) -> list[tuple[str, str]]:
    """Watches once and gives the brands and states of the alerts that changed."""
    return [(alert.brand, alert.state) for alert in watch.watch(database, settings, lambda: now)]


def live(database: Database, settings: Config, counts: Sequence[int], late: timedelta = timedelta(minutes=5)):
    """Lets hours pass from CRISIS on, watching after each; gives what changed in each hour."""
    changes = []
    for hour, count in enumerate(counts):
        keep(database, hourly(CRISIS + hour * HOUR, [count]), CRISIS + (hour + 1) * HOUR)
        changes.append([state for _, state in look(database, settings, CRISIS + (hour + 1) * HOUR + late)])
    return changes


def outbox(database: Database) -> list[tuple[str, str]]:
    return rows(database, "SELECT target, message ->> '$.state' FROM outbox ORDER BY created, target")


def everything(database: Database) -> list[list[tuple]]:
    return [rows(database, f"FROM {table} ORDER BY ALL") for table in ("alerts", "outbox", "spikes", "gaps")]


def test_an_alert_is_pending_then_fires_then_is_resolved(database: Database, settings: Config) -> None:
    assert look(database, settings, CRISIS) == []
    changes = live(database, settings, [14, 15, 16, 0, 1, 0])
    assert changes == [["pending"], ["firing"], [], [], ["resolved"], []]
    assert outbox(database) == [("boss", "firing"), ("team", "firing"), ("boss", "resolved"), ("team", "resolved")]
    (alert,) = rows(database, "SELECT state, started, fired, resolved FROM alerts")
    assert alert == ("resolved", CRISIS, CRISIS + 2 * HOUR, CRISIS + 5 * HOUR)


def test_a_surprise_of_one_interval_is_dropped_without_a_message(database: Database, settings: Config) -> None:
    assert live(database, settings, [14, 0, 1]) == [["pending"], ["dropped"], []]
    assert outbox(database) == []
    assert len(rows(database, "FROM spikes")) == 1, "but it is on the chart"


def test_criticism_that_flaps_fires_once_and_is_resolved_once(database: Database, settings: Config) -> None:
    changes = live(database, settings, [14, 15, 0, 14, 1, 15, 0, 0])
    assert [state for some in changes for state in some] == ["pending", "firing", "resolved"]
    assert changes[-1] == ["resolved"]
    assert len(outbox(database)) == 4


def test_what_could_not_be_heard_is_no_zero() -> None:
    gaps = [
        ("a", START + 2 * HOUR, START + 6 * HOUR),
        ("b", START + 4 * HOUR, None),
        ("c", START + 20 * HOUR, START + 21 * HOUR),
    ]
    now = START + 9 * HOUR
    dark = windows.unheard({"a", "b"}, gaps, now)
    assert dark == [(START + 4 * HOUR, START + 6 * HOUR)]
    assert windows.unheard({"a", "b", "d"}, gaps, now) == []
    bounds = windows.edges(START, START + 8 * HOUR, HOUR, BERLIN)
    found = windows.judged([0] * 8, bounds, dark, HOUR, BERLIN)
    assert [window.start for window in found if window.observed is not None] == [
        START + n * HOUR for n in (0, 1, 2, 3, 6, 7)
    ]


def test_an_alert_ends_with_its_rule(database: Database, settings: Config) -> None:
    live(database, settings, [14, 15])
    other = config(settings.folder, rules=[Rule(name="Another", step=HOUR, sensitivity="strict", least=1000)])
    look(database, other, CRISIS + 2 * HOUR)
    assert rows(database, "SELECT DISTINCT state FROM alerts") == [("resolved",)]


def test_the_name_of_a_rule_may_hold_a_bar(database: Database, settings: Config) -> None:
    named = config(settings.folder, rules=[Rule(name="Acme|stars | one", step=HOUR)], targets=settings.targets)
    assert live(database, named, [14, 15, 0, 0, 0]) == [["pending"], ["firing"], [], ["resolved"], []]


def test_an_alert_is_resolved_when_nobody_speaks_any_more(database: Database, settings: Config) -> None:
    live(database, settings, [14, 15])
    later = CRISIS + 2 * HOUR
    assert look(database, settings, later + HOUR + timedelta(minutes=5)) == []
    assert look(database, settings, later + 2 * HOUR + timedelta(minutes=5)) == [("Acme", "resolved")]


def test_an_alert_is_resolved_after_a_long_pause_of_ours(database: Database, settings: Config) -> None:
    live(database, settings, [14, 15])
    assert look(database, settings, CRISIS + 5 * DAY) == [("Acme", "resolved")]
    assert outbox(database)[2:] == [("boss", "resolved"), ("team", "resolved")]


def test_what_happened_while_nobody_watched_is_told_at_once(database: Database, settings: Config) -> None:
    keep(database, hourly(CRISIS, [14, 15, 13, 16]), CRISIS + 4 * HOUR)
    assert look(database, settings, CRISIS + 4 * HOUR + timedelta(minutes=5)) == [
        ("Acme", "pending"),
        ("Acme", "firing"),
    ]
    assert outbox(database) == [("boss", "firing"), ("team", "firing")]
    ((observed,),) = rows(database, "SELECT DISTINCT (message ->> '$.card.observed')::INT FROM outbox")
    assert observed == 14 + 15 + 13 + 16


@pytest.mark.parametrize("ended", [timedelta(0), 3 * DAY, 400 * DAY])
def test_a_backfill_fires_nothing(tmp_path: Path, ended: timedelta) -> None:
    """Thirty days of history come in at once, with an outbreak in their midst; they end now or long ago."""
    settings = config(tmp_path, rules=[RULE, Rule(name="A bad day", step=DAY)])
    database = Database(settings.store_folder)
    counts = usual(30 * 24)
    counts[20 * 24 : 20 * 24 + 5] = [15, 20, 25, 20, 15]
    now = START + 30 * DAY + ended
    keep(database, hourly(START, counts), now)
    assert look(database, settings, now) == []
    assert rows(database, "FROM alerts") == rows(database, "FROM outbox") == []
    found = rows(database, "SELECT rule, start, observed FROM spikes ORDER BY start")
    outbreak = START + 20 * DAY
    assert {("Criticism", outbreak + n * HOUR, count) for n, count in enumerate([15, 20, 25, 20, 15])} <= set(found)
    assert {start.date() for rule, start, _ in found if rule == "A bad day"} == {outbreak.date()}
    assert look(database, settings, now + HOUR) == []


def test_what_has_no_date_is_news_only_where_we_looked_before(database: Database, settings: Config) -> None:
    """A first look at a source, or a file, dates everything by now: it may be of any age and fires nothing."""
    now = CRISIS + 2 * HOUR
    undated = {"dated": False, "author": "ada"}
    for source in ("rss:https://new.example/", "import:letters"):
        keep(database, hourly(CRISIS, [20, 20], source=source, **undated), now)
    keep(
        database,
        hourly(CRISIS, [20, 20], source="import:letters", **{**undated, "author": "bo", "text": "b"}),
        now + HOUR,
    )
    assert look(database, settings, now) == []
    assert rows(database, "FROM spikes") == []
    keep(database, hourly(CRISIS, [9, 9], source="rss:https://new.example/", label="neutral", **undated), now)
    keep(database, [replace(one, text="again") for one in hourly(CRISIS, [9, 9], **undated)], now)
    assert look(database, settings, now) == [("Acme", "pending"), ("Acme", "firing")]
    ((observed,),) = rows(database, "SELECT DISTINCT (message ->> '$.card.observed')::INT FROM outbox")
    ((spikes,),) = rows(database, "SELECT sum(observed)::INT FROM spikes")
    assert observed == spikes == 18


def test_watching_again_changes_nothing(database: Database, settings: Config) -> None:
    for counts in ([14], [14, 15], [14, 15, 0, 0]):
        keep(database, hourly(CRISIS, counts), CRISIS)
        now = CRISIS + len(counts) * HOUR + timedelta(minutes=5)
        assert look(database, settings, now) != []
        before = everything(database)
        for again in (now, now + timedelta(minutes=15)):
            assert look(database, settings, again) == []
            assert everything(database) == before


def test_late_mentions_of_a_known_interval_send_nothing_twice(database: Database, settings: Config) -> None:
    live(database, settings, [14, 15, 14])
    keep(database, hourly(CRISIS, [30, 30], author="late"), CRISIS + 3 * HOUR)
    assert look(database, settings, CRISIS + 3 * HOUR + timedelta(minutes=20)) == []
    assert len(outbox(database)) == 2


def test_the_card_says_what_the_store_holds(database: Database, settings: Config) -> None:
    wire = "rss:https://news.example/"
    crisis = [
        *hourly(CRISIS, [9, 12], author="berta"),
        *hourly(CRISIS, [3, 3], source="hackernews:acme", author="cleo"),
        *hourly(CRISIS, [5, 6], source=wire, story="recall", author="wire"),
        *hourly(CRISIS, [8, 8], label="positive", author="dora"),
        *hourly(CRISIS, [8, 8], brand="Globex", author="emil"),
        Said(CRISIS + 30 * timedelta(minutes=1), author="ada", text="Acme lost my parcel", engagement=50),
        Said(CRISIS + 31 * timedelta(minutes=1), author="ada", text="and then Acme lost it again", engagement=40),
        Said(CRISIS + 32 * timedelta(minutes=1), author="", text="Acme, shame on you", engagement=30),
    ]
    keep(database, crisis, CRISIS + 2 * HOUR)
    assert ("Acme", "firing") in look(database, settings, CRISIS + 2 * HOUR + timedelta(minutes=5))
    (card,) = {row[0] for row in rows(database, "SELECT message -> '$.card' FROM outbox")}
    card = json.loads(card)
    finish = CRISIS + 2 * HOUR
    assert (card["brand"], card["rule"], card["counts"]) == ("Acme", "Criticism", "negative")
    assert (card["start"], card["finish"]) == (CRISIS.isoformat(), finish.isoformat())

    query = "FROM facts WHERE brand = 'Acme' AND leads AND label = 'negative' AND published >= ? AND published < ?"
    counted = rows(database, f"SELECT source, count(*) {query} GROUP BY source ORDER BY 2 DESC", CRISIS, finish)
    assert dict(counted) == {"rss:https://forum.example/": 24, "hackernews:acme": 6, wire: 1}
    assert card["sources"] == [{"source": source, "count": count} for source, count in counted]
    spikes = rows(database, "SELECT sum(observed), sum(expected) FROM spikes WHERE start >= ?", CRISIS)
    assert card["observed"] == sum(count for _, count in counted) == spikes[0][0] == 31
    assert card["expected"] == pytest.approx(spikes[0][1], abs=0.051)
    assert 0.2 < card["expected"] < 4

    assert [(quote["author"], quote["text"]) for quote in card["quotes"]][:2] == [
        ("ada", "Acme lost my parcel"),
        ("", "Acme, shame on you"),
    ]
    assert len({quote["author"] for quote in card["quotes"]}) == len(card["quotes"]) == 3
    for quote in card["quotes"]:
        ((url, text),) = rows(
            database, "SELECT url, text FROM mentions WHERE source = ? AND id = ?", quote["source"], quote["id"]
        )
        assert (quote["url"], quote["text"]) == (url, text)

    link = urlsplit(card["link"])
    assert f"{link.scheme}://{link.netloc}{link.path}" == "http://localhost:8501/mentions"
    asked = {key: value for key, (value,) in parse_qs(link.query).items()}
    assert asked == {"brand": "Acme", "from": card["start"], "to": card["finish"], "sentiment": "negative"}


def test_a_card_is_small_however_long_the_texts_are(database: Database, settings: Config) -> None:
    keep(database, hourly(CRISIS, [15, 15], text="x" * 20_000), CRISIS + 2 * HOUR)
    look(database, settings, CRISIS + 2 * HOUR)
    ((size,),) = rows(database, "SELECT max(length(message)) FROM outbox")
    assert size < 15_000


def test_competitors_are_watched_only_when_a_rule_says_so(tmp_path: Path) -> None:
    by_default = config(tmp_path, rules=[RULE])
    database = Database(by_default.store_folder)
    keep(database, hourly(START, usual(), brand="Globex"), CRISIS)
    keep(database, hourly(CRISIS, [15, 15], brand="Globex"), CRISIS)
    now = CRISIS + 2 * HOUR + timedelta(minutes=5)
    assert look(database, by_default, now) == []
    assert rows(database, "FROM spikes") == []
    named = config(tmp_path, rules=[Rule(name="Rivals", step=HOUR, brands=("Globex",))])
    assert look(database, named, now) == [("Globex", "pending"), ("Globex", "firing")]


def test_a_rule_may_count_every_story(tmp_path: Path) -> None:
    rules = [Rule(name="Criticism", step=HOUR), Rule(name="Talk", step=HOUR, counts="all")]
    settings = config(tmp_path, rules=rules)
    database = Database(settings.store_folder)
    keep(database, hourly(START, [*usual(), 15, 15], label="neutral"), CRISIS)
    alerts = watch.watch(database, settings, lambda: CRISIS + 2 * HOUR + timedelta(minutes=5))
    assert [(alert.rule, alert.state) for alert in alerts] == [("Talk", "pending"), ("Talk", "firing")]
    assert alerts[-1].card["observed"] == 30
    assert "sentiment" not in alerts[-1].card["link"]


def test_a_rule_may_name_its_targets(settings: Config, database: Database) -> None:
    quiet = settings.model_copy(update={"rules": (RULE.model_copy(update={"targets": ("boss",)}),)})
    live(database, quiet, [15, 15])
    assert outbox(database) == [("boss", "firing")]


def test_rules_and_brands_have_alerts_of_their_own(tmp_path: Path) -> None:
    brands = (Brand(name="Acme", match="acme"), Brand(name="Bolt", match="bolt"))
    settings = config(
        tmp_path, brands=brands, rules=[RULE, Rule(name="Strict", step=HOUR, sensitivity="balanced", least=4)]
    )
    database = Database(settings.store_folder)
    for brand in ("Acme", "Bolt"):
        keep(database, hourly(START, [*usual(), 25, 25], brand=brand), CRISIS)
    now = CRISIS + 2 * HOUR + timedelta(minutes=5)
    changes = watch.watch(database, settings, lambda: now)
    firing = sorted((alert.rule, alert.brand) for alert in changes if alert.state == "firing")
    assert firing == [("Criticism", "Acme"), ("Criticism", "Bolt"), ("Strict", "Acme"), ("Strict", "Bolt")]


def test_an_empty_store_is_watched_without_complaint(settings: Config) -> None:
    assert look(Database(settings.store_folder), settings, CRISIS) == []


def test_a_silent_source_becomes_a_gap_once(tmp_path: Path) -> None:
    settings = config(tmp_path)
    database = Database(settings.store_folder)
    counts = [1, 0, 0] * 8 * 30
    counts[15 * 24 : 17 * 24] = [0] * 48
    keep(database, hourly(START, counts, label="neutral"), CRISIS)
    for _ in range(2):
        look(database, settings, CRISIS)
        ((source, start, finish, reason),) = rows(database, "SELECT source, start, finish, reason FROM gaps")
    assert source == "rss:https://forum.example/"
    assert START + 14 * DAY < start < START + 15 * DAY
    assert START + 17 * DAY <= finish < START + 18 * DAY
    assert reason == "silent, though it usually brings 8 mentions a day"
    keep(database, hourly(START + 15 * DAY, [1, 0, 0] * 16, label="neutral"), CRISIS)
    look(database, settings, CRISIS)
    assert rows(database, "FROM gaps") == [], "what came late has filled it"


@pytest.mark.parametrize(
    ("zone", "day", "hours"),
    [
        ("Europe/Berlin", (2024, 3, 31), 23),
        ("Europe/Berlin", (2024, 10, 27), 25),
        ("America/New_York", (2024, 11, 3), 25),
        ("Africa/Cairo", (2024, 4, 26), 23),  # there is no midnight on this day
        ("America/Havana", (2024, 11, 3), 25),  # midnight comes twice
        ("Asia/Kathmandu", (2024, 3, 31), 24),
        ("UTC", (2024, 3, 31), 24),
    ],
)  # fmt: skip
def test_days_are_the_teams(zone: str, day: tuple[int, int, int], hours: int) -> None:
    place = ZoneInfo(zone)
    midnight = datetime(*day, tzinfo=place)
    midnights = [(midnight + n * DAY).astimezone(UTC) for n in range(-2, 4)]
    for begin in (midnights[0], midnights[0] + timedelta(minutes=1), midnights[1] - timedelta(minutes=1)):
        for end in (midnights[5], midnights[5] + 22 * HOUR):
            assert windows.edges(begin, end, DAY, place) == midnights
    for minutes in (30, 90):  # in Havana both are half past midnight
        begin = midnights[2] + timedelta(minutes=minutes)
        assert windows.edges(begin, midnights[3], DAY, place) == midnights[2:4]
    assert midnights[3] - midnights[2] == timedelta(hours=hours)
    assert all(edge.utcoffset() == timedelta(0) for edge in midnights)


@pytest.mark.parametrize("zone", ["Europe/Berlin", "Australia/Lord_Howe", "Asia/Kathmandu"])
@pytest.mark.parametrize("step", [timedelta(minutes=5), HOUR, timedelta(hours=7)])
def test_shorter_steps_are_equal_and_stay_where_they_are(zone: str, step: timedelta) -> None:
    """Wherever one begins to look, an interval has the same bounds, also when clocks change."""
    begin = datetime(2024, 3, 29, 11, 47, 12, tzinfo=UTC)
    end = begin + 12 * DAY
    whole = windows.edges(begin, end, step, ZoneInfo(zone))
    assert whole[0] <= begin < whole[1]
    assert whole[-1] <= end < whole[-1] + step
    assert {later - earlier for earlier, later in pairwise(whole)} == {step}
    later = windows.edges(begin + 3 * DAY, end, step, ZoneInfo(zone))
    assert later == whole[-len(later) :]


def test_nothing_is_whole_yet() -> None:
    assert windows.edges(START, START + timedelta(minutes=59), HOUR, BERLIN) == [START]
    assert windows.edges(START, START - DAY, HOUR, BERLIN) == []
    assert windows.edges(START, START + timedelta(minutes=61), HOUR, BERLIN) == [START, START + HOUR]
    assert windows.judged([], [START], [], HOUR, BERLIN) == windows.judged([], [], [], HOUR, BERLIN) == []


@pytest.mark.parametrize("day", [datetime(2024, 3, 31, tzinfo=BERLIN), datetime(2024, 10, 27, tzinfo=BERLIN)])
def test_a_bad_day_on_which_clocks_change(tmp_path: Path, day: datetime) -> None:
    """Twenty negative stories in the last hour of the day, as the team lives it, are that day's and no other's."""
    settings = config(tmp_path, timezone="Europe/Berlin", rules=[Rule(name="A bad day", step=DAY)])
    database = Database(settings.store_folder)
    first = (day - 28 * DAY).astimezone(UTC)
    keep(database, [Said(first + n * 8 * HOUR + HOUR) for n in range(28 * 3)], first)
    after = day + DAY
    keep(database, [Said((after - n * timedelta(minutes=2)).astimezone(UTC)) for n in range(1, 21)], first)
    keep(database, [Said(after.astimezone(UTC) + n * timedelta(minutes=2)) for n in range(3)], first)
    now = after.astimezone(UTC) + 2 * HOUR
    assert look(database, settings, now) == [("Acme", "firing")], "the day may be all of it"
    ((start, finish, observed),) = rows(database, "SELECT start, finish, observed FROM spikes")
    assert (start, finish, observed) == (day.astimezone(UTC), after.astimezone(UTC), 20)


def test_alerts_read_back_as_they_were_kept(database: Database, settings: Config) -> None:
    keep(database, hourly(CRISIS, [15, 15]), CRISIS)
    told: list[Alert] = watch.watch(database, settings, lambda: CRISIS + 2 * HOUR + timedelta(minutes=5))
    with database.look() as con:
        assert watch.alerting.latest_alert(con, "Acme", "Criticism", LATER) == told[-1]


def test_a_rule_looks_at_quarters_of_an_hour_and_counts_the_stories_of_an_hour() -> None:
    """Two in each quarter are eight an hour: from the third quarter on there are as many as a rule asks for."""
    rule = Rule(name="As it comes")
    assert rule.step == timedelta(minutes=15)
    bounds = windows.edges(START, START + 2 * HOUR, rule.step, BERLIN)
    found = windows.judged([2] * 8, bounds, [(START + HOUR, START + HOUR + rule.step)], rule.step, BERLIN)
    assert [one.lately for one in found] == [2, 4, 6, 8, 6, 6, 6, 6]
    line = windows.line(windows.Watched("Acme", rule, START, tuple(found)), START + 2 * HOUR)
    told = [replace(one, score=0.5) for one in found]
    assert [line.crossed(one) for one in told[:4]] == [False, False, True, True]


@pytest.mark.parametrize(
    ("step", "minutes", "expected"),
    [
        (15, {}, 15),  # nobody else is known to be asked: one run
        (15, {"a": 5, "b": 1}, 15),
        (15, {"a": 35, "b": 1}, 35),  # b was asked since, a was not
        (15, {"a": 300}, 60),  # it is not waited for any longer
        (15, {"c": 35}, 15),  # who is no speaker of this brand
        (60, {"a": 35}, 35),
        (1440, {"a": 300}, 300),
    ],
)
def test_an_interval_is_settled_when_every_source_was_asked_since(
    step: int, minutes: dict[str, int], expected: int
) -> None:
    rule = Rule(name="R", step=timedelta(minutes=step))
    watched = windows.Watched("Acme", rule, START, (), frozenset({"a", "b"}))
    asked = {source: LATER - timedelta(minutes=ago) for source, ago in minutes.items()}
    assert windows.settled(watched, timedelta(minutes=15), asked, LATER) == LATER - timedelta(minutes=expected)


def test_a_surprise_waits_for_a_source_that_was_not_asked_since(tmp_path: Path) -> None:
    """The second hour looks calm only because nobody has read it yet; read, it is as high as the first."""
    source = Source(connector="rss", target="https://forum.example/", every=HOUR)
    settings = config(tmp_path, sources=[source], rules=[RULE])
    database = Database(settings.store_folder)
    keep(database, hourly(START, usual()), CRISIS)

    def read(said: list[Said], at: datetime) -> None:
        keep(database, said, at)
        with database.transaction(publish=False) as con:
            health.record_success(con, source.name, at, at + HOUR, len(said), rolled=False)

    read(hourly(CRISIS, [14]), CRISIS + HOUR)
    assert look(database, settings, CRISIS + HOUR) == [("Acme", "pending")]
    assert look(database, settings, CRISIS + 2 * HOUR - timedelta(minutes=1)) == []
    assert look(database, settings, CRISIS + 2 * HOUR + timedelta(minutes=20)) == [], "not dropped"
    read(hourly(CRISIS + HOUR, [14]), CRISIS + 2 * HOUR + timedelta(minutes=30))
    assert look(database, settings, CRISIS + 2 * HOUR + timedelta(minutes=30)) == [("Acme", "firing")]
