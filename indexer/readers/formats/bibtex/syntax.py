"""Parse a BibTeX entry into fields."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple

MONTHS = {
    name[:3].lower(): name
    for name in (
        "January", "February", "March", "April", "May", "June", "July", "August", "September",
        "October", "November", "December",
    )
}  # fmt: skip
"""The macros that every BibTeX style defines."""

_START = re.compile(r"@[ \t]*([A-Za-z][\w-]*)\s*[{(]\s*")
_KEY = re.compile(r"([^\s,={}\"]*)\s*,")
_LOOSE_KEY = re.compile(r"(?![^\n,{\"]*=)([^\n,={}\"]*)(?:,|\n|$)")
"""A key with spaces in it, or without a comma after it."""
_NAME = re.compile(r"[\s,}]*([^\s=,{}\"#]+)\s*=\s*")
_NEXT = re.compile(r"\n[ \t]*[A-Za-z][\w-]*[ \t]*=[ \t]*[{\"\w]")
"""A field on its own line."""
_BARE = re.compile(r"[^\s,{}\"#=()]+")
_HASH = re.compile(r"\s*#\s*")
_BRACE = re.compile(r"[{}]")
_QUOTE = re.compile(r"[{}\"]")
_MAX_REPAIRS = 20
"""Limit on the repairs of unclosed values in an entry. Each repair scans the entry."""
_MAX_EXPANDED = 200_000
"""Limit on the characters of expanded macros in an entry. Nested macros can outgrow their file."""


class Entry(NamedTuple):
    """A parsed entry. `kind` and the names of `fields` are in lowercase.

    `fault` describes a syntax error, or is empty.
    """

    kind: str
    key: str
    fields: list[tuple[str, str]]
    fault: str = ""


class _Scanner:
    def __init__(self, text: str, macros: Mapping[str, str]) -> None:
        self._text, self._macros = text, macros
        # A value without a closing brace would end at the closing brace of the entry.
        self._is_unbalanced = text.count("{") > text.count("}")
        self.repairs = self.expanded = 0

    def read_value(self, pos: int) -> tuple[str, int]:
        """Return the value at a position, with macros expanded, and its end."""
        parts: list[str] = []
        while True:
            part, pos = self._read_part(pos)
            parts.append(part)
            hash_sign = _HASH.match(self._text, pos)
            if not hash_sign:
                return "".join(parts), pos
            pos = hash_sign.end()

    def _read_part(self, pos: int) -> tuple[str, int]:
        char = self._text[pos : pos + 1]
        if char in ("{", '"') and char:
            end = self._find_brace(pos) if char == "{" else self._find_quote(pos)
            end = self._repair(pos, end)
            return self._text[pos + 1 : end], end + 1
        if match := _BARE.match(self._text, pos):
            word = match[0]
            value = self._macros.get(word.lower(), MONTHS.get(word.lower(), word))
            self.expanded += len(value)
            return value if self.expanded <= _MAX_EXPANDED else word, match.end()
        return "", pos

    def _find_brace(self, pos: int) -> int:
        depth = 0
        for brace in _BRACE.finditer(self._text, pos):
            depth += 1 if brace[0] == "{" else -1
            if depth == 0:
                return brace.start()
        return -1

    def _find_quote(self, pos: int) -> int:
        depth = 0
        for mark in _QUOTE.finditer(self._text, pos + 1):
            if mark[0] != '"':
                depth += 1 if mark[0] == "{" else -1
            elif depth <= 0 and self._text[mark.start() - 1] != "\\":
                return mark.start()
        return -1

    def _repair(self, start: int, end: int) -> int:
        """Return the end of a value. If a brace is missing, it ends before the next field."""
        if end >= 0 and not self._is_unbalanced:
            return end
        next_field = _NEXT.search(self._text, start, end if end >= 0 else len(self._text))
        if end >= 0 and not next_field:
            return end
        self.repairs += 1
        stop = len(self._text) if next_field is None else next_field.start()
        value = self._text[start + 1 : stop]
        return start + 1 + len(value.rstrip().rstrip(",").rstrip('"}').rstrip())


def parse_entry(text: str, macros: Mapping[str, str]) -> Entry:
    """Return the parsed entry. `macros` has lowercase names."""
    start = _START.match(text)
    if not start:
        return Entry("", "", [], "the entry has no opening brace")
    kind, pos, key = start[1].lower(), start.end(), ""
    if kind != "string":
        key_match = _KEY.match(text, pos) or _LOOSE_KEY.match(text, pos)
        if key_match:
            key, pos = key_match[1].strip("{}) "), key_match.end()
    scanner, fields = _Scanner(text, macros), list[tuple[str, str]]()
    rest = ""
    while scanner.repairs <= _MAX_REPAIRS:
        name = _NAME.match(text, pos)
        if not name:
            next_field = _NEXT.search(text, pos)
            rest += _drop_comments(text[pos : next_field.start() if next_field else None])
            if not next_field:
                break
            pos = next_field.start()
            continue
        value, pos = scanner.read_value(name.end())
        fields.append((name[1].lower(), value))
    if scanner.repairs:
        return Entry(kind, key, fields, "a value has no closing brace or quote")
    if scanner.expanded > _MAX_EXPANDED:
        return Entry(kind, key, fields, f"its macros have more than {_MAX_EXPANDED} characters")
    return Entry(kind, key, fields, f"{rest[:40]!r} is not a field" if rest else "")


def _drop_comments(text: str) -> str:
    """Return the text between two fields without lines that start with a percent sign."""
    lines = (line.strip(" \t\r,})") for line in text.split("\n"))
    return " ".join(line for line in lines if line and not line.startswith("%"))
