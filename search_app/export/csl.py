"""The mapping of a publication to the terms of CSL, and CSL-JSON. Other formats derive from it.

The Citation Style Language names the parts of a reference (CSL 1.0.2, appendix IV). The roles of
the fields in `catalogue.toml` name them too, so this module has no rule for a particular catalogue.
CSL-JSON is described in https://docs.citationstyles.org/en/stable/specification.html and
https://github.com/citation-style-language/schema.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping
from importlib.resources import files
from time import gmtime, strftime
from typing import cast

import msgspec

from indexer.catalogue.fields import NAME_ROLES, Catalogue, NameRole, Role
from indexer.catalogue.records import Link, Publication
from indexer.values import names
from indexer.values.identifiers import make_doi_url
from indexer.values.names import Name
from indexer.values.publication_types import PublicationType

_EDTF = re.compile(r"(?P<year>-?\d{4,})(?:-(?P<month>\d{2}))?(?:-(?P<day>\d{2}))?\??")
_PAGE_RANGE = re.compile(r"(?<=\w)\s*[-–]\s*(?=\w)")
_FIRST_SEASON, _MONTHS = 20, 12
_JOINED_BY_COMMA = frozenset({"ISBN", "ISSN", "page"})
_NOT_IN_CSL = frozenset({"coverage", "rights", "language"})
"""Variables of an item that CSL-JSON lacks, or has in another way."""


class Date(msgspec.Struct, frozen=True):
    """A date of issue. Unknown parts are None. `season` counts from 1 for spring.

    `until` is the last year of a range.
    """

    year: int
    month: int | None = None
    day: int | None = None
    season: int | None = None
    until: int | None = None
    is_uncertain: bool = False

    @property
    def iso(self) -> str:
        """The date in ISO 8601, without a season and the end of a range: `2014-05`."""
        parts = [f"{self.year:04}", *(f"{part:02}" for part in (self.month, self.day) if part)]
        return "-".join(parts)

    @property
    def edtf(self) -> str:
        """The whole date in EDTF, as `parse_date` reads it."""
        if self.season:
            return f"{self.year:04}-{_FIRST_SEASON + self.season}"
        end = f"/{self.until:04}" if self.until else "?" if self.is_uncertain else ""
        return f"{self.iso}{end}"


def format_time(seconds: int) -> str:
    """Return a time in seconds since 1970 in the format of RFC 3339, in UTC."""
    return strftime("%Y-%m-%dT%H:%M:%SZ", gmtime(seconds))


def parse_date(edtf: str) -> Date | None:
    """Return a date in EDTF, as `indexer.values.dates` writes it, or None."""
    first, _, last = edtf.partition("/")
    match, end = _EDTF.fullmatch(first), _EDTF.fullmatch(last)
    if match is None:
        return None
    month = int(match["month"] or 0)
    return Date(
        int(match["year"]),
        month if 1 <= month <= _MONTHS else None,
        int(match["day"]) if match["day"] else None,
        month - _FIRST_SEASON if month > _FIRST_SEASON else None,
        int(end["year"]) if end else None,
        edtf.endswith("?"),
    )


def split_pages(text: str) -> list[str]:
    """Return the first and the last page of a range, or one page."""
    return _PAGE_RANGE.split(text, maxsplit=1)


class Item(msgspec.Struct, frozen=True, kw_only=True):
    """A publication in the terms of CSL.

    `language` is the code of the language of the title, or "" if nobody states it. `names` gives
    the persons and bodies of each role. `values` contains the other variables, each with one text
    or more; languages are codes, and pages and numbers are as in the source. `links` are all its
    links. `other_titles` and `other_abstracts` are in other languages, each with the code of its
    language. `page_url` is the URL of its page in this catalogue, or "". `added` and `changed`: see
    `Publication`.
    """

    id: str
    type: PublicationType
    title: str
    language: str = ""
    abstract: str = ""
    issued: Date | None = None
    names: Mapping[NameRole, tuple[Name, ...]] = {}
    values: Mapping[Role, tuple[str, ...]] = {}
    links: tuple[Link, ...] = ()
    other_titles: tuple[tuple[str, str], ...] = ()
    other_abstracts: tuple[tuple[str, str], ...] = ()
    page_url: str = ""
    added: int = 0
    changed: int = 0

    def get(self, role: Role) -> tuple[str, ...]:
        return self.values.get(role, ())

    def get_first(self, role: Role) -> str:
        return self.values[role][0] if role in self.values else ""

    @property
    def pages(self) -> list[str]:
        """The first and the last page of the first range, or one page, or nothing."""
        return split_pages(self.get_first("page")) if "page" in self.values else []

    @property
    def link_urls(self) -> tuple[str, ...]:
        """The URLs of the links. Without a link and a DOI, the URL of the page."""
        if self.links or "DOI" in self.values:
            return tuple(link.url for link in self.links)
        return (self.page_url,) if self.page_url else ()

    @property
    def url(self) -> str:
        """The URL of the publication: its first link, or that of its DOI, or ""."""
        if self.links:
            return self.links[0].url
        return make_doi_url(self.get_first("DOI")) if "DOI" in self.values else ""


def make_item(publication: Publication, catalogue: Catalogue, page_url: str = "") -> Item:
    """Return a publication of a catalogue as an item. `page_url` is the URL of its page."""
    people: dict[NameRole, tuple[Name, ...]] = {}
    values: dict[Role, tuple[str, ...]] = {}
    links: tuple[Link, ...] = ()
    for field in catalogue.valued:
        stated = publication.values.get(field.name)
        if not stated or field.role in (None, "issued", "type"):  # rules give the type
            continue
        role = cast(Role, field.role)  # the field has replaced an alias
        if role in NAME_ROLES:
            is_name = field.kind == "name"
            read = (names.read(str(v)) if is_name else Name(literal=str(v)) for v in stated)
            people[role] = (*people.get(role, ()), *read)
        elif role == "URL":
            links += tuple(v if isinstance(v, Link) else Link(str(v)) for v in stated)
        else:
            # A language stays a code. Other values are as the page shows them.
            texts = (
                str(v) if field.kind == "language" else field.display(v, catalogue.language)
                for v in stated
            )
            values[role] = tuple(dict.fromkeys((*values.get(role, ()), *texts)))
    return Item(
        id=publication.id,
        type=catalogue.find_type(publication),
        title=publication.title,
        language=find_title_language(publication, catalogue),
        abstract=publication.summary or "",
        issued=_find_date(publication, catalogue),
        names=people,
        values=values,
        links=links,
        other_titles=_list_translations(publication, "title", catalogue),
        other_abstracts=_list_translations(publication, "abstract", catalogue),
        page_url=page_url,
        added=publication.added,
        changed=publication.changed,
    )


def find_title_language(publication: Publication, catalogue: Catalogue) -> str:
    """Return the language of a title if the record states it, or "".

    The record states it at the title, or names it among its languages. That a catalogue is in a
    language, or that the language of a title was detected, states nothing.
    """
    title_field = catalogue.find_by_role("title")
    if publication.lang and not (title_field and title_field.detects):
        return publication.lang
    language = publication.lang or catalogue.language
    fields = (field.name for field in catalogue.valued if field.role == "language")
    return (
        language if any(language in publication.values.get(field, ()) for field in fields) else ""
    )


def _find_date(publication: Publication, catalogue: Catalogue) -> Date | None:
    """Return the date of issue: that of a field of kind `date`, or else of kind `year`."""
    fields = [field for field in catalogue.valued if field.role == "issued"]
    fields.sort(key=lambda field: field.kind != "date")
    stated = (str(value) for field in fields for value in publication.values.get(field.name, ()))
    return next(filter(None, map(parse_date, stated)), None)


def _list_translations(
    publication: Publication, role: Role, catalogue: Catalogue
) -> tuple[tuple[str, str], ...]:
    """Return the texts that the fields of a role's translations have, with their languages."""
    original = catalogue.find_by_role(role)
    return tuple(
        (str(text), field.language or "")
        for field in catalogue.valued
        if original and field.translates == original.name
        for text in publication.values.get(field.name, ())
    )


def write(items: Iterable[Item]) -> Iterator[bytes]:
    """Yield CSL-JSON: the start of the array, each object, and the end of the array."""
    encoder, separator = msgspec.json.Encoder(), b"[\n"
    for item in items:
        yield separator + encoder.encode(to_csl_json(item))
        separator = b",\n"
    yield b"\n]\n" if separator == b",\n" else b"[]\n"


def to_csl_json(item: Item) -> dict[str, object]:
    """Return an item as an object of CSL-JSON. A DOI is no URL: styles make a link of it.

    CSL has no lists, so each variable is one text. The language is that of the publication if it
    has one only, else that of its title.
    """
    data: dict[str, object] = {"id": item.id, "type": item.type, "title": item.title}
    for role, people in item.names.items():
        data[role] = [_name_to_json(name) for name in people]
    if item.issued:
        data["issued"] = _date_to_json(item.issued)
    for variable, texts in item.values.items():
        if variable not in _NOT_IN_CSL:
            data[variable] = (", " if variable in _JOINED_BY_COMMA else "; ").join(texts)
    if item.abstract:
        data["abstract"] = item.abstract
    languages = item.get("language")
    if language := languages[0] if len(languages) == 1 else item.language:
        data["language"] = language
    if urls := item.link_urls:
        data["URL"] = urls[0]
    return data


def _name_to_json(name: Name) -> dict[str, str]:
    if name.literal:
        return {"literal": name.literal}
    parts = {"family": name.family, "given": name.given, "suffix": name.suffix}
    return {part: text for part, text in parts.items() if text}


def _date_to_json(date: Date) -> dict[str, object]:
    first = [part for part in (date.year, date.month, date.day) if part]
    data: dict[str, object] = {"date-parts": [first, [date.until]] if date.until else [first]}
    if date.season:
        data["season"] = date.season
    if date.is_uncertain:
        data["circa"] = True
    return data


class TypeNames(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The names of a type. A name is "" if a format has none.

    `zotero` is the type of Zotero, or the nearest one, which it reads in MODS before any genre of
    the list `marcgt`. `mods_resource` is a type of resources of MODS. `marc` has positions 6 and 7
    of the leader. `openurl` is a format and a genre of OpenURL, `dcmi` a term of the DCMI Type
    Vocabulary. The others name the publication that contains one: a genre of `marcgt`, a type of
    schema.org, and a tag of Google Scholar, which is "" for types that Google Scholar does not
    index.
    """

    ris: str
    bibtex: str
    zotero: str
    marcgt: str
    mods_resource: str
    marc: str
    schema_org: str
    openurl: str
    dcmi: str
    host_marcgt: str
    host_schema_org: str
    host_scholar: str


_ROWS = csv.DictReader(files(__package__).joinpath("types.csv").read_text("utf-8").splitlines())
TYPES: Mapping[PublicationType, TypeNames] = msgspec.convert(
    {row.pop("type"): row for row in _ROWS}, dict[PublicationType, TypeNames]
)
