"""MARCXML, also in OAI-PMH and SRU responses, with any namespace prefix, or without a namespace."""

import re
from collections.abc import Iterator
from io import BufferedIOBase

from lxml import etree

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem
from indexer.readers.base import Evidence
from indexer.readers.formats.marc.record import LEADER, UNKNOWN, Field, Record, make_control_field
from indexer.readers.text.encodings import detect_utf16, unify_encoding
from indexer.readers.xml_records.elements import XmlOptions, local_name, read_elements

NAMES = ("marcxml", "unimarc-xml")
SUFFIXES: tuple[str, ...] = (".xml", ".marcxml", ".mrcx")
"""Usual suffixes of MARCXML files."""

_SIGN = re.compile(rb"\s*<.*?<(?:\w+:)?(?:data|control)field\s[^>]{0,200}?\btag\s*=", re.DOTALL)
_OPTIONS = XmlOptions(records=("record",))
_LINE_BREAK = re.compile(r"\s*\n\s*")


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of fields."""
    text = b"".join(unify_encoding(iter([head]), detect_utf16))
    return Evidence(97, "it has fields of MARCXML") if _SIGN.match(text) else None


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Record | Problem]:
    """Yield the records of a file."""
    for item in read_elements(stream, _OPTIONS, file, limits):
        yield item if isinstance(item, Problem) else _make_record(item)


def _make_record(element: etree._Element) -> Record:
    """Return the record of an element, which may be an envelope with a header."""
    fields = list(_list_fields(element))
    fields += [
        make_control_field(f"header/{local_name(part)}", _read_text(part))
        for part in element.iterfind("{*}header/*")
    ]
    return Record(element.sourceline or 0, fields)


def _list_fields(record: etree._Element) -> Iterator[Field]:
    """Yield the fields in order. A field that lacks its end tag contains those after it."""
    for element in record.iter("{*}leader", "{*}controlfield", "{*}datafield"):
        name = local_name(element)
        tag = LEADER if name == "leader" else element.get("tag") or UNKNOWN
        subfields = [
            (part.get("code") or "?", _read_text(part))
            for part in element.iterchildren("{*}subfield")
        ]
        if name == "datafield" and subfields:
            first, second = (element.get(key) or " " for key in ("ind1", "ind2"))
            yield Field(tag, first[0] + second[0], tuple(subfields))
        elif value := _read_text(element):
            yield make_control_field(tag, value)


def _read_text(element: etree._Element) -> str:
    """Return the text of an element with its inline markup."""
    value = "".join(element.itertext()) if len(element) else element.text or ""
    return _LINE_BREAK.sub(" ", value) if "\n" in value else value
