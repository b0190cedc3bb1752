"""On a telephone the filters are one line that says what is chosen, until it is opened; on paper it stands for them."""

from collections.abc import Iterator
from datetime import UTC, datetime

import invented_store
import pytest
import visiting
from playwright.sync_api import Browser, expect
from visiting import CHROMIUM, PAGES, fits, settled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(600),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed"),
]
PAPER = {"width": 703, "height": 1032}  # A4 less its margins
PHONE, DESK = {"width": 390, "height": 844}, {"width": 1440, "height": 900}
FILTERED = ("", "criticism", "compare", "mentions", "reports")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with visiting.browsing() as one:
        yield one


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("narrow")
    invented_store.fill(folder, datetime.now(UTC))
    with visiting.serving(folder) as one:
        yield one


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_telephone_shows_the_page_and_one_line_of_filters(browser: Browser, address: str, scheme: str) -> None:
    with visiting.visiting(browser, address, viewport=PHONE, color_scheme=scheme) as page:
        for path in FILTERED:
            page.goto(f"{address}/{path}")
            settled(page)
            line = page.get_by_role("button", name="Filters: Acme, last 30 days")
            expect(line).to_be_visible()
            expect(page.get_by_text("Period", exact=True)).to_be_hidden()
            box = line.bounding_box()
            assert box and box["y"] + box["height"] < 260, path
            assert fits(page)


def test_the_line_opens_by_key_and_says_what_was_chosen(browser: Browser, address: str) -> None:
    with visiting.visiting(browser, address, viewport=PHONE) as page:
        page.goto(f"{address}/mentions?sentiment=negative")
        settled(page)
        line = page.get_by_role("button", name="Filters:")
        line.focus()
        page.keyboard.press("Enter")
        expect(page.get_by_text("Period", exact=True)).to_be_visible()
        page.get_by_role("radio", name="Mentions").click()
        page.wait_for_url("**/mentions?count=mentions&sentiment=negative")
        line.click()
        expect(page.get_by_text("Period", exact=True)).to_be_hidden()
        expect(line).to_contain_text("Acme, last 30 days, mentions, 1 more")
        page.set_viewport_size(DESK)  # turned, or moved to a larger screen
        expect(line).to_be_hidden()
        expect(page.get_by_text("Period", exact=True)).to_be_visible()


def test_at_a_desk_the_filters_stand_below_the_head(browser: Browser, address: str) -> None:
    with visiting.visiting(browser, address, viewport=DESK) as page:
        for path in FILTERED:
            page.goto(f"{address}/{path}")
            settled(page)
            expect(page.get_by_role("button", name="Filters:")).to_be_hidden()
            head, brand = page.locator(".st-key-head"), page.get_by_text("Brand", exact=True).first
            above, below = head.bounding_box(), brand.bounding_box()
            assert above and below and 0 < below["y"] - above["y"] - above["height"] < 24, path


def test_on_paper_nothing_stands_that_could_be_pressed(browser: Browser, address: str) -> None:
    with visiting.visiting(browser, address, viewport=PAPER) as page:
        page.emulate_media(media="print")
        for path in PAGES:
            page.goto(f"{address}/{path}")
            settled(page)
            expect(page.locator(".st-key-head")).to_be_visible()
            pressed = page.locator("button:visible, a:visible, input:visible, [data-testid=stHeader]:visible")
            left = [one.inner_text().strip() for one in pressed.all()]
            assert left == (["Filters: Acme, last 30 days"] if path in FILTERED else []), path
            assert fits(page), path
            assert page.pdf().startswith(b"%PDF")
