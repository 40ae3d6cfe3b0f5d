"""Split a BibTeX file into entries, parse each with pybtex, and let it inherit fields.

An entry inherits from those that its `crossref` and `xdata` name.
"""

import re
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from io import BufferedIOBase
from typing import NamedTuple

from pybtex.database.input.bibtex import LowLevelParser, month_names
from pybtex.scanner import Pattern, PrematureEOF, PybtexSyntaxError, Token
from pybtex.utils import CaseInsensitiveDict

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem
from indexer.readers.base import CORRUPT, LimitExceeded
from indexer.readers.text.encodings import read_lines
from indexer.readers.text.records import RecordLines

_FIRST_LINE = (
    r"[ \t,;]*@[ \t]*(?:(?i:comment)\b"
    r"|[A-Za-z][\w-]*[ \t]*(?:$|[{(](?:[ \t]*$|[^{}()\"=#%]*,|[\s\w-]*=|\s*\")))"
)
"""The first line of an entry. Inside another entry, it shows that this one lacks a brace."""
_LINES = RecordLines(tag=_FIRST_LINE, start=_FIRST_LINE)
_START = re.compile(r"[ \t,;]*@[ \t]*([A-Za-z][\w-]*)\s*(?=[{(])", re.ASCII)
_START_OF_LINE = re.compile(f"^{_START.pattern}", re.MULTILINE | re.ASCII)
_KEY = re.compile(r"\s*+(?![^\n,{\"]*=)([^\n,={}\"]*)(?:,|\n|$)")
"""The key of an entry. It may have spaces in it, or no comma after it."""
_LATE_FIELD = re.compile(r"[\s,]*+([A-Za-z][\w-]*)[ \t]*=[ \t]*[{\"\d]")
"""A field after an entry. It shows that an extra brace closed the entry too early."""
_MARKS = {True: re.compile(r"[{}\"]"), False: re.compile(r"[{}]")}
_MAX_EXPANDED = 10_000
"""Limit on the characters of the macros in an entry. Nested macros can outgrow their file."""


class Entry(NamedTuple):
    """An entry. `kind` and the names of `fields` are in lowercase. `line` is its first line."""

    kind: str
    key: str
    fields: list[tuple[str, str]]
    line: int


def read_entries(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Entry | Problem]:
    """Yield the entries of a file, with macros expanded, and a Problem for each mistake.

    A macro is known after its definition. BibTeX ignores text between entries.
    """
    parser = _Parser(file, limits)
    for part in _LINES.read(stream, file, limits):
        if isinstance(part, Problem):
            yield part
        else:
            yield from parser.parse_lines(*part)
    if parser.comment_depth > 0:
        message = "the comment has no closing brace"
        yield Problem(file, parser.first_line, message, "Close it. The rest was left out")


class _Parser(LowLevelParser):
    """The parser of pybtex. It keeps the fields before a mistake, and allows for a missing comma.

    An unknown macro is its name. `first_line` is that of the last entry or comment, and
    `comment_depth` the number of braces that it leaves open, if it is a comment.
    """

    # BibLaTeX has comments between fields.
    WHITESPACE = Pattern(r"(?:\s|%[^\n]*)++", "whitespace")

    def __init__(self, file: str, limits: Limits) -> None:
        super().__init__("", macros=CaseInsensitiveDict(month_names), filename=file)
        self._expanded, self._room = 0, limits.largest_file
        self.first_line = self.comment_depth = 0
        self._problems = list[Problem]()

    def parse_lines(self, line: int, text: str) -> Iterator[Entry | Problem]:
        """Yield the entries of a text that starts at a line. A comment may hide all of them."""
        if self.comment_depth > 0:
            self.comment_depth += text.count("{") - text.count("}")
            return
        self.text, self.end_pos, self.pos, self.lineno = text, len(text), 0, line
        while start := _START.match(text, self.pos) or _START_OF_LINE.search(text, self.pos):
            self.lineno += text.count("\n", self.pos, start.start(1))
            self.pos, self.first_line, self._expanded = start.start(1), self.lineno, 0
            self._problems.clear()
            kind = start[1].lower()
            if kind == "comment":
                self._skip_comment(start.end())
                continue
            self.parse_command()
            if kind not in ("string", "preamble"):
                fields = [(name.lower(), "".join(parts)) for name, parts in self.current_fields]
                yield Entry(kind, self.current_entry_key or "", fields, self.first_line)
            if late := _LATE_FIELD.match(text, self.pos):
                self._report(f"a brace closes the entry before the field {late[1]!r}")
            yield from self._problems[:1]

    def _skip_comment(self, position: int) -> None:
        self.pos = position + 1
        try:
            for _ in self.parse_string(self.RBRACE):
                pass
        except PybtexSyntaxError:
            self.comment_depth = self.text.count("{", position) - self.text.count("}", position)

    def handle_error(self, error: PybtexSyntaxError) -> None:
        """Remember a mistake of an entry."""
        place = f"the field {self.current_field_name!r}" if self.current_field_name else "the entry"
        if isinstance(error, PrematureEOF):
            self._report(f"{place} has no closing brace or quotation mark")
        else:
            self._report(f"{place} has a mistake: {error.args[0]}", error.lineno)

    def _report(self, mistake: str, line: int | None = None) -> None:
        """Remember a mistake. By default, its line is that of the entry."""
        hint, key = "Correct it. The rest of the entry was left out", self.current_entry_key
        self._problems.append(
            Problem(self.filename, line or self.first_line, mistake, hint, key or None)
        )

    def parse_entry_body(self, body_end: Pattern) -> None:
        """Parse the key, which may be missing, and the fields."""
        if key := _KEY.match(self.text, self.pos):
            self.current_entry_key = key[1].strip("{}) ")
            self.pos = key.end()
            self.update_lineno(key[0])
        self.parse_entry_fields()

    def parse_entry_fields(self) -> None:
        """Parse fields until no comma and no further field follow."""
        before = -1
        while self.pos > before:
            before = self.pos
            super().parse_entry_fields()

    def optional(self, patterns: Sequence[Pattern], allow_eof: bool = False) -> Token | None:
        """Return the next token. At the end of the text, pybtex would drop the field before it."""
        with suppress(PrematureEOF):
            return super().optional(patterns, allow_eof)
        return None

    def parse_string_body(self, body_end: Pattern) -> None:
        super().parse_string_body(body_end)
        self._room -= len(self.macros[self.current_field_name])
        if self._room < 0:
            del self.macros[self.current_field_name]
            raise PybtexSyntaxError("the macros of the file are too large", self)

    def substitute_macro(self, name: str) -> str:
        value: str = self.macros.get(name, name)
        self._expanded += len(value)
        if self._expanded > _MAX_EXPANDED:
            raise PybtexSyntaxError(f"its macros have over {_MAX_EXPANDED} characters", self)
        return value

    def skip_to(self, patterns: Sequence[Pattern]) -> Token | None:
        """Find the next mark. pybtex searches for each mark on its own, in quadratic time."""
        mark = _MARKS[self.QUOTE in patterns].search(self.text, self.pos)
        value = self.text[self.pos : mark.end() if mark else None]
        self.pos += len(value)
        self.update_lineno(value)
        pattern = {"{": self.LBRACE, "}": self.RBRACE, '"': self.QUOTE}
        return Token(value, pattern[mark[0]]) if mark else None


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
