"""Field and Catalogue: the definition of a catalogue, by its fields.

The Whoosh schema, the facets, the forms, the API and the documentation derive from these fields.
Another catalogue with other facets needs only another corpus folder, and no code.

The roles of fields in a reference, such as `container-title`, and the types of publications, such
as `article-journal`, are those of the Citation Style Language (CSL 1.0.2, appendix III and IV,
https://docs.citationstyles.org/en/stable/specification.html). `search_app.export.csl` maps a
publication to them.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from functools import cached_property, lru_cache
from hashlib import sha256
from typing import Literal, get_args

import msgspec

from indexer.catalogue.records import Link, Publication, Value
from indexer.values import dates, identifiers, iso_codes, names
from indexer.values.publication_types import FALLBACK_TYPE, PublicationType

MISSING = "none"
"""The facet value for publications without a value. No field may have it as a value."""
NOT_STATED = "Not stated"
"""The label of MISSING in a field without one of its own."""
NO_ROLE = "no role"
"""The role of a field without one, in the heading of a column."""
MAX_CACHED_LABELS = 4096
"""Number of display texts of values that a catalogue caches."""

FieldKind = Literal[
    "text",
    "keyword",
    "year",
    "date",
    "name",
    "language",
    "country",
    "link",
    "doi",
    "isbn",
    "issn",
    "pmid",
    "identifier",
    "file",
    "fulltext",
]
_LEADING_ZEROS = re.compile(r"^0+(?=\d+$)")
_DISPLAYED_KINDS = frozenset(("language", "country", "name", "date", "link"))
"""Kinds whose values are displayed in another form."""
_UNKEYED_KINDS = frozenset(("text", "file", "fulltext"))
"""Kinds whose values are too long to be typed, or are not shown."""
ValueOrder = Literal["count", "listed", "descending"]
Faults = Iterator[tuple[str, str]]
"""The faults of a file of a corpus, each with a hint."""

NameRole = Literal["author", "editor", "translator", "director", "contributor"]
Role = Literal[
    "title",
    "type",
    "abstract",
    "issued",
    "author",
    "editor",
    "translator",
    "director",
    "contributor",
    "archive",
    "call-number",
    "collection-number",
    "collection-title",
    "container-title",
    "dimensions",
    "DOI",
    "edition",
    "event-place",
    "event-title",
    "genre",
    "ISBN",
    "ISSN",
    "issue",
    "keyword",
    "language",
    "medium",
    "note",
    "number",
    "number-of-pages",
    "page",
    "PMID",
    "publisher",
    "publisher-place",
    "URL",
    "version",
    "volume",
    "coverage",
    "rights",
]
"""All are terms of CSL, except `coverage` and `rights` of Dublin Core."""
ALIASES: dict[str, Role] = {"summary": "abstract", "date": "issued"}
"""Other names of roles in `catalogue.toml`."""
RoleOrAlias = Role | Literal["summary", "date"]

NAME_ROLES: tuple[NameRole, ...] = get_args(NameRole)
RELATORS: Mapping[NameRole, str] = {
    "author": "aut",
    "editor": "edt",
    "translator": "trl",
    "director": "drt",
    "contributor": "ctb",
}
"""The MARC code of each role (https://www.loc.gov/marc/relators/)."""


class Field(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A field of `catalogue.toml`: a field of every publication, and its use."""

    name: str
    label: str
    kind: FieldKind = "keyword"
    """The type of its values."""
    role: RoleOrAlias | None = None
    """Its part in a reference, by a name or alias of CSL."""
    weight: float = 0.0
    """Above 0, its words are searchable, and each occurrence counts that many times."""
    facet: int | bool | None = None
    """Its place among the facets, from 1. True: after those with a number, as in the file."""
    fact: int | None = None
    """Its place in the line below a title in the list, from 1. None: it is not shown there."""
    several: bool = False
    """Whether a publication may have more than one value."""
    parent: str | None = None
    """The field above it in a tree."""
    grouping: str | None = None
    """The file that assigns its values to values of the parent."""
    qualifies: str | None = None
    """Another field. Values that both fields have are shown there followed by `qualifier`."""
    qualifier: str = ""
    values: tuple[str, ...] = ()
    """The only values allowed, if there are any."""
    order: ValueOrder = "count"
    required: bool = False
    detects: bool = False
    """Detect the language of a title from its text if the source does not state it."""
    names: tuple[str, ...] = ()
    """Its names in sources. The first one is written into pages."""
    missing: str = NOT_STATED
    restricted: tuple[str, ...] = ()
    """The values which mean that a publication is given out on request only."""
    translates: str | None = None
    """The field of the title or the abstract, whose text it has in `language`."""
    language: str | None = None

    def __post_init__(self) -> None:
        if self.role in ALIASES:
            msgspec.structs.force_setattr(self, "role", ALIASES[self.role])
        if self.facet is False:
            msgspec.structs.force_setattr(self, "facet", None)

    @property
    def source_name(self) -> str:
        """The name of the property in pages."""
        return self.names[0] if self.names else self.name

    @property
    def heading(self) -> str:
        """Its name with its role and kind in brackets, as the heading of an exported column."""
        kind = "" if self.kind == "keyword" else f", {self.kind}"
        return f"{self.name} ({self.role or NO_ROLE}{kind})"

    def display(self, value: Value, language: str = "en") -> str:
        """Return the display text of a value: the name of a code, or the label of a link."""
        if self.kind not in _DISPLAYED_KINDS:
            return str(value)
        if self.kind == "language":
            return iso_codes.get_language_name(str(value), language)
        if self.kind == "country":
            return iso_codes.get_country_name(str(value), language)
        if self.kind == "name":
            return names.read(str(value)).display
        if self.kind == "date":
            return dates.display(str(value), language)
        return (value.label or value.url) if isinstance(value, Link) else str(value)

    def search_text(self, value: Value, language: str = "en") -> str:
        """Return the text by which a value is searched, if not by its display.

        The name of a person is searched in both orders, and a country by its common name.
        """
        if self.kind == "name":
            return names.read(str(value)).search_text
        if self.kind == "country":
            return iso_codes.get_common_name(str(value), language)
        return self.display(value, language)

    def make_key(self, value: Value) -> str:
        """Return the form of a value by which exactly this value is found.

        Case, punctuation, and leading zeros of a value that no facet lists do not matter.
        """
        text = value.url if isinstance(value, Link) else str(value)
        if self.facet or self.parent or self.kind in identifiers.FORMAL_KINDS:
            return text
        key = identifiers.make_key(text)
        if self.kind != "identifier":
            key = " ".join(_LEADING_ZEROS.sub("", word) for word in key.split())
        return f"{key} " if key == MISSING else key


ID_FIELD = Field("id", "ID")
"""The id of a publication, as if it were a field."""


class FieldTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of a field in another language. An empty one is not translated."""

    label: str = ""
    missing: str = ""
    qualifier: str = ""
    names: tuple[str, ...] = ()
    """Further names of the field in queries."""
    values: dict[str, str] = {}
    """The display texts of values, by value."""


class CatalogueTexts(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The texts of a catalogue in another language, such as those of `catalogue.fr.toml`.

    An empty one is not translated.
    """

    title: str = ""
    description: str = ""
    publisher: str = ""
    source: str = ""
    footer: str = ""
    map_notice: str = ""
    notices: tuple[str, ...] = ()
    examples: tuple[str | tuple[str, str], ...] = ()
    """The explanations of the examples, in order. A pair with a query replaces the example."""
    field: dict[str, FieldTexts] = {}
    """The texts of fields, by name."""


WHOLE_TEXTS = ("title", "description", "publisher", "source", "footer", "map_notice")
"""The keys of a catalogue with one text."""
FIELD_TEXTS = ("label", "missing", "qualifier")
"""The keys of a field with one text."""
NO_FIELD_TEXTS, NO_TEXTS = FieldTexts(), CatalogueTexts()


class TypeRule(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A `[[type]]` of `catalogue.toml`: publications with certain values have this type.

    `where`: for each field, the values of which a publication has at least one. Without fields, the
    rule applies to every publication. The first rule that applies is the one used.
    """

    csl: PublicationType
    where: dict[str, tuple[str, ...]] = {}


class Catalogue(msgspec.Struct, frozen=True, forbid_unknown_fields=True, dict=True):
    """A catalogue: its fields, and its title, description, language, and notices."""

    title: str
    description: str
    fields: tuple[Field, ...] = msgspec.field(name="field")
    language: str = "en"
    publisher: str = ""
    publisher_site: str = ""
    """The host of the publisher's site, where titles are searched for."""
    contact: str = ""
    """An email address or a URL where readers report errors."""
    source: str = ""
    notices: tuple[str, ...] = ()
    examples: tuple[tuple[str, str], ...] = ()
    """Pairs of a query and its explanation."""
    types: tuple[TypeRule, ...] = msgspec.field(name="type", default=())
    """The rules for the types of publications, the first that applies first."""
    accent: tuple[str, ...] = ()
    """The color of links on light and on dark pages, or ()."""
    logo: str = ""
    """The name of an image in the folder."""
    files: Literal["", "serve"] = ""
    """Whether the site serves the files of publications."""
    footer: str = ""
    """A text at the end of each page."""
    map_notice: str = ""
    """A text next to each map."""
    groups: dict[str, tuple[str, ...]] = {}
    """The parents of each value of the child field."""
    logo_image: bytes = b""
    """The bytes of `logo`."""
    translations: dict[str, CatalogueTexts] = {}
    """Its texts in other languages."""

    @cached_property
    def by_name(self) -> dict[str, Field]:
        return {field.name: field for field in self.fields}

    @cached_property
    def by_source_name(self) -> dict[str, Field]:
        """The fields with values by each name that a source may use."""
        return {
            name: field
            for field in self.stored
            for name in (*field.names, field.heading, field.name)
        }

    @cached_property
    def by_query_name(self) -> dict[str, Field]:
        """The fields by each name in a query, in lower case. A field's own name comes first."""
        named = ((name, field) for field in self.fields for name in self.list_query_names(field))
        own = {field.name.lower(): field for field in self.fields}
        return dict(reversed([*named])) | own

    @cached_property
    def queryable(self) -> tuple[Field, ...]:
        """The fields that a query can name: those with searchable words or with exact values."""
        return tuple(field for field in self.fields if field.weight > 0 or field in self.exact)

    def list_query_names(self, field: Field) -> tuple[str, ...]:
        """Return the lower-case names of a field in queries: its own, source names, the label."""
        return tuple(name.lower() for name in (field.name, *field.names, field.label))

    @cached_property
    def facets(self) -> tuple[Field, ...]:
        """The facets by place. A field with a parent is part of its parent's facet."""
        fields = [field for field in self.fields if field.facet and not field.parent]
        return tuple(sorted(fields, key=lambda field: (field.facet is True, field.facet or 0)))

    @cached_property
    def selectable(self) -> tuple[Field, ...]:
        """The fields whose values can be selected: facets, and fields with a parent."""
        return tuple(field for field in self.fields if field.facet or field.parent)

    @cached_property
    def name_facets(self) -> tuple[Field, ...]:
        """Those of `selectable` with names of people or bodies."""
        return tuple(field for field in self.selectable if field.role in NAME_ROLES)

    @cached_property
    def exact(self) -> tuple[Field, ...]:
        """The fields with exact values: those that can be selected, then the `unlisted` ones."""
        return (*self.selectable, *self.unlisted)

    @cached_property
    def filterable(self) -> tuple[Field, ...]:
        """The fields whose values are parameters of a URL: those to select, and identifiers."""
        return (*self.selectable, *self.identifiers)

    @cached_property
    def unlisted(self) -> tuple[Field, ...]:
        """The fields with exact values that no facet lists.

        They are the fields of identifiers, and those that a page shows, but whose words are not
        searched: a search for a whole value finds the publications that have it.
        """
        return tuple(
            field
            for field in self.fields
            if field in self.identifiers
            or not (field.weight or field in self.selectable or field.kind in _UNKEYED_KINDS)
        )

    @cached_property
    def identifiers(self) -> tuple[Field, ...]:
        """The fields of identifiers, each of which finds exactly the publications that have it."""
        fields = (field for field in self.fields if not field.facet)
        return tuple(field for field in fields if field.kind in identifiers.KINDS)

    @cached_property
    def facts(self) -> tuple[Field, ...]:
        """The fields of the line below a title in the list, by place."""
        fields = [field for field in self.fields if field.fact]
        return tuple(sorted(fields, key=lambda field: field.fact or 0))

    @cached_property
    def children(self) -> dict[str, Field]:
        """The child field in a tree, by the name of its parent."""
        return {field.parent: field for field in self.fields if field.parent}

    @cached_property
    def qualifying(self) -> dict[str, list[Field]]:
        """The fields that qualify the values of another one, by its name."""
        fields: dict[str, list[Field]] = {}
        for field in self.fields:
            if field.qualifies:
                fields.setdefault(field.qualifies, []).append(field)
        return fields

    def list_facet_fields(self, facet: Field) -> tuple[Field, ...]:
        """Return the fields of a facet: itself, and the child field if it has one."""
        child = self.children.get(facet.name)
        return (facet,) if child is None else (facet, child)

    @cached_property
    def year_facet(self) -> Field | None:
        """The facet of years, or None. Comparisons and expressions of years are filters of it."""
        return next((field for field in self.facets if field.kind == "year"), None)

    @cached_property
    def multivalued(self) -> tuple[Field, ...]:
        """The facets of which a publication may have several values, without years.

        A search can require all selected values of these. Years are selected as ranges.
        """
        return tuple(facet for facet in self.facets if facet.several and facet.kind != "year")

    @cached_property
    def searchable(self) -> tuple[Field, ...]:
        """The fields whose words are searchable, except the full text."""
        return tuple(field for field in self.stored if field.weight > 0)

    @cached_property
    def fulltext(self) -> Field | None:
        """The field of the full texts of files, or None if they are not searched."""
        return next((field for field in self.fields if field.kind == "fulltext"), None)

    @cached_property
    def stored(self) -> tuple[Field, ...]:
        """The fields that publications have values of: all but the full text."""
        return tuple(field for field in self.fields if field.kind != "fulltext")

    @cached_property
    def valued(self) -> tuple[Field, ...]:
        """The fields in `Publication.values`: all but title, summary, and full text."""
        return tuple(field for field in self.stored if field.role not in ("title", "abstract"))

    @cached_property
    def _by_role(self) -> dict[str | None, Field]:
        return {field.role: field for field in reversed(self.fields)}

    def find_by_role(self, role: Role) -> Field | None:
        """Return the first field with a role, or None."""
        return self._by_role.get(role)

    @cached_property
    def date_field(self) -> Field | None:
        """The field whose years sort the publications: the year of issue."""
        years = (field for field in self.fields if field.kind == "year")
        return next((field for field in years if field.role == "issued"), None)

    def find_type(self, publication: Publication) -> PublicationType:
        """Return the type of a publication: that of the first rule that applies to it."""
        for rule in self.types:
            if all(
                not {*map(str, publication.values.get(field, ()))}.isdisjoint(values)
                for field, values in rule.where.items()
            ):
                return rule.csl
        return FALLBACK_TYPE

    def get_values(self, publication: Publication, field: Field) -> tuple[Value, ...]:
        """Return a publication's values of any field, title and summary included."""
        if field.role == "title":
            return (publication.title,)
        if field.role == "abstract":
            return (publication.summary,) if publication.summary else ()
        return publication.values.get(field.name, ())

    def with_ancestors(self, publication: Publication) -> Publication:
        """Return the publication with the parents of its values added: Kenya adds Africa."""
        if not self.children:
            return publication
        values = dict(publication.values)
        for parent, child in self.children.items():
            stated = [str(value) for value in values.get(parent, ())]
            children = map(str, values.get(child.name, ()))
            inherited = [group for each in children for group in self.groups[each]]
            if combined := tuple(dict.fromkeys([*stated, *inherited])):
                values[parent] = combined
        return msgspec.structs.replace(publication, values=values)

    @cached_property
    def get_label(self) -> Callable[[str, Value], str]:
        """The display text of a value, by the name of its field and the value."""
        return lru_cache(MAX_CACHED_LABELS)(self.make_label)

    def make_label(self, field: str, value: Value) -> str:
        return self.by_name[field].display(value, self.language)

    def find_label_language(self, name: str, value: Value) -> str | None:
        """Return the language of the display text of a value if a page must state it.

        Only a translation returns one: for a text that it leaves in the catalogue's own language.
        """
        return None

    def find_text_language(self, text: str) -> str | None:
        """Return the language of a text of the catalogue if a page must state it, as above."""
        return None

    def translate_name(self, name: str) -> str:
        """Return the name of a concept in the language of the page, or else its own, `name`."""
        return name

    def find_name_language(self, name: str) -> str | None:
        """Return the language of the name of a concept if a page must state it, as above."""
        return None

    def find_publication_language(self, publication: Publication) -> str | None:
        """Return the language of a title and abstract if it is not the one of the page."""
        return publication.lang

    @property
    def page_language(self) -> str:
        return self.language

    def find_translation(self, publication: Publication, role: Role) -> Field | None:
        """Return the field with the title or the abstract of a publication in `page_language`.

        Return None if the publication has no such text, or is in this language itself.
        """
        page, original = get_primary(self.page_language), self.find_by_role(role)
        if original is None or get_primary(publication.lang or self.language) == page:
            return None
        translations = (
            field
            for field in self.fields
            if field.translates == original.name
            and field.name in publication.values
            and get_primary(field.language or "") == page
        )
        return next(translations, None)

    @cached_property
    def fingerprint(self) -> str:
        """SHA-256 of the catalogue without translations. A change forces a full rebuild."""
        untranslated = msgspec.structs.replace(self, translations={})
        return sha256(msgspec.json.encode(untranslated)).hexdigest()


def get_primary(language: str) -> str:
    """Return the language of a BCP 47 tag without its variants."""
    return language.partition("-")[0].lower()
