"""Who may look and who may decide: the real sign-in against a provider on this machine, in a real browser."""

import json
import os
import re
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import identity
import invented_store
import pytest
import visiting
from identity import CLIENT, SECRET, Provider
from playwright.sync_api import Browser, Page, expect
from visiting import CHROMIUM

from earful.dashboard import launch
from earful.data import people, store
from earful.data.database import Database
from earful.flows import config, processes
from earful.flows.config import ConfigError

ACCESS = {"editors": ["ada@example.org"], "viewers": ["*@example.com"]}
TOML = """
dashboard = "{dashboard}"
[[brands]]
name = "Acme"
match = "acme"
[signin]
provider = "https://id.example.org"
client_id = "earful"
editors = ["Ada@example.org"]
{more}
"""


# The list


@pytest.mark.parametrize(
    ("address", "role"),
    [
        ("ada@example.org", "editor"),
        (" ADA@Example.ORG ", "editor"),
        ("bo@example.com", "viewer"),
        ("bo@example.org", ""),
        ("ada@example.org.evil.net", ""),
        ("x@ada@example.org", ""),
        ("bo@sub.example.com", ""),
        ("*@example.com", "viewer"),  # no provider vouches for such an address
        ("", ""),
        ("@example.com", ""),
        ("example.com", ""),
    ],
)
def test_the_list_knows_whole_addresses_and_whole_domains(address: str, role: str) -> None:
    assert people.role(ACCESS, address) == role


def test_a_decision_of_who_may_not_decide_is_not_written(tmp_path: Path) -> None:
    database = Database(tmp_path)
    with people.decision(database, "dashboard") as con:  # nobody signs in here
        store.put_setting(con, "decided", 1)
    with database.transaction() as con:
        store.put_setting(con, people.SETTING, ACCESS)
    for nobody in ("bo@example.com", "dashboard", "", "eve@example.org"):
        with pytest.raises(people.NotAllowed), people.decision(database, nobody) as con:
            store.put_setting(con, "decided", 2)
    with people.decision(database, "ada@example.org") as con:
        assert con.execute("SELECT value FROM settings WHERE key = 'decided'").fetchone() == ("1",)
        store.put_setting(con, "decided", 3)


def test_only_one_place_of_the_dashboard_writes() -> None:
    for path in Path(launch.__file__).parent.glob("*.py"):
        found = re.findall(r"\.transaction\(|people\.decision\(|people\.role\(", path.read_text())
        assert not found or path.name in ("deciding.py", "signin.py"), path.name


# The configuration


def load(folder: Path, dashboard: str = "https://earful.example.org", more: str = "") -> config.Config:
    (folder / "earful.toml").write_text(TOML.format(dashboard=dashboard, more=more))
    return config.load(folder / "earful.toml")


def test_sign_in_is_configured_and_its_secret_is_in_no_command(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_SIGNIN_SECRET", SECRET)
    found = load(tmp_path, more='listen = "0.0.0.0"')
    part = processes.dashboard(found, tmp_path / "earful.toml", 8600)
    secrets = found.store_folder / "signin.toml"
    assert "--server.address=0.0.0.0" in part.command
    assert "--server.allowedHosts=earful.example.org" in part.command
    assert f"--secrets.files={secrets}" in part.command
    assert not any(SECRET in word for word in part.command)
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o600
    assert 'redirect_uri = "https://earful.example.org/oauth2callback"' in secrets.read_text()
    assert found.signin is not None
    assert found.signin.access == {"editors": ["ada@example.org"], "viewers": []}
    processes.dashboard(load(tmp_path), tmp_path / "earful.toml", 8600)  # again, over the file that is there
    (tmp_path / "earful.toml").write_text('[[brands]]\nname = "Acme"\nmatch = "acme"\n')
    alone = processes.dashboard(config.load(tmp_path / "earful.toml"), tmp_path / "earful.toml", 8600)
    assert "--server.address=127.0.0.1" in alone.command
    assert not secrets.exists()


@pytest.mark.parametrize(
    ("dashboard", "more", "said"),
    [
        ("http://earful.example.org", "", "must begin with https"),
        ("https://earful.example.org", 'viewers = ["everybody"]', "is no address"),
        ("https://earful.example.org", 'viewers = ["*"]', "is no address"),
        ("https://earful.example.org", "hours = 0", "hours"),
        ("https://earful.example.org", 'secret_env = "NOT_SET_HERE"', "NOT_SET_HERE is not set"),
        ("https://earful.example.org", 'secret_env = "my secret"', "name an environment variable"),
    ],
)
def test_a_wrong_sign_in_is_refused(
    dashboard: str, more: str, said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("EARFUL_SIGNIN_SECRET", SECRET)
    with pytest.raises(ConfigError, match=said):
        load(tmp_path, dashboard, more)


def test_a_provider_is_reached_by_https_or_on_this_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EARFUL_SIGNIN_SECRET", SECRET)
    for wrong in ("http://id.example.org", "id.example.org", "ftp://x", ""):
        text = TOML.format(dashboard="https://a.example.org", more="").replace("https://id.example.org", wrong)
        (tmp_path / "earful.toml").write_text(text)
        with pytest.raises(ConfigError, match="https"):
            config.load(tmp_path / "earful.toml")


# In the browser


@dataclass
class Served:
    """A dashboard with sign-in, its provider and its store."""

    address: str
    provider: Provider
    database: Database


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    folder = tmp_path_factory.mktemp("store")
    invented_store.fill(folder, datetime.now(UTC))
    database = Database(folder)
    with database.transaction() as con:
        store.put_setting(con, people.SETTING, ACCESS)
    port = visiting.free_port()
    with identity.provider() as provider:
        address = f"http://localhost:{port}"
        metadata = f"{provider.address}/.well-known/openid-configuration"
        signin = launch.SignIn(metadata, CLIENT, SECRET, address, "127.0.0.1", 12)
        (folder / "signin.toml").write_text(signin.written())
        with (folder / "dashboard.log").open("wb") as log:
            process = subprocess.Popen(
                launch.command(port, signin, folder / "signin.toml"),
                env={**os.environ, "EARFUL_STORE": str(folder), **launch.environment(signin)},
                stdout=log,
                stderr=log,
            )
        try:
            visiting.await_answer(address, process)
            yield Served(address, provider, database)
        finally:
            process.terminate()
            process.wait(20)
        assert SECRET not in (folder / "dashboard.log").read_text(errors="replace")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with visiting.browsing() as chromium:
        yield chromium


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1440, "height": 900})
    opened = context.new_page()
    opened.set_default_timeout(60_000)
    yield opened
    context.close()


def sign_in(page: Page, served: Served, place: str = "", **claims: object) -> None:
    served.provider.claims = claims
    page.goto(served.address + place)
    expect(page.get_by_text("Sign in to see what is said")).to_be_visible(timeout=60_000)
    assert "Acme" not in page.inner_text("body")
    page.get_by_role("button", name="Sign in").click()


in_a_browser = [
    pytest.mark.browser,
    pytest.mark.timeout(300),
    pytest.mark.skipif(CHROMIUM is None, reason="no chromium is installed"),
]


class TestInTheBrowser:
    pytestmark = in_a_browser

    def test_an_editor_sees_and_decides_under_their_own_name(self, page: Page, served: Served) -> None:
        sign_in(page, served, email="Ada@example.org", email_verified=True)
        expect(page.get_by_text("Net sentiment").first).to_be_visible(timeout=60_000)
        page.goto(f"{served.address}/mentions?count=mentions&at=shop&mention=a4")
        page.get_by_test_id("stBaseButton-secondary").filter(has_text="negative").click()
        expect(page.get_by_text("corrected").first).to_be_attached(timeout=60_000)
        with served.database.transaction(publish=False) as con:
            assert con.execute("SELECT DISTINCT author FROM corrections").fetchall() == [("Ada@example.org",)]

    def test_a_viewer_sees_but_every_judgement_is_off(self, page: Page, served: Served) -> None:
        sign_in(page, served, email="bo@example.com")
        expect(page.get_by_text("Net sentiment").first).to_be_visible(timeout=60_000)
        page.goto(f"{served.address}/mentions?at=shop&mention=a4")
        button = page.get_by_test_id("stBaseButton-secondary").filter(has_text="neutral").first
        expect(button).to_be_visible(timeout=60_000)
        expect(button).to_be_disabled()

    @pytest.mark.parametrize(
        "claims",
        [{"email": "eve@example.net"}, {"email": "ada@example.org", "email_verified": False}, {}],
        ids=["a stranger", "an address that nobody confirmed", "no address"],
    )
    def test_who_is_not_on_the_list_sees_nothing(self, page: Page, served: Served, claims: dict[str, object]) -> None:
        sign_in(page, served, **claims)
        expect(page.get_by_text("not on the list")).to_be_visible(timeout=60_000)
        assert "Acme" not in page.inner_text("body")
        page.goto(f"{served.address}/mentions")
        expect(page.get_by_text("not on the list")).to_be_visible(timeout=60_000)
        assert "Acme" not in page.inner_text("body")

    def test_an_old_sign_in_has_ended(self, page: Page, served: Served) -> None:
        old = int(time.time()) - 13 * 3600
        sign_in(page, served, email="ada@example.org", iat=old)
        expect(page.get_by_text("Your sign-in has ended")).to_be_visible(timeout=60_000)
        assert "Acme" not in page.inner_text("body")

    def test_who_was_taken_off_the_list_is_out(self, page: Page, served: Served) -> None:
        sign_in(page, served, email="ada@example.org")
        expect(page.get_by_text("Net sentiment").first).to_be_visible(timeout=60_000)
        with served.database.transaction() as con:
            store.put_setting(con, people.SETTING, {"editors": ["bo@example.org"], "viewers": []})
        try:
            page.reload()
            expect(page.get_by_text("not on the list")).to_be_visible(timeout=60_000)
        finally:
            with served.database.transaction() as con:
                store.put_setting(con, people.SETTING, ACCESS)

    def test_signing_out_closes_the_door(self, page: Page, served: Served) -> None:
        sign_in(page, served, email="ada@example.org")
        expect(page.get_by_text("Net sentiment").first).to_be_visible(timeout=60_000)
        page.get_by_role("button", name=re.compile("account_circle")).click()
        page.get_by_role("button", name="Sign out").click()
        expect(page.get_by_text("Sign in to see what is said")).to_be_visible(timeout=60_000)

    def test_a_forged_cookie_opens_nothing(self, page: Page, served: Served) -> None:
        forged = json.dumps({"email": "ada@example.org", "is_logged_in": True, "iat": time.time()})
        page.context.add_cookies([{"name": "_streamlit_user", "value": forged, "url": served.address}])
        page.goto(served.address)
        expect(page.get_by_text("Sign in to see what is said")).to_be_visible(timeout=60_000)


class TestWithoutItsProvider:
    pytestmark = in_a_browser

    def test_a_provider_that_is_down_lets_nobody_in(self, page: Page, tmp_path: Path) -> None:
        invented_store.fill(tmp_path, datetime.now(UTC))
        port, nobody = visiting.free_port(), visiting.free_port()
        address = f"http://localhost:{port}"
        signin = launch.SignIn(f"http://127.0.0.1:{nobody}/x", CLIENT, SECRET, address, "127.0.0.1", 12)
        (tmp_path / "signin.toml").write_text(signin.written())
        process = subprocess.Popen(
            launch.command(port, signin, tmp_path / "signin.toml"),
            env={**os.environ, "EARFUL_STORE": str(tmp_path), **launch.environment(signin)},
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            visiting.await_answer(address, process)
            page.goto(address)
            page.get_by_role("button", name="Sign in").click(timeout=60_000)
            page.wait_for_timeout(3000)
            assert "Acme" not in page.inner_text("body")
            page.goto(f"{address}/mentions")
            expect(page.get_by_text("can't be reached")).to_be_visible(timeout=60_000)
            assert "Acme" not in page.inner_text("body")
        finally:
            process.terminate()
            process.wait(20)
