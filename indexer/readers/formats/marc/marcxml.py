"""MARCXML, also in OAI-PMH and SRU responses, with any namespace prefix, or without a namespace.

`oai_marc` and MarcXchange are read too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import BufferedIOBase

from lxml import etree

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem
from indexer.readers.base import Evidence
from indexer.readers.formats.marc.record import LEADER, UNKNOWN, Field, Record, make_control_field
from indexer.readers.text.encodings import detect_utf16, unify_encoding
from indexer.readers.xml_records.find import local_name
from indexer.readers.xml_records.options import XmlOptions
from indexer.readers.xml_records.stream import RecordStream

NAME = "marcxml"
SUFFIXES: tuple[str, ...] = (".xml", ".marcxml", ".mrcx")
"""Usual suffixes of MARCXML files."""

_NAMESPACES = (b"http://www.loc.gov/MARC21/slim", b"info:lc/xmlns/marcxchange", b"<oai_marc")
_TAG = re.compile(
    rb"""<(?:\w+:)?(?:data|control|var|fix)field\s[^>]{0,200}?\b(?:tag|id)\s*=\s*["'](\w{3})["']"""
)
_OPTIONS = XmlOptions(records=("record", "oai_marc"))
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


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Record | Problem]:
    """Yield the records of a file."""
    return RecordStream(_OPTIONS, file, limits, _make_record).read(stream)


def _make_record(element: etree._Element, _: object) -> Record:
    """Return the record of an element, which may be an envelope with a header."""
    fields = list(_list_fields(element))
    header = element.iterfind("{*}header/*")
    fields += [
        make_control_field(f"header/{local_name(part)}", _read_text(part)) for part in header
    ]
    return Record(element.sourceline or 0, fields)


def _list_fields(record: etree._Element) -> Iterator[Field]:
    """Yield the fields in order. A subfield belongs to the field that precedes it."""
    tag, indicators, subfields = "", "", list[tuple[str, str]]()
    for element in record.iter("{*}*"):
        name = local_name(element)
        if name == "subfield":
            code = element.get("code") or element.get("label") or "?"
            subfields.append((code, _read_text(element)))
        if name not in ("leader", "controlfield", "datafield", "fixfield", "varfield"):
            continue
        if tag:
            yield Field(tag, indicators, tuple(subfields))
        stated, tag, subfields = element.get("tag") or element.get("id") or UNKNOWN, "", []
        if name in ("datafield", "varfield"):
            first = element.get("ind1") or element.get("i1") or " "
            second = element.get("ind2") or element.get("i2") or " "
            tag, indicators = stated, first[:1] + second[:1]
            if value := (element.text or "").strip():
                yield make_control_field(tag, value)
        else:
            value = _read_text(element)
            value = value.strip('"') if name == "fixfield" else value
            yield make_control_field(LEADER if name == "leader" else stated, value)
    if tag:
        yield Field(tag, indicators, tuple(subfields))


def _read_text(element: etree._Element) -> str:
    """Return the text of an element with its inline markup, without fields nested by mistake."""
    value = element.text or ""
    for child in element:
        if not local_name(child).endswith(("field", "leader")):
            value += "".join(child.itertext())
        value += child.tail or ""
    return _LINE_BREAK.sub(" ", value) if "\n" in value else value
