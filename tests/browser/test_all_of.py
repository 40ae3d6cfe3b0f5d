"""Choosing any or all of the selected values: links, chips, counts, and focus."""

from __future__ import annotations

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser import site as at
from tests.browser.conftest import OpenPage
from tests.browser.site import Site

TOPICS = "topic=trafficking+in+persons&topic=smuggling+of+migrants"


def find_choice(page: Page, facet: str, name: str) -> Locator:
    """Return a link of the choice between any and all of the selected values."""
    return at.facet(page, facet).get_by_role("link", name=name, exact=True)


@pytest.mark.parametrize("javascript", [True, False])
def test_choosing_all_values_and_any_again(
    open_page: OpenPage, site: Site, javascript: bool
) -> None:
    """The second selected value brings the choice. Each of its links leads to its list."""
    page, fragment = open_page(javascript=javascript), "" if javascript else "#values-topic"
    page.goto(site.url("/?topic=trafficking+in+persons"))
    expect(find_choice(page, "Topic", "All of these")).to_have_count(0)
    at.value(page, "Topic", "smuggling of migrants").click()
    expect(page).to_have_url(site.url(f"/?{TOPICS}{fragment}"))
    any_of, all_of = (find_choice(page, "Topic", name) for name in ("Any of these", "All of these"))
    expect(any_of).to_have_attribute("aria-current", "true")
    all_of.click()
    expect(page).to_have_url(site.url(f"/?{TOPICS}&match.topic=all{fragment}"))
    at.expect_chips(
        page, "Topic (all of): trafficking in persons", "Topic (all of): smuggling of migrants"
    )
    count = at.value(page, "Topic", "smuggling of migrants").locator(".count")
    at.expect_total(page, int(count.inner_text()))
    expect(all_of).to_have_attribute("aria-current", "true")
    any_of.click()
    expect(page).to_have_url(site.url(f"/?{TOPICS}{fragment}"))
    at.expect_chips(page, "Topic: trafficking in persons", "Topic: smuggling of migrants")


def test_the_choice_keeps_the_focus(page: Page, site: Site) -> None:
    """The link that was followed has the focus afterwards."""
    page.goto(site.url(f"/?{TOPICS}"))
    find_choice(page, "Topic", "All of these").focus()
    page.keyboard.press("Enter")
    expect(page).to_have_url(site.url(f"/?{TOPICS}&match.topic=all"))
    expect(find_choice(page, "Topic", "All of these")).to_be_focused()


def test_the_choice_is_easy_to_touch(open_page: OpenPage, site: Site) -> None:
    """On a phone, both links are 44 px high, and side by side."""
    page = open_page(width=360, has_touch=True, is_mobile=True)
    page.goto(site.url(f"/?{TOPICS}"))
    at.unfold(page)
    either, both = (
        at.find_box(find_choice(page, "Topic", name)) for name in ("Any of these", "All of these")
    )
    assert min(either["height"], both["height"]) >= 44
    assert either["y"] == both["y"]
