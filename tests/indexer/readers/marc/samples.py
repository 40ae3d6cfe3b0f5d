"""MARC records for tests, in every syntax."""

from __future__ import annotations

from io import BytesIO

from indexer.catalogue.limits import LIMITS, Limits
from indexer.catalogue.records import Problem, SourceRecord
from indexer.readers.formats import marc
from indexer.readers.formats.marc.reader import MarcReader

READERS = {reader.NAME: reader for reader in marc.READERS}

Fields = list[tuple[str, str]]
"""Tags, and values as MarcEdit writes them: `10$aTitle`."""

RIVERS: Fields = [
    ("001", "ocm-77"),
    ("008", "990423s1999    nyua          001 0 eng d"),
    ("100", "1 $aMoss, Ada,$d1950-"),
    ("245", "10$aRivers of salt /$cAda Moss and Bo Lind."),
    ("260", "  $aOslo :$bFjord Press,$c1999."),
    ("650", " 0$aRivers$xHistory$zNorway."),
    ("700", "1 $aLind, Bo,$eauthor."),
    ("700", "1 $aHay, Cy,$eeditor."),
    ("9a1", "  $aLocal"),
]


def make_binary(fields: Fields, encoding: str = "utf-8", level: str = "a") -> bytes:
    """Return a record of binary MARC with the right lengths."""
    directory, body = b"", b""
    for tag, value in fields:
        data = value.replace("$", "\x1f").encode(encoding) + b"\x1e"
        directory += b"%s%04d%05d" % (tag.encode(), len(data), len(body))
        body += data
    base = 24 + len(directory) + 1
    length = base + len(body) + 1
    leader = b"%05dnam %s22%05d a 4500" % (length, level.encode(), base)
    return leader + directory + b"\x1e" + body + b"\x1d"


def make_xml(fields: Fields, prefix: str = "") -> str:
    """Return a record of MARCXML, without a namespace unless it has a prefix such as "marc:"."""
    declared = f' xmlns:{prefix[:-1]}="http://www.loc.gov/MARC21/slim"' if prefix else ""
    lines = [f"<{prefix}record{declared}><{prefix}leader>00000nam a2200000 a 4500</{prefix}leader>"]
    for tag, value in fields:
        if tag.startswith("00"):
            lines.append(f'<{prefix}controlfield tag="{tag}">{value}</{prefix}controlfield>')
            continue
        indicators, *subfields = value.split("$")
        lines.append(
            f'<{prefix}datafield tag="{tag}" ind1="{indicators[0]}" ind2="{indicators[1]}">'
        )
        lines += [
            f'<{prefix}subfield code="{part[0]}">{part[1:]}</{prefix}subfield>'
            for part in subfields
        ]
        lines.append(f"</{prefix}datafield>")
    return "\n".join([*lines, f"</{prefix}record>"])


def make_mrk(fields: Fields) -> str:
    """Return a record in MarcEdit's text form."""
    lines = ["=LDR  00000nam a2200000 a 4500"]
    lines += [f"={tag}  {value[:2].replace(' ', chr(92))}{value[2:]}" for tag, value in fields]
    return "\n".join([*lines, ""])


def read(
    data: bytes | str, reader: MarcReader, limits: Limits = LIMITS
) -> list[SourceRecord | Problem]:
    """Return all records and problems of a file."""
    data = data if isinstance(data, bytes) else data.encode()
    return list(reader.read(BytesIO(data), "file", limits))


def read_records(data: bytes | str, name: str) -> list[SourceRecord]:
    """Return the records of a file that has no problem."""
    records = read(data, READERS[name])
    assert not [record for record in records if isinstance(record, Problem)]
    return [record for record in records if isinstance(record, SourceRecord)]


def columns(record: SourceRecord | Problem) -> dict[str, list[str]]:
    """Return the values of a record by column."""
    assert isinstance(record, SourceRecord)
    result: dict[str, list[str]] = {}
    for prop in record.properties:
        result.setdefault(prop.name, []).append(prop.value)
    return result


def choose(data: bytes | str, filename: str = "file") -> str | None:
    """Return the name of the MARC reader with the best evidence."""
    head = data if isinstance(data, bytes) else data.encode()
    found = [(reader.detect(filename, head), reader.NAME) for reader in READERS.values()]
    return max(((evidence.score, name) for evidence, name in found if evidence), default=(0, None))[
        1
    ]
