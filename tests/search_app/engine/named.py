"""A small corpus with a thesaurus: entities with several names in six languages."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from indexer.generations import directory
from indexer.jobs import build
from search_app.engine import open_searcher
from search_app.engine.request import Match, SearchRequest
from search_app.engine.results import Results
from search_app.engine.search import Searcher

CATALOGUE = """\
title = "Named"
description = ""
field = [
    { name = "title", label = "Title", kind = "text", role = "title", weight = 2.5 },
    { name = "summary", label = "Abstract", kind = "text", role = "abstract", weight = 1.0 },
    { name = "topic", label = "Topic", facet = 1, several = true, \
values = ["trafficking in persons", "smuggling of migrants"] },
    { name = "region", label = "Region", facet = 2, several = true, values = ["Africa", \
"Europe and Central Asia"] },
    { name = "country", label = "Country", kind = "country", parent = "region", \
grouping = "regions.toml", several = true, weight = 0.3 },
    { name = "language", label = "Language", kind = "language", facet = 3, several = true },
    { name = "year", label = "Year", kind = "year", role = "issued", facet = 4 },
]
"""
REGIONS = '[regions]\n"Africa" = ["KE"]\n"Europe and Central Asia" = ["MD", "UZ"]\n'
THESAURUS = """\
concept = [
    { id = "trafficking-in-persons", acronyms = ["TIP", "THB"], \
prefLabel = { ar = "الاتجار بالأشخاص", en = "trafficking in persons", es = "trata de personas", \
fr = "traite des personnes", ru = "торговля людьми", zh = "贩运人口" }, \
altLabel = { en = ["human trafficking", "trafficking in human beings", "trade in people"], \
zh = ["人口贩运"] } },
    { id = "smuggling-of-migrants", acronyms = ["SOM"], prefLabel = { ar = "تهريب المهاجرين", \
en = "smuggling of migrants", es = "tráfico ilícito de migrantes", \
fr = "trafic illicite de migrants", ru = "незаконный ввоз мигрантов", zh = "偷运移民" }, \
altLabel = { en = ["migrant smuggling", "people smuggling"] } },
    { id = "boats", prefLabel = { en = "smuggling by boat", fr = "trafic par bateau", \
zh = "海上偷运移民" }, altLabel = { en = ["migrant smuggling by boat"], zh = ["偷运移民船"] } },
    { id = "organ-removal", prefLabel = { ar = "نزع الأعضاء", en = "organ removal", \
es = "extracción de órganos", fr = "prélèvement d'organes", ru = "изъятие органов", \
zh = "摘取器官" }, altLabel = { en = ["removal of organs"] } },
    { id = "seal-hunting", prefLabel = { ar = "صيد الفقمات", en = "seal hunting", \
es = "caza de focas", fr = "chasse aux phoques", ru = "охота на тюленей", zh = "捕猎海豹" } },
    { id = "police-dogs", prefLabel = { en = "police dogs", zh = "警犬" } },
    { id = "individuals", prefLabel = { en = "individuals", es = "personas", zh = "个人" } },
    { id = "surgeon", prefLabel = { en = "surgeon", zh = "外科医生" } },
]
"""
PUBLICATIONS: tuple[dict[str, object], ...] = (
    {
        "id": "law", "title": "Model Law", "topic": ["trafficking in persons"],
        "summary": "Provisions for those who make laws.", "language": ["en", "fr"], "year": 2009,
    },
    {
        "id": "organs", "title": "Human Trafficking for the Removal of Organs",
        "summary": "Surgeons, and what they are paid.", "country": ["MD"], "year": 2015,
    },
    {
        "id": "victims", "title": "Victims of Trafficking in Persons", "language": ["ru"],
        "summary": "How to know them, and whom to tell.", "country": ["KE"],
    },
    {"id": "boats", "title": "Migrant Smuggling", "summary": "Crossings by boat, and by night."},
    {
        "id": "sea", "title": "People Smuggling by Boat", "language": ["ar"],
        "summary": "Who pays for a crossing of the sea.", "year": 2011,
    },
    {"id": "manual", "title": "Manual sobre la trata de personas", "lang": "es"},
    {"id": "trade", "title": "Persons of Trade", "summary": "Trafficking routes of old."},
    {"id": "tip", "title": "A Tip for Waiters", "summary": "Persons who leave tips.", "year": 2011},
    {
        "id": "steppe", "title": "Police of the Steppe", "country": ["UZ"], "language": ["zh"],
        "summary": "Seen from Big Sur.",
    },
    {"id": "police", "title": "Handbook for Police", "summary": "Organ of the police; of Kenya."},
)  # fmt: skip

RIVERS = """\
title = "Rivers"
description = ""
field = [
    { name = "title", label = "Title", kind = "text", role = "title", weight = 2.5 },
    { name = "summary", label = "Abstract", kind = "text", role = "abstract", weight = 1.0 },
    { name = "authors", label = "Authors", kind = "name", role = "author", weight = 0.5 },
    { name = "year", label = "Year", kind = "year", role = "issued", facet = 1 },
]
"""
"""Another catalogue, for tests with publications of their own."""


def index(
    folder: Path,
    catalogue: str = CATALOGUE,
    publications: Iterable[Mapping[str, object]] = PUBLICATIONS,
    thesaurus: str | None = None,
) -> Searcher:
    """Index publications of a catalogue below an empty folder. Return a searcher of them."""
    corpus = folder / "corpus"
    corpus.mkdir(parents=True)
    texts = {
        "catalogue.toml": catalogue,
        "regions.toml": REGIONS,
        "all.jsonl": "".join(f"{json.dumps(each)}\n" for each in publications),
    }
    if thesaurus:
        texts["thesaurus.toml"] = thesaurus
    for name, text in texts.items():
        (corpus / name).write_text(text, encoding="utf-8")
    build.build(corpus, folder / "index")
    return open_searcher(directory.load_live(folder / "index"))


def opened(folder: Path) -> Searcher:
    """Index the corpus below a folder. Return a searcher of it."""
    return index(folder, thesaurus=THESAURUS)


def answer(text: str, searcher: Searcher, *, match: Match = "auto", exact: bool = False) -> Results:
    """Return the results of a query, all hits on one page."""
    return searcher.search(SearchRequest(text, match=match, exact=exact, size=1000))


def ids(results: Results) -> list[str]:
    """Return the ids of the hits, best first."""
    return [hit.publication.id for hit in results.hits]
