"""MarcEdit's text form of MARC, mrk: a field on a line, such as `=245  10$aRivers of salt`."""

import re
from collections.abc import Iterator
from html.entities import html5
from io import BufferedIOBase
from itertools import chain

from indexer.analysis.cleaning import compose
from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.base import Evidence, detect_by_name
from indexer.readers.formats.marc.record import LEADER, Field, Record, make_control_field
from indexer.readers.text.encodings import decode_head, decode_text, read_lines

NAMES = ("mrk", "unimarc-mrk")
SUFFIXES: tuple[str, ...] = (".mrk", ".mrk8", ".mrt")
"""Usual suffixes of MARC files in text form."""

_LEADERS = (b"=LDR", b"=LEADER", b"=000")
_SIGN = re.compile(r"^=(?:LDR|LEADER|\d{3})  ", re.MULTILINE)
_FIELD_START = re.compile(rb"=\w{3}  ")
_BETWEEN_FIELDS = re.compile(r"\n(?==\w{3})")
_FIELD = re.compile(r"=(\w{3})(?:DER)? {0,2}(.*)")
_LINE_BREAK = re.compile(r"\s*\n\s*")
_DELIMITER = re.compile(r"[$\u2021\u01c2\x1f](?=\S)")
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
    start = decode_head(head).lstrip()
    match = _SIGN.search(start[:1000])
    # A comment or a heading may precede the first record.
    if match and (match.start() == 0 or len(_SIGN.findall(start)) > 2):
        return Evidence(95, "it looks like MarcEdit's text form of MARC")
    return detect_by_name(filename, SUFFIXES) if not head else None


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Record | Problem]:
    """Yield the records of a file. A leader, or a field after a blank line, starts a record."""
    lines, first, size, is_after_blank = list[bytes](), 0, 0, True
    for number, line in enumerate(chain(read_lines(stream, limits), _LEADERS[:1]), 1):
        if line is not None and not line.strip():
            is_after_blank = True
            continue
        if line and (line.startswith(_LEADERS) or (is_after_blank and _FIELD_START.match(line))):
            yield from _read_record(lines, size, file, first, limits)
            lines, first, size = [line], number, len(line) + 1
        elif lines:
            size += limits.largest_line + 1 if line is None else len(line) + 1
            if line and size <= limits.largest_line:
                lines.append(line)
        is_after_blank = not lines


def _read_record(
    lines: list[bytes], size: int, file: str, first: int, limits: Limits
) -> Iterator[Record | Problem]:
    """Yield the record of its lines, and a Problem for bytes that are invalid."""
    if size > limits.largest_line:
        message = f"the record has more than {limits.largest_line} bytes"
        yield Problem(file, first, message, suggest_raising("largest_line"))
    elif lines:
        text, problem = decode_text(b"\n".join(lines), file, first)
        if problem:
            yield problem
        yield Record(first, [_parse_field(line) for line in _BETWEEN_FIELDS.split(text)])


def _parse_field(text: str) -> Field:
    """Return the field of a line and of the lines that continue it."""
    match = _FIELD.match(_LINE_BREAK.sub(" ", text))
    assert match
    tag, value = match.groups()
    tag = LEADER if tag in ("LEA", "000") else tag
    indicators, content = value[:2].replace("\\", " "), value[2:]
    before, *subfields = _DELIMITER.split(content)
    if not subfields or tag.startswith("00") or tag == LEADER:
        return make_control_field(tag, _decode(value).strip())
    if before.strip():
        subfields.insert(0, f"?{before}")
    pairs = tuple((part[0], _decode(part[1:])) for part in subfields if part)
    return Field(tag, indicators, pairs)


def _decode(value: str) -> str:
    """Return a value with its blanks and mnemonics as characters."""
    value = value.replace("\\", " ")
    if "{" not in value:
        return value
    return compose(_MNEMONIC.sub(_expand, _BEFORE.sub(r"\2\1", value)))


def _expand(mnemonic: re.Match[str]) -> str:
    """Return the character of a mnemonic, or the mnemonic if it is unknown."""
    name = mnemonic[1]
    if name[1:] in _DIACRITICS:
        return name[0] + _DIACRITICS[name[1:]]
    entity = html5.get(f"{name};", mnemonic[0])
    return _DIACRITICS.get(name) or _CHARACTERS.get(name, entity)
