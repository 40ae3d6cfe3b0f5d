"""Text forms of MARC: MarcEdit's mrk, MARC::Record, and Aleph sequential.

The first line of the first record decides the form of a file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from html.entities import html5
from io import BufferedIOBase
from typing import NamedTuple

from indexer.analysis.cleaning import compose
from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.base import Evidence, detect_by_name
from indexer.readers.formats.marc.record import LEADER, UNKNOWN, Field, Record, make_control_field
from indexer.readers.text.encodings import decode_head, decode_text
from indexer.readers.text.lines import read_lines

NAME = "mrk"
SUFFIXES: tuple[str, ...] = (".mrk", ".mrk8", ".mrt")
"""Usual suffixes of MARC files in text form."""


class _Style(NamedTuple):
    """A text form of MARC.

    `sign` matches a line of a file in this style. `start` matches the first line of a record.
    `field` has the groups tag, ind (if any) and value. `delimiter` precedes the code of a subfield.
    """

    label: str
    sign: re.Pattern[bytes]
    start: re.Pattern[bytes]
    field: re.Pattern[str]
    delimiter: re.Pattern[str]


_MRK = _Style(
    "MarcEdit's text form of MARC",
    re.compile(rb"^=(?:LDR|LEADER|000|\d{3})  ", re.MULTILINE),
    re.compile(rb"=(?:LDR|LEADER|000)\b"),
    re.compile(r"=(?P<tag>\w{3})(?:DER)? {0,2}(?P<value>.*)", re.DOTALL),
    re.compile(r"[$\u2021\u01c2\x1f](?=\S)"),
)
_ALEPH = _Style(
    "Aleph sequential MARC",
    re.compile(rb"^\d{9} (?:LDR  |\d{3}[\d ]{2}|[A-Z0-9]{3}  ) [A-Z] ", re.MULTILINE),
    re.compile(rb"\d{9} (?:LDR|FMT)"),
    re.compile(r"\d{9} (?P<tag>\w{3})(?P<ind>..) \w (?P<value>.*)", re.DOTALL),
    re.compile(r"\$\$(?=\S)"),
)
_MARC_RECORD = _Style(
    "the text form of MARC::Record",
    re.compile(rb"^LDR \d{5}", re.MULTILINE),
    re.compile(rb"LDR "),
    re.compile(r"(?P<tag>\w{3}) (?: {4}|(?P<ind>[^_]{2}) (?=_)|(?<=LDR ))(?P<value>.*)", re.DOTALL),
    re.compile(r"(?:^|\n {7})_(?=\S)"),
)
_STYLES = (_MRK, _ALEPH, _MARC_RECORD)
_NUMBER_CHARS = 9
"""Digits of an Aleph record number."""
_BLANK = "\\"
_MNEMONIC = re.compile(r"\{(\w{2,8})\}")
_CHARACTERS = {
    "ayn": "\u02bb", "alif": "\u02bc", "softsign": "\u02b9", "hardsign": "\u02ba", "esc": "",
}  # fmt: skip
"""MarcEdit's mnemonics of characters that are no entities of HTML."""
_DIACRITICS = {
    "grave": "\u0300", "acute": "\u0301", "circ": "\u0302", "tilde": "\u0303", "macr": "\u0304",
    "breve": "\u0306", "dot": "\u0307", "uml": "\u0308", "ring": "\u030a", "dblac": "\u030b",
    "caron": "\u030c", "cedil": "\u0327", "ogon": "\u0328", "dotb": "\u0323",
    "llig": "\ufe20", "rlig": "\ufe21",
}  # fmt: skip
"""MarcEdit's mnemonics. `{eacute}` is a letter. `{acute}e` is a diacritic before its letter."""
_BEFORE = re.compile(rf"((?:\{{(?:{'|'.join(_DIACRITICS)})\}})+)(.)", re.DOTALL)


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of the first lines, or of the file name."""
    start = decode_head(head).encode().lstrip()
    for style in _STYLES:
        match = style.sign.search(start[:1000])
        # A comment or a heading may precede the first record.
        if match and (match.start() == 0 or len(style.sign.findall(start)) > 2):
            return Evidence(95, f"it looks like {style.label}")
    return detect_by_name(filename, SUFFIXES) if not head else None


def find_tags(head: bytes) -> set[bytes]:
    """Return the tags of fields in the start of a file."""
    return set(re.findall(rb"^(?:=|\d{9} )?(\d{3})[ \d]", decode_head(head).encode(), re.MULTILINE))


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Record | Problem]:
    """Yield the records of a file."""
    for line, style, lines in _group_lines(stream, limits):
        if sum(map(len, lines)) + len(lines) > limits.largest_line:
            message = f"the record has more than {limits.largest_line} bytes"
            yield Problem(file, line, message, suggest_raising("largest_line"))
            continue
        text, problem = decode_text(b"\n".join(lines), file, line)
        if problem:
            yield problem
        yield Record(line, list(_parse_fields(text, style)))


def _group_lines(
    stream: BufferedIOBase, limits: Limits
) -> Iterator[tuple[int, _Style, Sequence[bytes]]]:
    """Yield the first line of each record, its style, and its lines.

    The lines of a record that is too large are replaced by one that is too long.
    """
    too_long = bytes(limits.largest_line)
    style: _Style | None = None
    lines, first, size, is_after_blank = list[bytes](), 0, 0, False
    for number, read_line in enumerate(read_lines(stream, limits), 1):
        line = too_long if read_line is None else read_line
        style = style or next((style for style in _STYLES if _can_start(line, style)), None)
        if not line.strip() or not style:
            is_after_blank = True
            continue
        is_field = style.field.match(line[:40].decode("latin-1")) is not None
        is_start = style.start.match(line) is not None
        if lines and style is _ALEPH:  # each line has the number of its record
            is_start = is_field and line[:_NUMBER_CHARS] != lines[0][:_NUMBER_CHARS]
        if lines and (is_start or (is_after_blank and is_field)):
            yield first, style, lines
            lines, size = [], 0
        first, is_after_blank, size = first if lines else number, False, size + len(line) + 1
        lines = [*lines[:1], too_long] if size > limits.largest_line else lines
        lines.append(line)
    if lines and style:
        yield first, style, lines


def _can_start(line: bytes, style: _Style) -> bool:
    """Return whether this line can start a record."""
    return bool(style.start.match(line) or style.sign.match(line))


def _parse_fields(text: str, style: _Style) -> Iterator[Field]:
    """Yield the fields of a record. Other lines continue the previous field."""
    unfinished = ""
    for line in text.split("\n"):
        if unfinished and style.field.match(line):
            yield _parse_field(unfinished, style)
            unfinished = line
        else:
            unfinished = f"{unfinished}\n{line}" if unfinished else line
    yield _parse_field(unfinished, style)


def _parse_field(line: str, style: _Style) -> Field:
    """Return the field of a line and of the lines that continue it."""
    match = style.field.match(line)
    if match is None:
        return make_control_field(UNKNOWN, line)
    tag, value = match["tag"], match["value"]
    tag = LEADER if tag in ("LEA", "000") else tag
    indicators = match.groupdict().get("ind")
    if style is _MRK and not tag.startswith("00") and tag != LEADER:
        indicators, value = value[:2], value[2:]
    first, *subfields = style.delimiter.split(value)
    if indicators is None or not subfields:
        value = value if indicators is None else f"{indicators.replace(_BLANK, ' ')}{value}".strip()
        return make_control_field(tag, _clean(value, style))
    pairs = [(part[0], _clean(part[1:], style)) for part in subfields if part]
    if first.strip():
        pairs.insert(0, ("?", _clean(first, style)))
    return Field(tag, f"{indicators.replace(_BLANK, ' '):2.2}", tuple(pairs))


def _clean(value: str, style: _Style) -> str:
    """Return a value on one line, with the mnemonics and blanks of its style decoded."""
    if "\n" in value:
        value = " ".join(value.split())
    if style is _ALEPH:
        return value.replace("^", " ")
    if style is not _MRK:
        return value
    value = value.replace(_BLANK, " ")
    if "{" in value:
        value = _BEFORE.sub(r"\2\1", value)
        value = compose(_MNEMONIC.sub(_expand, value))
    return value


def _expand(mnemonic: re.Match[str]) -> str:
    """Return the character of a mnemonic, or the mnemonic if it is unknown."""
    name = mnemonic[1]
    if name in _DIACRITICS:
        return _DIACRITICS[name]
    if name[1:] in _DIACRITICS:
        return unicodedata.normalize("NFC", name[0] + _DIACRITICS[name[1:]])
    return _CHARACTERS.get(name, html5.get(f"{name};", mnemonic[0]))
