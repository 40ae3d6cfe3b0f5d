"""MARC 21 in XML: a collection with a record for each publication.

The formats are described in https://www.loc.gov/marc/bibliographic/ and
https://www.loc.gov/standards/marcxml/. The leader says that punctuation of ISBD is left out, so
each subfield has its plain value.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from lxml import etree

from indexer.analysis.cleaning import clean
from indexer.catalogue.roles import RELATORS, Role
from indexer.values.iso_codes import get_bibliographic_code
from indexer.values.names import Name
from indexer.values.publication_types import PublicationType, group_by_csl_type
from search_app.export import xml_document
from search_app.export.csl import Date, Item
from search_app.export.xml_document import add

_NAMESPACE = "http://www.loc.gov/MARC21/slim"
_RECORD_TYPES: dict[PublicationType, str] = {
    "broadcast": "i",
    "dataset": "m",
    "figure": "k",
    "graphic": "k",
    "manuscript": "t",
    "map": "e",
    "motion_picture": "g",
    "musical_score": "c",
    "software": "m",
    "song": "j",
    "speech": "i",
}
"""Position 6 of the leader. Any other publication is text: a."""
_LEVELS: dict[PublicationType, str] = {
    "article-journal": "b",
    "article-magazine": "b",
    "article-newspaper": "b",
    "chapter": "a",
    "collection": "c",
    "entry-dictionary": "a",
    "entry-encyclopedia": "a",
    "paper-conference": "a",
    "periodical": "s",
    "review": "b",
    "webpage": "i",
}
"""Position 7 of the leader. Any other publication is a monograph: m."""
_SUBFIELDS: tuple[tuple[Role, str, str, str, str], ...] = (
    ("ISBN", "020", "  ", "a", ""),
    ("DOI", "024", "7 ", "a", "doi"),
    ("PMID", "024", "7 ", "a", "pmid"),
    ("number", "088", "  ", "a", ""),
    ("call-number", "099", "  ", "a", ""),
    ("edition", "250", "  ", "a", ""),
    ("number-of-pages", "300", "  ", "a", ""),
    ("dimensions", "300", "  ", "c", ""),
    ("note", "500", "  ", "a", ""),
    ("rights", "540", "  ", "a", ""),
    ("keyword", "650", " 4", "a", ""),
    ("coverage", "651", " 4", "a", ""),
    ("genre", "655", " 4", "a", ""),
)
"""Roles of which each value is a field: its tag, its indicators, the code of the subfield, and the
source of the value in subfield $2."""
_PARTS: tuple[tuple[Role, str], ...] = (("volume", "vol. "), ("issue", "no. "), ("page", "p. "))
"""Roles that locate a publication in its host item (773 $g), with their abbreviations."""
_FILL = "|" * 17
"""Positions 18 to 34 of field 008, which we do not code."""


class _Field(NamedTuple):
    tag: str
    indicators: str
    subfields: Sequence[tuple[str, str]]


def write(items: Iterable[Item]) -> Iterator[bytes]:
    """Yield the collection, record by record."""
    root = etree.Element(f"{{{_NAMESPACE}}}collection", nsmap={None: _NAMESPACE})
    return xml_document.write(root, map(_make_record, items))


def _make_record(item: Item) -> etree._Element:
    """Return an item as an element `record`."""
    record = etree.Element(f"{{{_NAMESPACE}}}record", nsmap={None: _NAMESPACE})
    add(record, "leader").text = _make_leader(item)
    add(record, "controlfield", item.id, tag="001")
    add(record, "controlfield", tag="008").text = _make_coded_values(item)
    for field in sorted(_list_fields(item), key=_get_place):
        subfields = [(code, line) for code, text in field.subfields if (line := clean(text))]
        if subfields:
            ind1, ind2 = field.indicators[0], field.indicators[1]
            element = add(record, "datafield", tag=field.tag, ind1=ind1, ind2=ind2)
            for code, line in subfields:
                add(element, "subfield", line, code=code)
    return record


def _get_place(field: _Field) -> str:
    """Return the place of a field. Persons and bodies are in the order of the source."""
    return "700" if field.tag == "710" else field.tag


def _make_leader(item: Item) -> str:
    kind, level = _RECORD_TYPES.get(item.type, "a"), _LEVELS.get(item.type, "m")
    return f"00000n{kind}{level} a2200000uc 4500"


def _make_coded_values(item: Item) -> str:
    """Return field 008. The day on which a record was made is not known."""
    codes = [get_bibliographic_code(code) for code in item.get("language")] or ["und"]
    language = codes[0] if len(codes) == 1 else "mul"
    return f"000000{_code_date(item.issued)}xx {_FILL}{language} u"


def _code_date(date: Date | None) -> str:
    """Return the kind of a date and its two parts, in nine characters."""
    if date is None:
        return "nuuuuuuuu"
    if date.until:
        return f"m{date.year:04}{date.until:04}"
    if date.month:
        day = f"{date.day:02}" if date.day else "  "
        return f"e{date.year:04}{date.month:02}{day}"
    return f"s{date.year:04}    "


def _list_fields(item: Item) -> Iterator[_Field]:
    """Yield the fields of variable length, in any order."""
    yield from _list_names(item)
    has_entry = "author" in item.names
    yield _Field("245", f"{int(has_entry)}0", [("a", item.title), ("c", _state_authors(item))])
    yield from (_Field("246", "31", [("a", title)]) for title, _ in item.other_titles)
    for role, tag, indicators, code, source in _SUBFIELDS:
        for text in item.get(role):
            yield _Field(tag, indicators, [(code, text), *([("2", source)] if source else [])])
    # As a local term, it is the only type that an import reads: the leader has few of them.
    yield _Field("655", " 7", [("a", group_by_csl_type()[item.type][0]), ("2", "local")])
    if len(codes := item.get("language")) > 1:
        yield _Field("041", "0 ", [("a", get_bibliographic_code(code)) for code in codes])
    yield _Field("264", " 1", list(_list_imprint(item)))
    for abstract in (item.abstract, *(text for text, _ in item.other_abstracts)):
        yield _Field("520", "3 ", [("a", abstract)])
    yield from _list_related(item)
    for number, link in enumerate(item.links):
        yield _Field("856", "41" if number else "40", [("u", link.url), ("y", link.label)])
    yield _Field("856", "42", [("u", item.page_url)])


def _list_names(item: Item) -> Iterator[_Field]:
    """Yield a field for each name. The first author is the main entry."""
    is_main = True
    for role, names in item.names.items():
        for name in names:
            yield _make_name(name, RELATORS[role], is_main=is_main and role == "author")
            is_main = is_main and role != "author"


def _make_name(name: Name, relator: str, *, is_main: bool) -> _Field:
    hundred = "1" if is_main else "7"
    if name.literal:
        return _Field(f"{hundred}10", "2 ", [("a", name.literal), ("4", relator)])
    person = name._replace(suffix="").inverted
    return _Field(f"{hundred}00", "1 ", [("a", person), ("c", name.suffix), ("4", relator)])


def _state_authors(item: Item) -> str:
    """Return the authors as a title page states them."""
    return "; ".join(name.display for name in item.names.get("author", ()))


def _list_imprint(item: Item) -> Iterator[tuple[str, str]]:
    yield from (("a", place) for place in item.get("publisher-place"))
    yield from (("b", publisher) for publisher in item.get("publisher"))
    if item.issued:
        yield "c", item.issued.edtf


def _list_related(item: Item) -> Iterator[_Field]:
    """Yield the series, and the publication that contains this one, with the place in it.

    An ISSN belongs to the publication that contains this one, if there is one. Each further ISSN is
    in a field of its own, because 773 $x cannot be repeated.
    """
    for series in item.get("collection-title"):
        number = item.get_first("collection-number")
        yield _Field("490", "0 ", [("a", series), ("v", number)])
    place = [("g", f"{label}{item.get_first(role)}") for role, label in _PARTS if item.get(role)]
    issns = item.get("ISSN")
    if titles := item.get("container-title"):
        first, *others = issns or ("",)
        yield _Field("773", "0 ", [("t", titles[0]), *place, ("x", first)])
        for issn in others:
            yield _Field("773", "0 ", [("t", titles[0]), ("x", issn)])
    else:
        yield _Field("773", "0 ", place)
        yield from (_Field("022", "  ", [("a", issn)]) for issn in issns)
