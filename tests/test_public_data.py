"""What Steam, Firefox add-ons, GDELT, the CFPB and NHTSA do each in their own way."""

import json
from datetime import UTC, datetime
from typing import Any

import httpx
import pytest
from answers import FIXTURES, READ, answer, by_id, read, target

from earful import connectors
from earful.connectors import bbcode, cfpb, firefox_addons, gdelt, http, languages, nhtsa, steam
from earful.connectors.types import ConnectorError, Cursor, Page, RateLimited

DAY = 86_400
NOON = int(datetime(2026, 6, 2, 12, 0, tzinfo=UTC).timestamp())


def asked(name: str, cursor: Cursor) -> dict[str, str]:
    """Gives the parameters of a connector's request."""
    return dict(connectors.find(name).request(target(name), cursor).url.params)


def page(name: str, content: object, cursor: Cursor | None = None, address: str = "https://example.org/") -> Page:
    found: Page = connectors.find(name).parse(answer(json.dumps(content), address), cursor or {})
    return found


def reviews(*times: int, onward: str = "next=", **more: Any) -> dict[str, Any]:
    found = [
        {"recommendationid": str(time), "review": "fine", "timestamp_created": 1, "timestamp_updated": time, **more}
        for time in times
    ]
    return {"response": {"reviews": found, "cursor": onward}}


def test_steam_thumbs_are_stars_and_its_languages_are_tags() -> None:
    found = by_id(read(FIXTURES / "steam" / "reviews.json"))
    assert [(one.rating, one.language) for one in found.values()] == [(5, "en"), (1, "ja"), (5, "de")]
    assert found["9100002"].engagement == 6  # a count below zero, which comes as 4294967295, is left out
    assert by_id(read(FIXTURES / "steam" / "shop.json"))["9100009"].language == "pt-BR"  # the envelope of before 2026
    assert by_id(read(FIXTURES / "steam" / "hostile.json"))["9100012"].rating is None


def test_a_steam_review_loses_its_brackets_and_keeps_its_words() -> None:
    words = by_id(read(FIXTURES / "steam" / "reviews.json"))["9100003"].text
    assert words == "Brimstone Kettle\n\nBoils well, mostly.\n\nquick\nquiet\n\nthe maker says 10/10 [sic] <3"
    assert (
        bbcode.plain("[quote=spanner]old[/quote][spoiler]the lid[/spoiler] [10/10] [b") == "\nold\nthe lid [10/10] [b"
    )
    assert bbcode.plain(["no text"]) == ""


def test_a_steam_review_links_to_itself_and_names_its_game() -> None:
    content = (FIXTURES / "steam" / "reviews.json").read_text()
    request = steam.request("12345", {})
    found = by_id(steam.parse(answer(content, str(request.url)), {}))["9100001"]
    assert found.url == "https://steamcommunity.com/profiles/76561190000000001/recommended/12345"
    assert found.about == "12345" and request.url.host == "api.steampowered.com"


def test_steam_is_walked_by_its_cursor_by_the_last_change_and_with_every_kind_of_review() -> None:
    first = asked("steam", {})
    wanted = {"appid": "12345", "cursor": "*", "filter": "2", "languages[0]": "all", "filter_offtopic_activity": "0"}
    assert first.items() >= wanted.items()
    start = page("steam", reviews(NOON, NOON - DAY, onward="A/b+c="))
    assert start.more and asked("steam", start.cursor)["cursor"] == "A/b+c="
    assert "A%2Fb%2Bc%3D" in str(steam.request("12345", start.cursor).url)
    end = page("steam", reviews(onward="A/b+c="), start.cursor)
    assert not end.more and end.cursor == {"since": NOON}
    known = page("steam", reviews(NOON + 60, NOON - DAY), end.cursor)
    assert not known.more and known.cursor == {"since": NOON + 60}


def test_a_steam_cursor_that_repeats_ends_the_walk() -> None:
    start = page("steam", reviews(NOON, onward="same="))
    assert not page("steam", reviews(NOON, onward="same="), start.cursor).more


@pytest.mark.parametrize("early", [reviews(onward="x="), reviews(NOON + 30, onward="b=")])
def test_steam_that_ends_a_walk_too_early_is_walked_again_from_the_top(early: dict[str, Any]) -> None:
    begun = page("steam", reviews(NOON + 60, onward="b="), {"since": NOON})
    assert begun.more
    broken_off = page("steam", early, begun.cursor)
    assert not broken_off.more and broken_off.cursor == {"since": NOON}


def test_no_review_where_there_were_some_is_a_fault_of_steam() -> None:
    with pytest.raises(ConnectorError, match="busy"):
        page("steam", reviews(), {"since": NOON})
    assert page("steam", reviews()).mentions == ()


def test_ratings_are_paged_while_there_is_a_next_page_and_never_by_its_address() -> None:
    first = read(FIXTURES / "firefox_addons" / "ratings.json")
    assert first.more and asked("firefox_addons", first.cursor)["page"] == "2"
    assert asked("firefox_addons", {})["filter"] == "without_empty_body"
    assert [one.rating for one in first.mentions] == [1, 5]
    last = read(FIXTURES / "firefox_addons" / "last-page.json", first.cursor)
    assert not last.more and last.cursor == {"since": first.cursor["top"]}
    assert not read(FIXTURES / "firefox_addons" / "ratings.json", {"since": NOON + 8 * DAY}).more


def test_an_answer_of_the_developer_and_a_deleted_rating_are_no_mentions() -> None:
    refused = read(FIXTURES / "firefox_addons" / "hostile.json").refused
    assert {"9200014: an answer of the developer", "9200015: deleted"} <= set(refused)


@pytest.mark.parametrize("name", ["{3c6bf0cc-3ae2-42fb-9993-0d33104fdcaf}", "notes@acme.example", "1865", "ünits"])
def test_an_add_on_is_named_by_guid_number_or_address(name: str) -> None:
    request = firefox_addons.request(name, {})
    assert request.url.params["addon"] == name and request.url.host == "addons.mozilla.org"


def test_gdelt_articles_have_their_language_and_the_time_they_were_seen() -> None:
    found = read(FIXTURES / "gdelt" / "articles.json").mentions
    assert [one.language for one in found] == ["en", "fr", "zh"]
    assert found[0].published == datetime(2026, 6, 2, 10, 15, tzinfo=UTC)
    assert (found[1].author, found[1].id) == ("presse.example.org", "news.example.org/bouilloire")


def test_what_json_forbids_is_taken_out_of_gdelts_answers() -> None:
    (found,) = read(FIXTURES / "gdelt" / "illegal.json").mentions
    assert found.title == 'Acme \'s "new" kettle & lid d at C: Temp , two lines'


@pytest.mark.parametrize(
    "said", ["The specified phrase is too short.\n", "Parentheses may only be used around OR'd statements."]
)
def test_a_sentence_of_gdelt_with_status_200_is_told(said: str) -> None:
    with pytest.raises(ConnectorError, match=said.strip()[:20]) as caught:
        gdelt.parse(answer(said, **{"Content-Type": "text/html; charset=utf-8"}), {})
    assert not isinstance(caught.value, RateLimited)


def test_gdelt_that_asks_for_more_time_gets_it() -> None:
    with pytest.raises(RateLimited, match="every 5 seconds") as caught:
        gdelt.parse(answer("Please limit requests to one every 5 seconds or contact us."), {})
    assert caught.value.after >= 5


def test_an_empty_answer_of_gdelt_is_no_article_but_another_object_is_a_fault() -> None:
    assert read(FIXTURES / "gdelt" / "nothing.json") == Page((), {})
    with pytest.raises(ConnectorError, match="articles"):
        page("gdelt", {"timeline": []})


def articles(count: int, *, every: int, newest: int = NOON) -> dict[str, Any]:
    times = [datetime.fromtimestamp(newest - place * every, UTC) for place in range(count)]
    return {
        "articles": [
            {"url": f"https://example.org/{place}", "title": "Acme", "seendate": f"{time:%Y%m%dT%H%M%SZ}"}
            for place, time in enumerate(times)
        ]
    }


def test_gdelt_is_asked_for_what_is_older_until_a_page_is_not_full() -> None:
    assert "enddatetime" not in asked("gdelt", {}) and asked("gdelt", {})["sort"] == "DateDesc"
    first = page("gdelt", articles(250, every=900))
    oldest = datetime.fromtimestamp(NOON - 249 * 900, UTC)
    assert first.more and asked("gdelt", first.cursor)["enddatetime"] == f"{oldest:%Y%m%d%H%M%S}"
    second = page("gdelt", articles(3, every=900, newest=NOON - 249 * 900), first.cursor)
    assert not second.more and second.cursor == {"since": NOON}


def test_gdelt_moves_on_through_a_quarter_of_an_hour_that_fills_a_page() -> None:
    first = page("gdelt", articles(250, every=0))
    second = page("gdelt", articles(250, every=0), first.cursor)
    assert second.more and second.cursor["next"] == first.cursor["next"] - 1


def test_gdelt_is_left_alone_for_longer_than_others() -> None:
    waits: list[float] = []
    transport = httpx.MockTransport(lambda request: httpx.Response(200, json={}))
    client = http.Client(transport=transport, spacing=1.0, sleep=waits.append)
    for _ in range(2):
        client.fetch(gdelt.request("acme kettle", {}))
    assert len(waits) == 1 and waits[0] > 5


def hits(count: int, received: str = "2026-06-01T12:00:00-05:00", index: str = "") -> dict[str, Any]:
    found = [
        {
            "_source": {
                "complaint_id": str(9000 - place),
                "complaint_what_happened": "They call.",
                "date_received": received,
            },
            "sort": [1780333200000, str(9000 - place)],
        }
        for place in range(count)
    ]
    return {"hits": {"total": {"value": count}, "hits": found}, "_meta": {"last_indexed": index} if index else {}}


def test_a_complaint_is_about_the_company_and_keeps_what_is_blacked_out() -> None:
    found = by_id(read(FIXTURES / "cfpb" / "complaints.json"))["9300003"]
    assert found.about == "ACME FINANCIAL CORPORATION" and found.title == "Attempts to collect debt not owed"
    assert found.text.startswith("On XX/XX/2026 Acme took {$120.00}") and "XXXX XXXX" in found.text
    assert found.url.endswith("/search/detail/9300003")
    assert by_id(read(FIXTURES / "cfpb" / "export.json")).keys() == {"9300005"}


def test_a_complaint_without_the_consumers_words_is_refused_although_it_has_an_issue() -> None:
    found = read(FIXTURES / "cfpb" / "complaints.json")
    assert found.refused == ("9300002: nothing to read in it",)
    assert asked("cfpb", {})["has_narrative"] == "true"


def test_complaints_are_paged_by_what_the_last_one_is_sorted_by() -> None:
    assert "search_after" not in asked("cfpb", {}) and asked("cfpb", {})["sort"] == "created_date_desc"
    first = page("cfpb", hits(100))
    assert first.more and asked("cfpb", first.cursor)["search_after"] == "1780333200000_8901"
    last = page("cfpb", hits(7), first.cursor)
    assert not last.more and last.cursor["since"] == first.cursor["top"]
    assert not page("cfpb", hits(100), first.cursor).more  # the same place again
    assert "search_after" not in asked("cfpb", {"next": "x&size=1"})


def test_complaints_of_sixty_days_are_read_again() -> None:
    since = int(datetime(2026, 6, 1, 17, 0, tzinfo=UTC).timestamp())
    assert asked("cfpb", {"since": since})["date_received_min"] == "2026-04-02"
    assert page("cfpb", hits(100), {"since": since}).more
    assert not page("cfpb", hits(100, "2026-04-02T12:00:00-05:00"), {"since": since}).more
    assert not page("cfpb", hits(0), {"since": since}).more


def test_complaints_are_read_no_further_than_a_page_while_the_index_is_the_same() -> None:
    cursor: Cursor = {"since": NOON - DAY, "index": "monday"}
    same = page("cfpb", hits(100, index="monday"), cursor)
    assert len(same.mentions) == 100 and not same.more
    new = page("cfpb", hits(100, index="tuesday"), cursor)
    assert new.more and new.cursor["index"] == "tuesday"
    assert page("cfpb", hits(100, index="wednesday"), {**new.cursor, "next": "1_2"}).cursor["index"] == "tuesday"


def test_a_company_nobody_complained_of_is_probably_misspelt_and_half_an_answer_is_none() -> None:
    with pytest.raises(ConnectorError, match="name"):
        page("cfpb", hits(0))
    with pytest.raises(ConnectorError, match="part"):
        page("cfpb", {**hits(3), "timed_out": True})
    assert cfpb.request("M&T BANK, N.A.", {}).url.params["company"] == "M&T BANK, N.A."


def test_a_complaint_about_a_car_names_its_parts_and_is_there_once() -> None:
    found = read(FIXTURES / "nhtsa" / "complaints.json").mentions
    assert [one.id for one in found] == ["9400003", "9400002", "9400001"]
    assert found[0].about == "SERVICE BRAKES; FUEL SYSTEM, GASOLINE" and found[0].title == "2023 FERRYWELL BRIMSTONE"


def test_a_complaint_that_is_filed_under_several_years_keeps_its_number() -> None:
    row = json.loads((FIXTURES / "nhtsa" / "complaints.json").read_text())["results"][0]
    later = row | {"products": [{**row["products"][0], "productYear": "2024"}]}
    (one,), (other,) = (page("nhtsa", {"results": [each]}).mentions for each in (row, later))
    assert one.id == other.id and (one.title, other.title) == ("2023 FERRYWELL BRIMSTONE", "2024 FERRYWELL BRIMSTONE")


def test_the_end_of_1969_is_no_day() -> None:
    found = by_id(read(FIXTURES / "nhtsa" / "complaints.json"))
    assert found["9400003"].published == datetime(2026, 6, 1, tzinfo=UTC)
    assert found["9400002"].published == datetime(2026, 5, 28, tzinfo=UTC)  # of the incident
    assert (found["9400001"].published, found["9400001"].dated) == (READ, False)


def test_no_complaint_about_a_car_that_had_some_is_a_fault() -> None:
    assert read(FIXTURES / "nhtsa" / "nothing.json").cursor == {"count": 0}
    with pytest.raises(ConnectorError, match="before"):
        read(FIXTURES / "nhtsa" / "nothing.json", {"count": 12})


def test_a_car_has_a_make_a_model_and_a_year() -> None:
    request = nhtsa.request("ferrywell/911 carrera s/t/2019", {})
    assert dict(request.url.params) == {"make": "ferrywell", "model": "911 carrera s/t", "modelYear": "2019"}
    for wrong in ("ferrywell/brimstone", "ferrywell/brimstone/20233", "ferrywell//2023", "/brimstone/2023"):
        with pytest.raises(ValueError, match="nhtsa"):
            nhtsa.request(wrong, {})


@pytest.mark.parametrize(
    ("name", "tag"),
    [
        *(("schinese", "zh-Hans"), ("tchinese", "zh-Hant"), ("koreana", "ko"), ("latam", "es-419"), ("English", "en")),
        *(("Norwegian Nynorsk", "nn"), ("vietnamese", "vi"), ("klingon", ""), ("", ""), (None, ""), (7, "")),
    ],
)
def test_a_languages_name_becomes_its_tag(name: object, tag: str) -> None:
    assert languages.tag(name) == tag
