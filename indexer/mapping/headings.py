"""Column headings: find the field for a column by its name."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from functools import cache, lru_cache
from typing import NamedTuple

from indexer import toml
from indexer.catalogue.column_names import fold_heading, list_headings, list_tags
from indexer.values.languages import UNITED_NATIONS, find_languages

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
    best: Match | None = None
    for rank, heading in _list_headings(name):
        if listed := headings.get(heading.replace(" ", "")):
            match = Match(rank * 1000 + listed.rank, listed.field)
            best = min(best, match) if best else match
    is_year_of_record = best and best.field == "year" and is_record_date(name)
    return (
        best if best and not (is_year_of_record or is_of_other_entity(name, best.field)) else None
    )


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
    yield 5, split_language(name)[0]


@lru_cache(maxsize=1000)
def split_language(name: str) -> tuple[str, str | None]:
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
    """Return whether a path leads to a part of the record that is not a publication or a person."""
    *path, last = re.split(r"[./](?! )", name.casefold())
    # "parent_organization" is an organization.
    parts = {word for part in path for word in (_NOT_WORD.sub("", part), _NOT_WORD.split(part)[-1])}
    is_agent = not _WORDS["agents"].isdisjoint(parts) and field not in _WORDS["agent_fields"]
    is_name = field == "title" and bool(path) and last in ("name", "label")
    is_link = field == "link" and (len(path) == 1 or not parts.isdisjoint(("self", "html")))
    entities = _WORDS["other_entities"] - ({"links"} if is_link else set())
    return is_agent or is_name or not entities.isdisjoint(parts)


@cache
def _map_headings(*, has_tags: bool) -> dict[str, Match]:
    """Return the field and the rank of each usual name of a column, folded and without spaces."""
    headings: dict[str, Match] = {}
    for names_of_fields in (list_tags() if has_tags else {}, list_headings()):
        for field, names in names_of_fields.items():
            for rank, name in enumerate(names):
                headings.setdefault(fold_heading(name).replace(" ", ""), Match(rank, field))
    return headings
