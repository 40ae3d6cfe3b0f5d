"""Fields that BibTeX entries inherit from those that their `crossref` and `xdata` name."""

from __future__ import annotations

import re
from collections import deque
from collections.abc import Iterator, Mapping
from contextlib import suppress
from io import BufferedIOBase

from indexer.catalogue.limits import Limits
from indexer.readers.base import CORRUPT, LimitExceeded
from indexer.readers.formats.bibtex.entries import Entry, read_entries
from indexer.readers.text.encodings import read_lines

_LINKS = frozenset({"crossref", "xdata"})
_PARENT = re.compile(rb"\b(?:crossref|xdata)\s*=[\s{\"]*([^\s{}\"][^{}\"]*)", re.IGNORECASE)
_MAX_PARENTS = 20
"""Limit on the parents of one entry, including their own parents."""
_IN_BOOK = frozenset(
    "inproceedings conference incollection inbook bookinbook suppbook inreference "
    "suppcollection".split()
)
"""Types of entries whose `booktitle` is the title of the parent."""
_TITLES = {"title": "booktitle", "subtitle": "booksubtitle", "titleaddon": "booktitleaddon"}
_OWN = frozenset(
    "abstract annotation annote crossref doi entryset eprint execute file gender ids indextitle "
    "indexsorttitle isan iswc keywords label langid note options owner pages pagetotal presort "
    "related relatedoptions relatedstring relatedtype shorthand shorttitle sortkey sortname "
    "sorttitle sortyear timestamp url urldate xdata xref".split()
)
"""Fields that an entry never inherits by `crossref`, because they describe only the parent."""


def read_parents(stream: BufferedIOBase, file: str, limits: Limits) -> dict[str, Entry]:
    """Return the entries that others name as parents, by key: at most `largest_file` characters.

    Parents can be anywhere in the file.
    """
    parents = dict[str, Entry]()
    with suppress(LimitExceeded, *CORRUPT):  # raised again when the entries are read
        lines = filter(None, read_lines(stream, limits))
        named = {
            names.decode(errors="replace") for line in lines for names in _PARENT.findall(line)
        }
        keys = {key for names in named for key in _split(names)}
        stream.seek(0)
        room = limits.largest_file
        for entry in read_entries(stream, file, limits) if keys else ():
            if isinstance(entry, Entry) and entry.key.lower() in keys:
                room -= sum(len(value) for _, value in entry.fields)
                if room < 0:
                    break
                parents.setdefault(entry.key.lower(), entry)
    return parents


def _split(keys: str) -> list[str]:
    return [key.strip().lower() for key in keys.split(",") if key.strip()]


def inherit(entry: Entry, parents: Mapping[str, Entry]) -> tuple[list[tuple[str, str]], list[str]]:
    """Return the fields of an entry, then those that it inherits, and the parents not found."""
    fields, missing = list(entry.fields), list[str]()
    names = {name for name, _ in fields} | _LINKS
    seen = {entry.key.lower()}
    pending = deque(_list_parents(entry))
    while pending and len(seen) <= _MAX_PARENTS:
        child, link, key = pending.popleft()
        if key in seen:
            continue
        seen.add(key)
        if parent := parents.get(key):
            pending += _list_parents(parent)
            inherited = parent.fields if link == "xdata" else _select(child, parent)
            new = [(name, value) for name, value in inherited if name not in names]
            fields += new
            names |= {name for name, _ in new}
        else:
            missing.append(key)
    return fields, missing


def _list_parents(entry: Entry) -> list[tuple[Entry, str, str]]:
    """Return the entry with each field that names parents and the key of each parent."""
    links = [(name, value) for name, value in entry.fields if name in _LINKS]
    return [(entry, name, key) for name, value in links for key in _split(value)]


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
