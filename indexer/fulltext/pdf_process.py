"""Child process that reads the text of an untrusted PDF: see `indexer.child_process`.

Its standard input is the PDF. Its arguments are the limits of pages and characters. Its standard
output is lines of JSON. The first is an object with the number of `pages`, the `metadata`, the
`language` of the document, and its `xmp` packet. Then each page is an object with its `lines`. A
line has its text, its left edge and top in points, and the size of its letters. A hyphenated line
ends with a hyphen. A page without text `is_image` if it shows anything, and a page that can't be
read `is_broken`. If the document can't be read, there is only an object with an `error`. A page is
written before the next is read, so the parent keeps it after a crash. This module imports no other
module of the project.
"""

from __future__ import annotations

import json
import re
import sys
from array import array
from functools import partial
from math import hypot
from operator import ge, le
from typing import Any

import pypdfium2
from pypdfium2 import raw

Line = tuple[str, float, float, float]

_FIELDS = ("doi", "DOI", "WPS-ARTICLEDOI")
"""Entries of the metadata that publishers add."""
_XMP = b"<x:xmpmeta"
_MAX_XMP_BYTES = 100_000
_HYPHEN = "\ufffe"
"""PDFium's mark of a hyphen at the end of a line, in place of both."""
_BREAK = re.compile(f"\r\n|[\r\n{_HYPHEN}]")
_SURROGATE = re.compile("[\ud800-\udfff]")
_RIGHT_TO_LEFT = re.compile(
    "[\u0591-\u05f4\u0620-\u065f\u066e-\u06d3\u06d5-\u06ef\u06fa-\u08ff\ufb1d-\ufdff\ufe70-\ufefc]{2,}"
)
"""Hebrew and Arabic letters with their marks, without punctuation and digits."""


def main(most_pages: int, longest_document: int) -> None:
    """Write the description and the pages of the PDF on standard input."""
    try:
        data = sys.stdin.buffer.read()
        document = pypdfium2.PdfDocument(data)
    except pypdfium2.PdfiumError as error:
        is_encrypted = error.err_code == raw.FPDF_ERR_PASSWORD
        _write({"error": "encrypted" if is_encrypted else "damaged"})
        return
    except MemoryError:
        _write({"error": "memory"})
        return
    _write(_describe(document, data))
    remaining = longest_document
    for index in range(min(len(document), most_pages)):
        page = _read_page(document, index)
        _write(page)
        remaining -= sum(len(line[0]) for line in page["lines"])
        if remaining < 0:
            return


def _write(message: Any) -> None:  # noqa: ANN401 - any JSON
    text = json.dumps(message, ensure_ascii=False, separators=(",", ":"))
    sys.stdout.buffer.write(text.encode(errors="replace") + b"\n")
    sys.stdout.buffer.flush()


def _describe(document: pypdfium2.PdfDocument, data: bytes) -> dict[str, Any]:
    metadata = document.get_metadata_dict(skip_empty=True)
    for name in _FIELDS:
        if value := document.get_metadata_value(name):
            metadata[name] = value
    start = data.find(_XMP)
    xmp = data[start : start + _MAX_XMP_BYTES] if start >= 0 else b""
    size = raw.FPDFCatalog_GetLanguage(document, None, 0)
    language = (raw.FPDF_WCHAR * (size // 2 + 1))()
    raw.FPDFCatalog_GetLanguage(document, language, size)
    return {
        "pages": len(document),
        "metadata": metadata,
        "language": bytes(language).decode("utf-16-le", errors="ignore").partition("\0")[0],
        "xmp": xmp.partition(b"</x:xmpmeta>")[0].decode(errors="replace"),
    }


def _read_page(document: pypdfium2.PdfDocument, index: int) -> dict[str, Any]:
    try:
        page = document[index]
        text_page = page.get_textpage()
        lines = _find_lines(text_page, _split_pairs(text_page.get_text_range()))
        is_image = not lines and raw.FPDFPage_CountObjects(page) > 0
        text_page.close()
        page.close()
    except (pypdfium2.PdfiumError, MemoryError):
        return {"lines": [], "is_broken": True}
    return {"lines": lines} | ({"is_image": True} if is_image else {})


def _find_lines(page: pypdfium2.PdfTextpage, text: str) -> list[Line]:
    """Return the lines of a page that have text. Each offset in `text` must be a UTF-16 unit."""
    lines: list[Line] = []
    start = 0
    boxes = _Boxes(page)
    for match in _BREAK.finditer(text + "\n"):
        line = text[start : match.start()]
        if line.strip():
            box = boxes.measure_line(start, line)
            line = _RIGHT_TO_LEFT.sub(partial(boxes.order_letters, start), line)
            line += "-" * (match[0] == _HYPHEN)
            if _SURROGATE.search(line):
                line = line.encode("utf-16-le", "surrogatepass").decode("utf-16-le", "ignore")
            lines.append((line, *box))
        start = match.end()
    return lines


def _split_pairs(text: str) -> str:
    """Return a text with a surrogate pair for each character beyond the basic plane."""
    if max(text, default="") <= "\uffff":
        return text
    return "".join(map(chr, array("H", text.encode("utf-16-le"))))


class _Boxes:
    """The boxes of the characters of a page, by their offset in its text."""

    def __init__(self, page: pypdfium2.PdfTextpage) -> None:
        self._page = page
        self._box, self._matrix = raw.FS_RECTF(), raw.FS_MATRIX()

    def _find(self, offset: int) -> raw.FS_RECTF:
        index = raw.FPDFText_GetCharIndexFromTextIndex(self._page, offset)
        raw.FPDFText_GetLooseCharBox(self._page, index, self._box)
        return self._box

    def measure_line(self, start: int, line: str) -> tuple[float, float, float]:
        """Return the left edge and top of a line, and the median of the sizes of three letters."""
        start += len(line) - len(line.lstrip())
        length = len(line.strip())
        sizes = sorted(self._find_size(start + length * quarter // 4) for quarter in range(3))
        box = self._find(start)
        return round(box.left, 1), round(box.top, 1), round(sizes[1] or sizes[2], 1)

    def _find_size(self, offset: int) -> float:
        """Return the size of a letter in points, after all scaling. A space may have none."""
        index = raw.FPDFText_GetCharIndexFromTextIndex(self._page, offset)
        raw.FPDFText_GetMatrix(self._page, index, self._matrix)
        scale = hypot(self._matrix.c, self._matrix.d)
        return float(raw.FPDFText_GetFontSize(self._page, index)) * scale

    def order_letters(self, start: int, run: re.Match[str]) -> str:
        """Return the letters of a word from right to left, whatever their order in the PDF."""
        letters = run[0]
        lefts = [self._find(start + run.start() + index).left for index in range(len(letters))]
        if all(map(le, lefts, lefts[1:])):
            return letters[::-1]
        if all(map(ge, lefts, lefts[1:])):
            return letters
        order = sorted(range(len(letters)), key=lefts.__getitem__, reverse=True)
        return "".join(letters[index] for index in order)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]))
