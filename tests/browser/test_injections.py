"""No foreign script from a corpus, a URL, or typed text runs.

Each page is tested with the policy that forbids such scripts, and without it. Escaping must not
depend on the policy.
"""

import json
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from playwright.sync_api import Page, Request

from tests.browser.conftest import OpenPage
from tests.browser.site import Site, hits, search_box, serving, unfold
from tests.tiers import thorough

INJECTIONS = (
    "<script>alert(1)</script>",
    "\"><script>alert(1)</script>",
    "'><script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "\"><img src=x onerror=alert(1)>",
    "'><img src='x' onerror='alert(1)'>",
    "<svg/onload=alert(1)>",
    '" autofocus onfocus=alert(1) x="',
    "' autofocus onfocus='alert(1)",
    '" onmouseover="alert(1)" style="position:fixed;inset:0" x="',
    "</title><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</script><script>alert(1)</script>",
    "--><script>alert(1)</script>",
    "]]><script>alert(1)</script>",
    "<iframe srcdoc='<script>parent.alert(1)</script>'></iframe>",
    "<a href=javascript:alert(1)>x</a>",
    "javascript:alert(1)",
    "<base href=//evil.example/><script src=a></script>",
    '<meta http-equiv=refresh content="0;url=javascript:alert(1)">',
    "<math><mtext><img src=x onerror=alert(1)></mtext></math>",
    "<details open ontoggle=alert(1)>x</details>",
    "<mark><script>alert(1)</script></mark>",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    "\u2028<script>alert(1)</script>",
    "<scr\u0130pt>alert(1)</script>",
    "{{''.__class__}}{% print(alert(1)) %}",
    "<template><script>alert(1)</script></template>",
)  # fmt: skip
ADDRESSES = (
    "/?q={}", "/?q=organ+{}&match=any&explain=1", "/?body={}", "/?sort={}", "/?page={}",
    "/?q=organ&body={}&language={}&country={}", "/?year={}", "/?year_from={}", "/?{}=1",
    "/?q=title:{}", '/?q="{}"', "/publication/{}", "/facet/{}", "/facet/body?q={}&section={}",
    "/{}", "/?year=2001&year_from={}", "/?size={}&q={}", "/?match={}",
)  # fmt: skip
FOREIGN = """() => [
    ...document.querySelectorAll(
        'script:not([src^="/static/"], head > [type="application/ld+json"]), iframe, base, ' +
        'object, embed, math, template, title *, ' +
        'svg[onload], meta[http-equiv], style, img, a[href^="javascript:" i], form[action*=":"]'
    ),
    ...[...document.querySelectorAll('*')].filter(each =>
        [...each.attributes].some(one => /^(on|style$)/.test(one.name)))
].map(each => each.outerHTML.slice(0, 200))"""
ROWS = """
field = [
    { name = "title", label = "Title {0}", kind = "text", role = "title", weight = 2.0 },
    { name = "summary", label = "Abstract {0}", kind = "text", role = "abstract", weight = 1.0 },
    { name = "body", label = "Body {0}", facet = 1, fact = 1, weight = 0.5, several = true, \
missing = "None {0}" },
    { name = "language", label = "Language {0}", kind = "language", facet = 2, several = true },
    { name = "year", label = "Year {0}", kind = "year", role = "issued", facet = 3 },
    { name = "note", label = "Note {0}" },
    { name = "link", label = "Links {0}", kind = "link", several = true },
]
"""
CONCEPTS = """
[[concept]]
id = "organs"
prefLabel.en = "organ removal"
altLabel.en = [{}]
"""


def write_corpus(folder: Path) -> None:
    folder.mkdir()
    together = "".join(INJECTIONS[:4])
    head = {name: f"{name} {together}" for name in ("title", "description", "publisher", "source")}
    lines = [f"{name} = {json.dumps(text)}" for name, text in head.items()]
    lines += [f"notices = [{json.dumps(together)}]", f"examples = [[{json.dumps(together)}, 'x']]"]
    escaped = json.dumps(together)[1:-1]
    rows = ROWS.replace("{0}", escaped)
    (folder / "catalogue.toml").write_text("\n".join([*lines, rows]), encoding="utf-8")
    labels = ", ".join(json.dumps(f"organ {each}") for each in INJECTIONS[:8])
    (folder / "thesaurus.toml").write_text(CONCEPTS.format(labels), encoding="utf-8")
    entries = [
        {
            "id": f"p{number}{quote(each, safe='<>=()')}", "title": f"organ {each}",
            "summary": f"removal {each} of an organ {each}", "body": [each, f"Body {each}"],
            "language": ["fr", each], "year": 2000 + number % 20, "note": each,
            "link": [{"url": f"https://example.org/{quote(each)}", "label": each}, each],
        }
        for number, each in enumerate(INJECTIONS)
    ]  # fmt: skip
    written = "\n".join(map(json.dumps, entries))
    (folder / "all.jsonl").write_text(f"{written}\n", encoding="utf-8")


@pytest.fixture(scope="module")
def attacked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("attacked")
    write_corpus(folder / "corpus")
    with serving(folder / "corpus", folder / "index") as running:
        yield running


@pytest.fixture(params=[True, *thorough([False])], ids=["without the policy", "with the policy"])
def looked_at(
    request: pytest.FixtureRequest, open_page: OpenPage, attacked: Site
) -> Iterator[Callable[[str], Page]]:
    page = open_page(bypass_csp=request.param)
    ran: list[str] = []

    def note(what: str) -> None:
        ran.append(what)

    def leaves(asked: Request) -> None:
        if not asked.url.startswith(attacked.base):
            ran.append(asked.url)

    page.add_init_script("window.alert = print = confirm = prompt = () => { ran('alert'); };")
    page.expose_function("ran", note)
    page.on("request", leaves)

    def look(address: str) -> Page:
        page.goto(attacked.url(address))
        unfold(page)
        assert page.evaluate(FOREIGN) == [], address
        assert ran == [], address
        return page

    yield look
    assert ran == []


def test_no_text_of_a_corpus_runs(looked_at: Callable[[str], Page], attacked: Site) -> None:
    page = looked_at("/?size=100&explain=1&q=organ")
    assert hits(page).count() == len(INJECTIONS)
    assert "organ <script>alert(1)</script>" in hits(page).all_inner_texts()
    links = (
        hits(page).locator("a").evaluate_all("all => all.map(each => each.getAttribute('href'))")
    )
    for address in ["/", "/about", "/facet/body", "/facet/language", "/healthz", *links]:
        looked_at(address)


@pytest.mark.parametrize("looked_at", [True], ids=["without the policy"], indirect=True)
@pytest.mark.parametrize("address", thorough(ADDRESSES, usual=["/?q={}"]))
def test_no_part_of_a_url_runs(looked_at: Callable[[str], Page], address: str) -> None:
    for each in INJECTIONS:
        looked_at(address.replace("{}", quote(each)))


def test_no_suggestion_runs(looked_at: Callable[[str], Page]) -> None:
    page = looked_at("/")
    box = search_box(page)
    for typed in ("organ", "organ scr", "body", "img", "alert", "<img"):
        box.fill("")
        box.press_sequentially(typed)
        page.wait_for_timeout(400)
        assert page.evaluate(FOREIGN) == [], typed
