"""What a rehearsal says is what would have been: it finds the alerts that watching day after day raised."""

import json
import random
from datetime import UTC, datetime, timedelta

import pytest
from samples import config, hourly, keep, rows

from earful.data.database import Database
from earful.flows import rehearse, watch
from earful.flows.config import Config, ConfigError, Rule

HOUR, DAY = timedelta(hours=1), timedelta(days=1)
START = datetime(2025, 3, 3, tzinfo=UTC)
RULE = Rule(name="A bad day", step="1d")
WEAK = Rule(name="Budget", step="1d", budget="1 per month")


def history() -> list[int]:
    """Forty days, hour by hour, with a large outbreak and a small one of two days each."""
    chance = random.Random(5)
    counts = [chance.choice([0, 0, 0, 1, 1]) for _ in range(40 * 24)]
    for day, more in ((20, 3), (21, 3), (32, 1), (33, 1)):
        for hour in range(24 * day, 24 * day + 24):
            counts[hour] += more
    return counts


@pytest.fixture(scope="module")
def watched(tmp_path_factory: pytest.TempPathFactory) -> tuple[Database, Config]:
    """A store that was filled and watched day after day, from the nineteenth on."""
    settings = config(tmp_path_factory.mktemp("watched"), rules=[RULE, WEAK])
    database = Database(settings.store_folder)
    counts = history()
    keep(database, hourly(START, counts[: 24 * 18]), START + 18 * DAY)
    for day in range(18, 40):
        begin = START + day * DAY
        keep(database, hourly(begin, counts[24 * day : 24 * day + 24]), begin + DAY)
        watch.watch(database, settings.model_copy(update={"rules": (RULE,)}), lambda now=begin + DAY + HOUR: now)
    return database, settings


NOW = START + 40 * DAY + HOUR


def test_it_finds_the_alerts_that_were_raised(watched: tuple[Database, Config]) -> None:
    database, settings = watched
    raised = rows(database, "SELECT started, fired, resolved, card FROM alerts WHERE fired IS NOT NULL ORDER BY 1")
    assert len(raised) == 2
    before = [rows(database, f"FROM {table}") for table in ("alerts", "spikes", "outbox", "tellings")]
    with database.look() as con:
        found = rehearse.rehearse(con, settings, RULE, "Acme", NOW)
    assert [rows(database, f"FROM {table}") for table in ("alerts", "spikes", "outbox", "tellings")] == before
    assert [(one.life.started, one.life.fired, one.life.resolved) for one in found.fired] == [row[:3] for row in raised]
    assert found.said == "in the last 90 days, of which 40 are kept, this would have fired twice"
    assert [one.card.observed for one in found.fired] == [json.loads(row[3])["observed"] for row in raised]
    assert found.fired[0].peak.start in (START + 20 * DAY, START + 21 * DAY)
    assert len(found.windows) == 40 and found.windows[20].observed > 60


def test_what_began_before_the_period_is_not_told_as_begun_in_it(watched: tuple[Database, Config]) -> None:
    database, settings = watched
    with database.look() as con:
        whole, half = (rehearse.rehearse(con, settings, RULE, "Acme", NOW, days) for days in (90, 19))
    assert half.since > whole.fired[0].life.started + DAY, "in the middle of the first outbreak"
    assert [one.life for one in half.fired] == [one.life for one in whole.fired if one.life.fired >= half.since]


def test_a_budget_finds_its_own_line(watched: tuple[Database, Config]) -> None:
    database, settings = watched
    with database.look() as con:
        found = rehearse.rehearse(con, settings, WEAK, "Acme", NOW)
        strict = rehearse.rehearse(con, settings, WEAK, "Acme", NOW, days=15)
    assert len(found.fired) == 1 and found.fired[0].life.started == START + 20 * DAY
    assert found.said.endswith(f"fired once; its budget of 1 per month finds the line {found.line:.3g}")
    assert found.fired[0].card.line == found.line and found.fired[0].card.budget == "1 per month"
    assert strict.said.startswith("in the last 15 days this would have fired not at all")


def test_a_rule_that_counts_nothing_is_said_to(watched: tuple[Database, Config]) -> None:
    database, settings = watched
    with database.look() as con:
        found = rehearse.rehearse(con, settings, Rule(name="Stars", stars_at_most=2), "Acme", NOW)
        silent = rehearse.rehearse(con, settings, Rule(name="Silent", counts="silence"), "Acme", NOW)
    assert found.said == "nothing that this counts came in the last 90 days"
    assert silent.said == "in the last 90 days, of which 40 are kept, this would have fired not at all"


def test_of_nobody_nothing_can_be_rehearsed(watched: tuple[Database, Config]) -> None:
    database, settings = watched
    with database.look() as con:
        found = rehearse.rehearse(con, settings, RULE, "Globex", NOW)
    assert found.said == "nobody spoke of Globex in the last 90 days"
    assert (found.fired, found.windows, found.heard_since) == ((), (), None)


def test_all_rules_of_all_brands_or_one(watched: tuple[Database, Config], capsys: pytest.CaptureFixture[str]) -> None:
    database, settings = watched
    with database.look() as con:
        every = rehearse.everything(con, settings, "", "", NOW)
        assert [(one.rule.name, one.brand) for one in every] == [("A bad day", "Acme"), ("Budget", "Acme")]
        (one,) = rehearse.everything(con, settings, "Budget", "Globex", NOW)
        assert (one.rule.name, one.brand) == ("Budget", "Globex")
        for rule, brand, said in (("Bugdet", "", "did you mean 'Budget'?"), ("", "Glo", "there is no brand 'Glo'")):
            with pytest.raises(ConfigError, match=said.replace("?", r"\?")):
                rehearse.everything(con, settings, rule, brand, NOW)
    rehearse.print_rehearsals(every, settings.zone)
    printed = capsys.readouterr().out
    assert "A bad day, Acme: in the last 90 days, of which 40 are kept, this would have fired twice" in printed
    assert "2025-03-23 00:00" in printed
    assert json.loads(json.dumps(rehearse.as_json(every[0]), default=str))["alerts"][0]["card"]["brand"] == "Acme"
