"""Fixtures of the browser tests: one Chromium for all, and a new profile for each page."""

import os
import shutil
from collections.abc import Callable, Iterator
from typing import Any, Literal, Protocol

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    expect,
    sync_playwright,
)

from tests.browser import chromium
from tests.browser.site import BARE, Site, serving
from tests.catalogue import CORPUS

ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--no-first-run",
]
PATIENCE = 60_000
"""Milliseconds that an element may take to appear on a slow machine."""


class OpenPage(Protocol):
    """A function that opens a page in a new profile. Default: wide window, light, with scripts."""

    def __call__(
        self,
        *,
        width: int = ...,
        height: int = ...,
        color_scheme: Literal["light", "dark"] = ...,
        javascript: bool = ...,
        **options: Any,
    ) -> Page: ...


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    """Yield a running Chromium.

    Without one, the tests are skipped with a reason, and fail in CI.
    """
    found = chromium.find()
    if found is None:
        (pytest.fail if os.environ.get("CI") else pytest.skip)(chromium.why_none())
    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=found, args=ARGUMENTS)
        expect.set_options(timeout=PATIENCE)
        yield running
        running.close()


@pytest.fixture(scope="package")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("site")
    corpus = shutil.copytree(CORPUS, folder / "corpus")
    with serving(corpus, folder / "index") as running:
        yield running


@pytest.fixture(scope="package")
def empty_site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("empty")
    with serving(CORPUS, folder / "index", BARE) as running:
        yield running


@pytest.fixture
def open_page(browser: Browser) -> Iterator[OpenPage]:
    """Yield a function that opens pages, and close them after the test.

    An uncaught script error, or a violation of the Content-Security-Policy, fails the test.
    """
    contexts: list[BrowserContext] = []
    faults: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            faults.append(message.text)

    def open_page(
        *,
        width: int = 1280,
        height: int = 800,
        color_scheme: Literal["light", "dark"] = "light",
        javascript: bool = True,
        **options: Any,
    ) -> Page:
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme=color_scheme,
            java_script_enabled=javascript,
            reduced_motion="reduce",
            **options,
        )
        contexts.append(context)
        context.set_default_timeout(PATIENCE)
        page = context.new_page()
        page.on("pageerror", lambda error: faults.append(str(error)))
        page.on("console", listen)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert not faults, faults


@pytest.fixture
def page(open_page: OpenPage) -> Page:
    return open_page()


@pytest.fixture
def axe_violations() -> Callable[[Page], list[str]]:
    """Return a function that lists the violations of axe: rule, impact, and first elements.

    The page needs JavaScript. Without it, axe never returns.
    """

    def violations(page: Page) -> list[str]:
        return [
            f"{each['id']} ({each['impact']}): {each['help']}: "
            + ", ".join(str(node["target"]) for node in each["nodes"][:3])
            for each in Axe()
            .run(page, options={"resultTypes": ["violations"]})
            .response["violations"]
        ]

    return violations
