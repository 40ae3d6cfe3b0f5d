"""Reader of the metadata in web pages: `citation_*` and Dublin Core tags, linked data, and COinS.

A page whose tags describe one publication is one record. Any other page has a record for each
publication in its JSON-LD or microdata, or for each `<span class="Z3988">`. Names of tags are in
lowercase. Columns of JSON-LD and microdata start with "jsonld.". The format `html` reads pages with
microdata in articles.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import BufferedIOBase
from typing import NamedTuple
from urllib.parse import parse_qsl

from lxml import etree

from indexer import toml
from indexer.catalogue.limits import LIMITS, Limits, suggest_raising
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, read_whole
from indexer.readers.formats.html_metadata.microdata import Item, read_items
from indexer.readers.json_records.flattening import Shape, TooLarge, flatten
from indexer.readers.json_records.linked_data import (
    SCHEMA_PREFIXES,
    Graph,
    find_works,
    remove_prefixes,
)
from indexer.readers.text.encodings import decode_text, detect_utf16, unify_encoding
from indexer.values.html_tree import MAX_ATTRIBUTES, REMOVE_THEM, TOO_MANY_ATTRIBUTES

NAME = "html-metadata"
SUFFIXES: tuple[str, ...] = (".xhtml",)
FIELDS: Mapping[str, tuple[str, ...]] = toml.load_resource(
    __name__, "fields.toml", dict[str, tuple[str, ...]]
)

_CITATION_TITLES = ("citation_title", "bepress_citation_title")
_TITLES = (*_CITATION_TITLES, "eprints.title", "dc.title", "dcterms.title")
"""Tags of a page about one publication."""
_LISTS = {"citation_authors": "citation_author", "citation_keywords": "citation_keywords"}
"""Tags with several values, separated by semicolons, and the column of one value."""
_DUBLIN_CORE = re.compile(r"(dc|dcterms)[.:]")
_CHARSET = re.compile(rb"""<meta[^>]{1,200}charset\s*=\s*["']?([\w-]{1,40})""", re.IGNORECASE)
_HTML = re.compile(r"<(?:!doctype\s+html|html|head|body|meta)\b", re.IGNORECASE)
_WRAPPER_START = re.compile(r"(?://|/\*)?\s*<!(?:--|\[CDATA\[)(?:\s*\*/)?")
_WRAPPER_END = re.compile(r"(?://|/\*)?\s*(?:--|\]\])>(?:\s*\*/)?\Z")
"""Comment and CDATA marks that hide a script from browsers that do not know scripts."""
_WRAPPER_CHARS = 20
_SHAPE = Shape(bulky=frozenset(("citation", "articleBody", "text", "comment", "review")))


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of the tags of a page."""
    text = b"".join(unify_encoding(iter([head]), detect_utf16)).decode(errors="replace")
    if not _HTML.search(text[:4000]):
        return None
    page = _read_page(text, LIMITS)
    names = {tag.name for tag in page.tags}
    if not names.isdisjoint(_CITATION_TITLES):
        return Evidence(88, "the page has citation tags")
    if page.citations:
        return Evidence(85, "the page has citations in COinS")
    if next(_find_works(page, LIMITS), None):
        return Evidence(82, "the page has JSON-LD or microdata of a publication")
    if not names.isdisjoint(_TITLES):
        return Evidence(80, "the page has Dublin Core tags")
    return None


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the publications of a page, and a Problem if it has none or is too large."""
    text, problem = _decode(read_whole(stream, limits), file)
    if problem:
        yield problem
    page = _read_page(text, limits)
    if page.fault:
        yield Problem(file, 0, *page.fault)
    count = 0
    try:
        for properties in _list_records(page, limits):
            count += 1
            yield SourceRecord(SourceLocation(file, 0), properties)
    except TooLarge as error:
        yield Problem(file, 0, f"the record is too large: {error}", suggest_raising(error.limit))
        return
    if not count:
        hint = "Add citation_title and other tags, or an <article> with microdata"
        yield Problem(file, 0, "the page has no metadata of a publication", hint)


def _read_page(text: str, limits: Limits) -> _Page:
    """Return the metadata in the parsable part of a page."""
    page = _Page(limits.most_parts)
    parser = etree.HTMLParser(target=page, no_network=True, huge_tree=False)
    with suppress(etree.LxmlError):
        parser.feed(text.replace("\0", ""))
        parser.close()
    if "itemprop" in text and not page.fault:
        page.items = read_items(text, limits.largest_file)
    return page


def _decode(page: bytes, file: str) -> tuple[str, Problem | None]:
    """Return the text of a page in UTF-8, UTF-16, or its declared encoding."""
    data = b"".join(unify_encoding(iter([page]), detect_utf16))
    declaration = _CHARSET.search(data[:4000])
    if declaration and declaration[1].lower() not in (b"utf-8", b"utf8", b"utf-16"):
        try:
            return data.decode(declaration[1].decode()), None
        except (UnicodeDecodeError, LookupError):
            pass
    return decode_text(data, file, 1)


class _Tag(NamedTuple):
    """A `<meta>` tag. `name` is in lowercase. `group` is the number of its author, or 0."""

    name: str
    content: str
    language: str | None
    scheme: str
    group: int


class _Page:
    """Parser target that collects the metadata of a page, up to a `fault`."""

    def __init__(self, max_parts: int) -> None:
        self.tags: list[_Tag] = []
        self.scripts: list[str] = []
        self.citations: list[str] = []
        self.items: list[Item] = []
        self.fault: tuple[str, str] | None = None
        self._max_parts = self._remaining = max_parts
        self._text: list[str] | None = None
        self._in_title = False
        self._group = 0

    def start(self, tag: str, attributes: Mapping[str, str]) -> None:
        """Handle a start tag."""
        self._remaining -= 1 + len(attributes)
        if self._remaining < 0:
            message = f"it has more than {self._max_parts} tags and attributes"
            self.fault = message, suggest_raising("most_parts")
        elif len(attributes) > MAX_ATTRIBUTES:
            self.fault = TOO_MANY_ATTRIBUTES, REMOVE_THEM
        if self.fault:
            return
        if tag == "meta":
            self._add_meta(attributes)
        elif tag == "html" and attributes.get("lang"):
            self._add("html@lang", attributes["lang"], {})
        elif tag == "link" and attributes.get("rel", "").lower() == "canonical":
            self._add("canonical", attributes.get("href", ""), {})
        elif tag == "span" and "Z3988" in attributes.get("class", "").split():
            self.citations.append(attributes.get("title", ""))
        elif tag == "title" and not any(previous.name == "title" for previous in self.tags):
            self._text, self._in_title = [], True
        elif tag == "script" and "ld+json" in attributes.get("type", "").lower():
            self._text, self._in_title = [], False

    def data(self, text: str) -> None:
        """Handle a text."""
        if self._text is not None:
            self._text.append(text)

    def end(self, tag: str) -> None:
        """Handle an end tag."""
        if tag in ("title", "script") and self._text is not None:
            text, self._text = "".join(self._text), None
            if self._in_title:
                self._add("title", " ".join(text.split()), {})
            else:
                self.scripts.append(_unwrap(text))

    def close(self) -> None:
        """Handle the end of the page."""

    def _add_meta(self, attributes: Mapping[str, str]) -> None:
        name = (attributes.get("name") or attributes.get("property") or "").strip().lower()
        name = _DUBLIN_CORE.sub(r"\1.", name, count=1) if name.startswith("dc") else name
        content = attributes.get("content", "")
        if not name:
            return
        if name in _LISTS:
            for part in content.split(";"):
                self._add(_LISTS[name], part, attributes)
        else:
            self._add(name, content, attributes)

    def _add(self, name: str, content: str, attributes: Mapping[str, str]) -> None:
        """Add a tag. Tags of an author, such as the institution, share the group of the author."""
        if not content.strip():
            return
        group = 0
        if name == "citation_author":
            self._group += 1
        if name.startswith("citation_author"):
            group = self._group
        language = attributes.get("lang") or attributes.get("xml:lang") or None
        scheme = attributes.get("scheme", "")
        self.tags.append(_Tag(name, content.strip(), language, scheme, group))


def _unwrap(script: str) -> str:
    """Return a script without the comment or CDATA section that may enclose it."""
    script = script.strip()
    if start := _WRAPPER_START.match(script):
        script = script[start.end() :]
    end = script[-_WRAPPER_CHARS:]
    return script[: len(script) - len(end)] + _WRAPPER_END.sub("", end)


def _list_records(page: _Page, limits: Limits) -> Iterator[tuple[Property, ...]]:
    """Yield the properties of each publication of a page. Raise TooLarge."""
    tags = tuple(_list_properties(page.tags))
    works = [_flatten_work(work, limits) for work in _find_works(page, limits)]
    citations = [_read_citation(text) for text in page.citations]
    if any(tag.name in _TITLES for tag in page.tags):
        yield tags + (works[0] if works else ()) + (citations[0] if len(citations) == 1 else ())
    elif works:
        for work in works:
            yield work if len(works) > 1 else tags + work
    elif citations:
        for citation in citations:
            yield citation if len(citations) > 1 else tags + citation


def _find_works(page: _Page, limits: Limits) -> Iterator[Mapping[str, object]]:
    """Yield the publications in JSON-LD; without any, those in microdata."""
    works = Graph(limits).resolve_texts(page.scripts)
    if first := next(works, None):
        yield first
        yield from works
    else:
        yield from find_works(page.items)


def _list_properties(tags: list[_Tag]) -> Iterator[Property]:
    for tag in tags:
        yield Property(tag.name, tag.content, tag.content, tag.language, tag.group)
        if tag.scheme:
            yield Property(f"{tag.name}@scheme", tag.scheme, tag.scheme)


def _flatten_work(work: Mapping[str, object], limits: Limits) -> tuple[Property, ...]:
    """Return the properties of a publication in JSON-LD. Its groups follow those of the tags."""
    return tuple(
        Property(
            f"jsonld.{part.name}", part.value, part.text, part.language,
            part.group and part.group + limits.most_parts,
        )
        for part in flatten(remove_prefixes(work, SCHEMA_PREFIXES), _SHAPE, limits)
    )  # fmt: skip


def _read_citation(text: str) -> tuple[Property, ...]:
    """Return the properties of a citation in the notation of a URL (COinS, ANSI Z39.88)."""
    pairs = [(key, value.strip()) for key, value in parse_qsl(text) if value.strip()]
    values = dict(pairs)
    if family := values.get("rft.aulast"):
        names = " ".join(value for key, value in pairs if key == "rft.au")
        given = values.get("rft.aufirst") or values.get("rft.auinit", "")
        pairs = [pair for pair in pairs if pair[0] not in ("rft.aulast", "rft.aufirst")]
        if family not in names:  # otherwise `rft.au` repeats it
            pairs.insert(0, ("rft.au", f"{family}, {given}" if given else family))
    if "rft.aucorp" in values:
        pairs.append(("rft.au", f"{{{values['rft.aucorp']}}}"))
    if "rft.atitle" in values:
        containers = ("rft.title", "rft.btitle")
        pairs = [(f"{key}[container]" if key in containers else key, value) for key, value in pairs]
    return tuple(Property(key, value, value) for key, value in pairs)
