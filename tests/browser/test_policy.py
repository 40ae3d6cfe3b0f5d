"""No page loads foreign content, violates the policy, or runs typed scripts."""

import re

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Dialog, Page, Request, expect

from tests.browser import site as at
from tests.browser.site import Site
from tests.tiers import thorough

SCRIPTS = (
    "<script>alert(1)</script>",
    "\"'><img src=x onerror=alert(1)>",
    "</title></textarea><svg onload=alert(1)>",
    "javascript:alert(1)",
)
FOREIGN = "script:not([src^='/static/'])"


class Watch:
    """A recorder of the console, the requests, and the dialogs of a page."""

    def __init__(self, page: Page) -> None:
        self.said: list[str] = []
        self.asked: list[str] = []
        self.alerts: list[str] = []
        page.on("console", self._note)
        page.on("request", self._request)
        page.on("dialog", self._dismiss)

    def _note(self, message: ConsoleMessage) -> None:
        """Record a message.

        The browser itself logs the status of an error page, which is expected.
        """
        if not re.match(r"Failed to load resource: .* status of [45]\d\d", message.text):
            self.said.append(f"{message.type}: {message.text}")

    def _dismiss(self, dialog: Dialog) -> None:
        self.alerts.append(dialog.message)
        dialog.dismiss()

    def _request(self, request: Request) -> None:
        self.asked.append(request.url)


@pytest.fixture
def watch(page: Page) -> Watch:
    return Watch(page)


def test_no_page_requests_foreign_content(
    page: Page, watch: Watch, site: Site, empty_site: Site
) -> None:
    page.goto(empty_site.url("/about"))
    for address in at.PAGES.values():
        page.goto(site.url(address))
    assert watch.said == []
    hosts = tuple(f"{each.base}/" for each in (site, empty_site))
    assert [url for url in watch.asked if not url.startswith(hosts)] == []
    assert {url.rsplit("/", 1)[1] for url in watch.asked if "/static/" in url} >= {
        "style.css", "search.js", "suggest.js",
    }  # fmt: skip


def test_the_policy_is_in_force(browser: Browser, site: Site) -> None:
    """The browser blocks a foreign script and logs that on the console, which the tests check."""
    page = browser.new_page()
    watch = Watch(page)
    page.goto(site.url())
    blocked = page.evaluate(
        """() => new Promise((resolve) => {
            document.addEventListener("securitypolicyviolation", (event) => {
                resolve(event.effectiveDirective);
            });
            const script = document.createElement("script");
            script.src = "https://example.org/script.js";
            document.head.append(script);
        })"""
    )
    assert blocked == "script-src-elem"
    assert len(watch.said) == 1
    page.close()


@pytest.mark.parametrize("script", [SCRIPTS[0], *thorough(SCRIPTS[1:])])
def test_scripts_in_the_box_do_not_run(page: Page, watch: Watch, site: Site, script: str) -> None:
    page.goto(site.url())
    at.search(page, script)
    expect(page).to_have_title(re.compile("^" + re.escape(script)))
    expect(at.search_box(page)).to_have_value(script)
    expect(at.summary(page)).to_contain_text(script)
    page.go_back()
    at.expect_total(page, 136)
    assert page.locator(FOREIGN).count() == 0
    assert page.locator("img, textarea, [onload], [onerror]").count() == 0
    assert watch.alerts == []
    assert watch.said == []
