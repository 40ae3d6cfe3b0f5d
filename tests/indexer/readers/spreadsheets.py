"""Write small spreadsheets: OpenDocument, XLSX with shared texts, and the binary formats of Excel.

Sources of the binary formats: [MS-CFB], [MS-XLS], and [MS-XLSB].
"""

import io
import struct
import zipfile
from collections.abc import Mapping, Sequence

Cells = Sequence[tuple[int, int, str | int]]
"""Row and column, from 0, and the text of each cell, or the number of a shared text."""
BOOKS: Cells = (
    (0, 0, "Title"), (0, 1, "Author"), (0, 2, "Year"),
    (1, 0, "Tea"), (1, 1, "Okafor"), (1, 2, "1998"),
)  # fmt: skip
_URN = "urn:oasis:names:tc:opendocument:xmlns"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_LINKS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_FREE, _END, _TABLE = 0xFFFFFFFF, 0xFFFFFFFE, 0xFFFFFFFD
_SECTOR = 512


def _pack(parts: Mapping[str, str | bytes]) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content, zipfile.ZIP_STORED if name == "mimetype" else None)
    return file.getvalue()


def ods_row(*cells: str, times: int = 1) -> str:
    """Return a row. A cell such as "3*x" repeats its text."""
    parts = [(cell.partition("*") if "*" in cell else ("1", "", cell)) for cell in cells]
    return f'<table:table-row table:number-rows-repeated="{times}">' + "".join(
        f'<table:table-cell office:value-type="string" table:number-columns-repeated="{count}">'
        + (f"<text:p>{text}</text:p>" if text else "") + "</table:table-cell>"
        for count, _, text in parts
    ) + "</table:table-row>"  # fmt: skip


def write_ods(
    sheets: Mapping[str, str], styles: str = "", hidden: str = "", start: str = ""
) -> bytes:
    """Return an OpenDocument spreadsheet with the XML of the rows of each sheet."""
    names = "".join(
        f' xmlns:{name}="{_URN}:{name}:1.0"' for name in ("office", "table", "text", "style")
    )
    tables = "".join(
        f'<table:table table:name="{name}" table:style-name="{"h" if name == hidden else "s"}">'
        f"{rows}</table:table>"
        for name, rows in sheets.items()
    )
    return _pack({
        "mimetype": "application/vnd.oasis.opendocument.spreadsheet",
        "META-INF/manifest.xml": "<manifest/>",
        "content.xml": f"{start}<office:document-content{names}><office:automatic-styles>{styles}"
        f"</office:automatic-styles><office:body><office:spreadsheet>{tables}</office:spreadsheet>"
        "</office:body></office:document-content>",
    })  # fmt: skip


def _write_package(ending: str, sheets: Mapping[str, str | bytes], book: str | bytes,
                   shared: str | bytes) -> bytes:  # fmt: skip
    links = "".join(
        f'<Relationship Id="rId{n}" Type="{_LINKS}/worksheet" Target="worksheets/{n}.{ending}"/>'
        for n in range(1, len(sheets) + 1)
    )
    return _pack({
        "[Content_Types].xml": f'<Types xmlns="{_PACKAGE}/content-types"/>',
        "_rels/.rels": f'<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_LINKS}/officeDocument" Target="xl/workbook.{ending}"/></Relationships>',
        f"xl/workbook.{ending}": book,
        f"xl/_rels/workbook.{ending}.rels": f'<Relationships xmlns="{_PACKAGE}/relationships">'
        f'{links}<Relationship Id="s" Type="{_LINKS}/sharedStrings" '
        f'Target="sharedStrings.{ending}"/></Relationships>',
        f"xl/sharedStrings.{ending}": shared,
        **{f"xl/worksheets/{n}.{ending}": sheet for n, sheet in enumerate(sheets.values(), 1)},
    })  # fmt: skip


def write_xlsx(sheets: Mapping[str, str], shared: str = "") -> bytes:
    """Return a workbook with the XML of the rows of each sheet, and one shared text."""
    listed = "".join(
        f'<sheet name="{name}" sheetId="{n}" r:id="rId{n}"/>' for n, name in enumerate(sheets, 1)
    )
    parts = {
        name: f'<worksheet xmlns="{_MAIN}"><sheetData>{rows}</sheetData></worksheet>'
        for name, rows in sheets.items()
    }
    book = f'<workbook xmlns="{_MAIN}" xmlns:r="{_LINKS}"><sheets>{listed}</sheets></workbook>'
    return _write_package(
        "xml", parts, book, f'<sst xmlns="{_MAIN}"><si><t>{shared}</t></si></sst>'
    )


def _part(kind: int, data: bytes = b"") -> bytes:
    """Return a record of XLSB: its kind and its size have 7 bits in a byte."""
    head = bytes([kind]) if kind < 0x80 else bytes([kind & 0x7F | 0x80, kind >> 7])
    size = len(data)
    while size > 0x7F:
        head, size = head + bytes([size & 0x7F | 0x80]), size >> 7
    return head + bytes([size]) + data


def _wide(text: str) -> bytes:
    return struct.pack("<I", len(text)) + text.encode("utf-16-le")


def write_xlsb(sheets: Mapping[str, Cells], shared: str = "") -> bytes:
    """Return a binary workbook with one shared text."""
    listed = b"".join(
        _part(156, struct.pack("<II", 0, n) + _wide(f"rId{n}") + _wide(name))
        for n, name in enumerate(sheets, 1)
    )
    parts = dict[str, bytes]()
    for name, cells in sheets.items():
        parts[name] = _part(129) + _part(148, struct.pack("<IIII", 0, 1, 0, 1)) + _part(145)
        last = -1
        for row, column, value in cells:
            if row != last:
                parts[name] += _part(0, struct.pack("<I17x", row))
                last = row
            text = struct.pack("<I", value) if isinstance(value, int) else _wide(value)
            kind = 7 if isinstance(value, int) else 6
            parts[name] += _part(kind, struct.pack("<II", column, 0) + text)
        parts[name] += _part(146) + _part(130)
    strings = _part(159, struct.pack("<II", 1, 1)) + _part(19, b"\0" + _wide(shared)) + _part(160)
    book = _part(131) + _part(143) + listed + _part(144) + _part(132)
    return _write_package("bin", parts, book, strings)


def _record(kind: int, data: bytes = b"") -> bytes:
    return struct.pack("<HH", kind, len(data)) + data


def write_xls(sheets: Mapping[str, Cells], shared: str = "") -> bytes:
    """Return a workbook of Excel 97 with one shared text."""
    text = struct.pack("<IIHB", 1, 1, len(shared), 0) + shared.encode("latin-1")
    blocks = [text[:8000], *(b"\0" + text[at : at + 8000] for at in range(8000, len(text), 8000))]
    strings = b"".join(
        _record(0x3C if number else 0xFC, block) for number, block in enumerate(blocks)
    )
    bodies = []
    for cells in sheets.values():
        body = _record(0x809, struct.pack("<HHHHII", 0x600, 0x10, 0, 0, 0, 0))
        for row, column, value in cells:
            if isinstance(value, int):
                body += _record(0xFD, struct.pack("<HHHI", row, column, 0, value))
            else:
                head = struct.pack("<HHHHB", row, column, 0, len(value), 0)
                body += _record(0x204, head + value.encode("latin-1"))
        bodies.append(body + _record(0x0A))
    start = _record(0x809, struct.pack("<HHHHII", 0x600, 5, 0, 0, 0, 0))
    place = len(start + strings) + 4 + sum(12 + len(name) for name in sheets)
    for name, body in zip(sheets, bodies, strict=True):
        start += _record(0x85, struct.pack("<IHBB", place, 0, len(name), 0) + name.encode())
        place += len(body)
    return _write_ole(start + strings + _record(0x0A) + b"".join(bodies))


def _write_ole(stream: bytes) -> bytes:
    """Return a compound file with the stream "Workbook"."""
    count = max(8, -(-len(stream) // _SECTOR))
    tables = 1
    while tables * 128 <= count + tables:
        tables += 1
    chain = [*range(1, count), _END, _END, *[_TABLE] * tables]
    chain += [_FREE] * (tables * 128 - len(chain))
    head = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(16) + struct.pack(
        "<HHHHH6x9I", 0x3E, 3, 0xFFFE, 9, 6, 0, tables, count, 0, 4096, _END, 0, _END, 0
    )  # fmt: skip
    places = [count + 1 + number for number in range(tables)]
    head += struct.pack("<109I", *places, *[_FREE] * (109 - tables))
    folder = b""
    for name, kind, child, start, size in (
        ("Root Entry", 5, 1, _END, 0), ("Workbook", 2, _FREE, 0, count * _SECTOR),
    ):  # fmt: skip
        raw = (name + "\0").encode("utf-16-le")
        folder += raw.ljust(64, b"\0") + struct.pack(
            "<HBBIII36xIQ", len(raw), kind, 1, _FREE, _FREE, child, start, size
        )
    return (
        head + stream.ljust(count * _SECTOR, b"\0") + folder.ljust(_SECTOR, b"\0")
        + struct.pack(f"<{len(chain)}I", *chain)
    )  # fmt: skip
