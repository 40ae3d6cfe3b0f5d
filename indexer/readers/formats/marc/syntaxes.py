"""The records of MARC files in four syntaxes: ISO 2709, MARCXML, MarcEdit's mrk, and JSON.

All syntaxes have the same fields, and MARC 21 and UNIMARC share them.
"""

import io
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterator, Sequence
from contextlib import redirect_stderr
from html.entities import html5
from io import BufferedIOBase
from itertools import accumulate, chain, repeat
from typing import Any, NamedTuple

from lxml import etree
from pymarc.marc8 import marc8_to_unicode

from indexer.analysis.cleaning import compose
from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.base import CERTAIN, HEAD_BYTES, Evidence, detect_by_name
from indexer.readers.json_records.stream import ANY, read_values
from indexer.readers.text.encodings import (
    decode_head,
    decode_text,
    detect_utf16,
    guess_encoding,
    read_lines,
    unify_encoding,
)
from indexer.readers.text.streaming import peek, read_blocks, split_at
from indexer.readers.xml_records.elements import XmlOptions, local_name, read_elements

LEADER = "LDR"
"""The tag of the leader."""
UNKNOWN = "???"
"""The tag of a field without one."""


class Field(NamedTuple):
    """A field of a record.

    `indicators` has two characters, or none for a control field. `subfields` are pairs of a code
    and a value. A control field has one pair, with an empty code. The leader has the tag LDR.
    """

    tag: str
    indicators: str
    subfields: tuple[tuple[str, str], ...]

    def get(self, codes: str) -> tuple[str, ...]:
        """Return the values of the subfields with one of these codes, in order."""
        return tuple(value for code, value in self.subfields if code in codes and value)


def make_control_field(tag: str, value: str) -> Field:
    """Return a field without indicators and subfields."""
    return Field(tag, "", (("", value),))


def find_value(fields: Sequence[Field], tag: str) -> str:
    """Return the first value of the first field with a tag, or an empty string."""
    return next(
        (field.subfields[0][1] for field in fields if field.tag == tag and field.subfields), ""
    )


class Record(NamedTuple):
    """The fields of a record, and its line, or its number in a binary file."""

    line: int
    fields: Sequence[Field]


class Syntax(NamedTuple):
    """How one syntax of MARC is recognized and read."""

    names: tuple[str, str]
    """The format of MARC 21 and that of UNIMARC, as in `sources.toml`."""
    suffixes: tuple[str, ...]
    """Usual suffixes of files. Others occur too, such as .dat for ISO 2709."""
    detect: Callable[[str, bytes], Evidence | None]
    """Returns the evidence that a file has this syntax, by its name and its first bytes."""
    read: Callable[[BufferedIOBase, str, Limits], Iterator[Record | Problem]]
    """Yields the records of a file, in order. One without fields may have a leader."""


# ISO 2709: records that end with byte 0x1D. Lengths and directories are often wrong, because a
# program counted characters or edited a file. Such a record is reported, and split at its
# terminators.

_BINARY_SUFFIXES = (".mrc", ".marc", ".mrc21", ".iso2709", ".iso")
_RECORD_END, _FIELD_END, _SUBFIELD = b"\x1d", b"\x1e", b"\x1f"
_LEADER_BYTES, _ENTRY_BYTES = 24, 12
_BETWEEN_RECORDS = b"\0\r\n\x1a" + BOM_UTF8
_BINARY_SIGN = re.compile(rb"[\d ]{5}[^\x1e\x1f]{19,9976}\x1e.*\x1f", re.DOTALL)
"""The length of a record or blanks, the rest of its leader, a directory, and a field."""
_LOST_END = re.compile(rb"\x1e(?=[\s\0]*\d{5}.{5}22\d{5}.{3}4500(?:\w{3}\d{9}))", re.DOTALL)
"""The end of a record that lacks its terminator. The leader of the next record follows."""


def detect_binary(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of the separators of fields, or of the file name."""
    if _BINARY_SIGN.match(head.lstrip(_BETWEEN_RECORDS)):
        return Evidence(CERTAIN, "it has the separators of MARC records")
    return detect_by_name(filename, _BINARY_SUFFIXES) if not head else None


def read_binary(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Record | Problem]:
    """Yield the records of a file. The line of a record is its number."""
    number = 0
    blocks = read_blocks(stream, limits)
    for part in split_at(_RECORD_END, blocks, limits.largest_line, limits):
        if part is None:
            number += 1
            message = f"the record has more than {limits.largest_line} bytes"
            yield Problem(file, number, message, suggest_raising("largest_line"))
            continue
        for record in _LOST_END.split(part):
            if data := record.lstrip(_BETWEEN_RECORDS):
                number += 1
                yield from _read_binary_record(data, file, number)


def _read_binary_record(data: bytes, file: str, number: int) -> Iterator[Record | Problem]:
    parts, is_exact = _split_fields(data)
    is_exact &= data[:5] == b"%05d" % (len(data) + 1) and data.endswith(_FIELD_END)
    encoding, is_declared = _choose_encoding(data)
    fields = [make_control_field(LEADER, _decode(data[:_LEADER_BYTES], encoding))]
    fields += [_make_binary_field(tag, value, encoding) for tag, value in parts]
    yield Record(number, fields)
    entry = find_value(fields, "001") or None
    if parts and not is_exact:
        message = "the lengths or the directory of the MARC record are wrong"
        yield Problem(file, number, message, "It was read up to its terminators. Check it", entry)
    if not is_declared:
        message = "the MARC record has bytes that are invalid in the encoding it declares"
        hint = f"It was read as {encoding}. Check its accents"
        yield Problem(file, number, message, hint, entry)


def _split_fields(record: bytes) -> tuple[list[tuple[bytes, bytes]], bool]:
    """Return the tags and the data of the fields, and whether the directory has their lengths.

    Fields are in the order of a right directory. Otherwise they are in the order of the data, and
    get the tags of the directory by their number. So a directory never repeats or hides a field.
    """
    directory, *values = record.split(_FIELD_END)
    if values and not values[-1].strip():
        values.pop()
    offsets = range(_LEADER_BYTES, len(directory), _ENTRY_BYTES)
    entries = [directory[offset : offset + _ENTRY_BYTES] for offset in offsets]
    lengths = [len(value) + 1 for value in values]
    starts = accumulate(lengths, initial=0)
    places = [b"%04d%05d" % place for place in zip(lengths, starts, strict=False)]
    by_start = sorted(entries, key=lambda entry: entry[7:])
    if [entry[3:] for entry in by_start] == places:
        data = dict(zip(places, values, strict=True))
        return [(entry[:3], data[entry[3:]]) for entry in entries], True
    stated = {entry[7:] for entry in entries}
    if len(stated) == len(entries) and all(map(bytes.isdigit, stated)):
        entries = by_start
    tags = chain((entry[:3] for entry in entries), repeat(b""))
    return [*zip(tags, values, strict=False)], False


def _make_binary_field(tag_bytes: bytes, data: bytes, encoding: str) -> Field:
    """Return a field. It is a control field if it has no subfields, whatever its tag."""
    tag = tag_bytes.decode("ascii", "replace").strip() or UNKNOWN
    indicators, *subfields = data.split(_SUBFIELD)
    if not subfields:
        return make_control_field(tag, _decode(data, encoding))
    texts = filter(None, (_decode(subfield, encoding) for subfield in subfields))
    pairs = tuple((text[0], text[1:]) for text in texts)
    return Field(tag, f"{_decode(indicators, encoding):2.2}", pairs)


_UTF_8, _MARC_8, _WINDOWS_1252 = "UTF-8", "MARC-8", "Windows-1252"

_SEPARATORS = re.compile(rb"[\x1d-\x1f]")
_NOT_ANSEL = re.compile(
    rb"[\x80-\x87\x8a-\x8c\x8f-\xa0\xaf\xbb\xc9-\xdf\xff]|[\xe0-\xfe](?![A-Za-z\xe0-\xfe])"
)
"""Bytes that MARC-8 does not define, and diacritics that precede no letter."""
_DIACRITIC = re.compile(rb"[\xe0-\xfe](?=[A-Za-z])")
_PLAUSIBLE = re.compile(
    rb"[\xe1-\xe3\xe5\xe6\xe8](?=[aeiouyAEIOUY])|[\xe2\xe7](?=[cnszgrlCNSZ])|\xe4(?=[naoNAO])"
    rb"|\xe9(?=[cszertndCSZERTND])|\xea(?=[auAU])|\xf0(?=[cstgCSTG])"
    rb"|[\xeb\xec\xf2](?=[A-Za-z])"
)
"""MARC-8 diacritics before a letter that can have them. In Windows-1252 such pairs are rare."""


def _choose_encoding(record: bytes) -> tuple[str, bool]:
    """Return the encoding of a record, and whether its bytes fit the declaration in the leader.

    That is only a hint. Text with accents in MARC-8 or Windows-1252 is almost never valid UTF-8,
    so valid UTF-8 needs no declaration.
    """
    declares_utf8 = record[9:10] == b"a"
    if record.isascii():
        return _MARC_8 if b"\x1b" in record else _UTF_8, True
    text = record.decode("utf-8", "ignore")
    is_utf8 = len(text.encode()) == len(record)
    if is_utf8 or (declares_utf8 and not text.isascii()):
        return _UTF_8, is_utf8
    if (b"\x1b" in record and not declares_utf8) or _is_ansel(record):
        return _MARC_8, not declares_utf8
    guess = guess_encoding(_SEPARATORS.sub(b"\n", record[:HEAD_BYTES]))
    return guess or _WINDOWS_1252, False


def _is_ansel(data: bytes) -> bool:
    """Return whether diacritics precede letters that can have them, as in MARC-8."""
    if _NOT_ANSEL.search(data):
        return False
    return 2 * len(_PLAUSIBLE.findall(data)) >= len(_DIACRITIC.findall(data))


def _decode(data: bytes, encoding: str) -> str:
    """Return the text of a value. An invalid byte becomes U+FFFD."""
    if encoding != _MARC_8:
        return data.decode(encoding, "replace")
    if data.isascii() and b"\x1b" not in data:
        return data.decode("ascii")
    try:
        with redirect_stderr(io.StringIO()):
            return str(marc8_to_unicode(data, hide_utf8_warnings=True))
    except UnicodeDecodeError:
        return data.decode("ascii", "replace")


# MARCXML, also in OAI-PMH and SRU responses, with any namespace prefix, or without a namespace.

_XML_SIGN = re.compile(rb"\s*<.*?<(?:\w+:)?(?:data|control)field\s[^>]{0,200}?\btag\s*=", re.DOTALL)
_XML_OPTIONS = XmlOptions(records=("record",))
_LINE_BREAK = re.compile(r"\s*\n\s*")


def detect_xml(filename: str, head: bytes) -> Evidence | None:
    text = b"".join(unify_encoding(iter([head]), detect_utf16))
    return Evidence(97, "it has fields of MARCXML") if _XML_SIGN.match(text) else None


def read_xml(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Record | Problem]:
    for item in read_elements(stream, _XML_OPTIONS, file, limits):
        yield item if isinstance(item, Problem) else _make_record(item)


def _make_record(element: etree._Element) -> Record:
    """Return the record of an element, which may be an envelope with a header."""
    fields = list(_list_xml_fields(element))
    fields += [
        make_control_field(f"header/{local_name(part)}", _join_text(part))
        for part in element.iterfind("{*}header/*")
    ]
    return Record(element.sourceline or 0, fields)


def _list_xml_fields(record: etree._Element) -> Iterator[Field]:
    """Yield the fields in order. A field that lacks its end tag contains those after it."""
    for element in record.iter("{*}leader", "{*}controlfield", "{*}datafield"):
        name = local_name(element)
        tag = LEADER if name == "leader" else element.get("tag") or UNKNOWN
        subfields = [
            (part.get("code") or "?", _join_text(part))
            for part in element.iterchildren("{*}subfield")
        ]
        if name == "datafield" and subfields:
            first, second = (element.get(key) or " " for key in ("ind1", "ind2"))
            yield Field(tag, first[0] + second[0], tuple(subfields))
        elif value := _join_text(element):
            yield make_control_field(tag, value)


def _join_text(element: etree._Element) -> str:
    """Return the text of an element with its inline markup."""
    value = "".join(element.itertext()) if len(element) else element.text or ""
    return _LINE_BREAK.sub(" ", value) if "\n" in value else value


# MarcEdit's text form, mrk: a field on a line, such as `=245  10$aRivers of salt`.

_MRK_SUFFIXES = (".mrk", ".mrk8", ".mrt")
_LEADERS = (b"=LDR", b"=LEADER", b"=000")
_MRK_SIGN = re.compile(r"^=(?:LDR|LEADER|\d{3})  ", re.MULTILINE)
_FIELD_START = re.compile(rb"=\w{3}  ")
_BETWEEN_FIELDS = re.compile(r"\n(?==\w{3})")
_FIELD = re.compile(r"=(\w{3})(?:DER)? {0,2}(.*)")
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


def detect_mrk(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of the first lines, or of the file name."""
    start = decode_head(head).lstrip()
    match = _MRK_SIGN.search(start[:1000])
    # A comment or a heading may precede the first record.
    if match and (match.start() == 0 or len(_MRK_SIGN.findall(start)) > 2):
        return Evidence(95, "it looks like MarcEdit's text form of MARC")
    return detect_by_name(filename, _MRK_SUFFIXES) if not head else None


def read_mrk(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Record | Problem]:
    """Yield the records of a file. A leader, or a field after a blank line, starts a record."""
    lines, first, size, is_after_blank = list[bytes](), 0, 0, True
    for number, line in enumerate(chain(read_lines(stream, limits), _LEADERS[:1]), 1):
        if line is not None and not line.strip():
            is_after_blank = True
            continue
        if line and (line.startswith(_LEADERS) or (is_after_blank and _FIELD_START.match(line))):
            yield from _read_mrk_record(lines, size, file, first, limits)
            lines, first, size = [line], number, len(line) + 1
        elif lines:
            size += limits.largest_line + 1 if line is None else len(line) + 1
            if line and size <= limits.largest_line:
                lines.append(line)
        is_after_blank = not lines


def _read_mrk_record(
    lines: list[bytes], size: int, file: str, first: int, limits: Limits
) -> Iterator[Record | Problem]:
    if size > limits.largest_line:
        message = f"the record has more than {limits.largest_line} bytes"
        yield Problem(file, first, message, suggest_raising("largest_line"))
    elif lines:
        text, problem = decode_text(b"\n".join(lines), file, first)
        if problem:
            yield problem
        yield Record(first, [_parse_line(line) for line in _BETWEEN_FIELDS.split(text)])


def _parse_line(text: str) -> Field:
    match = _FIELD.match(_LINE_BREAK.sub(" ", text))
    assert match
    tag, value = match.groups()
    tag = LEADER if tag in ("LEA", "000") else tag
    indicators, content = value[:2].replace("\\", " "), value[2:]
    before, *subfields = _DELIMITER.split(content)
    if not subfields or tag.startswith("00") or tag == LEADER:
        return make_control_field(tag, _expand_mnemonics(value).strip())
    if before.strip():
        subfields.insert(0, f"?{before}")
    pairs = tuple((part[0], _expand_mnemonics(part[1:])) for part in subfields if part)
    return Field(tag, indicators, pairs)


def _expand_mnemonics(value: str) -> str:
    """Return a value with its blanks and mnemonics as characters."""
    value = value.replace("\\", " ")
    if "{" not in value:
        return value
    return compose(_MNEMONIC.sub(_expand_mnemonic, _BEFORE.sub(r"\2\1", value)))


def _expand_mnemonic(mnemonic: re.Match[str]) -> str:
    """Return the character of a mnemonic, or the mnemonic if it is unknown."""
    name = mnemonic[1]
    if name[1:] in _DIACRITICS:
        return name[0] + _DIACRITICS[name[1:]]
    entity = html5.get(f"{name};", mnemonic[0])
    return _DIACRITICS.get(name) or _CHARACTERS.get(name, entity)


# MARC-in-JSON and similar formats: a list of records, one per line, or records in an object. A
# field is an object that has its tag as the key or under `tag`.

_JSON_SIGN = re.compile(r'[{\[](?=.*"\d{3}")(?=.*"subfields"\s*:)', re.DOTALL)
_JSON_TOKEN = re.compile(rb'"([^"\\]*+(?:\\.[^"\\]*+)*+)"(\s*+:)?|[\[\]{}]', re.DOTALL)


def detect_json(filename: str, head: bytes) -> Evidence | None:
    is_marc = _JSON_SIGN.match(decode_head(head).lstrip())
    return Evidence(96, "it has MARC fields in JSON") if is_marc else None


def read_json(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[Record | Problem]:
    blocks = unify_encoding(read_blocks(stream, limits), guess_encoding)
    first, blocks = peek(blocks, HEAD_BYTES, len)
    for item in read_values(blocks, _find_path(b"".join(first)), file, limits):
        if isinstance(item, Problem):
            yield item
        else:
            yield Record(item.line, list(_list_json_fields(item.value)))


def _find_path(head: bytes) -> tuple[str, ...]:
    """Return the path of the first object with a leader or fields."""
    open_values: list[str] = []
    for token in _JSON_TOKEN.finditer(head):
        if token[0] in b"{[":
            open_values.append(ANY if token[0] == b"[" else "")
        elif token[0] in b"}]":
            del open_values[-1:]
        elif token[2] and open_values:
            if token[1] in (b"leader", b"fields"):
                return tuple(open_values[:-1])
            open_values[-1] = token[1].decode("utf-8", "replace")
    return ()


def _list_json_fields(record: Any) -> Iterator[Field]:  # noqa: ANN401 any JSON value
    """Yield the fields of a record. Other members of the object become control fields."""
    if not isinstance(record, dict):
        return
    for key, value in record.items():
        if key != "fields":
            yield make_control_field(LEADER if key == "leader" else key, _as_text(value))
            continue
        for field in _as_list(value):
            if isinstance(field, dict) and "tag" in field:
                yield _read_json_field(str(field["tag"]), field)
            elif isinstance(field, dict):
                for tag, contents in field.items():
                    for content in _as_list(contents):
                        yield _read_json_field(tag, content)


def _read_json_field(tag: str, content: object) -> Field:
    if isinstance(content, dict) and isinstance(content.get("data"), dict):
        content = content["data"]
    if not isinstance(content, dict) or "subfields" not in content:
        return make_control_field(tag, _as_text(content))
    first, second = (_as_text(content.get(key)) or " " for key in ("ind1", "ind2"))
    pairs = tuple(pair for part in _as_list(content["subfields"]) for pair in _read_subfields(part))
    return Field(tag, first[0] + second[0], pairs)


def _read_subfields(subfield: object) -> Iterator[tuple[str, str]]:
    """Yield the codes and values of an object: `{"a": …}` or `{"code": "a", "value": …}`."""
    if isinstance(subfield, dict) and isinstance(subfield.get("code"), str):
        yield subfield["code"][:1] or "?", _as_text(subfield)
    elif isinstance(subfield, dict):
        for code, values in subfield.items():
            for value in _as_list(values):
                yield code[:1] or "?", _as_text(value)


def _as_list(value: object) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _as_text(value: object) -> str:
    """Return a text or a number as text, or that of the value in an object. Others are empty."""
    if isinstance(value, dict):
        value = value.get("value", value.get("data"))
    return "" if value is None or isinstance(value, (dict, list)) else str(value)


SYNTAXES = (
    Syntax(("marc", "unimarc"), _BINARY_SUFFIXES, detect_binary, read_binary),
    Syntax(("marcxml", "unimarc-xml"), (".xml", ".marcxml", ".mrcx"), detect_xml, read_xml),
    Syntax(("mrk", "unimarc-mrk"), _MRK_SUFFIXES, detect_mrk, read_mrk),
    Syntax(("marc-json", "unimarc-json"), (".json", ".ndjson"), detect_json, read_json),
)
