"""Nothing in a record widens a page: long values without a place to break, and many of them."""

from collections.abc import Iterator
from typing import get_args
from urllib.parse import quote_plus

import msgspec
import pytest
from playwright.sync_api import Page, expect

from indexer.catalogue.fields import NAME_ROLES, Catalogue, Field, FieldKind, Role
from indexer.catalogue.records import Link, Publication, SourceLocation, Value
from tests.browser import site as at
from tests.browser.conftest import OpenPage
from tests.search_app.texts import make_index_with_texts, make_text

pytestmark = pytest.mark.thorough

LONG = "W" * 120
DOI = f"10.1000/{LONG}"
KINDS: dict[Role, FieldKind] = {
    "DOI": "doi", "URL": "link", "issued": "year",
    **dict.fromkeys(NAME_ROLES, "name"),
}  # fmt: skip
FACETS = ("keyword", "publisher", "genre", "coverage")
FACTS = ("publisher", "container-title", "genre", "publisher-place", "number")


def make_field(role: Role) -> Field:
    """Return a field of a role, which a list shows too if it can."""
    return Field(
        role, f"Label{LONG}", kind=KINDS.get(role, "keyword"), role=role, several=True,
        facet=FACETS.index(role) if role in FACETS else None,
        fact=FACTS.index(role) if role in FACTS else None,
    )  # fmt: skip


CATALOGUE = Catalogue(
    title="Long values",
    description="Values without a place to break.",
    files="serve",
    fields=(
        Field("title", "Title", kind="text", role="title", weight=2.0),
        Field("summary", "Abstract", kind="text", role="abstract", weight=1.0),
        *(make_field(role) for role in get_args(Role) if role not in ("title", "abstract")),
        Field("fulltext", "Full text", kind="fulltext", weight=0.3),
    ),
)


def make_values(letter: str) -> dict[str, tuple[Value, ...]]:
    values: dict[str, tuple[Value, ...]] = {}
    for field in CATALOGUE.valued:
        texts = tuple(f"{letter}{number}{LONG}" for number in (1, 2))
        values[field.name] = texts
        if field.kind == "name":
            values[field.name] = tuple(f"{text}, {text}" for text in texts)
        elif field.kind == "doi":
            values[field.name] = (f"{DOI}{letter}",)
        elif field.kind == "link":
            urls = (f"https://{'w' * 60}.example/{text}" for text in texts)
            values[field.name] = tuple(Link(url, LONG) for url in urls)
        elif field.kind == "year":
            values[field.name] = (2014,)
    values.pop("fulltext", None)
    return values


def make(letter: str, *lacking: str) -> Publication:
    return Publication(
        id=f"{letter}{LONG}", title=f"{letter}{LONG} organ", summary=f"{LONG} organ {LONG}",
        values={name: value for name, value in make_values(letter).items() if name not in lacking},
        source=SourceLocation("made", 1),
    )  # fmt: skip


MANY = msgspec.structs.replace(
    make("d"),
    title="مجاري الأنهار " * 9,
    values={
        "keyword": tuple(f"Subject {number}" for number in range(1, 61)),
        "author": tuple(f"{name}, {'河流研究' * 30}" for name in ("Okafor", "حداد", "Lind", "Wu")),
    },
)
PUBLICATIONS = (make("a"), make("b", "URL"), make("c", "URL", "DOI"), MANY)
ADDRESSES = (
    "/", "/?q=organ&explain=1", f"/?q={LONG}", f"/?keyword=a1{LONG}&without.publisher=b1{LONG}",
    f"/?keyword=a1{LONG}&keyword=b1{LONG}&match.keyword=all", "/facet/keyword", "/advanced",
    f"/search-record?q=organ&keyword=a1{LONG}", "/about", f"/publication/{LONG}", f"/?sort={LONG}",
    *(
        f"/publication/{each.id}?q=organ&hit=1&find=organ&cite={style}"
        for each in PUBLICATIONS for style in ("apa", "oscola")
    ),
    f"/list?{'&'.join(f'id={quote_plus(each.id)}' for each in PUBLICATIONS)}&cite=mla&q=organ",
)  # fmt: skip


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    texts = {
        each.id: {f"{LONG}{number}.pdf": make_text(f"{each.id}{number}", [f"{LONG} organ {LONG}"])
                  for number in (1, 2)}
        for each in PUBLICATIONS
    }  # fmt: skip
    index = make_index_with_texts(tmp_path_factory.mktemp("l"), CATALOGUE, PUBLICATIONS, texts)
    with at.serving_index(index) as url:
        yield url


@pytest.mark.parametrize("width", [320, 360, 1280])
@pytest.mark.parametrize("prefix", ["", "/ar"])
def test_no_value_widens_a_page(width: int, prefix: str, open_page: OpenPage, base: str) -> None:
    page = open_page(width=width, has_touch=width < 1280)
    wide = [
        f"{address[:60]}: {beyond}"
        for address in ADDRESSES
        if (beyond := measure(page, f"{base}{prefix}{address}"))
    ]
    assert not wide, "\n".join(wide)


def measure(page: Page, url: str) -> str:
    """Return which elements of a page are beyond the window, with all its parts open, or ""."""
    page.goto(url)
    assert page.locator("main").count(), url
    at.unfold(page)
    beyond: str = page.evaluate("""() => {
        if (document.documentElement.scrollWidth <= innerWidth) return "";
        return [...document.querySelectorAll("main *, header *, footer *")].filter((each) => {
            const box = each.getBoundingClientRect();
            return !each.matches(".unseen") && (box.right > innerWidth || box.left < 0);
        }).map((each) => `${each.tagName}.${each.className}`).slice(0, 6).join(" ");
    }""")
    return beyond


def test_a_folded_list_opens_without_scripts(open_page: OpenPage, base: str) -> None:
    page = open_page(width=360, javascript=False)
    page.goto(f"{base}/publication/{MANY.id}")
    last = page.get_by_text("Subject 60", exact=True)
    expect(last).to_be_hidden()
    page.get_by_text("Show 40 more").click()
    expect(last).to_be_visible()
