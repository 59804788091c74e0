"""Test the console in a real browser over the local cloud, as people use it.

Any error in the browser's console, any breach of the content security policy and any request to
another site fails the test in which it happens.
"""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
import requests
from playwright.sync_api import Browser, Page, Request, Route, expect

from layers.console import fetch_file
from leanpix_cli.local_setup import LocalAccount, find_photo
from leanpix_local.cloud import LocalCloud
from tests.api import Site

PHOTOS = ("rocket.jpg", "coffee.png", "chelsea.png")
PAGES = ("optimize", "jobs", "usage", "keys", "api")
WAIT_MILLISECONDS = 60_000
AXE_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]


class Watched:
    """A page of which every fault is kept."""

    def __init__(self, page: Page, cloud: LocalCloud) -> None:
        self.page = page
        self.url = cloud.url
        self.faults: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._listen)
        page.on("request", self._look)
        page.set_default_timeout(WAIT_MILLISECONDS)

    def _listen(self, message: Any) -> None:
        # The browser complains of each status of 400 and more, and tests ask for some.
        if message.type in {"error", "warning"} and "status of 4" not in message.text:
            self.faults.append(message.text)

    def _look(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https"} and parts.hostname != "127.0.0.1":
            self.faults.append(f"a request to {request.url}")

    def open(self, path: str = "", *, key: str = "") -> Page:
        """Open the console, signed in with a key where one is given."""
        if key:
            self.page.goto(f"{self.url}/console#key={key}")
            expect(self.page.get_by_role("navigation")).to_be_visible()
        if path or not key:
            self.page.goto(f"{self.url}/console#/{path}")
        return self.page

    def drop(self, *files: Any) -> None:
        """Choose files, as a drop does."""
        self.page.locator("[data-picker=files]").set_input_files(list(files))

    def wait_for_gains(self, count: int) -> None:
        """Wait until so many images have ended."""
        expect(self.page.locator(".gain")).to_have_count(count, timeout=WAIT_MILLISECONDS)


Opened = Callable[..., Watched]


@pytest.fixture
def opened(browser: Browser, cloud: LocalCloud) -> Iterator[Opened]:
    """Return a maker of pages; their faults fail the test."""
    made: list[Watched] = []

    def make(**options: Any) -> Watched:
        context = browser.new_context(
            viewport={"width": 1280, "height": 800}, accept_downloads=True, **options
        )
        made.append(Watched(context.new_page(), cloud))
        return made[-1]

    yield make
    for watched in made:
        watched.page.context.close()
    assert [fault for watched in made for fault in watched.faults] == []


@pytest.fixture
def photos() -> list[Path]:
    """Return three real photos."""
    return [find_photo(name) for name in PHOTOS]


@pytest.fixture
def broken(tmp_path: Path) -> Path:
    """Return a file that is no image."""
    path = tmp_path / "broken.jpg"
    path.write_bytes(b"\xff\xd8\xff\xe0 no more")
    return path


def test_one_signs_in_with_a_key_and_out_again(opened: Opened, account: LocalAccount) -> None:
    page = opened().open()
    page.get_by_label("API key").fill("lpxnobodysKey")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_text("This key is not known")).to_be_visible()
    page.get_by_label("API key").fill(account.api_key)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", name="Drop photos here")).to_be_visible()
    page.reload()
    expect(page.get_by_role("heading", name="Drop photos here")).to_be_visible()
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_label("API key")).to_be_visible()


def test_the_link_of_serve_signs_in_and_leaves_no_key_in_the_address(
    opened: Opened, account: LocalAccount
) -> None:
    page = opened().open(key=account.api_key)
    expect(page.get_by_role("heading", name="Drop photos here")).to_be_visible()
    assert account.api_key not in page.url
    stored = page.evaluate("[Object.keys(localStorage).length, sessionStorage.length]")
    assert stored == [0, 1]


def test_photos_come_back_smaller_and_a_broken_file_is_named(
    opened: Opened, account: LocalAccount, photos: list[Path], broken: Path
) -> None:
    watched = opened()
    page = watched.open(key=account.api_key)
    watched.drop(*photos, broken)
    watched.wait_for_gains(4)
    rows = page.locator(".list li")
    for row, name in enumerate(PHOTOS):
        expect(rows.nth(row)).to_contain_text(name)
        expect(rows.nth(row).locator(".gain")).to_contain_text("\N{MINUS SIGN}")
    expect(rows.nth(3)).to_contain_text("kept")
    slider = page.get_by_role("slider")
    expect(slider).to_have_attribute("aria-valuenow", "50")
    slider.focus()
    page.keyboard.down("ArrowRight")
    page.wait_for_timeout(300)
    page.keyboard.up("ArrowRight")
    expect(slider).not_to_have_attribute("aria-valuenow", "50")
    with page.expect_download() as download:
        page.get_by_role("button", name="Download all").click()
    with zipfile.ZipFile(io.BytesIO(Path(download.value.path()).read_bytes())) as archive:
        packed = {entry.filename: archive.read(entry) for entry in archive.infolist()}
    assert set(packed) == {*PHOTOS, "broken.jpg"}
    jobs = requests.get(
        f"{watched.url}/v1/jobs", headers={"X-API-KEY": account.api_key}, timeout=20
    ).json()["result"]
    images = {job["images"][0]["file_name"]: job["images"][0] for job in jobs}
    for name in PHOTOS:
        assert packed[name] == requests.get(images[name]["url"], timeout=20).content
    assert packed["broken.jpg"] == broken.read_bytes()


def test_other_options_are_tried_beside_the_first(
    opened: Opened, account: LocalAccount, photos: list[Path]
) -> None:
    watched = opened()
    page = watched.open(key=account.api_key)
    watched.drop(photos[0])
    watched.wait_for_gains(1)
    page.get_by_role("button", name="Compare formats").click()
    chips = page.locator(".versions .chip")
    expect(chips).to_have_count(3)
    for chip in range(3):
        expect(chips.nth(chip)).to_contain_text("KB")
    page.get_by_text("AVIF, medium").click()
    expect(page.locator(".tag.right")).to_have_text("AVIF")
    expect(page.locator(".facts")).to_contain_text("Score")
    page.get_by_text("The same by the API").click()
    for language in ("Python", "Node", "PHP", "WordPress", "curl"):
        page.locator(".code").get_by_label(language, exact=True).check()
        expect(page.locator(".code pre")).to_contain_text("avif")


def test_a_picture_is_zoomed_on_both_sides_alike(
    opened: Opened, account: LocalAccount, photos: list[Path]
) -> None:
    watched = opened()
    page = watched.open(key=account.api_key)
    watched.drop(photos[0])
    watched.wait_for_gains(1)
    page.get_by_role("slider").focus()
    page.keyboard.press("+")
    page.keyboard.press("Shift+ArrowRight")
    transforms = page.locator(".pane img").evaluate_all(
        "all => all.map(one => one.style.transform)"
    )
    assert len(set(transforms)) == 1
    assert "scale(1.5)" in transforms[0]
    page.keyboard.press("0")
    first = page.locator(".pane img").first
    assert "scale(1)" in first.evaluate("one => one.style.transform")


def test_jobs_and_the_log_of_a_callback_are_seen(
    opened: Opened, account: LocalAccount, photos: list[Path], site: Site
) -> None:
    watched = opened()
    with photos[0].open("rb") as file:
        sent = requests.post(
            f"{watched.url}/v1/optimize",
            headers={"X-API-KEY": account.api_key},
            data={"type": "file", "callback_url": f"{site.url}/nowhere"},
            files={"file": file},
            timeout=30,
        ).json()
    page = watched.open("jobs", key=account.api_key)
    page.get_by_role("link", name="rocket.jpg").click()
    expect(page.get_by_role("heading", name=f"Job {sent['process_id']}")).to_be_visible()
    tries = page.get_by_role("region", name="Tries to call back").locator("tbody tr")
    expect(tries.first).to_contain_text("4", timeout=WAIT_MILLISECONDS)
    page.get_by_role("button", name="Send again").click()
    expect(page.get_by_text("The callback is on its way.")).to_be_visible()
    expect(tries.nth(1)).to_be_visible(timeout=WAIT_MILLISECONDS)


def test_usage_has_the_images_of_today(
    opened: Opened, account: LocalAccount, photos: list[Path]
) -> None:
    watched = opened()
    page = watched.open(key=account.api_key)
    watched.drop(photos[0])
    watched.wait_for_gains(1)
    page.get_by_role("link", name="Usage").click()
    table = page.get_by_role("region", name="Usage by day")
    expect(table.locator("tbody tr")).to_have_count(1)
    expect(page.locator(".chart canvas")).to_be_visible()
    with page.expect_download() as download:
        page.get_by_role("button", name="CSV").click()
    lines = Path(download.value.path()).read_text("utf-8").splitlines()
    assert lines[0].startswith("period,images")
    assert lines[-1].split(",")[1] == "1"


def test_a_key_is_made_seen_once_and_revoked(opened: Opened, account: LocalAccount) -> None:
    watched = opened()
    page = watched.open("keys", key=account.api_key)
    page.get_by_role("button", name="New key").click()
    page.get_by_label("Name").fill("web shop")
    page.get_by_role("button", name="Create", exact=True).click()
    made = page.locator("#new-key").inner_text()
    page.get_by_role("button", name="I have it").click()
    expect(page.get_by_text("web shop")).to_be_visible()
    assert made not in page.content()
    page.get_by_role("button", name="Revoke web shop").click()
    page.get_by_role("dialog").get_by_role("button", name="Revoke").click()
    expect(page.get_by_text("web shop")).to_have_count(0)
    gone = requests.get(f"{watched.url}/v1/keys", headers={"X-API-KEY": made}, timeout=20)
    assert gone.status_code in {401, 404}


def test_a_429_is_waited_out_and_told(
    opened: Opened, account: LocalAccount, photos: list[Path]
) -> None:
    watched = opened()
    page = watched.open(key=account.api_key)
    left = [2]

    def slow_down(route: Route) -> None:
        if left[0] and route.request.method == "POST":
            left[0] -= 1
            route.fulfill(status=429, headers={"Retry-After": "1"}, json={"errors": ["slow"]})
        else:
            route.continue_()

    page.route("**/v1/optimize", slow_down)
    watched.drop(photos[0])
    expect(page.get_by_text("Slowed down by the service")).to_be_visible()
    watched.wait_for_gains(1)


def test_a_key_that_is_revoked_meanwhile_is_told(opened: Opened, account: LocalAccount) -> None:
    watched = opened()
    page = watched.open(key=account.api_key)
    page.route(
        "**/v1/users/info", lambda route: route.fulfill(status=401, json={"errors": ["no"]})
    )
    page.get_by_role("link", name="Jobs").click()
    expect(page.get_by_text("Your key does not work any more.")).to_be_visible()
    page.get_by_role("button", name="Sign in again").click()
    expect(page.get_by_label("API key")).to_be_visible()


def test_all_is_done_by_the_keyboard_alone(opened: Opened, account: LocalAccount) -> None:
    page = opened().open()
    expect(page.get_by_label("API key")).to_be_focused()
    page.keyboard.type(account.api_key)
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Drop photos here")).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_text("Skip to the content")).to_be_focused()
    for name in PAGES[:4]:
        page.keyboard.press("Tab")
        expect(page.get_by_role("link", name=name, exact=False).first).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.get_by_role("heading", name="Keys")).to_be_visible()
    page.get_by_role("button", name="New key").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_label("Name")).to_be_focused()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_no_page_breaks_a_rule_of_accessibility(
    opened: Opened, account: LocalAccount, photos: list[Path], broken: Path, scheme: str
) -> None:
    watched = opened(color_scheme=scheme, reduced_motion="reduce")
    axe = fetch_file("axe-core", "axe.min.js")
    page = watched.open()
    found = [("sign-in", breaches(page, axe))]
    watched.open(key=account.api_key)
    found.append(("welcome", breaches(page, axe)))
    watched.drop(photos[0], broken)
    watched.wait_for_gains(2)
    page.get_by_text("The same by the API").click()
    for name in PAGES:
        page.get_by_role("navigation").get_by_role("link", name=name, exact=False).click()
        expect(page.get_by_role("heading", level=1)).to_have_text(name, ignore_case=True)
        expect(page.locator("[aria-busy=true]")).to_have_count(0)
        found.append((name, breaches(page, axe)))
    page.get_by_role("navigation").get_by_role("link", name="Jobs").click()
    page.get_by_role("link", name="rocket.jpg").click()
    expect(page.get_by_role("heading", name="Callback", exact=False)).to_have_count(0)
    expect(page.locator("article")).to_have_count(1)
    found.append(("job", breaches(page, axe)))
    page.goto(f"{watched.url}/docs")
    found.append(("docs", breaches(page, axe)))
    assert [(name, one) for name, all_of in found for one in all_of] == []


def breaches(page: Page, axe: str) -> list[str]:
    """Return the rules that a page breaks, each with the elements that do."""
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(axe)
    answer = page.evaluate(f"axe.run({{runOnly: {json.dumps(AXE_TAGS)}}})")
    return [
        f"{one['id']}: {[node['target'] for node in one['nodes']][:3]}"
        for one in answer["violations"]
    ]


def test_the_docs_run_no_script_and_break_no_policy(opened: Opened) -> None:
    watched = opened()
    watched.page.goto(f"{watched.url}/docs")
    expect(watched.page.get_by_role("heading", level=1)).to_be_visible()
    assert watched.page.locator("script").count() == 0


def test_routes_are_tried_in_the_console_and_nothing_of_that_is_loaded_before(
    opened: Opened, account: LocalAccount
) -> None:
    watched = opened()
    loaded: list[str] = []
    watched.page.on("request", lambda request: loaded.append(request.url))
    page = watched.open("api", key=account.api_key)
    expect(page.get_by_role("button", name="Try it")).to_be_visible()
    assert not [url for url in loaded if "swagger" in url]
    page.get_by_role("button", name="Try it").click()
    expect(page.locator(".swagger-ui .opblock").first).to_be_visible()
