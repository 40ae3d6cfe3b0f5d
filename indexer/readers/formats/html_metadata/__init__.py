"""Reader of the metadata in web pages: `citation_*` and Dublin Core tags, linked data, and COinS.

A page whose tags describe one publication is one record. Any other page has a record for each
publication in its JSON-LD or microdata, or for each `<span class="Z3988">`. Names of tags are in
lowercase. Columns of JSON-LD and microdata start with "jsonld.". The format `html` reads pages with
microdata in articles.
"""

import re
from collections.abc import Iterator, Mapping
from io import BufferedIOBase
from typing import Any
from urllib.parse import parse_qsl

from lxml import etree

from indexer import toml
from indexer.catalogue.limits import LIMITS, Limits, suggest_raising
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, LimitExceeded, read_whole
from indexer.readers.json_records.flattening import Shape, flatten
from indexer.readers.json_records.reader import SCHEMA_PREFIXES, Graph, find_works, remove_prefixes
from indexer.readers.text.web_page import find_value, read_page

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
_HTML = re.compile(rb"<(?:!doctype\s+html|html|head|body|meta)\b", re.IGNORECASE)
_WRAPPER_START = re.compile(r"(?://|/\*)?\s*<!(?:--|\[CDATA\[)(?:\s*\*/)?")
_WRAPPER_END = re.compile(r"(?://|/\*)?\s*(?:--|\]\])>(?:\s*\*/)?\Z")
"""Comment and CDATA marks that hide a script from browsers that do not know scripts."""
_WRAPPER_CHARS = 20
_SHAPE = Shape(bulky=frozenset(("citation", "articleBody", "text", "comment", "review")))


def detect(filename: str, head: bytes) -> Evidence | None:
    if not _HTML.search(head[:8000].replace(b"\0", b"")):  # UTF-16 has zeros
        return None
    page, _ = read_page(head, filename, LIMITS)
    names = {tag.name for tag in _list_tags(page)}
    if not names.isdisjoint(_CITATION_TITLES):
        return Evidence(88, "the page has citation tags")
    if _list_citations(page):
        return Evidence(85, "the page has citations in COinS")
    if next(_find_works(page, LIMITS), None):
        return Evidence(82, "the page has JSON-LD or microdata of a publication")
    if not names.isdisjoint(_TITLES):
        return Evidence(80, "the page has Dublin Core tags")
    return None


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the publications of a page, and a Problem if it has none or is too large."""
    page, problems = read_page(read_whole(stream, limits), file, limits)
    yield from problems
    records = 0
    try:
        for properties in _list_records(page, limits):
            records += 1
            yield SourceRecord(SourceLocation(file, 0), properties)
    except LimitExceeded as error:
        yield Problem(file, 0, f"the record is too large: {error}", suggest_raising(error.limit))
        return
    if not records and not problems:
        hint = "Add citation_title and other tags, or an <article> with microdata"
        yield Problem(file, 0, "the page has no metadata of a publication", hint)


def _list_tags(page: etree._Element) -> Iterator[Property]:
    """Yield the tags of a page, its language, its URL, and its title. Names are in lowercase.

    Tags of an author, such as the institution, share the group of the author.
    """
    canonical = (link for link in page.iter("link") if link.get("rel", "").lower() == "canonical")
    stated = [("html@lang", page.get("lang", ""))]
    stated += [("canonical", link.get("href", "")) for link in canonical]
    stated += [("title", " ".join(page.findtext(".//title", "").split()))]
    yield from (Property(name, text, text) for name, text in stated if text)
    group = 0
    for meta in page.iter("meta"):
        name = (meta.get("name") or meta.get("property") or "").strip().lower()
        name = _DUBLIN_CORE.sub(r"\1.", name, count=1)
        content, scheme = meta.get("content", ""), meta.get("scheme", "")
        language = meta.get("lang") or meta.get("xml:lang") or None
        parts = content.split(";") if name in _LISTS else [content]
        name = _LISTS.get(name, name)
        for part in filter(None, map(str.strip, parts)) if name else ():
            group += name == "citation_author"
            own_group = group if name.startswith("citation_author") else 0
            yield Property(name, part, part, language, own_group)
            if scheme:
                yield Property(f"{name}@scheme", scheme, scheme)


def _list_citations(page: etree._Element) -> list[str]:
    """Return the citations in the notation of a URL (COinS, ANSI Z39.88)."""
    spans = (span for span in page.iter("span") if "Z3988" in span.get("class", "").split())
    return [span.get("title", "") for span in spans]


def _list_records(page: etree._Element, limits: Limits) -> Iterator[tuple[Property, ...]]:
    """Yield the properties of each publication of a page. Raise LimitExceeded."""
    tags = tuple(_list_tags(page))
    works = [_flatten_work(work, limits) for work in _find_works(page, limits)]
    citations = [*map(_read_citation, _list_citations(page))]
    if any(tag.name in _TITLES for tag in tags):
        yield tags + (works[0] if works else ()) + (citations[0] if len(citations) == 1 else ())
    else:
        found = works or citations
        for properties in found:
            yield properties if len(found) > 1 else tags + properties


def _unwrap(script: str) -> str:
    """Return a script without the comment or CDATA section that may enclose it."""
    script = script.strip()
    if start := _WRAPPER_START.match(script):
        script = script[start.end() :]
    end = script[-_WRAPPER_CHARS:]
    return script[: len(script) - len(end)] + _WRAPPER_END.sub("", end)


def _find_works(page: etree._Element, limits: Limits) -> Iterator[Mapping[str, object]]:
    """Yield the publications in JSON-LD; without any, those in microdata."""
    scripts = (each for each in page.iter("script") if "ld+json" in each.get("type", "").lower())
    works = Graph(limits).resolve_texts(_unwrap(script.text or "") for script in scripts)
    if first := next(works, None):
        yield first
        yield from works
    else:
        yield from find_works(read_items(page, limits.largest_file))


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


Item = dict[str, Any]


def read_items(page: etree._Element, max_chars: int) -> list[Item]:
    """Return the top-level items of a page.

    Nested properties repeat text. Stop when the values have more than `max_chars` characters.
    """
    top_items: list[Item] = []
    items: list[tuple[etree._Element, Item]] = []
    for event, element in etree.iterwalk(page, events=("start", "end")):
        if event == "end":
            if items and items[-1][0] is element:
                items.pop()
            continue
        outer = items[-1][1] if items else {}
        names = element.get("itemprop", "").split() if items else []
        value: Item | str = ""
        if "itemscope" in element.attrib:
            value = _make_item(element)
            items.append((element, value))
            top_items += [] if names else [value]
        elif names:
            stated = find_value(element)
            value = " ".join(("".join(element.itertext()) if stated is None else stated).split())
            max_chars -= len(value)
        if max_chars < 0:
            break
        for name in names:
            _add(outer, name.rpartition("/")[2], value)
    return top_items


def _add(item: Item, name: str, value: Item | str) -> None:
    """Add a value of a property. Several values become a list, as in JSON-LD."""
    if name not in item:
        item[name] = value
    elif isinstance(item[name], list):
        item[name].append(value)
    else:
        item[name] = [item[name], value]


def _make_item(element: etree._Element) -> Item:
    types = [name.rstrip("/").rpartition("/")[2] for name in element.get("itemtype", "").split()]
    item: Item = {"@type": types[0] if len(types) == 1 else types}
    if identifier := element.get("itemid"):
        item["@id"] = identifier
    return item
