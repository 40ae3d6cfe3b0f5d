"""MARCXML, also in OAI-PMH and SRU responses, with any namespace prefix, or without a namespace.

A record ends at the end tag of a `record` element. Each record is parsed alone, so a broken record
does not affect the others. `oai_marc` and MarcXchange are read too.
"""

from __future__ import annotations

import html
import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from io import BufferedIOBase
from itertools import chain
from typing import NamedTuple

from lxml import etree

from indexer.analysis.cleaning import unescape
from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.base import Evidence
from indexer.readers.chunks import Chunk
from indexer.readers.formats.marc.record import LEADER, Field, make_control_field
from indexer.readers.text.encodings import decode_text, detect_utf16, unify_encoding
from indexer.readers.text.streaming import LimitExceeded, read_blocks

NAME = "marcxml"
SUFFIXES: tuple[str, ...] = (".xml", ".marcxml", ".mrcx")
"""Usual suffixes of MARCXML files."""

_NAMESPACES = (b"http://www.loc.gov/MARC21/slim", b"info:lc/xmlns/marcxchange", b"<oai_marc")
_TAG = re.compile(
    rb"""<(?:\w+:)?(?:data|control|var|fix)field\s[^>]{0,200}?\b(?:tag|id)\s*=\s*["'](\w{3})["']"""
)
_NAME = r"(?:[\w.-]+:)?(?:record|oai_marc)"
_RECORD_START = re.compile(rf"<{_NAME}(?:\s[^<>]*)?(?<!/)>".encode())
_RECORD_END = re.compile(rf"</{_NAME}\s*>".encode())
_END_TAG_BYTES = 200
"""Limit on the bytes of an end tag. A longer one is missed if it crosses two blocks."""
_FIELD = re.compile(rb"<(?:[\w.-]+:)?(?:data|control|var|fix)field\b")
_DECLARED = re.compile(
    rb"""\s*<\?xml[^>]{0,100}?\bencoding\s*=\s*["'](?!(?i:utf-?16|ucs-?2))([\w.:-]{1,40})["']"""
)
_DECLARATION_BYTES = 200

_INVALID = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
"""Characters that XML forbids."""
_SPACES = frozenset({9, 10, 13})
_NUMBER = re.compile(r"&#(?:\d{1,7}|[xX][0-9a-fA-F]{1,6});")
_BARE = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#[xX][0-9a-fA-F]{1,6});)(\w{2,32};)?")
_LESS_THAN = re.compile(r"<(?![A-Za-z_/!?])")
_HEADER = re.compile(r"<(?:\w+:)?(identifier|datestamp|setSpec)\b[^<>]*>([^<]*)<")
_SPARE_TAGS = "<r>" * 20
"""Extra start tags, so that an unmatched end tag does not close the root element."""
_FIELD_NAMES = frozenset(("leader", "controlfield", "datafield", "fixfield", "varfield"))
_LINE_BREAK = re.compile(r"\s*\n\s*")


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of fields or of a namespace of MARC."""
    text = b"".join(unify_encoding(iter([head]), detect_utf16))
    if not text.lstrip().startswith(b"<"):
        return None
    if _TAG.search(text):
        return Evidence(97, "it has fields of MARCXML")
    if any(name in text for name in _NAMESPACES):
        return Evidence(70, "it has a namespace of MARCXML")
    return None


def find_tags(head: bytes) -> set[bytes]:
    """Return the tags of fields in the start of a file."""
    return set(_TAG.findall(b"".join(unify_encoding(iter([head]), detect_utf16))))


def split(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Chunk | Problem]:
    """Yield the records of a file. A chunk includes the OAI-PMH header of its record."""
    line, count, is_cut = 1, 0, False
    try:
        encoding, blocks = _read_declaration(
            unify_encoding(read_blocks(stream, limits), detect_utf16)
        )
        for part in _split_at_end_tags(blocks, limits.largest_line):
            if part.is_long:
                message = f"the record has more than {limits.largest_line} bytes"
                yield Problem(file, line, message, suggest_raising("largest_line"))
            start_line, counted = line, 0
            for start, end in _find_records(part.data):
                if count == limits.most_entries:
                    raise LimitExceeded(f"{count} records", "most_entries")
                count += 1
                is_cut = not part.is_complete
                start_line += part.data.count(b"\n", counted, start)
                counted = start
                yield Chunk(part.data[start:end], file, start_line, encoding)
            line += part.lines
    except LimitExceeded as error:
        yield error.describe(file, line)
    if is_cut:
        hint = "Copy or export the file again. The fields before its end were read"
        yield Problem(file, line, "the file ends within a record", hint)


def _read_declaration(blocks: Iterator[bytes]) -> tuple[bytes, Iterator[bytes]]:
    """Return the encoding in the XML declaration, and all blocks."""
    first = b""
    for block in blocks:
        first += block
        if len(first) >= _DECLARATION_BYTES:
            break
    all_blocks = chain((first,), blocks)
    declaration = _DECLARED.match(first)
    return (declaration[1] if declaration else b""), all_blocks


class _Part(NamedTuple):
    """A part of a file, up to the end tag of a record. It has no data if it is too long."""

    data: bytes
    lines: int
    is_complete: bool = True
    is_long: bool = False


def _split_at_end_tags(blocks: Iterator[bytes], max_bytes: int) -> Iterator[_Part]:
    """Yield the parts of a file in order."""
    buffer, lines, is_long = b"", 0, False
    for block in blocks:
        searched = max(0, len(buffer) - _END_TAG_BYTES)
        buffer += block
        done = 0
        while tag := _RECORD_END.search(buffer, max(done, searched)):
            data = buffer[done : tag.end()]
            is_long = is_long or len(data) > max_bytes
            yield _Part(b"" if is_long else data, lines + data.count(b"\n"), is_long=is_long)
            done, lines, is_long = tag.end(), 0, False
        buffer = buffer[done:]
        if is_long or len(buffer) > max_bytes:
            is_long = True
            lines += buffer.count(b"\n", 0, max(0, len(buffer) - _END_TAG_BYTES))
            buffer = buffer[-_END_TAG_BYTES:]
    lines += buffer.count(b"\n")
    yield _Part(b"" if is_long else buffer, lines, is_complete=False, is_long=is_long)


def _find_records(data: bytes) -> Iterator[tuple[int, int]]:
    """Yield the start and the end of each record with fields.

    The outermost of nested elements starts a record. If there are fields between two start tags,
    the first record lacks its end tag.
    """
    start, searched = -1, 0
    for tag in _RECORD_START.finditer(data):
        if start >= 0 and _FIELD.search(data, searched, tag.start()):
            yield start, tag.start()
            start = -1
        if start < 0:
            start = tag.start()
        searched = tag.end()
    if start >= 0 and _FIELD.search(data, searched):
        yield start, len(data)


def parse(chunk: Chunk, limits: Limits) -> Iterator[list[Field] | Problem]:
    """Yield the fields of a record. Broken XML is repaired as far as possible."""
    *_, start_tag = _RECORD_START.finditer(chunk.data)
    outside = _decode(chunk.data[: start_tag.start()], chunk.context)
    header_fields = [
        make_control_field(f"header/{name}", unescape(value))
        for name, value in _HEADER.findall(outside)
    ]
    fields = _read_fields(_decode(chunk.data[start_tag.start() :], chunk.context))
    if not any(field.tag != LEADER for field in fields):
        hint = "Export the record again. It was left out"
        yield Problem(chunk.file, chunk.line, "the MARC record has no fields", hint)
        return
    yield fields + header_fields


def _decode(data: bytes, encoding: bytes) -> str:
    """Return the text in the declared encoding, in UTF-8, or in Windows-1252."""
    with suppress(UnicodeError, LookupError):
        return data.decode(encoding.decode("ascii", "replace") or "utf-8")
    return decode_text(data, "", 0)[0]


def _repair(text: str) -> str:
    """Return XML without invalid characters, bare ampersands, and HTML entities."""
    text = _INVALID.sub("", text)
    if "&" in text:
        text = _BARE.sub(_unescape, text)
        text = _NUMBER.sub(_decode_number, text)
    return _LESS_THAN.sub("&lt;", text)


def _decode_number(reference: re.Match[str]) -> str:
    """Return the character of a reference. Unlike HTML, XML does not remap 128 to 159."""
    digits = reference[0][2:-1]
    number = int(digits[1:], 16) if digits[0] in "xX" else int(digits)
    is_character = number >= ord(" ") or number in _SPACES
    is_character &= number <= sys.maxunicode and not 0xD800 <= number <= 0xDFFF
    return html.escape(chr(number)) if is_character else "\ufffd"


def _unescape(entity: re.Match[str]) -> str:
    character = html.unescape(entity[0]) if entity[1] else "&"
    return html.escape(character) if character != entity[0] else "&amp;" + entity[0][1:]


def _parse_xml(text: str) -> etree._Element | None:
    """Return the root of the readable part, or None."""
    parser = etree.XMLParser(
        recover=True, resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False,
        remove_comments=True, remove_pis=True,
    )  # fmt: skip
    try:
        return etree.fromstring(_SPARE_TAGS + _repair(text), parser)
    except (etree.XMLSyntaxError, ValueError):
        return None


def _read_fields(text: str) -> list[Field]:
    """Return the fields in order. A subfield belongs to the field that precedes it."""
    root = _parse_xml(text)
    fields: list[Field] = []
    subfields: list[tuple[str, str]] = []
    tag = indicators = ""
    for element in () if root is None else root.iter(etree.Element):
        name = element.tag.rsplit("}", 1)[-1].rsplit(":", 1)[-1]
        if name == "subfield":
            subfields.append(
                (element.get("code") or element.get("label") or "?", _read_text(element))
            )
        if name not in _FIELD_NAMES:
            continue
        if tag:
            fields.append(Field(tag, indicators, tuple(subfields)))
        tag, subfields = "", []
        if name in ("datafield", "varfield"):
            tag = _read_attribute(element, "tag", "id") or "???"
            indicators = (_read_attribute(element, "ind1", "i1") or " ")[:1]
            indicators += (_read_attribute(element, "ind2", "i2") or " ")[:1]
            if value := (element.text or "").strip():
                fields.append(make_control_field(tag, value))
        elif name == "leader":
            fields.append(make_control_field(LEADER, _read_text(element)))
        elif name in ("controlfield", "fixfield"):
            value = _read_text(element)
            number = _read_attribute(element, "tag", "id") or "???"
            fields.append(make_control_field(number, value.strip('"') if name[0] == "f" else value))
    if tag:
        fields.append(Field(tag, indicators, tuple(subfields)))
    return fields


def _read_attribute(element: etree._Element, name: str, old_name: str) -> str:
    return element.get(name) or element.get(old_name) or ""


def _read_text(element: etree._Element) -> str:
    """Return the text of an element with its inline markup, without fields nested by mistake."""
    value = element.text or ""
    for child in element:
        if not str(child.tag).endswith(("field", "leader")):
            value += "".join(child.itertext())
        value += child.tail or ""
    return _LINE_BREAK.sub(" ", value) if "\n" in value else value
