"""A small catalogue for tests, and functions that write and read corpus folders."""

from collections.abc import Sequence
from html import escape
from pathlib import Path

from indexer.catalogue import catalogue_toml
from indexer.catalogue.records import Problem, Property, Publication, SourceLocation, SourceRecord
from indexer.ingest import corpus

SMALL_CATALOGUE = """\
title = "Small Catalogue"
description = "A few publications."

[[field]]
name = "title"
label = "Title"
kind = "text"
role = "title"
weight = 2.5
required = true
names = ["name"]

[[field]]
name = "summary"
label = "Abstract"
kind = "text"
role = "abstract"
weight = 1.0
names = ["abstract"]

[[field]]
name = "section"
label = "Section"
facet = 1
order = "listed"
required = true
values = ["Tools", "Papers"]
names = ["genre"]

[[field]]
name = "region"
label = "Region"
facet = 2
several = true
weight = 0.3
missing = "No particular region"
values = ["South Asia", "Africa"]

[[field]]
name = "country"
label = "Country"
kind = "country"
parent = "region"
grouping = "regions.toml"
several = true
weight = 0.3

[[field]]
name = "year"
label = "Year"
kind = "year"
role = "issued"
facet = 3
order = "descending"
names = ["datePublished"]

[[field]]
name = "language"
label = "Language"
kind = "language"
facet = 4
several = true
names = ["inLanguage"]

[[field]]
name = "note"
label = "Note"

[[field]]
name = "link"
label = "Links"
kind = "link"
several = true
names = ["url"]
"""
SMALL_REGIONS = """\
[regions]
"South Asia" = ["IN", "NP"]
"Africa" = ["KE", "NG"]
"""
SMALL_TOOLS = """\
<!doctype html>
<html lang="en">
<body>
<h1 itemprop="genre">Tools</h1>

<article id="model-law" itemscope>
  <h2 itemprop="name">Model Law against Trafficking</h2>
  <p itemprop="abstract">Provisions for national legislators, with <em>commentaries</em>.</p>
  <data itemprop="country" value="IN">India</data>
  <time itemprop="datePublished">2009</time>
  <data itemprop="inLanguage" value="fr">French</data>
  <a itemprop="url" href="https://example.org/law.pdf" hreflang="fr">The law</a>
</article>

<article itemscope>
  <h2 itemprop="name">Case Digest</h2>
  <time itemprop="datePublished" datetime="2017-10">October 2017</time>
</article>
</body>
</html>
"""
SMALL_LINES = '{"id": "brief/6", "title": "Issue Brief", "section": "Papers", "country": "NP"}\n'


def write_corpus(folder: Path) -> None:
    """Write the small catalogue to a new folder: five publications without problems."""
    folder.mkdir(parents=True)
    for name, text in {
        "catalogue.toml": SMALL_CATALOGUE,
        "regions.toml": SMALL_REGIONS,
        "tools.html": SMALL_TOOLS,
        "papers.html": SMALL_PAPERS,
        "more.jsonl": SMALL_LINES,
    }.items():
        (folder / name).write_text(text, encoding="utf-8")


def read_publications(folder: Path, problems: list[Problem] | None = None) -> list[Publication]:
    """Return the publications of a corpus folder.

    Append its problems to a list. Without a list, it must not have any.
    """
    found: list[Problem] = [] if problems is None else problems
    publications = list(corpus.read(folder, catalogue_toml.load(folder), found.append))
    assert problems is found or not found
    return publications


def entry(title: str = "A title", identity: str | None = None, **stated: object) -> SourceRecord:
    """Return an entry of line 7 of a page: names with one value or a list of values.

    A value may be a whole property, which then keeps its own name.
    """
    properties = [
        each if isinstance(each, Property) else Property(name, str(each), str(each))
        for name, values in {"title": title, **stated}.items()
        for each in (values if isinstance(values, list) else [values])
    ]
    return SourceRecord(SourceLocation("page.html", 7), tuple(properties), identity)


def article(title: str, identity: str = "", **stated: str) -> str:
    """Return an article of a page, with its properties in spans."""
    spans = [f'<span itemprop="{name}">{escape(value)}</span>' for name, value in stated.items()]
    named = f' id="{escape(identity)}"' if identity else ""
    heading = f'<h2 itemprop="name">{escape(title)}</h2>'
    return "\n".join([f"<article{named} itemscope>", heading, *spans, "</article>\n"])


def page(articles: Sequence[str], section: str = "Papers") -> str:
    """Return a page of articles under the heading of a section."""
    heading = f'<h1 itemprop="genre">{escape(section)}</h1>'
    return "\n".join(["<!doctype html>", heading, *articles])


SMALL_PAPERS = page(
    [
        article("Removal of Organs", country="Kenya", datePublished="2011"),
        article("Victims at the Border", region="Africa"),
    ]
)
