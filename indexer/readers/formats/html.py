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
from io import BufferedIOBase
from itertools import accumulate, pairwise
from types import MappingProxyType
from typing import NamedTuple

import msgspec
from bs4 import BeautifulSoup, Tag
from bs4.builder._lxml import LXMLTreeBuilder

from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import (
    Link,
    Problem,
    Property,
    Publication,
    SourceLocation,
    SourceRecord,
    Value,
)
from indexer.readers.base import Evidence, decode, detect_by_name, limit_weight, read_whole

NAME = "html"
FIELDS: Mapping[str, tuple[str, ...]] = {}
SUFFIXES: tuple[str, ...] = (".html", ".htm")
"""Usual suffixes of HTML pages."""

_VALUE_ATTRIBUTES = {
    "a": "href", "area": "href", "link": "href", "meta": "content", "time": "datetime",
    "data": "value", "meter": "value", "img": "src",
}  # fmt: skip
_TYPE = "https://schema.org/CreativeWork"
_REPEATED = 2
"""Limit on the total weight of a page's properties, as a multiple of `largest_file`. Nested tags
repeat the same text."""
_TAG = re.compile(
    r"""<!--(?:-?>|.*?(?:--!?>|\Z))
      | <(?P<raw>script|style|textarea|title)\b.*?(?:</(?P=raw)|\Z)
      | <(?:(?P<article>article)(?=[\s/>])|/?[a-z])(?:=\s*"[^"]*"|=\s*'[^']*'|[^>])*+""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)


class _LimitExceeded(Exception):
    """A page exceeds a limit. Its arguments describe the excess, and name the limit."""


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of articles, with microdata or without, or of the file name."""
    named = detect_by_name(filename, SUFFIXES)
    if b"<article" not in head or not (named or head.lstrip().startswith(b"<")):
        return named  # a text in another format may quote an article
    score, kind = (90, " with microdata") if b"itemprop" in head else (20, "")
    return Evidence(score, f"it has articles{kind}")


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the articles of a page as entries, in order. Articles may lack an end tag."""
    text = decode(read_whole(stream, limits), file)
    if isinstance(text, Problem):
        yield text
    else:
        yield from limit_weight(_parse_page(text, file, limits), limits)


def _parse_page(text: str, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    line = 0
    try:
        page = _Page(_parse(text, limits), _REPEATED * limits.largest_file)
        if not page.articles:
            hint = "Put each publication into an <article>, as corpus/README.md shows"
            yield Problem(file, 0, "the page has no <article>", hint)
            return
        shared, lines = [*page.read_properties(page.shared)], _find_article_lines(text)
        for number, article in enumerate(page.articles):
            line = lines[number] if number < len(lines) else 0
            yield _make_record(article, shared, page, SourceLocation(file, line))
    except _LimitExceeded as error:
        message, limit = error.args
        yield Problem(file, line, message, suggest_raising(limit))


def _parse(text: str, limits: Limits) -> BeautifulSoup:
    """Return the page as a tree. Raise _LimitExceeded if it is too large or too deep.

    Ignore BeautifulSoup's warnings about input that looks like XML or a URL.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        # The parser would make a separate text node of each NUL, which HTML does not allow.
        return BeautifulSoup(text.replace("\0", ""), builder=_Builder(limits))


class _Builder(LXMLTreeBuilder):
    """Tree builder that raises _LimitExceeded where a page grows too large or too deep."""

    def __init__(self, limits: Limits) -> None:
        super().__init__()
        self._limits, self._remaining = limits, limits.most_parts

    def start(
        self, tag: str | bytes, attrib: dict[str | bytes, str | bytes],
        nsmap: Mapping[str, str] = MappingProxyType({}),
    ) -> None:  # fmt: skip
        """Handle a start tag. Raise _LimitExceeded if it exceeds a limit."""
        self._count(1 + len(attrib))
        assert self.soup is not None
        if len(self.soup.tagStack) > self._limits.deepest:
            message = f"its tags are nested deeper than {self._limits.deepest}"
            raise _LimitExceeded(message, "deepest")
        super().start(tag, attrib, dict(nsmap))

    def comment(self, text: str | bytes) -> None:
        """Handle a comment. Raise _LimitExceeded if it exceeds a limit."""
        self._count(1)
        super().comment(text)

    def pi(self, target: str, data: str) -> None:
        """Handle a processing instruction. Raise _LimitExceeded if it exceeds a limit."""
        self._count(1)
        super().pi(target, data)

    def _count(self, more: int) -> None:
        self._remaining -= more
        if self._remaining < 0:
            message = f"it has more than {self._limits.most_parts} tags and attributes"
            raise _LimitExceeded(message, "most_parts")


class _Scope(NamedTuple):
    """The article and the microdata item that contain the children of a tag.

    `outer_item` is the item that contains the article.
    """

    article: Tag | None
    item: Tag | None
    outer_item: Tag | None


class _Page:
    """The articles of a page and its tags with `itemprop`, in document order.

    `shared` has the tags outside all articles. `own` maps the `id()` of an article to its tags.
    `remaining` is the total weight of the properties that may still be read. A text counts once for
    each of the nested properties that contain it.
    """

    def __init__(self, soup: BeautifulSoup, remaining: int) -> None:
        self.articles: list[Tag] = []
        self.shared: list[Tag] = []
        self.own: dict[int, list[Tag]] = {}
        self._remaining = remaining
        scopes = {id(soup): _Scope(None, None, None)}
        for tag in soup.find_all(True):
            scopes[id(tag)] = self._open_tag(tag, scopes[id(tag.parent)])

    def _open_tag(self, tag: Tag, scope: _Scope) -> _Scope:
        article, item, outer_item = scope
        if tag.has_attr("itemprop"):
            if article is None and tag.name != "article":
                self.shared.append(tag)
            # A property of an item nested in the article is not a property of the article.
            elif article and (item is article or item is outer_item):
                self.own[id(article)].append(tag)
        if tag.name == "article":
            self.articles.append(tag)
            self.own[id(tag)] = []
            article, outer_item = tag, item
        return _Scope(article, tag if tag.has_attr("itemscope") else item, outer_item)

    def read_properties(self, tags: Iterable[Tag]) -> Iterator[Property]:
        """Yield the properties of tags, one for each name in `itemprop`. Raise _LimitExceeded."""
        for tag in tags:
            template = _make_property(tag)
            for name in template.name.split():
                property_ = msgspec.structs.replace(template, name=name)
                self.spend(property_.weight)
                yield property_

    def spend(self, size: int) -> None:
        """Subtract `size` from the weight left. Raise _LimitExceeded if it is used up."""
        self._remaining -= size
        if self._remaining < 0:
            message = "the rest of the page is too large, because its tags repeat text"
            raise _LimitExceeded(message, "largest_file")


def _find_article_lines(text: str) -> list[int]:
    """Return the line number of each `<article`. BeautifulSoup with lxml does not provide it."""
    starts = [match.start() for match in _TAG.finditer(text) if match["article"]]
    line_breaks = (text.count("\n", last, start) for last, start in pairwise([0, *starts]))
    return [1 + count for count in accumulate(line_breaks)]


def _make_record(
    article: Tag, shared: list[Property], page: _Page, source: SourceLocation
) -> SourceRecord:
    page.spend(len(shared))
    own = [*page.read_properties(page.own[id(article)])]
    own_names = {property_.name for property_ in own}
    inherited = [property_ for property_ in shared if property_.name not in own_names]
    record_id = article.get("id") or article.get("itemid")
    return SourceRecord(source, (*inherited, *own), str(record_id) if record_id else None)


def _make_property(tag: Tag) -> Property:
    text = tag.get_text()
    stated = tag.get(_VALUE_ATTRIBUTES.get(tag.name, ""))
    language = tag.get("hreflang") or tag.get("lang")
    return Property(
        str(tag["itemprop"]), str(stated) if stated is not None else text,
        text, str(language) if language else None,
    )  # fmt: skip


def format_page(publications: Iterable[Publication], catalogue: Catalogue, heading: str) -> str:
    """Return an HTML page of publications, which `parse` reads back without loss.

    `heading` is the page's title. Each article states all of its values, so that it can be moved
    to another page unchanged.
    """
    articles = "\n".join(_format_article(publication, catalogue) for publication in publications)
    title = escape(f"{heading} – {catalogue.title}")
    return (
        f'<!doctype html>\n<html lang="{escape(catalogue.language)}">\n<head>\n'
        f'<meta charset="utf-8">\n<meta name="viewport" content="width=device-width">\n'
        f"<title>{title}</title>\n</head>\n<body>\n<main>\n"
        f"<h1>{escape(heading)}</h1>\n\n{articles}\n</main>\n</body>\n</html>\n"
    )


def _format_article(publication: Publication, catalogue: Catalogue) -> str:
    rows = []
    lines = [f'<article id="{escape(publication.id)}" itemscope itemtype="{_TYPE}">']
    for field in catalogue.fields:
        values = catalogue.get_values(publication, field)
        if field.role == "title":
            lang = f' lang="{escape(publication.lang)}"' if publication.lang else ""
            lines.append(f"  <h2 {_format_itemprop(field)}{lang}>{escape(publication.title)}</h2>")
        elif field.role == "abstract":
            lines += [
                f"  <p {_format_itemprop(field)}>{escape(paragraph)}</p>"
                for paragraph in (publication.summary or "").split("\n\n")
                if paragraph
            ]
        elif values:
            rows.append(f"    <dt>{escape(field.label)}</dt>")
            rows += [f"    <dd>{_format_value(field, value, catalogue)}</dd>" for value in values]
    if rows:
        lines += ["  <dl>", *rows, "  </dl>"]
    return "\n".join([*lines, "</article>", ""])


def _format_itemprop(field: Field) -> str:
    return f'itemprop="{escape(field.source_name)}"'


def _format_value(field: Field, value: Value, catalogue: Catalogue) -> str:
    itemprop, label = _format_itemprop(field), escape(field.display(value, catalogue.language))
    if isinstance(value, Link):
        language = f' hreflang="{escape(value.language)}"' if value.language else ""
        return f'<a {itemprop} href="{escape(value.url)}"{language}>{label}</a>'
    if field.kind in ("language", "country", "name"):
        return f'<data {itemprop} value="{escape(str(value))}">{label}</data>'
    if field.kind == "year":
        return f"<time {itemprop}>{value}</time>"
    return f"<span {itemprop}>{label}</span>"
