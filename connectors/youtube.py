"""YouTube, comments and what a search finds: https://developers.google.com/youtube/v3/docs/commentThreads/list

Target: a video such as dQw4w9WgXcQ (its comments), channel/UC... (those on all its videos), or search/acme (videos).
Key: EARFUL_YOUTUBE_KEY, for the YouTube Data API v3, from https://console.cloud.google.com/apis/credentials. A page of
comments costs 1 of 10,000 units a day (they begin at midnight Pacific), a page of a search 100. Only the first replies
come along. Terms: refresh or delete what is kept after 30 days; so it is asked for again, and goes when it is gone.
"""

import re

import httpx

from earful.connectors import body, recheck, text, walk, youtubeitems
from earful.connectors.types import Cursor, Page

KEYS = {"X-Goog-Api-Key": "EARFUL_YOUTUBE_KEY"}
QUOTA, COST = (10_000, 86_400), {"search": 100}  # units a day
RECHECK = 50  # ids a request
PAGES, OVERLAP = 20, 86_400  # seconds read again each time, for edits and late replies
_SEARCH = {"part": "snippet", "order": "date", "maxResults": "50", "type": "video"}
_COMMENTS = {"part": "snippet,replies", "order": "time", "maxResults": "100", "textFormat": "plainText"}
_IDS = r"(?P<videoId>[\w-]{11})|channel/(?P<allThreadsRelatedToChannelId>UC[\w-]{22})|search/"


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the newest comments or videos, or during a walk for older ones."""
    if not (place := re.fullmatch(_IDS + r"(?P<q>[^\0-\x1f]{1,200})", target, re.ASCII)):
        raise ValueError(f"youtube: {target!r} is no video, channel/UC... or search/...; write one like dQw4w9WgXcQ")
    if known := recheck.ids(cursor):
        return youtubeitems.again(known)
    what, query = ("search", _SEARCH) if place["q"] else ("commentThreads", _COMMENTS)
    which = {name: value for name, value in place.groupdict().items() if value}
    query = query | which | walk.onward(cursor, "pageToken")
    return httpx.Request("GET", f"https://www.googleapis.com/youtube/v3/{what}", params=query)


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads comment threads with the replies that came along, single comments, or the videos of a search."""
    (answer, found), read = body.json_listing(response.content, "items"), text.read_at(response)
    if known := recheck.ids(cursor):
        return recheck.page(youtubeitems.alike(known), youtubeitems.names(found))
    threads = [youtubeitems.comments(item) for item in found]
    times = [body.fields(thread[0].get("snippet")).get("publishedAt") for thread in threads]
    after, more = walk.back(cursor, times, read, text.header(answer.get("nextPageToken")), overlap=OVERLAP, pages=PAGES)
    return text.page([youtubeitems.mention(one, read) for thread in threads for one in thread], after, more=more)
