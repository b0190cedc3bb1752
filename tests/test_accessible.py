"""Every page of the dashboard, looked through by axe-core: nothing serious stands in anybody's way."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import themed_store
import visiting
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page
from visiting import CHROMIUM, PAGES, settled

pytestmark = [
    pytest.mark.browser,
    pytest.mark.timeout(900),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed"),
]
TOML = """store = "."
[[brands]]
name = "Acme"
match = "acme"
[[sources]]
connector = "hackernews"
target = "acme"
"""
# Streamlit writes white on the primary colour, and the primary colour on dark ground: none is far enough from both.
STREAMLITS = {("dark", "color-contrast"): 'data-testid="stBaseButton-primary"'}


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with visiting.browsing() as one:
        yield one


@pytest.fixture(scope="module")
def address(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder = tmp_path_factory.mktemp("accessible")
    themed_store.fill(folder, datetime.now(UTC))
    config = folder / "earful.toml"
    config.write_text(TOML)
    with visiting.serving(folder, config) as one:
        yield one


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_has_a_serious_fault(browser: Browser, address: str, scheme: str) -> None:
    found: list[str] = []
    with visiting.visiting(browser, address, color_scheme=scheme) as page:
        for path in PAGES:
            page.goto(f"{address}/{path}")
            settled(page)
            page.wait_for_timeout(1500)
            settled(page)
            found += [f"{path}: {fault}" for fault in serious(page, scheme)]
    assert not found, "\n".join(found)


def serious(page: Page, scheme: str) -> Iterator[str]:
    """Looks a page through and tells what is serious or critical, less what only Streamlit could mend."""
    for fault in Axe().run(page).response["violations"]:
        if fault["impact"] not in ("serious", "critical"):
            continue
        theirs = STREAMLITS.get((scheme, fault["id"]))
        for node in fault["nodes"]:
            inside = page.locator(node["target"][0]).evaluate("element => element.closest('button')?.outerHTML ?? ''")
            if not (theirs and theirs in inside):
                yield f"{fault['id']}, {node['html'][:300]}, {node['failureSummary']}"
