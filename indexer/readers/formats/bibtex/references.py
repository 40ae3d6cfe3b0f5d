"""Macros and parents of BibTeX entries.

An entry can use macros (`@string`). It can inherit fields from the entries that its `crossref` and
`xdata` name. Macros and parents can be anywhere in the file.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem
from indexer.readers.formats.bibtex.entries import RawEntry
from indexer.readers.formats.bibtex.syntax import Entry, parse_entry

_MACRO_NAME = re.compile(rb"[{(]\s*([^\s={}\"]+)\s*=")
_MACRO_USE = re.compile(rb"[=#]\s*([A-Za-z][^\s,{}\"#=()]*)")
_KEY = re.compile(rb"[{(]\s*([^\s,={}\"]+)")
_PARENT = re.compile(rb"\b(?:crossref|xdata)\s*=[\s{\"]*([^\s{}\"][^{}\"\n]*)", re.IGNORECASE)
_SEPARATOR = b"\0"
"""Separates the entries of a context."""
_MAX_PARENTS = 20
"""Limit on the parents of one entry, including their own parents."""
_IN_BOOK = frozenset(
    {
        "inproceedings", "conference", "incollection", "inbook", "bookinbook", "suppbook",
        "inreference", "suppcollection",
    }
)  # fmt: skip
"""Types of entries whose `booktitle` is the title of the parent."""
_TITLES = {"title": "booktitle", "subtitle": "booksubtitle", "titleaddon": "booktitleaddon"}
_OWN = frozenset(
    {
        "abstract", "annotation", "annote", "crossref", "doi", "entryset", "eprint", "execute",
        "file", "gender", "ids", "indextitle", "indexsorttitle", "isan", "iswc", "keywords",
        "label", "langid", "note", "options", "owner", "pages", "pagetotal", "presort", "related",
        "relatedoptions", "relatedstring", "relatedtype", "shorthand", "shorttitle", "sortkey",
        "sortname", "sorttitle", "sortyear", "timestamp", "url", "urldate", "xdata", "xref",
    }
)  # fmt: skip
"""Fields that an entry never inherits, because they describe only the parent."""


class References:
    """The macros of a file, and the entries that other entries name as parents."""

    def __init__(self) -> None:
        self._macros: dict[bytes, bytes] = {}
        self._parents: dict[bytes, bytes] = {}
        self._parent_keys: set[bytes] = set()

    @property
    def has_parents(self) -> bool:
        """Whether an entry of the file names a parent."""
        return bool(self._parent_keys)

    def collect(self, entries: Iterable[RawEntry | Problem], limits: Limits) -> None:
        """Collect the macros and the keys of all parents."""
        size = 0
        for entry in entries:
            if isinstance(entry, Problem):
                continue
            if entry.kind == b"string":
                size += len(entry.data)
                if size <= limits.largest_file and (name := _MACRO_NAME.search(entry.data)):
                    self._macros[name[1].lower()] = entry.data
            else:
                self._parent_keys |= set(_find_parents(entry.data))

    def collect_parents(self, entries: Iterable[RawEntry | Problem], limits: Limits) -> None:
        """Collect the parents. Stop when they exceed `largest_file` bytes."""
        size = 0
        for entry in entries:
            if isinstance(entry, RawEntry) and (match := _KEY.search(entry.data)):
                key = match[1].lower()
                if key in self._parent_keys and key not in self._parents:
                    size += len(entry.data)
                    if size > limits.largest_file:
                        return
                    self._parents[key] = entry.data

    def make_context(self, entry: bytes) -> bytes:
        """Return the source text of the macros and parents that an entry uses."""
        if not self._macros and not self._parent_keys:
            return b""
        parents: dict[bytes, bytes] = {}
        keys = _find_parents(entry)
        while keys and len(parents) < _MAX_PARENTS:
            key = keys.pop(0)
            if key in self._parents and key not in parents:
                parents[key] = self._parents[key]
                keys += _find_parents(parents[key])
        used: set[bytes] = set()
        texts = [entry, *parents.values()]
        while texts:
            for name in _MACRO_USE.findall(texts.pop()):
                macro = name.lower()
                if macro in self._macros and macro not in used:
                    used.add(macro)
                    texts.append(self._macros[macro])
        macros = [text for name, text in self._macros.items() if name in used]
        return _SEPARATOR.join([*macros, *parents.values()])

    def find_missing(self, entry: bytes) -> list[bytes]:
        """Return the keys of the parents of an entry that are not in the file."""
        return [key for key in _find_parents(entry) if key not in self._parents]


def _find_parents(entry: bytes) -> list[bytes]:
    return [
        key.strip().lower()
        for parents in _PARENT.finditer(entry)
        for key in parents[1].rstrip(b" \t,").split(b",")
        if key.strip()
    ]


@lru_cache(maxsize=256)
def read_context(context: str) -> tuple[dict[str, str], dict[str, Entry]]:
    """Return the macros and the parents in a context, by name and key in lowercase."""
    macros: dict[str, str] = {}
    parents: dict[str, Entry] = {}
    for text in context.split(_SEPARATOR.decode()):
        entry = parse_entry(text, macros)
        if entry.kind == "string":
            macros.update(entry.fields)
        elif entry.kind:
            parents.setdefault(entry.key.lower(), entry)
    return macros, parents


def inherit(entry: Entry, parents: dict[str, Entry]) -> list[tuple[str, str]]:
    """Return the fields of an entry, then those that it inherits."""
    fields = list(entry.fields)
    names = {name for name, _ in fields}
    seen, pending = {entry.key.lower()}, [(entry, link) for link in _list_parents(entry)]
    while pending:
        child, link = pending.pop(0)
        if link[1] in seen or link[1] not in parents:
            continue
        seen.add(link[1])
        parent = parents[link[1]]
        pending += [(parent, next_link) for next_link in _list_parents(parent)]
        inherited = parent.fields if link[0] == "xdata" else _select(child, parent)
        new = [(name, value) for name, value in inherited if name not in names]
        new = [(name, value) for name, value in new if name not in ("crossref", "xdata")]
        fields += new
        names |= {name for name, _ in new}
    return fields


def _list_parents(entry: Entry) -> list[tuple[str, str]]:
    """Return the field that names each parent, and the key of the parent."""
    return [
        (name, key.strip().lower())
        for name, value in entry.fields
        if name in ("crossref", "xdata")
        for key in value.split(",")
    ]


def _select(child: Entry, parent: Entry) -> Iterator[tuple[str, str]]:
    """Yield the fields that `crossref` passes on, with their names in the child."""
    has_book_title = any(name == "booktitle" for name, _ in parent.fields)
    for name, value in parent.fields:
        if name in _OWN:
            continue
        if child.kind not in _IN_BOOK:
            yield name, value
        elif name in _TITLES:
            if not has_book_title:
                yield _TITLES[name], value
        elif name != "author":
            yield name, value
        elif child.kind in ("inbook", "bookinbook", "suppbook"):
            yield "bookauthor", value
            yield "author", value
