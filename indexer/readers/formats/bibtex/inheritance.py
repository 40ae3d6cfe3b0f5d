"""Fields that BibTeX entries inherit from those that their `crossref` and `xdata` name."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from io import BufferedIOBase

from indexer.catalogue.limits import Limits
from indexer.readers.formats.bibtex.entries import Entry, read_entries
from indexer.readers.text.lines import read_lines

_PARENT = re.compile(rb"\b(?:crossref|xdata)\s*=[\s{\"]*([^\s{}\"][^{}\"]*)", re.IGNORECASE)
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
"""Fields that an entry never inherits by `crossref`, because they describe only the parent."""


def read_parents(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Entry]:
    """Yield the entries that others name as parents, at most `largest_file` characters.

    Parents can be anywhere in the file.
    """
    lines = filter(None, read_lines(stream, limits))
    keys = {key for line in lines for parents in _PARENT.findall(line) for key in _split(parents)}
    if not keys:
        return
    stream.seek(0)
    room = limits.largest_file
    for entry in read_entries(stream, file, limits):
        if isinstance(entry, Entry) and entry.key.lower().encode() in keys:
            room -= sum(len(value) for _, value in entry.fields)
            if room < 0:
                return
            yield entry


def _split(keys: bytes) -> list[bytes]:
    return [key.strip().lower() for key in keys.split(b",") if key.strip()]


def inherit(entry: Entry, parents: Mapping[str, Entry]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the fields of an entry, then those that it inherits, and the parents not found."""
    fields, missing = list(entry.fields), list[str]()
    names = {name for name, _ in fields}
    seen = {entry.key.lower()}
    pending = deque((entry, *link) for link in _list_parents(entry))
    while pending and len(seen) <= _MAX_PARENTS:
        child, link, key = pending.popleft()
        if key in seen:
            continue
        seen.add(key)
        if parent := parents.get(key):
            pending += [(parent, *link) for link in _list_parents(parent)]
            inherited = parent.fields if link == "xdata" else _select(child, parent)
            new = [
                (name, value) for name, value in inherited
                if name not in names and name not in ("crossref", "xdata")
            ]  # fmt: skip
            fields += new
            names |= {name for name, _ in new}
        else:
            missing.append(key)
    return fields, missing


def _list_parents(entry: Entry) -> list[tuple[str, str]]:
    """Return the field that names each parent, and the key of the parent."""
    return [
        (name, key.strip().lower())
        for name, value in entry.fields
        if name in ("crossref", "xdata")
        for key in value.split(",")
        if key.strip()
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
