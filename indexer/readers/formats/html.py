"""HTML reader and writer: one `<article>` with microdata per publication.

A property is an element with `itemprop`. Its value follows the microdata section of the HTML
standard: `datetime` of a `<time>`, `value` of a `<data>`, `href` of a link, `content` of a
`<meta>`, and the text of any other element. An article inherits each property stated outside all
articles, such as the page heading, unless it states that property itself.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from types import MappingProxyType
from typing import NamedTuple

import msgspec
from bs4 import BeautifulSoup, Tag
from bs4.builder._lxml import LXMLTreeBuilder

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.limits import Limits, hint
from indexer.catalogue.records import (
    Entry,
    Link,
    Piece,
    Problem,
    Property,
    Publication,
    Source,
    Value,
)
from indexer.readers.base import Evidence, decode, detect_by_name, limit_weight, read_whole

SUFFIXES: tuple[str, ...] = (".html", ".htm")
"""Usual ends of the names of pages."""

_VALUE_ATTRIBUTES = {
    "a": "href", "area": "href", "link": "href", "meta": "content", "time": "datetime",
    "data": "value", "meter": "value", "img": "src",
}  # fmt: skip
_TYPE = "https://schema.org/CreativeWork"
_REPEATED = 2
"""Limit on the total weight of a page's properties, as a multiple of `largest_file`. Nested tags
repeat the same text."""
_MARKUP = re.compile(
    r"""<!--(?:-?>|.*?(?:--!?>|\Z))
      | <(?P<raw>script|style|textarea|title)\b.*?(?:</(?P=raw)|\Z)
      | <(?:(?P<article>article)(?=[\s/>])|/?[a-z])(?:=\s*"[^"]*"|=\s*'[^']*'|[^>])*+""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)


class _Exceeded(Exception):
    """A page exceeds a limit: `what` describes the excess, `limit` is the name of the limit."""

    def __init__(self, what: str, limit: str) -> None:
        super().__init__(what)
        self.what, self.limit = what, limit


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of a file name."""
    return detect_by_name(filename, SUFFIXES)


split = read_whole
"""A page is one piece, because its articles inherit the properties outside them."""


def parse(piece: Piece, limits: Limits) -> Iterator[Entry | Problem]:
    """Yield the articles of a page as entries, in order. A missing end tag loses no article."""
    text = decode(piece.data, piece.file)
    if isinstance(text, Problem):
        return iter([text])
    return limit_weight(_entries(text, piece.file, limits), limits)


def _entries(text: str, file: str, limits: Limits) -> Iterator[Entry | Problem]:
    line = 0
    try:
        page = _Page(_parsed(text, limits), _REPEATED * limits.largest_file)
        if not page.articles:
            do = "Put each publication into an <article>, as corpus/README.md shows"
            yield Problem(file, 0, "the page holds no <article>", do)
            return
        shared, lines = page.properties(page.shared), _article_lines(text)
        for number, article in enumerate(page.articles):
            line = lines[number] if number < len(lines) else 0
            yield _entry(article, shared, page, Source(file, line))
    except _Exceeded as error:
        yield Problem(file, line, error.what, hint(error.limit))


def _parsed(text: str, limits: Limits) -> BeautifulSoup:
    """Return the page as a tree. Raise _Exceeded if it is too large or too deep.

    Ignore BeautifulSoup's warnings about input that looks like XML or a URL.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The parser would make a separate text node of each NUL, which HTML does not allow.
        return BeautifulSoup(text.replace("\0", ""), builder=_Builder(limits))


class _Builder(LXMLTreeBuilder):
    """Tree builder that raises _Exceeded where a page grows too large or too deep."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits, self._left = limits, limits.most_parts

    def start(
        self, tag: str | bytes, attrib: dict[str | bytes, str | bytes],
        nsmap: Mapping[str, str] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        """Handle a start tag. Raise _Exceeded if it exceeds a limit."""
        self._count(1 + len(attrib))
        assert self.soup is not None
        if len(self.soup.tagStack) > self._limits.deepest:
            what = f"its tags are nested deeper than {self._limits.deepest}"
            raise _Exceeded(what, "deepest")
        super().start(tag, attrib, dict(nsmap))

    def comment(self, text: str | bytes) -> None:
        """Handle a comment. Raise _Exceeded if it exceeds a limit."""
        self._count(1)
        super().comment(text)

    def pi(self, target: str, data: str) -> None:
        """Handle a processing instruction. Raise _Exceeded if it exceeds a limit."""
        self._count(1)
        super().pi(target, data)

    def _count(self, more: int) -> None:
        self._left -= more
        if self._left < 0:
            what = f"it has more than {self._limits.most_parts} tags and attributes"
            raise _Exceeded(what, "most_parts")


class _Open(NamedTuple):
    """An open tag, with the article and the microdata item that contain its children.

    `around` is the item that contains the article.
    """

    tag: Tag
    article: Tag | None
    item: Tag | None
    around: Tag | None


class _Page:
    """The articles of a page and its tags with `itemprop`, in document order.

    `shared` has the tags outside all articles. `own` maps the `id()` of an article to its tags.
    `left` is the total weight of the properties that may still be read. A text counts once for
    each of the nested properties that contain it.
    """

    def __init__(self, soup: BeautifulSoup, left: int) -> None:
        self.articles: list[Tag] = []
        self.shared: list[Tag] = []
        self.own: dict[int, list[Tag]] = {}
        self._left = left
        stack = [_Open(soup, None, None, None)]
        for tag in soup.find_all(True):
            while stack[-1].tag is not tag.parent:
                stack.pop()
            stack.append(self._opened(tag, stack[-1]))

    def _opened(self, tag: Tag, parent: _Open) -> _Open:
        _, article, item, around = parent
        if tag.has_attr("itemprop"):
            if article is None and tag.name != "article":
                self.shared.append(tag)
            # A property of an item nested in the article is not a property of the article.
            elif article and (item is article or item is around):
                self.own[id(article)].append(tag)
        if tag.name == "article":
            self.articles.append(tag)
            self.own[id(tag)] = []
            article, around = tag, item
        return _Open(tag, article, tag if tag.has_attr("itemscope") else item, around)

    def properties(self, tags: Iterable[Tag]) -> list[Property]:
        """Return the properties of tags, one for each name in `itemprop`. Raise _Exceeded."""
        found: list[Property] = []
        for tag in tags:
            stated = _property(tag)
            for name in stated.name.split():
                one = msgspec.structs.replace(stated, name=name)
                self.spend(one.weight)
                found.append(one)
        return found

    def spend(self, size: int) -> None:
        """Subtract `size` from the weight left. Raise _Exceeded if it is used up."""
        self._left -= size
        if self._left < 0:
            what = "its tags say too much, with all that they repeat; from here on"
            raise _Exceeded(what, "largest_file")


def _article_lines(text: str) -> list[int]:
    """Return the line number of each `<article`. BeautifulSoup with lxml does not provide it."""
    starts = [match.start() for match in _MARKUP.finditer(text) if match["article"]]
    lines, line, last = [], 1, 0
    for start in starts:
        line += text.count("\n", last, start)
        last = start
        lines.append(line)
    return lines


def _entry(article: Tag, shared: list[Property], page: _Page, source: Source) -> Entry:
    page.spend(len(shared))
    own = page.properties(page.own[id(article)])
    named = {each.name for each in own}
    inherited = [each for each in shared if each.name not in named]
    identity = article.get("id") or article.get("itemid")
    return Entry(source, (*inherited, *own), str(identity) if identity else None)


def _property(tag: Tag) -> Property:
    text = tag.get_text()
    stated = tag.get(_VALUE_ATTRIBUTES.get(tag.name, ""))
    language = tag.get("hreflang") or tag.get("lang")
    return Property(
        str(tag["itemprop"]), str(stated) if stated is not None else text,
        text, str(language) if language else None,
    )  # fmt: skip


def write(publications: Iterable[Publication], catalogue: Catalogue, heading: str) -> str:
    """Return an HTML page of publications, which `parse` reads back without loss.

    `heading` is the page's title. Each article states all of its values, so that it can be moved
    to another page unchanged.
    """
    articles = "\n".join(_article(each, catalogue) for each in publications)
    title = escape(f"{heading} – {catalogue.title}")
    return (
        f'<!doctype html>\n<html lang="{escape(catalogue.language)}">\n<head>\n'
        f'<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(heading)}</h1>\n\n{articles}\n</main>\n</body>\n</html>\n"
    )


def _article(publication: Publication, catalogue: Catalogue) -> str:
    rows = []
    lines = [
        f'<article id="{escape(publication.id)}" itemscope itemtype="{_TYPE}">',
    ]
    for field in catalogue.fields:
        values = catalogue.values(publication, field)
        if field.role == "title":
            lang = f' lang="{escape(publication.lang)}"' if publication.lang else ""
            lines.append(f"  <h2 {_named(field)}{lang}>{escape(publication.title)}</h2>")
        elif field.role == "summary":
            paragraphs = (publication.summary or "").split("\n\n")
            lines += [f"  <p {_named(field)}>{escape(each)}</p>" for each in paragraphs if each]
        elif values:
            rows.append(f"    <dt>{escape(field.label)}</dt>")
            rows += [f"    <dd>{_element(field, value, catalogue)}</dd>" for value in values]
    if rows:
        lines += ["  <dl>", *rows, "  </dl>"]
    return "\n".join([*lines, "</article>", ""])


def _named(field: Field) -> str:
    return f'itemprop="{escape(field.source_name)}"'


def _element(field: Field, value: Value, catalogue: Catalogue) -> str:
    named, shown = _named(field), escape(field.display(value, catalogue.language))
    if isinstance(value, Link):
        language = f' hreflang="{escape(value.language)}"' if value.language else ""
        return f'<a {named} href="{escape(value.url)}"{language}>{shown}</a>'
    if field.kind in ("language", "country"):
        return f'<data {named} value="{escape(str(value))}">{shown}</data>'
    if field.kind == "year":
        return f"<time {named}>{value}</time>"
    return f"<span {named}>{shown}</span>"
