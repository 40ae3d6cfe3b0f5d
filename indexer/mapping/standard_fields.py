"""Standard fields of an imported catalogue, and the headings that name them.

An import finds the field of a column by its heading, and drops the fields that stay empty. An
export names its columns so that an import makes the same fields: a column has the name of its
field. If an import would read this name as another role or kind, the heading states them: `body
(author)`, `country (coverage, country)`, `date (no role)`.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from functools import cache, lru_cache
from typing import NamedTuple, cast, get_args

from indexer import toml
from indexer.catalogue.column_names import fold_heading, list_headings, list_tags
from indexer.catalogue.fields import NO_ROLE, Field, FieldKind, Role
from indexer.mapping import normalization, templates
from indexer.values import iso_codes
from indexer.values.iso_codes import UNITED_NATIONS, find_languages

_NOT_WORD = re.compile(r"[\W_]+")
_REMARK = re.compile(r"\s*\([^()]*\)|/\w{1,2}$|^(?:full )?names? of (?:the )?", re.IGNORECASE)
"""Common additions to headings: "Author(s)", "Autor/es", "Abstract (English)", "Name of author"."""
_SECOND = re.compile(r"\s+[/|–-]\s.*")
"""The second part of a heading: "Journal / Outlet", "Title - short"."""
_NUMBER = re.compile(r"\s*\d{1,2}$")
_TAG = re.compile(r"[A-Z][A-Z0-9]")
_TAGS_SHARE = 0.7
"""Minimum share of the columns with a tag, such as AU, as their name."""
_RECORD_DATE = re.compile(
    r"\b(?:at|accessed|accessioned|added|available|changed|created|entered|exported|imported|indexed|"
    r"labell?ed|last|modified|retrieved|timestamp|updated|uploaded)\b"
)
_DATE = re.compile(
    r"dat[aeoiu]|year|\btime|issued|publi|fecha|jahr|ann[eo]|\bano\b|год|дата|年|日期|سنة|تاريخ"
)
_PUBLISHED = re.compile(r"\b(?:published|issued|released|public)\b")
_WORDS = toml.load_resource(__package__, "heading_words.toml", dict[str, frozenset[str]])
COMMON_LANGUAGES = _WORDS["languages"]
"""Languages that a heading, or a column without a known heading, may have."""
_NO_LANGUAGES = frozenset(("id", "no"))
"""Language codes that have another meaning in a heading."""
_MAX_CODE_CHARS = 3


class Match(NamedTuple):
    """The field that matches a heading. A lower `rank` is a better match."""

    rank: int
    field: str


def are_languages(names: Collection[str], columns: Collection[str]) -> bool:
    """Return whether headings of languages, such as AR, have others of the kind beside them.

    Most tags of two letters, such as AU, mean something else: DE is also a tag for subjects.
    """
    return len(names) > 1 and 2 * len(names) >= sum(map(bool, map(_TAG.fullmatch, columns)))


def are_tags(columns: Collection[str]) -> bool:
    """Return whether most columns have tags as names, such as AU."""
    return sum(map(bool, map(_TAG.fullmatch, columns))) >= _TAGS_SHARE * len(columns)


@lru_cache(maxsize=1000)
def find_field(name: str, *, has_tags: bool = False) -> Match | None:
    """Return the field that matches a column name, or None. `has_tags`: the names are tags."""
    headings = _map_headings(has_tags=has_tags)
    matches = (
        Match(rank * 1000 + listed.rank, listed.field)
        for rank, heading in _list_headings(name)
        if (listed := headings.get(heading.replace(" ", "")))
    )
    best = min(matches, default=None)
    if best is None or is_of_other_entity(name, best.field):
        return None
    return None if best.field == "year" and is_record_date(name) else best


def is_record_date(name: str) -> bool:
    """Return whether a column seems to have dates of the record, such as `created_at`."""
    heading = fold_heading(name)
    return bool(_RECORD_DATE.search(heading)) and not _PUBLISHED.search(heading)


def is_date(name: str) -> bool:
    """Return whether a heading contains a word for a date."""
    return bool(_DATE.search(fold_heading(name)))


def _list_headings(name: str) -> Iterator[tuple[int, str]]:
    """Yield the folded heading, then parts of it. Each has a rank, of which 0 is the best.

    `dc.contributor.author` ends with `author`, and "Author 2 (surname first)" starts with it.
    """
    whole = fold_heading(name)
    yield 0, whole
    plain = fold_heading(_NUMBER.sub("", _REMARK.sub("", name)))
    yield 1, plain
    path = [part for part in re.split(r"[./:@]", name) if part and part not in _WORDS["wrappers"]]
    for count in (2, 1):
        end = fold_heading(" ".join(path[-count:]))
        yield 3 - count, end
        yield 3 - count, " ".join(_drop_parts(end.split()))
    words = _drop_parts(plain.split())
    yield 3, " ".join(words)
    yield 4, fold_heading(_SECOND.sub("", name))
    if len(words) > 1 and words[0] in _WORDS["generic"]:
        yield 3 + (words[0] != "dc"), " ".join(words[1:])
    yield 5, split_heading(name)[0]


@lru_cache(maxsize=1000)
def split_heading(name: str) -> tuple[str, str | None]:
    """Return a folded heading without its language, and the code of this language.

    `title_fr`, "TitleF", "Titre (français)", and "French title" have one, and so has AR alone.
    Documents of the United Nations use the first letter of a language.
    """
    *words, last = fold_heading(name).split() or [""]
    code = UNITED_NATIONS.get(last.upper()) if words else None
    if code := code or _find_language(last):
        return " ".join(words), code
    if words and len(words[0]) > _MAX_CODE_CHARS and (code := _find_language(words[0])):
        return " ".join((*words[1:], last)), code
    return fold_heading(name), None


def _find_language(word: str) -> str | None:
    word = word.removeprefix("ب")  # "in" in Arabic
    codes = find_languages(word) if word not in _NO_LANGUAGES else ()
    return codes[0] if len(codes) == 1 and codes[0] in COMMON_LANGUAGES else None


def _drop_parts(words: list[str]) -> list[str]:
    while len(words) > 1 and words[-1] in _WORDS["texts"]:
        words = words[: -2 if words[-2:] == ["display", "name"] and len(words) > 2 else -1]
    return words


def is_of_other_entity(name: str, field: str = "") -> bool:
    """Return whether a path leads to a part of the record that is not a publication or a person.

    That of a place is none for a field of languages, whose codes look alike.
    """
    *path, last = re.split(r"[./](?! )", name.casefold())
    # "parent_organization" is an organization.
    parts = {word for part in path for word in (_NOT_WORD.sub("", part), _NOT_WORD.split(part)[-1])}
    is_agent = not _WORDS["agents"].isdisjoint(parts) and field not in _WORDS["agent_fields"]
    is_place = field == "language" and fold_heading(name).split(" ")[-1] in _WORDS["places"]
    is_name = field == "title" and bool(path) and last in ("name", "label")
    is_link = field == "link" and (len(path) == 1 or not parts.isdisjoint(("self", "html")))
    entities = _WORDS["other_entities"] - ({"links"} if is_link else set())
    return is_agent or is_place or is_name or not entities.isdisjoint(parts)


@cache
def _map_headings(*, has_tags: bool) -> dict[str, Match]:
    """Return the field and the rank of each usual name of a column, folded and without spaces."""
    headings: dict[str, Match] = {}
    for names_of_fields in (list_tags() if has_tags else {}, list_headings()):
        for field, names in names_of_fields.items():
            for rank, name in enumerate(names):
                headings.setdefault(fold_heading(name).replace(" ", ""), Match(rank, field))
    return headings


FULLTEXT_FIELD = Field("fulltext", "Full text", kind="fulltext", weight=0.3)
"""The field of an imported catalogue with documents. It is not among those that a column feeds."""


@cache
def list_standard_fields() -> tuple[Field, ...]:
    """Return the standard fields, in the order in which a page shows them."""
    fields = toml.load_resource(__package__, "standard_fields.toml", dict[str, tuple[Field, ...]])
    return fields["field"]


def list_translation_fields(languages: Iterable[str]) -> Iterator[Field]:
    """Yield a field for the title, and one for the abstract, in each of some languages."""
    for code in languages:
        for field in list_standard_fields():
            if field.role in ("title", "abstract"):
                yield Field(
                    f"{field.name}_{code.replace('-', '_')}",
                    f"{field.label} ({iso_codes.get_language_name(code)})",
                    kind="text", weight=field.weight, translates=field.name, language=code,
                )  # fmt: skip


BODIES = "body"
"""The name in choices for bodies among the authors."""


def read_choices(
    choices: Iterable[str], columns: Collection[str]
) -> tuple[Mapping[str, tuple[str, ...]], list[str]]:
    """Return the columns that choices such as `title=245__` give to fields, and their mistakes.

    A choice names a standard field, `id`, or `body`, and one of `columns` or a template of several.
    """
    fields = {
        name: each.name for each in list_standard_fields() for name in (each.name, *each.names)
    }
    fields |= {name: name for name in ("id", BODIES)}
    chosen: dict[str, tuple[str, ...]] = {}
    mistakes = list[str]()
    for choice in choices:
        name, _, stated = (part.strip() for part in choice.partition("="))
        stated = templates.escape(stated) if stated in columns else stated
        missing = [each for each in templates.list_columns(stated) if each not in columns]
        if name not in fields:
            mistakes.append(f"{choice!r}: {name!r} is not a field")
        if missing:
            mistakes.append(f"{choice!r}: {', '.join(map(repr, missing))} is not a column")
        if name in fields and not missing:
            if name == BODIES:
                bodies = map(templates.state_body, templates.parse(stated))
                stated = "|".join(map(templates.format_template, bodies))
            chosen[fields[name]] = (*chosen.get(fields[name], ()), stated)
    return chosen, mistakes


_HEADING = re.compile(r"(?P<name>[a-z]\w*) \((?P<role>[\w -]+)(?:, (?P<kind>\w+))?\)", re.ASCII)
_ROLES = frozenset((NO_ROLE, *get_args(Role)))


@cache
def name_column(field: Field) -> str:
    if _find_standard_field(field):
        return field.name
    is_plain = field.role is None and field.kind == "keyword" and not find_field(field.name)
    return field.name if is_plain else field.heading


def might_split(text: str, field: Field) -> bool:
    """Return whether an import might find several values in the only value of a field.

    It depends on the field that the import makes of the column, which may have several values even
    if this one has one.
    """
    standard = _find_standard_field(field)
    return (standard is None or standard.several) and normalization.is_divisible(text, field)


@cache
def _find_standard_field(field: Field) -> Field | None:
    key = (field.name, field.role, field.kind)
    found = (each for each in list_standard_fields() if (each.name, each.role, each.kind) == key)
    return next(found, None)


def read_heading(name: str) -> Field | None:
    """Return the field that a heading states, or None if it states none."""
    match = _HEADING.fullmatch(name)
    if match is None or match["role"] not in _ROLES:
        return None
    kind = match["kind"] or "keyword"
    if kind not in get_args(FieldKind):
        return None
    role = None if match["role"] == NO_ROLE else cast(Role, match["role"])
    label = match["name"].replace("_", " ").capitalize()
    weight = 0.3 if kind in ("keyword", "name", "country", "text") else 0.0
    return Field(match["name"], label, cast(FieldKind, kind), role, weight=weight, several=True)
