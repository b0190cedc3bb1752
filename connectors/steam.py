"""Steam user reviews of a game or program: https://partner.steamgames.com/doc/webapi/IUserReviewsService

Target: the number in the store's address, such as 620. Terms: https://steamcommunity.com/dev/apiterms. No key: callers
without one share a limit that is not told. All reviews there are; thumb up is 5 stars, thumb down 1. Tried on answers
of the store's /appreviews, the same until October 2026; what is asked now is untried against the live service.
"""

import re
from datetime import datetime

import httpx

from earful.connectors import bbcode, body, languages, text, walk
from earful.connectors.types import ConnectorError, Cursor, Mention, Page

SIZE, PAGES, OVERLAP = 100, 25, 3600  # seconds read again each time; what is edited comes up on top by itself
_ALL = {"filter": "2", "languages[0]": "all", "review_type": "0", "purchase_type": "1", "filter_offtopic_activity": "0"}


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the reviews changed last, or during a walk for those before."""
    if not re.fullmatch(r"[0-9]{1,10}", target):
        raise ValueError(f"steam: {target!r} is no number of a game; write the one in its store address, like 620")
    query = _ALL | {"appid": target, "num_per_page": str(SIZE), "cursor": text.header(cursor.get("next")) or "*"}
    return httpx.Request("GET", "https://api.steampowered.com/IUserReviewsService/GetAppReviews/v1/", params=query)


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads reviews; where Steam ends a walk before it met what is known, the next one begins again."""
    answer, read = body.json_object(response.content, "a page of Steam reviews"), text.read_at(response)
    answer, since = body.fields(answer.get("response")) or answer, text.whole(cursor.get("since"))
    if not isinstance(found := answer.get("reviews"), list) or (since and not found and not cursor.get("next")):
        raise ConnectorError("expected a page of Steam reviews, got none: Steam is busy, or the number is no game's")
    reviews = [review for review in found if isinstance(review, dict)][: 2 * SIZE]
    times = [review.get("timestamp_updated") for review in reviews]
    onward = text.header(answer.get("cursor")) if reviews else ""
    after, more = walk.back(cursor, times, read, onward, overlap=OVERLAP, pages=PAGES)
    if since and not more and not any(0 < text.whole(time) <= since - OVERLAP for time in times):
        after = {"since": since}
    game = str(text.whole(response.request.url.params.get("appid")) or "")
    return text.page([_mention(review, game, read) for review in reviews], after, more=more)


def _mention(review: dict[str, object], game: str, read: datetime) -> Mention | str:
    author, counted = body.fields(review.get("author")), ("votes_up", "votes_funny", "comment_count")
    return text.mention(
        id=review.get("recommendationid"),
        url=f"https://steamcommunity.com/profiles/{author.get('steamid')}/recommended/{game}" if game else "",
        author=author.get("personaname") or author.get("steamid"),
        published=review.get("timestamp_created"),
        read=read,
        text=bbcode.plain(review.get("review")),
        language=languages.tag(review.get("language")),
        rating={"True": 5, "False": 1}.get(str(review.get("voted_up"))),
        engagement=sum(
            n for name in counted if (n := text.whole(review.get(name))) < 10**9
        ),  # 0 less 1 comes as 2**32 - 1
        about=game,
    )
