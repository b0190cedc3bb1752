"""A store whose sources are in every condition, with a month of mentions and some gaps, as after weeks of listening."""

from datetime import datetime, timedelta
from pathlib import Path

from earful.connectors.types import Mention
from earful.data import health, standing, store
from earful.data.database import Database

DAY = timedelta(days=1)
KETTLES, NEWS = "rss:https://kettles.example.org/feed.xml", "rss:https://news.example.org/search?q=acme"
FORUM, REVIEWS = "discourse:forum.example.org", "appstore:gb/123456789"
VIDEOS, POSTS = "youtube:channel/UCaaaaaaaaaaaaaaaaaaaaaa", "mastodon:social.example/acme"
SEARCH, BOARD = "hackernews:acme", "rss:https://board.example.net/acme.rss"
CODE, NEW = "github:acme/kettle", "rss:https://blog.example.com/feed"
SOURCES = (KETTLES, NEWS, FORUM, REVIEWS, VIDEOS, POSTS, SEARCH, BOARD, CODE, NEW)
CONDITIONS = {
    KETTLES: "failing", NEWS: "fine", FORUM: "blocked", REVIEWS: "silent", VIDEOS: "waiting", POSTS: "slow",
    SEARCH: "fine", BOARD: "gone", CODE: "key refused", NEW: "new",
}  # fmt: skip


def fill(folder: Path, now: datetime) -> Database:
    """Fills a store in a folder and publishes it."""
    database = Database(folder)
    with database.transaction() as con:
        sources = [(name, *name.split(":", 1)) for name in SOURCES]
        store.set_up(con, [("Acme", "own", "acme")], sources)
        for key, value in (("timezone", "Europe/Berlin"), ("every", 900.0), ("config_error", None)):
            store.put_setting(con, key, value)
        for place, name in enumerate(SOURCES[:-1]):
            _listen(con, name, place, now)
        _trouble(con, now)
    return database


def _listen(con: health.Connection, source: str, place: int, now: datetime) -> None:
    """Lets a source speak for sixty days and then as its condition says."""
    stops = {KETTLES: 2, FORUM: 1, REVIEWS: 9, BOARD: 14, CODE: 0.5}.get(source, 0)
    mentions = [
        Mention(f"{source}-{day}-{number}", "https://x.example.org/", "ada", at, "", f"Acme {day} {number}")
        for day in range(60)
        for number in range(1 + (day * (place + 3) + place) % (3 + 2 * place))
        if (at := now - day * DAY - timedelta(hours=1 + 3 * (number % 7), minutes=7 * number)) < now - stops * DAY
        and not (source == SEARCH and 18 <= day < 21)
    ]
    heard = now - (0 if source == REVIEWS else stops) * DAY - timedelta(minutes=6)
    store.save_page(con, source, mentions, heard)
    health.record_success(con, source, mentions[0].published, heard, len(mentions), rolled=False)
    health.record_success(con, source, heard, heard + timedelta(minutes=15), 0, rolled=False)
    health.record_answer(con, source, heard, f"host{place}.example.org", 0.8, 0, len(mentions))


def _trouble(con: health.Connection, now: datetime) -> None:
    """Leaves each source in its condition."""
    soon = now + timedelta(hours=3, minutes=20)

    def fail(source: str, state: str, error: str, days: float, failures: int) -> None:
        for number in range(failures):
            at = now - days * DAY + number * (days * DAY / failures)
            health.record_failure(con, source, at, None if state == "gone" else soon, state, error)

    fail(KETTLES, "failing", "kettles.example.org: answered 502, which is no content; asked again later", 2, 7)
    blocked = "forum.example.org: answered with a web page (login, consent or bot check); open the address in a browser"
    fail(FORUM, "blocked", blocked, 1, 4)
    fail(BOARD, "gone", "board.example.net: answered 410, the source has ended; remove it", 14, 1)
    fail(CODE, "key refused", "github: no key; export EARFUL_GITHUB_TOKEN before starting earful", 0.5, 1)
    spent = f"the quota of youtube is used up; goes on where it stopped from {soon:%Y-%m-%d %H:%M} UTC"
    health.record_waiting(con, VIDEOS, now - timedelta(hours=1), soon, spent)
    health.record_answer(con, POSTS, now - timedelta(hours=5), "social.example", 60.0, 0, 3)
    health.mark_silent(con, {REVIEWS: last_words(con)})
    silent = (REVIEWS, last_words(con), now - timedelta(minutes=6), "silent for longer than its habit")
    night = (SEARCH, now - 21 * DAY, now - 18 * DAY, "silent, though it usually brings 9 mentions a day")
    health.save_silences(con, [silent, night])


def last_words(con: health.Connection) -> datetime:
    """Tells since when the reviews are silent."""
    return standing.habits(con)[REVIEWS].last
