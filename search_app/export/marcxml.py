"""MARC 21 in XML: a collection with a record for each publication.

The formats are described in https://www.loc.gov/marc/bibliographic/ and
https://www.loc.gov/standards/marcxml/. The leader says that punctuation of ISBD is left out, so
each subfield has its plain value.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from indexer.catalogue.fields import RELATORS, Role
from indexer.values.iso_codes import get_bibliographic_code
from indexer.values.publication_types import name_type
from search_app.export import xml_document
from search_app.export.csl import TYPES, Date, Item, format_time
from search_app.export.xml_document import element, leaf, leaves

NAMESPACE = "http://www.loc.gov/MARC21/slim"
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
    return xml_document.write("collection", map(make_record, items), xmlns=NAMESPACE)


def make_record(item: Item) -> str:
    """Return an item as an element `record`."""
    # Persons and bodies are in the order of the source.
    fields = sorted(_list_fields(item), key=lambda field: field.tag.replace("710", "700"))
    return element(
        "record",
        f"<leader>00000n{TYPES[item.type].marc} a2200000uc 4500</leader>",
        leaf("controlfield", item.id, tag="001"),
        leaf("controlfield", f"{_format_time(item.changed)}.0", tag="005") if item.changed else "",
        f'<controlfield tag="008">{_make_coded_values(item)}</controlfield>',
        *[
            element(
                "datafield",
                *[leaves("subfield", [text], code=code) for code, text in field.subfields],
                tag=field.tag,
                ind1=field.indicators[0],
                ind2=field.indicators[1],
            )
            for field in fields
        ],
        xmlns=NAMESPACE,
    )


def _format_time(seconds: int) -> str:
    """Return a time in seconds since 1970 as 14 digits, in UTC."""
    return "".join(filter(str.isdecimal, format_time(seconds)))


def _make_coded_values(item: Item) -> str:
    """Return field 008. It begins with the day on which the record was made, if it is known."""
    made = _format_time(item.added)[2:8] if item.added else "000000"
    codes = [get_bibliographic_code(code) for code in item.get("language")] or ["und"]
    language = codes[0] if len(codes) == 1 else "mul"
    return f"{made}{_code_date(item.issued)}xx {_FILL}{language} u"


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
    # As a title page states them.
    authors = "; ".join(name.display for name in item.names.get("author", ()))
    yield _Field("245", f"{int(has_entry)}0", [("a", item.title), ("c", authors)])
    for title, _ in item.other_titles:
        yield _Field("246", "31", [("a", title)])
    for role, tag, indicators, code, source in _SUBFIELDS:
        for text in item.get(role):
            yield _Field(tag, indicators, [(code, text), *([("2", source)] if source else [])])
    # As a local term, it is the only type that an import reads: the leader has few of them.
    yield _Field("655", " 7", [("a", name_type(item.type)), ("2", "local")])
    if len(codes := item.get("language")) > 1:
        yield _Field("041", "0 ", [("a", get_bibliographic_code(code)) for code in codes])
    places = [("a", place) for place in item.get("publisher-place")]
    publishers = [("b", publisher) for publisher in item.get("publisher")]
    date = item.issued.edtf if item.issued else ""
    yield _Field("264", " 1", [*places, *publishers, ("c", date)])
    for abstract in (item.abstract, *(text for text, _ in item.other_abstracts)):
        yield _Field("520", "3 ", [("a", abstract)])
    yield from _list_related(item)
    for number, link in enumerate(item.links):
        yield _Field("856", "41" if number else "40", [("u", link.url), ("y", link.label)])
    yield _Field("856", "42", [("u", item.page_url)])


def _list_names(item: Item) -> Iterator[_Field]:
    """Yield a field for each name. The first author is the main entry."""
    for role, names in item.names.items():
        for number, name in enumerate(names):
            hundred = "7" if number or role != "author" else "1"
            relator = ("4", RELATORS[role])
            if name.literal:
                yield _Field(f"{hundred}10", "2 ", [("a", name.literal), relator])
            else:
                person = name._replace(suffix="").inverted
                yield _Field(f"{hundred}00", "1 ", [("a", person), ("c", name.suffix), relator])


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
