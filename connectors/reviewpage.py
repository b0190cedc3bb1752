"""Reviews on any web page that marks them with schema.org, JSON-LD or microdata: https://schema.org/Review

Target: the page's address, such as https://www.example.org/anvil/reviews (shops, recipes, hotels). What its
scripts load later is not seen; ratings on other scales become 1 to 5 stars; a rating without words is no mention.
Terms are the site's own: read them. Its robots.txt is asked once a day and obeyed. No key.
"""

import re
import time
from datetime import datetime

import httpx

from earful.connectors import body, robots, structured, text, walk
from earful.connectors.types import Cursor, Mention, Page

DAY = 86_400  # seconds for which a robots.txt holds


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the host's robots.txt when it was not asked within a day, else for the page."""
    fit = re.fullmatch(r"https?://(?:[\w-]+\.)*[^\W\d][\w-]*(?::\d{1,5})?(?:[/?#][!-~]{0,1900})?", target)
    if not fit or robots.path(target) in ("", "/robots.txt"):
        raise ValueError(f"reviewpage: {target!r} is no address; write one like https://www.example.org/anvil/reviews")
    if 0 <= time.time() - text.whole(cursor.get("robots_at")) < DAY:
        return httpx.Request("GET", target, headers={"Accept": "text/html"})
    return robots.request(target)


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads the reviews that a page shows; an answer of robots.txt only says whether to go on."""
    read, page = text.read_at(response), str(robots.asked(response)).partition("#")[0]
    if robots.answers(response):
        robots.obey(response)
        return Page((), {"robots_at": int(read.timestamp()), "seen": body.items(cursor.get("seen"))}, more=True)
    reviews, problems = structured.reviews(response.content, response.headers.get("content-type", ""))
    items = [_mention(review, around, page, read) for review, around in reviews]
    unique = {getattr(one, "id", one): one for one in items}  # some sites say it in microdata and JSON-LD
    seen, rolled = walk.window(cursor, unique.values())
    known = {"robots_at": cursor.get("robots_at"), "seen": seen}
    return text.page([*unique.values(), *problems], known, rolled=rolled)


def _mention(review: structured.Item, around: str, page: str, read: datetime) -> Mention | str:
    held = {name: structured.words(value) for name, value in review.items()}
    said, author, title = held.get("reviewBody") or held.get("description"), held.get("author"), held.get("name")
    published = structured.moment(held.get("datePublished") or held.get("dateCreated"))
    return text.mention(  # a site's own ids often count from the top, and move on with every new review
        id=text.fingerprint(page, text.person(author), str(text.moment(published))[:10], text.plain(said) or title),
        url=text.link(held.get("url"), page) or page,
        author=author,
        published=published,
        read=read,
        title=title,
        text=said,
        language=held.get("inLanguage"),
        rating=structured.stars(review.get("reviewRating")),
        about=held.get("itemReviewed") or around,
    )
