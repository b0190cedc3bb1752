"""The real dashboard in a real browser: hostile mentions do nothing, and a person finds the way."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import httpx
import invented_store
import pytest
import visiting
from invented_store import SAID, Said
from playwright.sync_api import Browser, Page, expect
from visiting import CHROMIUM, PATIENCE, Tracker, settled

from earful.data import store
from earful.data.database import Database

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(400),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed"),
]

FOREIGN = """tracker => [...document.querySelectorAll("*")].filter(element => ["src", "href", "data", "srcdoc"].some(
    name => (element.getAttribute(name) || "").includes(tracker))).length"""


@dataclass
class Served:
    """The running dashboard, and what its hostile store holds."""

    address: str
    folder: Path
    attacks: tuple[str, ...]
    brand: str


@pytest.fixture(scope="module")
def tracker() -> Iterator[Tracker]:
    with visiting.tracking() as one:
        yield one


ATTACKS = (
    "<script>window.taken = 1; fetch('TRACKER/script')</script> <img src='TRACKER/img.png' onerror='window.taken = 1'>"
    "<svg onload='window.taken = 1'><image href='TRACKER/svg.png'/></svg> <iframe src='TRACKER/frame'></iframe>"
    "<style>body { display: none }</style><link rel=stylesheet href=TRACKER/style.css><object data=TRACKER/o></object>",
    "![t](TRACKER/markdown.png) **bold** [link](TRACKER/link) :material/home: :red[red] :smile: $$\\frac{1}{0}$$"
    " $\\includegraphics{TRACKER/latex.png}$\n\n# head\n\n| a |\n|---|\n| ![t](TRACKER/table.png) |",
    '=HYPERLINK("TRACKER/formula", "x") \u202egnp.exe\u202c \u2066TRACKER\u2069 \x07'
    " Z\u0351\u036b\u0343a\u0351l\u0321g\u036bo",
    "W" * 50_000,
)


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory, tracker: Tracker) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("store")
    texts = tuple(text.replace("TRACKER", tracker.address) for text in ATTACKS)
    nasty = f"![b]({tracker.address}/brand.png) <b>Brand</b>"
    hostile = [
        Said(f"h{place}", nasty, 0.5 + place / 100, texts[1], "negative", text, text[:300], author=text[:300])
        for place, text in enumerate(texts)
    ]
    hostile[0] = Said("h0", nasty, 0.4, texts[1], "negative", texts[0], texts[1], url="javascript:window.taken=1")
    calm = tuple(Said(row.id, "Acme", row.days, row.source, row.label, row.text) for row in SAID if row.brand == "Acme")
    brands = (("Acme", "own"), (nasty, "competitor"))
    invented_store.fill(folder, datetime.now(UTC), (*calm, *hostile), brands)
    with visiting.serving(folder) as address:
        yield Served(address, folder, texts, nasty)


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with visiting.browsing() as one:
        yield one


@pytest.fixture
def page(browser: Browser, served: Served) -> Iterator[Page]:
    """Gives a page that may talk to nobody but the dashboard."""
    with visiting.visiting(browser, served.address) as one:
        yield one


def harmless(page: Page, tracker: Tracker) -> None:
    page.wait_for_timeout(500)
    assert tracker.hits == []
    assert page.evaluate("window.taken") is None
    assert page.evaluate("[...document.scripts].filter(s => s.text.includes('taken')).length") == 0
    assert page.evaluate(FOREIGN, tracker.address) == 0
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_overview_of_a_hostile_brand(page: Page, served: Served, tracker: Tracker) -> None:
    for path in ("/", f"/?{httpx.QueryParams({'brand': served.brand, 'period': '3d'})}"):
        page.goto(served.address + path)
        settled(page)
        expect(page.get_by_test_id("stMetricValue").first).to_be_visible()
        page.get_by_text("sources fine").click()
        harmless(page, tracker)


def test_hostile_mentions_are_shown_as_they_were_written(page: Page, served: Served, tracker: Tracker) -> None:
    for place, text in enumerate(served.attacks):
        chosen = {"at": served.attacks[1], "mention": f"h{place}"}
        query = httpx.QueryParams({"brand": served.brand, "period": "3d", **chosen})
        page.goto(f"{served.address}/mentions?{query}")
        settled(page)
        start = text[:12]
        expect(page.get_by_test_id("stText").filter(has_text=start).first).to_be_visible()
        if place == 0:
            expect(page.get_by_text("not one that a browser should open")).to_be_visible()
        harmless(page, tracker)
        assert "\u202e" not in page.content()


def test_from_a_figure_to_its_mentions_to_a_correction_and_back(page: Page, served: Served) -> None:
    page.goto(served.address + "/?count=mentions")
    settled(page)
    share = page.get_by_test_id("stMetric").filter(has_text="Negative share")
    expect(share).to_contain_text("40%")  # 2 of 5 judged
    page.get_by_role("button", name="Explain").nth(1).click()
    page.get_by_role("link", name="Show what is counted here").click()
    page.wait_for_url("**/mentions?*sentiment=negative*")
    settled(page)
    expect(page.get_by_text("2 mentions, newest first")).to_be_visible()
    page.get_by_role("button", name="▲ positive").last.click()
    expect(page.get_by_text("corrected by a person")).to_be_visible()
    expect(page.get_by_text("1 mention, newest first")).to_be_visible()
    page.get_by_role("link", name="Overview").click()
    page.wait_for_url(lambda url: "/mentions" not in url)
    expect(share).to_contain_text("20%")
    page.go_back()
    page.wait_for_url("**/mentions?*sentiment=negative*")
    expect(page.get_by_text("1 mention, newest first")).to_be_visible()


def test_keys_go_through_the_list_and_many_are_changed_at_once(page: Page, served: Served) -> None:
    page.goto(served.address + "/mentions?brand=Acme")
    expect(page.get_by_text("newest first")).to_be_visible(timeout=PATIENCE)
    expect(page.locator(".st-key-go-Next button")).to_be_enabled(timeout=PATIENCE)
    settled(page)
    page.keyboard.press("j")
    page.wait_for_url("**mention=a1**")
    settled(page)
    page.keyboard.press("d")
    expect(page.locator(".st-key-status-done").get_by_test_id("stBaseButton-primary")).to_be_visible(timeout=PATIENCE)
    settled(page)
    for row in (3, 4):  # that of the names is the first
        box = page.get_by_test_id("stDataFrame").last.bounding_box()
        assert box
        page.mouse.click(box["x"] + 15, box["y"] + 35 * row - 17)
        expect(page.get_by_text(f"{row - 2} chosen")).to_be_visible(timeout=PATIENCE)
        settled(page)
    page.get_by_role("button", name="Status").click()
    page.get_by_role("menuitem", name="To answer").click()
    expect(page.get_by_text("2 mentions changed, status: To answer")).to_be_visible(timeout=PATIENCE)
    settled(page)
    page.keyboard.press("u")
    expect(page.get_by_text("mentions changed")).to_have_count(0, timeout=PATIENCE)
    with Database(served.folder).look() as con:
        rows = con.execute("SELECT value, author, count(*) FROM triage GROUP BY ALL ORDER BY ALL").fetchall()
    assert rows == [("done", "dashboard", 2), ("new", "dashboard", 1), ("to answer", "dashboard", 2)]


def test_news_shows_by_itself_or_asks_where_somebody_reads(page: Page, served: Served) -> None:
    page.goto(served.address + "/?brand=Acme&source=news")
    settled(page)
    unclear = page.get_by_test_id("stMetric").filter(has_text="Unclear")
    expect(unclear).to_contain_text("1")
    correct(served.folder, "neutral")
    expect(unclear).to_contain_text("0", timeout=PATIENCE)
    page.get_by_role("link", name="Mentions").click()
    expect(page.get_by_text("newest first")).to_be_visible()
    settled(page)
    correct(served.folder, "unclear")
    page.get_by_role("button", name="There is news").click()
    expect(page.get_by_role("button", name="There is news")).to_have_count(0)


def correct(folder: Path, label: str) -> None:
    with Database(folder).transaction() as con:
        store.save_correction(con, "news", "a5", "Acme", label, "a colleague", datetime.now(UTC))


@pytest.mark.parametrize(("width", "height", "scheme"), [(1440, 900, "light"), (1920, 1080, "dark")])
def test_pages_can_be_looked_at(
    browser: Browser, served: Served, tmp_path: Path, width: int, height: int, scheme: str
) -> None:
    context = browser.new_context(viewport={"width": width, "height": height}, color_scheme=scheme)  # type: ignore[arg-type]
    page = context.new_page()
    for name in ("", "mentions"):
        page.goto(f"{served.address}/{name}")
        settled(page)
        expect(page.get_by_text("sources fine")).to_be_visible(timeout=PATIENCE)
        if not name:
            expect(page.locator("[data-testid=stVegaLiteChart] svg.marks")).to_have_count(3, timeout=PATIENCE)
        picture = page.screenshot(path=tmp_path / f"{name or 'overview'}-{width}-{scheme}.png")
        assert picture.startswith(b"\x89PNG")
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
        ground = page.evaluate("getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor")
        assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(18, 24, 31)"}[scheme]
    context.close()
