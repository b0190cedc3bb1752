"""Complaints about banks, lenders and credit bureaus to the US CFPB: https://cfpb.github.io/api/ccdb/

Target: the company's name as the bureau writes it, such as ACME FINANCIAL CORPORATION; its search page shows them.
Terms: CC0, free for any use; the bureau does not verify what is alleged. No key, 20 searches a minute. Complaints in
the consumer's own words, 15 days or more after they were received; what names anyone is blacked out as XXXX.
"""

import re

import httpx

from earful.connectors import body, text, walk
from earful.connectors.types import ConnectorError, Cursor, Page

SIZE, PAGES, QUOTA = 100, 25, (20, 60.0)  # searches in so many seconds
OVERLAP = 60 * 86400  # seconds read again when the index is new: complaints and their words are published late
_PLACE = "https://www.consumerfinance.gov/data-research/consumer-complaints/search"


def request(target: str, cursor: Cursor) -> httpx.Request:
    """Asks for the complaints received last, or during a walk for those before."""
    if not re.fullmatch(r"[^\x00-\x1f\x7f]{2,200}", target) or not target.strip():
        raise ValueError(f"cfpb: {target!r} is no company; write its name as the bureau does, like ACME BANK, N.A.")
    query = {"company": target, "has_narrative": "true", "sort": "created_date_desc", "size": str(SIZE)}
    if first := text.moment(max(text.whole(cursor.get("since")) - OVERLAP, 0) or None):
        query["date_received_min"] = f"{first:%Y-%m-%d}"
    if re.fullmatch(r"[0-9]+_[0-9]+", str(cursor.get("next"))):
        query["search_after"] = cursor["next"]
    query |= {"no_aggs": "true", "no_highlight": "true"}
    return httpx.Request("GET", f"{_PLACE}/api/v1/", params=query, headers={"Accept": "application/json"})


def parse(response: httpx.Response, cursor: Cursor) -> Page:
    """Reads complaints, from a search or an export; pages behind the first only when the index is a new one."""
    answer, read, onward = body.json_value(response.content), text.read_at(response), ""
    found = answer if isinstance(answer, list) else body.fields(body.fields(answer).get("hits")).get("hits")
    if not isinstance(found, list) or body.fields(answer).get("timed_out") is True:
        raise ConnectorError("expected a list of complaints, got something else or a part of it")
    hits = [body.fields(hit) for hit in found][:10_000]
    if not hits and not (cursor.get("since") or cursor.get("next")):
        raise ConnectorError("no complaint in a consumer's words; check how the bureau writes the company's name")
    index = text.line(body.fields(body.fields(answer).get("_meta")).get("last_indexed"))
    if len(hits) >= SIZE and (cursor.get("next") or not index or index != cursor.get("index")):
        onward = "_".join(str(text.whole(part)) for part in body.items(hits[-1].get("sort"))[:2])
    times = [body.fields(hit.get("_source")).get("date_received") for hit in hits]
    after, more = walk.back(cursor, times, read, onward, overlap=OVERLAP, pages=PAGES)
    items = [
        text.mention(
            id=complaint.get("complaint_id"),
            url=f"{_PLACE}/detail/{text.whole(complaint.get('complaint_id'))}",
            published=complaint.get("date_received"),
            read=read,
            title=text.plain(complaint.get("complaint_what_happened"), 9) and complaint.get("issue"),  # never alone
            text=complaint.get("complaint_what_happened"),
            about=complaint.get("company"),
        )
        for complaint in (body.fields(hit.get("_source")) for hit in hits)
    ]
    return text.page(items, after | {"index": cursor.get("index") if cursor.get("next") else index}, more=more)
