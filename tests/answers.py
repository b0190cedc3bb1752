"""Invented answers for the connectors' tests."""

from datetime import UTC, datetime
from pathlib import Path

import httpx

from earful import connectors
from earful.connectors.types import Cursor, Mention, Page

FIXTURES = Path(__file__).parent / "fixtures"
READ = datetime(2026, 6, 3, 12, 0, tzinfo=UTC)


def target(name: str) -> str:
    return (FIXTURES / name / "target.txt").read_text().strip()


def answer(content: bytes | str, address: str = "https://news.example.org/feed.xml", **headers: str) -> httpx.Response:
    """Builds an answer that was read at READ."""
    dated = {"Date": READ.strftime("%a, %d %b %Y %H:%M:%S GMT"), **headers}
    return httpx.Response(200, content=content, headers=dated, request=httpx.Request("GET", address))


def read(path: Path, cursor: Cursor | None = None) -> Page:
    page: Page = connectors.find(path.parent.name).parse(answer(path.read_bytes()), cursor or {})
    return page


def by_id(page: Page) -> dict[str, Mention]:
    return {mention.id: mention for mention in page.mentions}
