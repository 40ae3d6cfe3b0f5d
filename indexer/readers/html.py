"""HTML pages, one `<article>` a publication with microdata: reading them, and writing them.

A property is an element with `itemprop`; its value is taken as the HTML standard's microdata
says (`datetime` of a `<time>`, `value` of a `<data>`, `href` of a link, `content` of a
`<meta>`, the text of anything else). What a page states outside its articles, its heading
above all, holds for each of them that does not state it itself.
"""

from __future__ import annotations

import re
import warnings
from collections.abc import Iterable, Iterator
from html import escape
from typing import BinaryIO

from bs4 import BeautifulSoup, Tag

from indexer.fields import Catalogue, Field
from indexer.readers.decoding import decode
from indexer.record import Entry, Link, Problem, Property, Publication, Source, Value

_VALUE_ATTRIBUTES = {
    "a": "href", "area": "href", "link": "href", "meta": "content", "time": "datetime",
    "data": "value", "meter": "value", "img": "src",
}  # fmt: skip
_TYPE = "https://schema.org/CreativeWork"
_MARKUP = re.compile(
    r"""<!--(?:-?>|.*?(?:--!?>|\Z))
      | <(?P<raw>script|style|textarea|title)\b.*?(?:</(?P=raw)|\Z)
      | <(?:(?P<article>article)(?=[\s/>])|/?[a-z])(?:=\s*"[^"]*"|=\s*'[^']*'|[^>])*+""",
    re.DOTALL | re.IGNORECASE | re.VERBOSE,
)


def read(stream: BinaryIO, file: str) -> Iterator[Entry | Problem]:
    """The articles of a page, as entries, in order; one that lacks its end loses none."""
    text = decode(stream.read(), file)
    if isinstance(text, Problem):
        yield text
        return
    soup = _parsed(text)
    articles = soup.find_all("article")
    if not articles:
        hint = "Put each publication into an <article>, as corpus/README.md shows"
        yield Problem(file, 0, "the page holds no <article>", hint)
        return
    shared = [
        _property(tag) for tag in soup.find_all(itemprop=True)
        if tag.find_parent("article") is None and tag.name != "article"
    ]  # fmt: skip
    lines = _article_lines(text)
    for number, article in enumerate(articles):
        line = lines[number] if number < len(lines) else 0
        yield _entry(article, shared, Source(file, line))


def _parsed(text: str) -> BeautifulSoup:
    """The page as a tree; that it looks like XML or like an address is no matter here."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return BeautifulSoup(text, "lxml")


def _article_lines(text: str) -> list[int]:
    """The line of every `<article`, which BeautifulSoup does not tell with lxml."""
    starts = [match.start() for match in _MARKUP.finditer(text) if match["article"]]
    lines, line, last = [], 1, 0
    for start in starts:
        line += text.count("\n", last, start)
        last = start
        lines.append(line)
    return lines


def _entry(article: Tag, shared: list[Property], source: Source) -> Entry:
    own = [_property(tag) for tag in article.find_all(itemprop=True) if _is_of(tag, article)]
    named = {name for each in own for name in each.name.split()}
    inherited = [each for each in shared if each.name not in named]
    split = [
        Property(name, each.value, each.text, each.language)
        for each in [*inherited, *own]
        for name in each.name.split()
    ]
    identity = article.get("id") or article.get("itemid")
    return Entry(source, tuple(split), str(identity) if identity else None)


def _is_of(tag: Tag, article: Tag) -> bool:
    """Whether a property is an article's own, not one of something within it."""
    scope = tag.find_parent(itemscope=True)
    in_scope = scope is article or scope is article.find_parent(itemscope=True)
    return in_scope and tag.find_parent("article") is article


def _property(tag: Tag) -> Property:
    text = tag.get_text()
    stated = tag.get(_VALUE_ATTRIBUTES.get(tag.name, ""))
    language = tag.get("hreflang") or tag.get("lang")
    return Property(
        str(tag["itemprop"]), str(stated) if stated is not None else text,
        text, str(language) if language else None,
    )  # fmt: skip


def write(publications: Iterable[Publication], catalogue: Catalogue, heading: str) -> str:
    """A page of publications, which `read` gives back as they are.

    `heading` is the page's title. Every value is stated in the article itself, so that each
    can be moved to another page as it stands.
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
