"""RIS: one tag and one value on each line.

The tags and types are those of Reference Manager as EndNote and Zotero read them. There is no
escape for a line break, so each value is one line, and an abstract loses its paragraphs.
"""

from collections.abc import Iterable, Iterator

from indexer.analysis.cleaning import clean
from indexer.catalogue.fields import NameRole, Role
from indexer.values import names
from indexer.values.names import Name
from search_app.export.csl import TYPES, Date, Item

_NAME_TAGS: tuple[tuple[NameRole, str], ...] = (
    ("author", "AU"),
    ("director", "AU"),
    ("editor", "ED"),
    ("translator", "A4"),
    ("contributor", "A5"),
)
"""Zotero reads AU of a film as its director. ED is an editor for every type, unlike A2 and A3. A5
is not a tag of RIS, but in A4, programs take a contributor for a translator or an author."""
_TITLE_TAGS: dict[Role, str] = {"container-title": "T2", "collection-title": "T3"}
_SERIES_FIRST: dict[Role, str] = {"container-title": "JF", "collection-title": "T2"}
"""The tags of the same roles for types whose series EndNote and Zotero read in T2."""
_TAGS: tuple[tuple[Role, str], ...] = (
    ("volume", "VL"),
    ("issue", "IS"),
    ("number", "M1"),
    ("edition", "ET"),
    ("publisher", "PB"),
    ("publisher-place", "CY"),
    ("call-number", "CN"),
    ("DOI", "DO"),
    ("keyword", "KW"),
    ("note", "N1"),
)
_JOINED_TAGS: tuple[tuple[Role, str], ...] = (("ISBN", "SN"), ("ISSN", "SN"), ("language", "LA"))
"""Tags of which programs read the first line only. Several values are on one line."""
_SEASONS = ("Spring", "Summer", "Autumn", "Winter")


def write(items: Iterable[Item]) -> Iterator[bytes]:
    for item in items:
        values = ((tag, clean(value)) for tag, value in _list_values(item))
        lines = [f"{tag}  - {line}\r\n" for tag, line in values if line]
        yield "".join([*lines, "ER  - \r\n\r\n"]).encode()


def _list_values(item: Item) -> Iterator[tuple[str, str]]:
    """Yield the tags of an item with their values. The type is the first, as RIS demands."""
    kind, _, special = TYPES[item.type].ris.partition(" ")
    yield "TY", kind
    yield "M3", special
    yield "ID", item.id
    yield "TI", item.title
    for title, _ in item.other_titles:
        yield "TT", title
    for name_role, tag in _NAME_TAGS:
        for name in item.names.get(name_role, ()):
            yield tag, _format_name(name)
    if item.issued:
        yield "PY", f"{item.issued.year:04}"
        yield "DA", _format_date(item.issued)
    titles = _SERIES_FIRST if kind in ("COMP", "MAP", "RPRT") else _TITLE_TAGS
    for role, tag in (*titles.items(), *_TAGS):
        for text in item.get(role):
            yield tag, text
    for role, tag in _JOINED_TAGS:
        yield tag, "; ".join(item.get(role))
    yield from zip(("SP", "EP"), item.pages, strict=False)
    yield "AB", item.abstract
    for url in item.link_urls:
        yield "UR", url


def _format_name(name: Name) -> str:
    """Return a name as EndNote writes it: a body that looks like a person ends with a comma."""
    text = name.inverted
    read = names.parse(text) if name.literal and "," not in text else None
    return f"{text}," if read and read.given else text


def _format_date(date: Date) -> str:
    """Return a date as YYYY/MM/DD/, or "" if only the year is known. A season follows the day."""
    if not (date.month or date.season):
        return ""
    month, day = (f"{part:02}" if part else "" for part in (date.month, date.day))
    season = _SEASONS[date.season - 1] if date.season else ""
    return f"{date.year:04}/{month}/{day}/{season}"
