"""The page in a real browser: nothing fails, nothing is fetched, and people can read it on any screen."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from acclimate.report import page

pytestmark = pytest.mark.browser
Open = Callable[..., Any]
FLAGS = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]
SCREENS = [
    pytest.param({"viewport": {"width": 1100, "height": 900}, "color_scheme": scheme}, id=f"desk-{scheme}")
    for scheme in ("light", "dark")
] + [pytest.param({"viewport": {"width": 360, "height": 740}, "color_scheme": "light"}, id="phone")]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    playwright = pytest.importorskip("playwright.sync_api")
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("needs Chromium")
    with playwright.sync_playwright() as session:
        running = session.chromium.launch(executable_path=chromium, args=FLAGS)
        yield running
        running.close()


@pytest.fixture
def opened(browser: Any, build: Callable[..., dict[str, Any]], tmp_path: Path) -> Iterator[Open]:
    """Open the page with some options of a browser context; what it logs and asks for is in `tab.seen`."""
    contexts = []
    file = tmp_path / "report.html"
    file.write_text(page(build()), encoding="utf-8")

    def show(**options: Any) -> Any:
        context = browser.new_context(offline=True, **options)
        contexts.append(context)
        tab = context.new_page()
        tab.seen = []
        tab.on("console", lambda message: tab.seen.append(("console", message.text)))
        tab.on("pageerror", lambda error: tab.seen.append(("error", str(error))))
        tab.on("dialog", lambda dialog: (tab.seen.append(("dialog", dialog.message)), dialog.dismiss()))
        tab.on("request", lambda request: tab.seen.append(("request", request.url)))
        tab.goto(file.as_uri())
        return tab

    yield show
    for context in contexts:
        context.close()


@pytest.mark.parametrize("screen", SCREENS)
def test_nothing_fails_and_nothing_is_fetched(opened: Open, screen: dict[str, Any], evil: str) -> None:
    tab = opened(**screen)
    asked = [url for kind, url in tab.seen if kind == "request" and not url.startswith("data:")]
    assert len(asked) == 1, "the page itself"
    assert [each for each in tab.seen if each[0] != "request"] == []
    assert evil in tab.inner_text("main"), "markup in data is shown as it was written"


@pytest.mark.parametrize("screen", SCREENS)
def test_axe_finds_no_barrier(opened: Open, screen: dict[str, Any]) -> None:
    axe = pytest.importorskip("axe_playwright_python.sync_playwright")
    # Injecting axe needs what the page's own policy forbids to everyone else.
    tab = opened(**screen, bypass_csp=True)
    found = axe.Axe().run(tab)
    assert found.violations_count == 0, found.generate_report()


@pytest.mark.parametrize("screen", SCREENS)
def test_the_page_is_no_wider_than_the_screen(opened: Open, screen: dict[str, Any]) -> None:
    tab = opened(**screen)
    assert tab.evaluate("document.documentElement.scrollWidth") <= screen["viewport"]["width"]


def test_the_keyboard_reaches_every_link_and_every_wide_table(opened: Open) -> None:
    tab = opened()
    wanted = tab.evaluate("document.querySelectorAll('a[href], [tabindex]').length")
    reached = set()
    for _ in range(wanted + 5):
        tab.keyboard.press("Tab")
        reached.add(tab.evaluate("[...document.querySelectorAll('*')].indexOf(document.activeElement)"))
    assert len(reached - {tab.evaluate("[...document.querySelectorAll('*')].indexOf(document.body)")}) >= wanted


def test_it_prints(opened: Open) -> None:
    printed = opened().pdf(format="A4")
    assert printed.startswith(b"%PDF")
    assert len(printed) > 20_000
