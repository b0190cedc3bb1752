"""Reads one review as Google writes it, in each of its three APIs, into a mention."""

from datetime import datetime
from typing import Any

from earful.connectors import body, text
from earful.connectors.types import Mention

_STARS = {"ONE": 1, "TWO": 2, "THREE": 3, "FOUR": 4, "FIVE": 5}


def place(review: dict[str, Any], name: object, read: datetime) -> Mention | str:
    """Reads a review of the Places API, in the language it was written in; `name` is the place's."""
    original, shown = body.fields(review.get("originalText")), body.fields(review.get("text"))
    words = original if text.plain(original.get("text")) else shown
    return text.mention(
        id=text.identity(review.get("name")).rpartition("/")[2],  # the place's part of it changes at times
        url=review.get("googleMapsUri"),
        author=body.fields(review.get("authorAttribution")).get("displayName"),
        published=review.get("publishTime"),
        read=read,
        text=words.get("text"),
        language=words.get("languageCode"),
        rating=review.get("rating"),
        about=name,
    )


def business(review: dict[str, Any], read: datetime) -> Mention | str:
    """Reads a review of the Business Profile API, whose words may hold a translation before or behind them."""
    first, mark, then = text.plain(review.get("comment")).partition("(Translated by Google)")
    original = then.partition("(Original)")[2] or first or then if mark else first
    return text.mention(
        id=review.get("reviewId"),
        author=body.fields(review.get("reviewer")).get("displayName"),
        published=review.get("createTime"),
        read=read,
        text=original,
        rating=_STARS.get(str(review.get("starRating"))),
    )


def app(review: dict[str, Any], package: str, read: datetime) -> Mention | str:
    """Reads a review of Google Play: what its user wrote, not what was answered. A title may stand before a tab."""
    comments = [body.fields(body.fields(one).get("userComment")) for one in body.items(review.get("comments"))]
    said = next((comment for comment in comments if comment), {})
    words = said.get("originalText") or said.get("text")
    title, tab, rest = words.partition("\t") if isinstance(words, str) else ("", "", "")
    return text.mention(
        id=review.get("reviewId"),
        url=f"https://play.google.com/store/apps/details?id={package}" if package else "",
        author=review.get("authorName"),
        published=body.fields(said.get("lastModified")).get("seconds"),
        read=read,
        title=title if tab else "",
        text=rest if tab else title,
        language=said.get("reviewerLanguage"),
        rating=said.get("starRating"),
        engagement=text.whole(said.get("thumbsUpCount")),
        about=package,
    )
