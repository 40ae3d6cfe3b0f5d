"""Text forms of MARC: MarcEdit's mrk, yaz-marcdump, MARC::Record, and Aleph sequential.

The first line of the first record decides the form of a file.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from io import BufferedIOBase
from typing import NamedTuple

from indexer.analysis.cleaning import compose
from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.base import Evidence, detect_by_name
from indexer.readers.chunks import Chunk
from indexer.readers.formats.marc.record import LEADER, Field, make_control_field
from indexer.readers.text.encodings import decode_head, decode_text
from indexer.readers.text.lines import read_lines
from indexer.readers.text.streaming import LimitExceeded

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


_STYLES = {
    b"mrk": _Style(
        "MarcEdit's text form of MARC",
        re.compile(rb"^=(?:LDR|LEADER|000|\d{3})  ", re.MULTILINE),
        re.compile(rb"=(?:LDR|LEADER|000)\b"),
        re.compile(r"=(?P<tag>\w{3})(?:ADER)? {0,2}(?P<value>.*)", re.DOTALL),
        re.compile(r"[$\u2021\u01c2\x1f](?=\S)"),
    ),
    b"aleph": _Style(
        "Aleph sequential MARC",
        re.compile(rb"^\d{9} (?:LDR  |\d{3}[\d ]{2}|[A-Z0-9]{3}  ) [A-Z] ", re.MULTILINE),
        re.compile(rb"\d{9} (?:LDR|FMT)"),
        re.compile(r"\d{9} (?P<tag>\w{3})(?P<ind>..) \w (?P<value>.*)", re.DOTALL),
        re.compile(r"\$\$(?=\S)"),
    ),
    b"record": _Style(
        "the text form of MARC::Record",
        re.compile(rb"^LDR \d{5}", re.MULTILINE),
        re.compile(rb"LDR "),
        re.compile(
            r"(?P<tag>\w{3}) (?: {4}|(?P<ind>[^_]{2}) (?=_)|(?<=LDR ))(?P<value>.*)", re.DOTALL
        ),
        re.compile(r"(?:^|\n {7})_(?=\S)"),
    ),
    b"yaz": _Style(
        "MARC as printed by yaz-marcdump",
        re.compile(rb"\A\d{5}[ \w]{5}[2 ]{2}[\d ]{5}.{3}45..\r?\n\d{3} ", re.MULTILINE),
        re.compile(rb"\d{5}.{5}[2 ]{2}[\d ]{5}.{3}45..\s*$"),
        re.compile(r"(?P<tag>\w{3}) (?:(?P<ind>.{2}) (?=[$\u2021]\w ))?(?P<value>.*)", re.DOTALL),
        re.compile(r"(?:^| )[$\u2021](?=\w )"),
    ),
}
_NUMBER_CHARS = 9
"""Digits of an Aleph record number."""
_BLANK = "\\"
_MNEMONIC = re.compile(r"\{(\w{2,8})\}")
_CHARACTERS = {
    "dollar": "$", "bsol": "\\", "lcub": "{", "rcub": "}", "ldquo": "\u201c", "rdquo": "\u201d",
    "lsquo": "\u2018", "rsquo": "\u2019", "copy": "\u00a9", "reg": "\u00ae", "deg": "\u00b0",
    "szlig": "\u00df", "AElig": "\u00c6", "aelig": "\u00e6", "OElig": "\u0152", "oelig": "\u0153",
    "Oslash": "\u00d8", "oslash": "\u00f8", "Lstrok": "\u0141", "lstrok": "\u0142",
    "Dstrok": "\u0110", "dstrok": "\u0111", "inodot": "\u0131", "ayn": "\u02bb", "alif": "\u02bc",
    "softsign": "\u02b9", "hardsign": "\u02ba", "pound": "\u00a3", "euro": "\u20ac",
    "iexcl": "\u00a1", "iquest": "\u00bf", "middot": "\u00b7", "esc": "", "thorn": "\u00fe",
    "THORN": "\u00de", "eth": "\u00f0",
}  # fmt: skip
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
    style = _find_style(start)
    if style:
        return Evidence(95, f"it looks like {_STYLES[style].label}")
    return detect_by_name(filename, SUFFIXES) if not head else None


def find_tags(head: bytes) -> set[bytes]:
    """Return the tags of fields in the start of a file."""
    return set(re.findall(rb"^(?:=|\d{9} )?(\d{3})[ \d]", decode_head(head).encode(), re.MULTILINE))


def _find_style(start: bytes) -> bytes | None:
    """Return the name of the style of a file that starts with these bytes, or None."""
    first_lines = start[:1000]
    for name, style in _STYLES.items():
        match = style.sign.search(first_lines)
        # A comment or a heading may precede the first record.
        if match and (match.start() == 0 or len(style.sign.findall(start)) > 2):
            return name
    return None


def split(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Chunk | Problem]:
    """Yield the records of a file."""
    collector = _Collector(file, limits)
    number = 0
    try:
        for number, line in enumerate(read_lines(stream, limits), 1):
            yield from collector.add(line, number)
        yield from collector.finish()
    except LimitExceeded as error:
        yield error.describe(file, number)


class _Collector:
    """Collects the lines of the open record."""

    def __init__(self, file: str, limits: Limits) -> None:
        self._file, self._limits = file, limits
        self._style: bytes | None = None
        self._lines: list[bytes] = []
        self._size = 0
        self._first = self._count = 0
        self._is_after_blank = self._is_long = False

    def add(self, line: bytes | None, number: int) -> Iterator[Chunk | Problem]:
        """Add a line. Yield the previous record if a new one starts."""
        if line is None:
            self._is_long = True
            return
        if not line.strip():
            self._is_after_blank = True
            return
        if self._style is None:
            self._style = _find_style_of_line(line)
        if self._style is None:
            return
        style = _STYLES[self._style]
        is_field = style.field.match(line[:40].decode("latin-1")) is not None
        is_start = style.start.match(line) is not None
        if self._lines and self._style == b"aleph":  # each line has the number of its record
            is_start = is_field and line[:_NUMBER_CHARS] != self._lines[0][:_NUMBER_CHARS]
        if self._lines and (is_start or (self._is_after_blank and is_field)):
            yield from self.finish()
        if not self._lines:
            self._first = number
        self._is_after_blank = False
        self._size += len(line) + 1
        if self._size > self._limits.largest_line:
            self._is_long = True
        else:
            self._lines.append(line)

    def finish(self) -> Iterator[Chunk | Problem]:
        """Yield the open record. Raise LimitExceeded if there are too many records."""
        if self._is_long:
            message = f"the record has more than {self._limits.largest_line} bytes"
            yield Problem(self._file, self._first, message, suggest_raising("largest_line"))
        elif self._lines:
            if self._count == self._limits.most_entries:
                raise LimitExceeded(f"{self._count} records", "most_entries")
            self._count += 1
            yield Chunk(b"\n".join(self._lines), self._file, self._first, self._style or b"")
        self._lines, self._size, self._is_long = [], 0, False


def _find_style_of_line(line: bytes) -> bytes | None:
    """Return the name of the style in which this line can start a record, or None."""
    for name, style in _STYLES.items():
        if style.start.match(line) or (name != b"yaz" and style.sign.match(line)):
            return name
    return None


def parse(chunk: Chunk, limits: Limits) -> Iterator[list[Field] | Problem]:
    """Yield the fields of a record. Other lines continue the previous field."""
    style = _STYLES[chunk.context]
    fields: list[Field] = []
    unfinished = ""
    text, problem = decode_text(chunk.data, chunk.file, chunk.line)
    if problem:
        yield problem
    for line in text.split("\n"):
        starts_field = style.field.match(line) or (chunk.context == b"yaz" and not unfinished)
        if starts_field and unfinished:
            fields.append(_parse_field(unfinished, chunk.context))
            unfinished = line
        else:
            unfinished = f"{unfinished}\n{line}" if unfinished else line
    fields.append(_parse_field(unfinished, chunk.context))
    yield fields


def _parse_field(line: str, name: bytes) -> Field:
    """Return the field of a line and of the lines that continue it."""
    style = _STYLES[name]
    match = style.field.match(line)
    if match is None:
        return make_control_field(LEADER if name == b"yaz" else "???", line)
    tag, value = match["tag"], match["value"]
    tag = LEADER if tag in ("LEA", "000") else tag
    indicators = match.groupdict().get("ind")
    if name == b"mrk" and not tag.startswith("00") and tag != LEADER:
        indicators, value = value[:2], value[2:]
    first, *subfields = style.delimiter.split(value)
    if indicators is None or not subfields:
        value = value if indicators is None else f"{indicators.replace(_BLANK, ' ')}{value}".strip()
        return make_control_field(tag, _clean(value, name))
    pairs = [(part[0], _clean(part[1:], name)) for part in subfields if part]
    if first.strip():
        pairs.insert(0, ("?", _clean(first, name)))
    return Field(tag, f"{indicators.replace(_BLANK, ' '):2.2}", tuple(pairs))


def _clean(value: str, name: bytes) -> str:
    """Return a value on one line, with the mnemonics and blanks of its style decoded."""
    if "\n" in value:
        value = " ".join(value.split())
    if name == b"aleph":
        return value.replace("^", " ")
    if name != b"mrk":
        return value
    value = value.replace(_BLANK, " ")
    if "{" in value:
        value = _BEFORE.sub(r"\2\1", value)
        value = compose(_MNEMONIC.sub(_expand, value))
    return value


def _expand(mnemonic: re.Match[str]) -> str:
    """Return the character of a mnemonic, or the mnemonic if it is unknown."""
    name = mnemonic[1]
    if name in _CHARACTERS:
        return _CHARACTERS[name]
    if name in _DIACRITICS:
        return _DIACRITICS[name]
    if name[1:] in _DIACRITICS:
        return unicodedata.normalize("NFC", name[0] + _DIACRITICS[name[1:]])
    return mnemonic[0]
