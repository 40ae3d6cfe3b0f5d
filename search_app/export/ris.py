"""RIS: one tag and one value on each line.

The tags and types are those of Reference Manager as EndNote and Zotero read them. There is no
escape for a line break, so each value is one line, and an abstract loses its paragraphs.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from indexer.analysis.cleaning import clean
from indexer.catalogue.roles import NameRole, Role
from indexer.values import names
from indexer.values.names import Name
from indexer.values.publication_types import PublicationType
from search_app.export.csl import Date, Item

_TYPES: dict[PublicationType, str] = {
    "article-journal": "JOUR",
    "article-magazine": "MGZN",
    "article-newspaper": "NEWS",
    "article": "UNPB",
    "bill": "BILL",
    "book": "BOOK",
    "broadcast": "SOUND",
    "chapter": "CHAP",
    "dataset": "DATA",
    "entry-dictionary": "DICT",
    "entry-encyclopedia": "ENCYC",
    "figure": "FIGURE",
    "graphic": "ART",
    "hearing": "HEAR",
    "interview": "PCOMM",
    "legal_case": "CASE",
    "legislation": "STAT",
    "manuscript": "MANSCPT",
    "map": "MAP",
    "motion_picture": "MPCT",
    "musical_score": "MUSIC",
    "pamphlet": "PAMP",
    "paper-conference": "CPAPER",
    "patent": "PAT",
    "periodical": "JFULL",
    "personal_communication": "PCOMM",
    "post-weblog": "BLOG",
    "regulation": "LEGAL",
    "report": "RPRT",
    "review": "JOUR",
    "software": "COMP",
    "song": "SOUND",
    "speech": "SLIDE",
    "standard": "STAND",
    "thesis": "THES",
    "treaty": "LEGAL",
    "webpage": "ELEC",
}
"""Types of RIS. Any other type is generic (GEN)."""
_NAME_TAGS: tuple[tuple[NameRole, str], ...] = (
    ("author", "AU"), ("director", "AU"), ("editor", "ED"), ("translator", "A4"),
    ("contributor", "A4"),
)  # fmt: skip
"""Zotero reads AU of a film as its director. ED is an editor for every type, unlike A2 and A3."""
_TAGS: tuple[tuple[Role, str], ...] = (
    ("container-title", "T2"),
    ("collection-title", "T3"),
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
    """Yield the record of each item."""
    for item in items:
        lines = [
            f"{tag}  - {line}\r\n" for tag, value in _list_values(item) if (line := clean(value))
        ]
        yield "".join([*lines, "ER  - \r\n\r\n"]).encode()


def _list_values(item: Item) -> Iterator[tuple[str, str]]:
    """Yield the tags of an item with their values. The type is the first, as RIS demands."""
    yield "TY", _TYPES.get(item.type, "GEN")
    yield "ID", item.id
    yield "TI", item.title
    yield from (("TT", title) for title, _ in item.other_titles)
    for name_role, tag in _NAME_TAGS:
        for name in item.names.get(name_role, ()):
            yield tag, _format_name(name)
    if item.issued:
        yield "PY", f"{item.issued.year:04}"
        yield "DA", _format_date(item.issued)
    for role, tag in _TAGS:
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
