"""Two hundred attacks go through the whole pipeline and onto every page: they stay text, nobody hears of a look."""

import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import attacks
import complaints
import httpx
import pytest
import tomlkit
import visiting
from playwright.sync_api import Browser, Page, expect
from visiting import CHROMIUM, PAGES, PATIENCE, Tracker, fits, settled
from visiting import visiting as opened

from earful.dashboard import words
from earful.data import board, events, silencing, store, triage
from earful.data.database import Database
from earful.flows import jobs, run

DAY = timedelta(days=1)
SUBJECTS = [sentence for subject in complaints.SUBJECTS.values() for sentence in subject]
NASTY = "![b]({}/name.png) <b>A</b> :red[x] $x$"
FOREIGN = """tracker => [...document.querySelectorAll("*")].filter(element =>
    ["src", "srcset", "href", "data", "srcdoc", "ping", "action", "style", "background"].some(
        name => (element.getAttribute(name) || "").includes(tracker))).map(one => one.outerHTML.slice(0, 300))"""
SCRIPTS = "[...document.scripts].filter(one => (one.text + one.src).includes('taken')).length"
RUNNABLE = """[...document.querySelectorAll("*")].flatMap(element => [...element.attributes]
    .filter(one => one.name.startsWith("on") || /^\\s*(javascript|vbscript|data:text)/i.test(one.value))
    .map(one => `${element.tagName} ${one.name}=${one.value.slice(0, 200)}`))"""
SHOWN = """expected => [...document.querySelectorAll("[data-testid=stText]")].some(
    element => element.textContent === expected)"""

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(1200),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed"),
]


@dataclass(frozen=True)
class Hostile:
    """The dashboard over the store that the pipeline made of the attacks; `texts` newest first."""

    address: str
    database: Database
    brand: str
    texts: list[str]


@pytest.fixture(scope="module")
def tracker() -> Iterator[Tracker]:
    with visiting.tracking() as one:
        yield one


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with visiting.browsing() as one:
        yield one


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory, tracker: Tracker) -> Iterator[Hostile]:
    folder = tmp_path_factory.mktemp("hostile")
    nasty = NASTY.format(tracker.address)
    said = [text for _, text in attacks.aimed(tracker.address)]
    exports = folder / "exports"
    exports.mkdir()
    (exports / "said.jsonl").write_text("\n".join(json.dumps(row) for row in rows(said, datetime.now(UTC))) + "\n")
    os.utime(exports / "said.jsonl", (1, 1))  # nobody writes to it any more
    config = folder / "earful.toml"
    config.write_text(
        tomlkit.dumps(
            {
                "timezone": "Europe/Berlin",
                "brands": [
                    {"name": nasty, "match": "acme"},
                    {"name": f"{nasty} 2", "match": "courier", "competitor": True},
                ],
                "sources": [{"connector": "files", "target": "exports"}],
                "rules": [{"name": nasty[:80], "counts": "all", "step": "1h", "least": 3}],
            }
        )
    )
    job = jobs.build(config, lambda *_: None)
    report = run.run_once(job)
    assert report["failed"] == [] and report["errors"] == [], report
    decide(job.database, nasty, said, datetime.now(UTC))
    with job.database.look() as con:
        texts = [
            row[0]
            for row in con.execute(
                "SELECT text FROM mentions SEMI JOIN (FROM facts WHERE brand = ?) USING (source, id)"
                " WHERE published > ? ORDER BY published DESC",
                [nasty, datetime.now(UTC) - DAY],
            ).fetchall()
        ]
    assert len(texts) > 190
    with visiting.serving(job.database.folder, config) as address:
        yield Hostile(address, job.database, nasty, texts)


def rows(said: list[str], now: datetime) -> list[dict[str, str]]:
    """Gives each attack as a text, and as another's title, author and address; before them two months of calm."""
    hostile = [
        {
            "id": f"{place}",
            "text": f"{text}\nAcme: {SUBJECTS[place % len(SUBJECTS)]}",
            "title": said[place - 67],
            "author": said[place - 133],
            "url": said[place - 30],
            "published": (now - timedelta(hours=1, minutes=3 * place)).isoformat(),
        }
        for place, text in enumerate(said)
    ]
    calm = [
        {
            "id": f"calm {day}",
            "text": f"Acme opens at {day % 24} o'clock, {day} days long",
            "author": f"reader {day}",
            "published": (now - day * DAY).isoformat(),
        }
        for day in range(4, 70, 2)
    ]
    return [*hostile, *calm]


def decide(database: Database, brand: str, said: list[str], now: datetime) -> None:
    """Lets people write attacks wherever they may write."""
    long, markup = said[-6], said[4]
    with database.transaction() as con:
        themes = [row[0] for row in con.execute("SELECT theme FROM themes WHERE brand = ?", [brand]).fetchall()]
        alerts = [row[0] for row in con.execute("SELECT alert FROM alerts").fetchall()]
        assert themes and alerts
        for place, theme in enumerate(themes):
            board.decide(con, brand, theme, "rename", {"name": f"{brand} {place}"}, markup, now)
            for field, value in (("owner", brand), ("note", markup + long[:1500]), ("due", now.date().isoformat())):
                board.change_card(con, brand, theme, field, value, markup, now)
        events.add(con, brand, "outage", now - DAY, None, markup, "", markup, now)
        mentions = [tuple(row) for row in con.execute("SELECT source, id FROM mentions").fetchall()]
        for place, one in enumerate(mentions[:60]):
            triage.change(con, one, brand, "note", said[place], markup, now)
            triage.change(con, one, brand, "assignee", said[place][:80], markup, now)
        silencing.acknowledge(con, alerts[0], markup, markup, now)
        silencing.silence(con, brand, "", markup, markup, now, now + DAY, now)
        source = con.execute("SELECT source FROM sources").fetchone()[0]
        store.put_setting(con, "config_error", {"message": markup, "at": now.isoformat()})
        con.execute("UPDATE sources SET error = ? WHERE source = ?", [markup + long[:2000], source])


def harmless(page: Page, tracker: Tracker) -> None:
    """Fails when anything that somebody wrote has become more than text."""
    assert page.evaluate("window.taken") is None
    assert page.evaluate(SCRIPTS) == 0
    assert page.evaluate(FOREIGN, tracker.address) == []
    assert page.evaluate(RUNNABLE) == []
    assert page.locator("[data-testid=stException]").count() == 0
    assert fits(page), "something is wider than the window"
    assert tracker.hits == []


@pytest.mark.parametrize("width", [1440, 390])
def test_no_attack_works_on_any_page(browser: Browser, hostile: Hostile, tracker: Tracker, width: int) -> None:
    views = ("criticism?view=board", "criticism?view=brands", "?period=7d&count=mentions", "mentions?period=7d")
    with opened(browser, hostile.address, viewport={"width": width, "height": 900}) as page:
        for path in (*PAGES, *views):
            page.goto(f"{hostile.address}/{path}")
            settled(page)
            expect(page.get_by_role("link", name="Sources")).to_be_visible()
            page.wait_for_timeout(1000)
            settled(page)
            harmless(page, tracker)


def test_parts_that_open_are_harmless_too(browser: Browser, hostile: Hostile, tracker: Tracker) -> None:
    with opened(browser, hostile.address) as page:
        page.goto(f"{hostile.address}/alerts")
        settled(page)
        for tab in page.get_by_role("tab").all():
            tab.click()
        page.get_by_text("Silences", exact=True).click()
        expect(page.get_by_text("End it")).to_be_visible()
        harmless(page, tracker)
        page.goto(f"{hostile.address}/criticism")
        settled(page)
        page.get_by_role("button", name="Change the card").click()
        harmless(page, tracker)


def test_each_text_is_shown_as_it_was_written(browser: Browser, hostile: Hostile, tracker: Tracker) -> None:
    query = httpx.QueryParams({"count": "mentions", "period": "7d"})
    with opened(browser, hostile.address) as page:
        page.goto(f"{hostile.address}/mentions?{query}")
        settled(page)
        for text in hostile.texts:
            page.wait_for_function(SHOWN, arg=words.plain(text), timeout=PATIENCE)
            settled(page)  # a key pressed while the page is being made may be lost
            page.keyboard.press("j")
        harmless(page, tracker)
