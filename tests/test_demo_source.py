"""The demo's sources: their shapes, their paging, and the story that the corpus tells."""

import json
import re
import runpy
from collections import Counter
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from earful.connectors import appstore, hackernews, mastodon, rss
from earful.connectors.types import Cursor, Mention
from earful.flows import demo_source

START = datetime(2025, 6, 3, 15, 0, tzinfo=UTC)
END = START + timedelta(days=1)
APPS = {"Siskin": "6446120017", "Nettlebox": "6446120023", "Plenteo": "6446120038"}
FILES = ("news", "forum", "hackernews", "appstore", "mastodon")
NEWS = "https://news.example/rss?q="
FORUM = "https://forum.example/latest.rss"
TAG = "https://social.example/api/v1/timelines/tag/siskin"
SEARCH = "https://hn.algolia.com/api/v1/search_by_date"
REVIEWS = "https://itunes.apple.com/gb/rss/customerreviews"


def ask(url, now=END, **params):
    request = httpx.Request("GET", url, params=params) if params else httpx.Request("GET", url)
    return demo_source.answer(request, START, now)


def collect(connector, target, now=END) -> list[Mention]:
    """Walks a source to its end with its own connector."""
    cursor: Cursor = {}
    found: dict[str, Mention] = {}
    for _ in range(40):
        response = demo_source.answer(connector.request(target, cursor), START, now)
        assert response.status_code == 200
        page = connector.parse(response, cursor)
        assert not page.refused
        found |= {mention.id: mention for mention in page.mentions}
        cursor = page.cursor
        if not page.more:
            return list(found.values())
    raise AssertionError("the walk does not end")


def items(name, **wanted):
    return [i for i in demo_source.corpus(name) if all(i.get(key) == value for key, value in wanted.items())]


def test_an_unknown_address_is_404():
    for url in ("https://nobody.example/rss", "https://news.example/", "https://hn.algolia.com/api/v1/items/1"):
        assert ask(url).status_code == 404
    post = httpx.Request("POST", FORUM)
    assert demo_source.answer(post, START, END).status_code == 404


def test_connectors_reach_every_item():
    for brand in APPS:
        word = brand.lower()
        posts = [item for item in items("mastodon") if word in (tag.lower() for tag in item["tags"])]
        assert len(collect(mastodon, f"social.example/{word}")) == len(posts) > 50
        reviews = items("appstore", country="gb", app=APPS[brand])
        assert len(collect(appstore, f"gb/{APPS[brand]}")) == len(reviews) > 100
        news = [i for i in items("news") if word in (i["title"] + i["text"]).lower()]
        assert len(collect(rss, NEWS + word)) == len(news) > 25
        hits = [i for i in items("hackernews") if word in (i["title"] + i["text"] + i.get("link", "")).lower()]
        assert len(collect(hackernews, word)) == len(hits) > 40
    assert len(collect(appstore, f"de/{APPS['Siskin']}")) == len(items("appstore", country="de")) > 40
    assert len(collect(rss, FORUM)) == len(items("forum")) <= 500


def test_mentions_say_what_the_corpus_says():
    spark = next(i for i in items("forum", event="crisis"))
    mention = next(m for m in collect(rss, FORUM) if m.title == spark["title"])
    assert (mention.text, mention.author) == (spark["text"], spark["author"])
    assert mention.published == START + timedelta(seconds=spark["at"])
    review = collect(appstore, f"de/{APPS['Siskin']}")[0]
    assert review.about == f"de/{APPS['Siskin']}"
    assert review.rating in {1, 2, 3, 4, 5}
    post = collect(mastodon, "social.example/siskin")[0]
    assert "#siskin" in post.text.lower()
    assert post.language
    copies = [m for m in collect(rss, NEWS + "siskin") if m.title == items("news", event="copy")[0]["title"]]
    assert len(copies) == 30 == len({m.author for m in copies})


@pytest.mark.parametrize("now", [START - timedelta(days=40), START, START + timedelta(minutes=30)])
def test_nothing_is_there_before_its_time(now):
    known = sum(item["at"] <= (now - START).total_seconds() for item in items("forum"))
    found = collect(rss, FORUM, now)
    assert len(found) == known
    others = collect(mastodon, "social.example/siskin", now) + collect(hackernews, "siskin", now)
    for mention in found + others + collect(appstore, f"gb/{APPS['Siskin']}", now):
        assert mention.published <= now


def test_a_feed_says_when_nothing_is_new():
    first = ask(FORUM, START)
    again = httpx.Request("GET", FORUM, headers={"If-None-Match": first.headers["etag"]})
    assert demo_source.answer(again, START, START + timedelta(seconds=1)).status_code == 304
    later = demo_source.answer(again, START, START + timedelta(hours=1))
    assert later.status_code == 200
    assert later.headers["etag"] != first.headers["etag"]


def test_hacker_news_filters_and_pages():
    everything = ask(SEARCH, query="siskin", hitsPerPage=1000).json()
    assert everything["nbHits"] == len(everything["hits"]) > 60
    times = [hit["created_at_i"] for hit in everything["hits"]]
    assert times == sorted(times, reverse=True)
    middle = times[20]
    newer = ask(SEARCH, query="SISKIN", numericFilters=f"created_at_i>{middle}", hitsPerPage=1000).json()
    assert [hit["created_at_i"] for hit in newer["hits"]] == [time for time in times if time > middle]
    stories = ask(SEARCH, tags="story", hitsPerPage=1000).json()["hits"]
    comments = ask(SEARCH, tags="comment", hitsPerPage=1000).json()["hits"]
    both = ask(SEARCH, tags="(story,comment)", hitsPerPage=1000).json()["hits"]
    assert len(stories) + len(comments) == len(both) == len(items("hackernews"))
    assert {hit["story_id"] for hit in comments} <= {int(hit["objectID"]) for hit in stories}
    ids = [
        hit["objectID"]
        for page in range(everything["nbHits"] // 7 + 1)
        for hit in ask(SEARCH, query="siskin", hitsPerPage=7, page=page).json()["hits"]
    ]
    assert ids == [hit["objectID"] for hit in everything["hits"]]


def test_mastodon_pages_both_ways():
    newest = ask(TAG, limit=10)
    ids = [int(post["id"]) for post in newest.json()]
    assert ids == sorted(ids, reverse=True)
    assert len(ids) == 10
    links = dict(re.findall(r'<([^>]+)>; rel="(\w+)"', newest.headers["link"]))
    older, newer = (url for url in links)
    second = ask(older).json()
    assert int(second[0]["id"]) < ids[-1]
    assert ask(newer).json() == []
    oldest_of_second = second[-1]["id"]
    forward = ask(TAG, min_id=oldest_of_second, limit=5).json()
    assert [post["id"] for post in forward] == [post["id"] for post in second[-6:-1]]
    assert len(ask(TAG, limit=900).json()) == 40


def test_the_app_store_ends_after_ten_pages():
    first = ask(f"{REVIEWS}/page=1/id={APPS['Siskin']}/sortby=mostrecent/json").json()["feed"]
    assert len(first["entry"]) == 50
    other = ask(f"{REVIEWS}/id={APPS['Siskin']}/sortBy=mostRecent/page=1/json").json()["feed"]
    assert other["entry"] == first["entry"]
    assert "entry" not in ask(f"{REVIEWS}/page=10/id={APPS['Siskin']}/sortby=mostrecent/json").json()["feed"]
    assert "entry" not in ask(f"{REVIEWS}/page=1/id=1/sortby=mostrecent/json").json()["feed"]
    assert ask(f"{REVIEWS}/page=11/id={APPS['Siskin']}/sortby=mostrecent/json").status_code == 400


def test_the_corpus_tells_its_story():
    corpus = {name: items(name) for name in FILES}
    rows = [item for found in corpus.values() for item in found]
    assert 1900 < len(rows) < 2300
    own = [item for item in rows if item["truth"].get("Siskin") == "negative"]
    hours = Counter(item["at"] // 3600 for item in own)
    usual = sum(count for hour, count in hours.items() if -80 * 24 <= hour < -8) / (80 * 24 - 8)
    assert 0.1 < usual < 0.5
    assert [hour for hour in range(-3, 1) if 20 <= hours[hour] <= 45] == [-3, -2, -1, 0]
    crisis = [item["at"] for item in rows if item.get("event") == "crisis" and "negative" in item["truth"].values()]
    assert min(crisis) == -7 * 3600
    assert 3600 < max(crisis) <= 5400
    assert sum(any(i.get("event") == "crisis" for i in found) for found in corpus.values()) == 5
    assert not [item for item in corpus["forum"] if -13 * 86400 <= item["at"] < -11 * 86400]
    assert len([item for item in corpus["forum"] if -17 * 86400 <= item["at"] < -13 * 86400]) > 10
    assert len(items("news", event="copy")) == 30
    assert 80 < sum(item.get("event") == "namesake" for item in rows) < 120
    recall = [item["at"] / 86400 for item in rows if item.get("event") == "recall"]
    assert -36.1 < min(recall) < max(recall) < -31


def test_every_text_is_its_own():
    texts = [i["text"].lower()[:60] for name in FILES for i in items(name) if i.get("event") != "copy" and i["text"]]
    assert len(texts) == len(set(texts))


def test_every_post_names_what_it_speaks_of():
    for name in ("news", "forum", "hackernews", "mastodon"):
        for item in items(name):
            said = (item.get("title", "") + " " + item["text"]).lower()
            assert all(brand.lower() in said for brand in item["truth"]), item
            assert item.get("event") != "namesake" or name == "hackernews" or "siskin" in said or "bird" in said


def test_the_files_are_what_the_sentences_give():
    folder = Path(__file__).parents[1] / "data" / "demo"
    for name, found in runpy.run_path(str(folder / "source" / "build.py"))["everything"]().items():
        kept = (folder / f"{name}.jsonl").read_text("utf-8").splitlines()
        assert [json.loads(line) for line in kept] == found
