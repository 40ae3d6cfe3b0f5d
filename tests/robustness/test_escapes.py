"""Every escape is needed: a page of a hostile catalogue shows that each one is there."""

import json
import re
from pathlib import Path
from urllib.parse import quote

import pytest

from indexer.jobs import build
from search_app import config, create_app
from tests.catalogue import PATIENT
from tests.indexer.fulltext.pdfs import make_pdf
from tests.robustness.escapes import HOSTILE, MARK, Escapes

CATALOGUE = """
title = {0}
description = {0}
publisher = {0}
source = {0}
footer = {0}
map_notice = {0}
contact = "a\\"'><xss>@example.org"
notices = [{0}]
examples = [[{0}, {0}], ["organ", {0}]]
files = "serve"
field = [
    {{ name = "title", label = {0}, kind = "text", role = "title", weight = 2.0, detects = true }},
    {{ name = "title_fr", label = {0}, kind = "text", translates = "title", language = "fr", \
weight = 1.0 }},
    {{ name = "summary", label = {0}, kind = "text", role = "abstract", weight = 1.0 }},
    {{ name = "body", label = {0}, facet = 1, fact = 1, weight = 0.5, several = true, \
missing = {0} }},
    {{ name = "region", label = {0}, facet = 2, several = true, missing = {0}, role = "coverage" }},
    {{ name = "country", label = {0}, kind = "country", parent = "region", \
grouping = "regions.toml", several = true }},
    {{ name = "language", label = {0}, kind = "language", facet = 3, several = true, \
qualifies = "country", qualifier = {0} }},
    {{ name = "year", label = {0}, kind = "year", role = "issued", facet = 4, fact = 2 }},
    {{ name = "author", label = {0}, kind = "name", role = "author", several = true, \
weight = 1.0, facet = 5, fact = 3 }},
    {{ name = "series", label = {0}, role = "collection-title", facet = 6 }},
    {{ name = "number", label = {0}, role = "number" }},
    {{ name = "isbn", label = {0}, kind = "identifier", role = "ISBN" }},
    {{ name = "note", label = {0}, role = "note" }},
    {{ name = "part", label = {0}, several = true }},
    {{ name = "access", label = {0}, restricted = [{1}] }},
    {{ name = "link", label = {0}, kind = "link", several = true, role = "URL" }},
    {{ name = "file", label = {0}, kind = "file", several = true }},
    {{ name = "fulltext", label = {0}, kind = "fulltext", weight = 0.5 }},
]
"""


def write_corpus(folder: Path) -> None:
    """Write a corpus with a hostile text in every place that may have one."""
    folder.mkdir()
    text = json.dumps(f"organ {HOSTILE}")
    (folder / "catalogue.toml").write_text(
        CATALOGUE.format(text, json.dumps(f"shut {HOSTILE}")), encoding="utf-8"
    )
    (folder / "regions.toml").write_text(
        f'[regions]\n{text} = ["IN", "NP", "KE"]\n', encoding="utf-8"
    )
    names = (f"organ {HOSTILE}", f"kidney {HOSTILE}", f"harvesting {HOSTILE}", f"absent {HOSTILE}")
    shown = [json.dumps(name) for name in names]
    (folder / "thesaurus.toml").write_text(CONCEPTS.format(*shown), encoding="utf-8")
    (folder / "catalogue.fr.toml").write_text(
        TRANSLATION.format(json.dumps(f"orgue {HOSTILE}")), encoding="utf-8"
    )
    base: dict[str, object] = {
        "summary": f"removal {HOSTILE} of an organ {HOSTILE} {'and much more text ' * 30}",
        "title_fr": f"Prélèvement d'organe {HOSTILE}", "body": [HOSTILE, f"Body {HOSTILE}"],
        "country": ["IN", "KE"], "language": ["fr", "en"], "series": f"Series {HOSTILE}",
        "author": [f"Doe {HOSTILE}, Jane", f"Roe{HOSTILE}, R."], "number": HOSTILE,
        "isbn": HOSTILE, "note": HOSTILE, "part": [HOSTILE, f"2 {HOSTILE}"],
        "link": [
            {"url": f"https://example.org/{quote(HOSTILE)}", "label": HOSTILE},
            {"url": f"https://example.org/{HOSTILE}x", "label": f"b {HOSTILE}", "language": "fr"},
        ],
    }  # fmt: skip
    entries = [
        base | {
            "id": f"p{number}{HOSTILE}", "title": f"organ harvesting {HOSTILE} {word}",
            "year": 2000 + number,
            "body": [HOSTILE, f"Body {HOSTILE}", f"Group {number} {HOSTILE}"],
            "file": [f"files/{name}{HOSTILE}.pdf" for name in "ab" if number == 1],
        }
        for number, word in enumerate(["one", "two", "three", "four", *"abcdefghijklmnop"])
    ]  # fmt: skip
    entries += [
        base | {"id": f"e{language}{HOSTILE}", "title": f"Le guide de la traite {HOSTILE}",
                "language": [language], "year": 2011}
        for language in ("fr", "en")
    ]  # fmt: skip
    entries.append({"id": "shut", "title": f"closed {HOSTILE}", "access": f"shut {HOSTILE}"})
    entries.append({"id": "bare", "title": f"bare {HOSTILE}", "region": f"Lone {HOSTILE}"})
    entries.append({"id": "old", "title": f"gone {HOSTILE}"})
    (folder / "files").mkdir()
    for name in "ab":
        pages = [f"organ {HOSTILE} inside the file {name}", f"polise {HOSTILE} second page", ""]
        (folder / "files" / f"{name}{HOSTILE}.pdf").write_bytes(make_pdf(pages))
    written = "\n".join(map(json.dumps, entries))
    (folder / "all.jsonl").write_text(f"{written}\n", encoding="utf-8")


CONCEPTS = """
[[concept]]
id = "organs"
related = ["absent"]
prefLabel.en = {0}
altLabel.en = [{1}, {2}]
[[concept]]
id = "absent"
broader = ["organs"]
prefLabel.en = {3}
"""
TRANSLATION = """
title = {0}
[field.body]
label = {0}
"""
ADDRESSES = (
    "/", "/about", "/advanced", "/list", "/?q=organ&size=100&explain=1", "/?q={0}",
    "/?q={0}&explain=1", "/?q=organ+{0}&match=any", "/?q=absent+{0}", "/?q=polise&explain=1",
    "/?q=orgam+{0}", '/?q="organ+{0}"', "/?body={0}", "/?body={0}&match.body=all&body=Body+{0}",
    "/?without.body={0}", "/?year_from=2005&q=organ", "/facet/body", "/facet/body?find={0}",
    "/facet/region", "/facet/body?body={0}", "/facet/author?q=organ", "/publication/p1{0}",
    "/publication/p1{0}?q=organ&find=organ&hit=1", "/publication/p1{0}?find={0}",
    "/publication/efr{0}", "/publication/een{0}", "/publication/shut", "/publication/bare",
    "/publication/old", "/publication/{0}", "/{0}", "/facet/{0}", "/?sort={0}", "/?page={0}",
    "/?{0}=1", "/?size={0}", "/list?id=p1{0}&id=p2{0}&id=x{0}&id=old", "/list?id=p1{0}&q={0}",
    "/list?id=p1{0}&q=organ", "/search-record?q=organ+{0}&body={0}", "/?region=organ+{0}",
    "/?country=IN", "/?q=title:{0}", "/?q=nofield:{0}", "/?q=Roe{0}", "/?q=Series+{0}",
    "/?q=traite&fold=1", "/?q=traite&fold=0", "/advanced?in.title={0}", "/?q=year:{0}",
    "/?q=body:{0}", "/fr/?q=organ", "/?q=zzzz&body={0}", "/?q=organ+zzzz&body={0}&exact=1",
    "/?q=Nepal", "/?q=Nepal+organ+{0}", "/facet/body?find=zzzz{0}", "/?q=organ&page=2",
    "/?body={0}&body=Body+{0}&match.body=all&q=zzzz", "/?q=removall&body={0}&exact=1",
    "/publication/p1{0}?find=zzz{0}", "/publication/p1{0}?cite=apa", "/list?id=p1{0}&cite=apa",
    "/?page=9&q=organ", "/facet/year", "/?q=organ&body={0}&series=none",
    "/?q=organ&body={0}&region=none{0}", "/fr/publication/p1{0}",
    "/publication/p1{0}?q=organ+{0}&hit=1&find=organ",
)  # fmt: skip


@pytest.fixture(scope="module")
def hostile_index(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return an index of such a corpus, from which a publication was removed."""
    folder = tmp_path_factory.mktemp("escapes")
    write_corpus(folder / "corpus")
    build.build(folder / "corpus", folder / "index")
    lines = (folder / "corpus" / "all.jsonl").read_text(encoding="utf-8").splitlines()[:-1]
    (folder / "corpus" / "all.jsonl").write_text("\n".join(lines), encoding="utf-8")
    assert not build.build(folder / "corpus", folder / "index", force=True).problems
    return folder / "index"


class Visitor:
    """A visitor of a site whose escapes are watched, and who has seen each page of it."""

    def __init__(self, index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        app = create_app(config.load(PATIENT, index=index))
        self.escapes = Escapes(app, monkeypatch)
        self.client = app.test_client()
        hits = json.loads(self.client.get("/api/search?q=organ").data)["hits"]
        second = f"/publication/{quote(hits[1]['id'])}?q=organ&hit=2"
        for address in (*ADDRESSES, second):
            url = address.replace("{0}", quote(HOSTILE))
            assert MARK not in self.fetch(url), url

    def fetch(self, address: str) -> str:
        self.escapes.address = address
        with self.client.get(address) as response:
            return response.data.decode() if response.mimetype == "text/html" else ""


SAFE = {
    "a URL, whose parts are percent-encoded": (
        r"(.*[._(])?(make_url|(publication|hit|export|static)_url)\(.*|.*\|urlencode|title_search|"
        r"(.*[._])?(href|url|path|prefix|root|origin|address|fragment|scheme|ris|coins|archive)"
    ),
    "a number or a time": (
        r".*\|number\)?|.*isoformat\(\)|(chart|ends).*|numbers?|time|(.*\.)?built|.*view_box"
    ),
    "a code, or a name that a field or the program may have": (
        r"(.*[._])?(name|code|direction|lang|kind|media_type|language|id|digest|generation|program|key)"
    ),
    "a message": (
        r"label|relaxed|.*\.offer|(format|order|map)\.label|sort_label|prefix_example|error\.hint"
    ),
    "an argument of another module that is a URL, a code, or a message": (
        r"\d+: escape(_html)?\((url|href|language|links\.\w+|.*\.make_url\(\)|pgettext\(.*)\)"
        r"(\.join.*)?"
    ),
}
"""Patterns of the escapes that no hostile text reaches, and what they have."""


@pytest.mark.slow
def test_every_escape_gets_a_hostile_text(
    hostile_index: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each escape gets a text that is dangerous without it, unless it never can."""
    escapes = Visitor(hostile_index, monkeypatch).escapes
    missed = [site for site, address in escapes.seen.items() if not address]
    patterns = [re.compile(pattern) for pattern in SAFE.values()]
    assert [
        site for site in missed if not any(each.fullmatch(site.expression) for each in patterns)
    ] == []
    assert sum(map(bool, escapes.seen.values())) > 60


@pytest.mark.slow
def test_no_escape_can_be_left_out(hostile_index: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    visitor = Visitor(hostile_index, monkeypatch)
    for site, address in list(visitor.escapes.seen.items()):
        if address:
            visitor.escapes.drop(site)
            assert MARK in visitor.fetch(address), site
