"""Lemmy, Discourse, Stack Exchange and GitHub: back to what is known, edits, deleted people, licences, errors."""

import json
from datetime import UTC, datetime

import httpx
import pytest
from answers import FIXTURES, READ, answer, by_id, read
from forumservers import SERVERS, START, iso, visit

from earful import connectors
from earful.connectors import bbcode, discourse, github, keys, lemmy, stackexchange, verdict, walk
from earful.connectors.types import ConnectorError, RateLimited


@pytest.mark.parametrize("server", SERVERS)
def test_a_first_walk_reads_everything_and_the_next_visit_little(server: str) -> None:
    times = {number: START + 8000 * number for number in range(1, 401)}
    kept: set[int] = set()
    cursor, count = visit(server, times, {}, kept)
    assert kept == set(times) and cursor == {"since": times[400]} and count > 3
    again, few = visit(server, times, cursor, set())
    assert again == cursor and few <= 3


@pytest.mark.parametrize("server", SERVERS)
def test_what_arrives_during_a_broken_walk_is_not_lost(server: str) -> None:
    times = {number: START + 6000 * number for number in range(1, 201)}
    kept: set[int] = set()
    cursor, _ = visit(server, times, {}, kept)
    times |= {number: START + 6000 * number for number in range(201, 501)}
    cursor, _ = visit(server, times, cursor, kept, stop_after=2)  # the walk breaks off half-way
    assert cursor["since"] == START + 200 * 6000, "the mark has moved although something lies between"
    assert kept != set(times)
    times |= {number: START + 6000 * number for number in range(501, 521)}
    for _ in range(2):  # first the rest of the broken walk, then what came since
        cursor, _ = visit(server, times, cursor, kept)
    assert kept == set(times) and cursor == {"since": times[520]}


@pytest.mark.parametrize("server", SERVERS)
def test_what_a_source_shows_late_is_found_within_the_overlap(server: str) -> None:
    times = {2 * number: START + 60 * number for number in range(1, 201)}
    kept: set[int] = set()
    cursor, _ = visit(server, times, {}, kept)
    late = 399 - 2 * 50  # an hour before the newest, less ten minutes
    visit(server, times | {late: START + 60 * 150}, cursor, kept)
    assert late in kept


@pytest.mark.parametrize("server", ["github", "stackexchange"])
def test_an_edit_makes_an_old_item_new_again(server: str) -> None:
    times = {number: START + 8000 * number for number in range(1, 301)}
    cursor, _ = visit(server, times, {}, set())
    kept: set[int] = set()
    visit(server, times | {7: times[300] + 50}, cursor, kept)
    assert 7 in kept and 8 not in kept


@pytest.mark.parametrize(("server", "hours"), [("discourse", 6), ("lemmy v3", 24), ("lemmy v4", 24)])
def test_edits_are_read_again_for_a_while_where_nothing_makes_them_new(server: str, hours: int) -> None:
    times = {number: START + 360 * number for number in range(1, 601)}
    cursor, _ = visit(server, times, {}, set())
    kept: set[int] = set()
    visit(server, times, cursor, kept)
    assert set(range(600 - hours * 10, 601)) <= kept and kept < set(times)


@pytest.mark.parametrize("server", ["github", "stackexchange"])
def test_more_items_in_one_second_than_a_page_holds_do_not_stop_a_walk(server: str) -> None:
    crowd = dict.fromkeys(range(2, 300), START + 100)
    kept: set[int] = set()
    cursor, count = visit(server, {1: START, **crowd, 301: START + 200}, {}, kept)
    assert {1, 301} <= kept and count < 5 and cursor == {"since": START + 200}


def test_the_end_of_a_page_is_the_oldest_second_and_always_moves() -> None:
    assert walk.older({}, [START + 5, iso(START + 3), None, "soon", 7], full=True) == START + 3
    assert walk.older({"next": START + 3}, [START + 3], full=True) == START + 2
    assert walk.older({"next": START + 3}, [START + 3], full=False) == 0
    assert walk.older({}, [], full=True) == 0


def test_github_is_asked_for_titles_and_texts_of_both_kinds_between_two_times() -> None:
    url = github.request('acme OR "hob kit"', {"since": START, "next": START + 9}).url
    assert url.params["q"] == (
        '(acme OR "hob kit") in:title,body (is:issue OR is:pull-request)'
        f" updated:{iso(START - github.OVERLAP)}..{iso(START + 9)}"
    )
    assert url.params["advanced_search"] == "true" and url.params["sort"] == "updated"
    assert github.request("acme", {}).url.params["q"] == "acme in:title,body (is:issue OR is:pull-request)"


def test_github_issues_pull_requests_and_deleted_accounts() -> None:
    found = by_id(read(FIXTURES / "github" / "search.json"))
    issue = found["1300000012"]
    assert issue.text == "My **Acme kettle** isn't found.\n\n- [x] I searched"
    assert issue.url == "https://github.com/brimstone/hob/issues/12" and issue.about == "brimstone/hob"
    assert issue.author == "spanner" and issue.engagement == 7
    assert issue.published == datetime(2026, 5, 30, 10, 0, tzinfo=UTC)
    pull = found["1300000011"]
    assert pull.author == "" and pull.text == pull.title == "Acme kettle: retry twice" and pull.url.endswith("/pull/11")


def test_a_search_that_github_broke_off_does_not_move_the_mark() -> None:
    page = read(
        FIXTURES / "github" / "incomplete.json", {"since": START, "top": START + 9, "next": START + 5, "pages": 2}
    )
    assert len(page.mentions) == 1 and page.rolled and not page.more
    assert page.cursor == {"since": START}


def test_optional_keys_are_added_where_they_are_set() -> None:
    environ = {"EARFUL_GITHUB_TOKEN": "tok-1", "EARFUL_STACKEXCHANGE_KEY": "key-2"}
    asked = github.request("acme", {})
    assert keys.signed(github, asked, {}) is asked
    assert keys.signed(github, asked, environ).headers["authorization"] == "Bearer tok-1"
    signed = keys.signed(stackexchange, stackexchange.request("superuser/acme", {}), environ)
    assert signed.url.params["key"] == "key-2" and signed.url.params["site"] == "superuser"


def test_stack_exchange_questions_keep_their_licence_and_people_may_be_missing() -> None:
    found = by_id(read(FIXTURES / "stackexchange" / "questions.json"))
    question = found["9003"]
    assert question.title == 'Acme\'s lid API returns "stuck" when a < b'
    assert question.text == "Since the update lid.open() fails:\n\nif (a < b) throw 7;\n\nWhy?"
    assert question.about == "acme, kettle (CC BY-SA 4.0)" and question.engagement == 6
    assert found["9002"].author == "" and found["9002"].about == "acme, kettle"
    assert found["9001"].author == "user11 & co" and found["9001"].about == "(CC BY-SA 2.5)"
    assert found["9001"].published.year == 2010


@pytest.mark.parametrize("asked", [{"backoff": 10}, {"quota_remaining": 0}])
def test_stack_exchange_is_left_alone_when_it_asks_and_the_walk_goes_on_later(asked: dict[str, int]) -> None:
    items = [{"question_id": number, "title": "x", "last_activity_date": START + number} for number in range(100)]
    page = stackexchange.parse(answer(json.dumps({"items": items, "has_more": True, **asked})), {"since": START - 9999})
    assert not page.more and page.cursor["next"] == START and page.cursor["since"] == START - 9999
    free = stackexchange.parse(answer(json.dumps({"items": items, "has_more": True})), {"since": START - 9999})
    assert free.more and free.cursor == page.cursor


def test_discourse_posts_say_only_what_their_author_wrote() -> None:
    page = read(FIXTURES / "discourse" / "posts.json")
    found = by_id(page)
    reply = found["4003"]
    assert reply.text == ":+1:\n\nNot mine, I love it." and reply.title == "Acme kettle leaks"
    assert reply.author == "quill" and reply.engagement == 3
    assert reply.url == "https://news.example.org/t/acme-kettle-leaks/11/4"
    assert reply.parent == "news.example.org/t/acme-kettle-leaks/11/2"
    assert found["4001"].parent.endswith("/11/1") and found["4000"].parent == ""
    assert set(found) == {"4000", "4001", "4003"} and page.gone == ("4004",)
    assert len(page.refused) == 2  # one hidden by its readers, one of quotes alone
    picture = {"raw": "<img src='x'>", "topic_title": "Acme kettle leaks"}
    pictures = {"latest_posts": [picture | {"id": number, "post_number": number} for number in (2, 1)]}
    assert [one.text for one in discourse.parse(answer(json.dumps(pictures)), {}).mentions] == ["Acme kettle leaks"]


def test_a_discourse_topic_has_its_title_once_for_all_posts() -> None:
    (post,) = read(FIXTURES / "discourse" / "topic.json").mentions
    assert post.title == "Is Brimstone any better?" and post.text == "Asking for a friend.\n\nThanks!"


def test_quotes_that_do_not_close_hide_nothing() -> None:
    assert bbcode.unquoted('mine [QUOTE="ada, post:1"]hers[/quote] mine') == "mine  mine"
    assert bbcode.unquoted("[/quote] mine [quote]") == "[/quote] mine [quote]"
    assert bbcode.unquoted("[quoted] mine") == "[quoted] mine"
    assert bbcode.unquoted(None) == ""


def test_discourse_in_a_folder_keeps_it_and_nothing_else_is_taken_for_a_host() -> None:
    assert (
        str(discourse.request("example.org/forum", {"next": 7}).url) == "https://example.org/forum/posts.json?before=7"
    )
    for wrong in (
        "https://forum.example.org",
        "forum.example.org/?a",
        "forum.example.org@evil.example",
        "a b.org",
        "x",
    ):
        with pytest.raises(ValueError, match=r"forum\.example\.org"):
            discourse.request(wrong, {})


def test_lemmy_posts_and_comments_of_both_apis() -> None:
    page = read(FIXTURES / "lemmy" / "v3.json")
    found = by_id(page)
    post = found["lemmy.example/post/501"]
    assert post.author == "ada@lemmy.example" and post.engagement == 15 and post.about == "kettles@lemmy.example"
    assert post.published == datetime(2026, 6, 2, 9, 0, 0, 254290, tzinfo=UTC)  # without a zone, it is UTC
    comment = found["other.example/comment/91"]
    assert comment.author == "noa@other.example" and comment.parent == post.id and comment.title == post.title
    assert comment.engagement == 7 and comment.url == "https://other.example/comment/91"
    assert found["lemmy.example/post/502"].author == ""  # its account is deleted
    assert page.gone == ("lemmy.example/comment/92",) and len(found) == 3
    newer = by_id(read(FIXTURES / "lemmy" / "v4.json"))
    assert newer["lemmy.example/post/601"].author == "ada@lemmy.example"
    assert newer["lemmy.example/post/601"].engagement == 8
    assert newer["lemmy.example/comment/71"].parent == "lemmy.example/post/601"
    assert newer["lemmy.example/comment/71"].engagement == 3


def test_lemmy_before_1_0_came_in_one_list() -> None:
    shown = json.loads((FIXTURES / "lemmy" / "v4.json").read_text())
    mixed = {"search": [{"type_": "post", **shown["posts"][0]}, {"type_": "comment", **shown["comments"][0]}]}
    assert by_id(lemmy.parse(answer(json.dumps(mixed)), {})) == by_id(read(FIXTURES / "lemmy" / "v4.json"))


def test_lemmy_is_asked_for_its_version_at_the_beginning_of_each_visit() -> None:
    assert str(lemmy.request("lemmy.example/acme", {"since": 5}).url) == "https://lemmy.example/nodeinfo/2.1"
    page = read(FIXTURES / "lemmy" / "nodeinfo.json", {"since": 5})
    assert page.more and page.cursor == {"since": 5, "api": 3}
    onward = read(FIXTURES / "lemmy" / "v4.json", {"since": 5, "api": 4}).cursor
    assert str(lemmy.request("lemmy.example/acme", onward).url).endswith("&limit=50&page_cursor=P259")
    with pytest.raises(ConnectorError, match="runs mastodon, not Lemmy"):
        lemmy.parse(answer('{"software": {"name": "mastodon", "version": "4.3"}}'), {})


def test_lemmy_stops_where_a_server_repeats_itself() -> None:
    content = (FIXTURES / "lemmy" / "v4.json").read_bytes()
    page = lemmy.parse(answer(content), {"since": 5, "next": "P259", "pages": 3, "api": 4})
    assert not page.more and "api" not in page.cursor


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("lemmy", "rate_limit_error"),
        ("discourse", "performed this action too many times"),
        ("stackexchange", "more requests available in 77892 seconds"),
        ("github", "exceeded a secondary rate limit"),
    ],
)
def test_an_error_that_comes_as_an_answer_is_told(name: str, said: str) -> None:
    with pytest.raises(ConnectorError, match=said):
        read(FIXTURES / name / "error.json")


@pytest.mark.parametrize(("name", "status", "seconds"), [("stackexchange", 400, 77_892), ("github", 403, 900)])
def test_a_refusal_in_words_alone_is_a_limit_and_not_a_mistyped_target(name: str, status: int, seconds: int) -> None:
    content = (FIXTURES / name / "error.json").read_bytes()
    refusal = httpx.Response(status, content=content, request=httpx.Request("GET", "https://api.example/x"))
    with pytest.raises(RateLimited) as limited:
        verdict.check(refusal, READ)
    assert limited.value.after == seconds


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        *(
            ("lemmy", wrong)
            for wrong in ("lemmy.example", "lemmy.example/", "lemmy.example/ ", "a@b.example/c", "b.example/c/d")
        ),
        *(
            ("stackexchange", wrong)
            for wrong in ("stackoverflow", "stackoverflow/", "Stack Overflow/acme", "a/\n", "../acme")
        ),
        *(("github", wrong) for wrong in (" ", "a\nb", "x" * 201)),
    ],
)
def test_targets_of_another_form_are_refused(name: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=name):
        connectors.find(name).request(wrong, {})
