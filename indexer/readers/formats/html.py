"""HTML reader: one `<article>` with microdata per publication.

A property is an element with `itemprop`. Its value follows the microdata section of the HTML
standard: `datetime` of a `<time>`, `value` of a `<data>`, `href` of a link, `content` of a
`<meta>`, and the text of any other element. An article inherits each property stated outside all
articles, such as the page heading, unless it states that property itself. The job `pages` writes
such pages.
"""

from collections.abc import Iterable, Iterator, Mapping
from io import BufferedIOBase

from lxml import etree

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, LimitExceeded, detect_by_name, read_whole
from indexer.readers.text.web_page import find_value, read_page

NAME = "html"
FIELDS: Mapping[str, tuple[str, ...]] = {}
SUFFIXES: tuple[str, ...] = (".html", ".htm")
"""Usual suffixes of HTML pages."""

_REPEATED = 2
"""Limit on the total weight of a page's properties, as a multiple of `largest_file`. Nested tags
and inherited properties repeat the same text."""


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of articles, with microdata or without, or of the file name."""
    named = detect_by_name(filename, SUFFIXES)
    if b"<article" not in head or not (named or head.lstrip().startswith(b"<")):
        return named  # a text in another format may quote an article
    score, kind = (90, " with microdata") if b"itemprop" in head else (20, "")
    return Evidence(score, f"it has articles{kind}")


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the articles of a page as entries, in order. Articles may lack an end tag."""
    page, problems = read_page(read_whole(stream, limits), file, limits)
    yield from problems
    shared_tags, articles = _find_properties(page)
    if not articles and not problems:
        hint = "Put each publication into an <article>, as corpus/README.md shows"
        yield Problem(file, 0, "the page has no <article>", hint)
    remaining = most = _REPEATED * limits.largest_file

    def spend(properties: Iterable[Property]) -> Iterator[Property]:
        nonlocal remaining
        for each in properties:
            remaining -= each.weight
            if remaining < 0:
                message = f"{most} characters, because its tags repeat text"
                raise LimitExceeded(message, "largest_file")
            yield each

    shared: dict[str, list[Property]] = {}
    for each in spend(_read_properties(shared_tags)):
        shared.setdefault(each.name, []).append(each)
    for article, tags in articles.items():
        own = [*spend(_read_properties(tags))]
        names = {each.name for each in own}
        inherited = [
            each for name, values in shared.items() if name not in names for each in spend(values)
        ]
        source = SourceLocation(file, article.sourceline or 0)
        record_id = article.get("id") or article.get("itemid") or None
        if own or inherited:
            yield SourceRecord(source, (*inherited, *own), record_id)
        else:
            hint = "Add itemprop to its tags, as corpus/README.md shows"
            yield Problem(
                file, source.line, "it has no title and no other property", hint, record_id
            )


def _find_properties(
    page: etree._Element,
) -> tuple[list[etree._Element], dict[etree._Element, list[etree._Element]]]:
    """Return the tags with `itemprop` outside all articles, and those of each article."""
    shared: list[etree._Element] = []
    articles: dict[etree._Element, list[etree._Element]] = {}
    # The article and the item that contain the children of a tag, and the item around the article.
    scopes: dict[etree._Element | None, tuple[etree._Element | None, ...]] = {None: (None,) * 3}
    for tag in page.iter():
        article, item, outer_item = scopes[tag.getparent()]
        if "itemprop" in tag.attrib:
            if article is None and tag.tag != "article":
                shared.append(tag)
            # A property of an item nested in the article is not a property of the article.
            elif article is not None and (item is article or item is outer_item):
                articles[article].append(tag)
        if tag.tag == "article":
            articles[tag] = []
            article, outer_item = tag, item
        scopes[tag] = (article, tag if "itemscope" in tag.attrib else item, outer_item)
    return shared, articles


def _read_properties(tags: Iterable[etree._Element]) -> Iterator[Property]:
    """Yield the properties of tags, one for each name in `itemprop`."""
    for tag in tags:
        text, stated = "".join(tag.itertext()), find_value(tag)
        value = text if stated is None else stated
        language = tag.get("hreflang") or tag.get("lang")
        for name in tag.get("itemprop", "").split():
            yield Property(name, value, text, language)
