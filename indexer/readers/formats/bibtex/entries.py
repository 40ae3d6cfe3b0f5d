"""Split a BibTeX file into entries, and parse each of them with pybtex."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from contextlib import suppress
from io import BufferedIOBase
from typing import NamedTuple

from pybtex.database.input.bibtex import LowLevelParser, month_names
from pybtex.scanner import Pattern, PrematureEOF, PybtexSyntaxError, Token
from pybtex.utils import CaseInsensitiveDict

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.text.encodings import decode_text
from indexer.readers.text.lines import read_lines

_FIRST_LINE = re.compile(
    rb"[ \t,;]*@[ \t]*(?:(comment)\b"
    rb"|[A-Za-z][\w-]*[ \t]*(?:$|[{(](?:[ \t]*$|[^{}()\"=#%]*,|[\s\w-]*=|\s*\")))",
    re.IGNORECASE,
)
"""The first line of an entry. Inside another entry, it shows that this one lacks a brace."""
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
    parser = _Parser(limits)
    for line, block, is_cut in _split_blocks(read_lines(stream, limits), limits.largest_line):
        if block is None:
            message = f"the line has more than {limits.largest_line} bytes"
            yield Problem(file, line, message, suggest_raising("largest_line"))
            continue
        text, problem = decode_text(block, file, line)
        if problem:
            yield problem
        for piece in parser.parse_block(text, file, line):
            if is_cut and parser.is_open:
                message = f"the entry has more than {limits.largest_line} bytes"
                yield Problem(file, piece.line, message, suggest_raising("largest_line"))
                break
            yield piece


def _split_blocks(
    lines: Iterator[bytes | None], max_bytes: int
) -> Iterator[tuple[int, bytes | None, bool]]:
    """Yield blocks that start with an entry, with their first lines, and None for a long line.

    A block has further entries only if they do not start on a line of their own. The last value is
    whether the block was cut because it is too large. A comment is left out up to its last brace,
    with the entries in it.
    """
    block, start, size, depth = list[bytes](), 0, 0, 0
    for number, line in enumerate(lines, 1):
        if line is None:
            if start:
                yield start, b"\n".join(block), True
            yield number, None, True
            start = 0
        elif depth > 0:
            depth += line.count(b"{") - line.count(b"}")
        elif first := _FIRST_LINE.match(line):
            if start:
                yield start, b"\n".join(block), False
            block, start, size = [line], number, len(line)
            depth = line.count(b"{") - line.count(b"}") if first[1] else 0
        elif start:
            block.append(line)
            size += len(line) + 1
            if size > max_bytes:
                yield start, b"\n".join(block), True
                start = 0
    if start:
        yield start, b"\n".join(block), False


class _Parser(LowLevelParser):
    """The parser of pybtex. It keeps the fields before a mistake, and allows for a missing comma.

    An unknown macro is its name. `is_open`: the end of the last entry is missing.
    """

    # BibLaTeX has comments between fields.
    WHITESPACE = Pattern(r"(?:\s|%[^\n]*)++", "whitespace")

    def __init__(self, limits: Limits) -> None:
        super().__init__("", macros=CaseInsensitiveDict(month_names))
        self._expanded, self._room = 0, limits.largest_file
        self._mistake, self._mistake_line, self.is_open = "", 0, False

    def parse_block(self, text: str, file: str, line: int) -> Iterator[Entry | Problem]:
        """Yield the entries of a text that starts at a line."""
        self.text, self.end_pos, self.pos, self.lineno = text, len(text), 0, line
        while start := _START.match(text, self.pos) or _START_OF_LINE.search(text, self.pos):
            self.lineno += text.count("\n", self.pos, start.start(1))
            self.pos, first, self._expanded = start.start(1), self.lineno, 0
            self._mistake, self._mistake_line, self.is_open = "", first, False
            kind, key = start[1].lower(), ""
            if kind == "comment":
                self._skip_comment(start.end() + 1)
                continue
            _, result = self.parse_command()
            if kind not in ("string", "preamble"):
                key = result[0] or ""
                fields = [(name.lower(), "".join(parts)) for name, parts in result[1]]
                yield Entry(kind, key, fields, first)
            if not self._mistake and (late := _LATE_FIELD.match(text, self.pos)):
                self._mistake = f"a brace closes the entry before the field {late[1]!r}"
            if self._mistake:
                hint = "Correct it. The rest of the entry was left out"
                yield Problem(file, self._mistake_line, self._mistake, hint, key or None)

    def _skip_comment(self, position: int) -> None:
        self.pos = position
        with suppress(PybtexSyntaxError):
            for _ in self.parse_string(self.RBRACE):
                pass

    def handle_error(self, error: PybtexSyntaxError) -> None:
        """Remember the first mistake of an entry."""
        if self._mistake:
            return
        place = f"the field {self.current_field_name!r}" if self.current_field_name else "the entry"
        self.is_open = isinstance(error, PrematureEOF)
        if self.is_open:
            self._mistake = f"{place} has no closing brace or quotation mark"
        else:
            self._mistake = f"{place} has a mistake: {error.args[0]}"
            self._mistake_line = error.lineno

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
        """Parse a macro."""
        super().parse_string_body(body_end)
        self._room -= len(self.macros[self.current_field_name])
        if self._room < 0:
            del self.macros[self.current_field_name]
            raise PybtexSyntaxError("the macros of the file are too large", self)

    def substitute_macro(self, name: str) -> str:
        """Return the text of a macro."""
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
