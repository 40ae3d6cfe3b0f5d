"""Split an XML stream into records, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from io import BufferedIOBase
from itertools import chain
from typing import NamedTuple

import msgspec
from lxml import etree

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.chunks import Chunk
from indexer.readers.xml_records.find import RecordFinder, find_tops, is_deleted
from indexer.readers.xml_records.options import XmlOptions
from indexer.readers.xml_records.sketch import local_name, make_parser, sketch_text
from indexer.readers.xml_records.text import XmlText
from indexer.readers.xml_records.values import MAX_SKIPPED, XML_LANGUAGE, flatten

_MAX_ERRORS = 5
"""Limit on the syntax errors of a file that are reported."""
_OPEN_LINES = 10
"""Limit on the bytes of an open record, as a multiple of `largest_line`.

It counts bulky elements before they are cut.
"""


class Context(msgspec.Struct, frozen=True, omit_defaults=True):
    """Context of a record's chunk: data from elsewhere in the file.

    `columns`: names and values. `parts`: other elements, as XML.
    """

    columns: tuple[tuple[str, str], ...] = ()
    parts: str = ""


class XmlRecord(NamedTuple):
    """A complete record. Its element is valid until the next record is read."""

    element: etree._Element
    chunk: Chunk


class RecordStream:
    """The records of a file, in order. Iterate over it once."""

    def __init__(self, options: XmlOptions, file: str, limits: Limits) -> None:
        self._options, self._file, self._limits = options, file, limits
        self._open: list[etree._Element] = []
        # Finished records with their order. They wait until the outermost record ends.
        self._waiting: list[tuple[int, XmlRecord | Problem]] = []
        self._root: etree._Element | None = None
        self._read = self._mark = 0
        self._is_too_large = self._is_cut = False
        self._records = self._deleted = self._started = 0
        self._starts: list[int] = []

    def read(self, stream: BufferedIOBase) -> Iterator[XmlRecord | Problem]:
        """Yield the records of a stream, and a Problem for each part that is not usable."""
        text = XmlText(stream, self._file, self._limits)
        blocks = iter(text)
        first = next(blocks, "")
        root = sketch_text(first)
        if root is not None:
            self._finder = RecordFinder(self._options, root)
            yield from self._read_blocks(chain((first,), blocks))
        else:
            message = "the file is not XML" if first.strip() else "the file is empty"
            yield Problem(self._file, 0, message, "Create or copy the file again")
        yield from text.problems

    def _read_blocks(self, blocks: Iterator[str]) -> Iterator[XmlRecord | Problem]:
        tags = self._finder.tags
        skipped = tuple(f"{{*}}{name}" for name in self._options.skip)
        parser = make_parser(tags and (*tags, *skipped))
        for block in blocks:
            data = block.encode("utf-8", "replace")
            try:
                parser.feed(data)
            except etree.XMLSyntaxError:
                break
            yield from self._read_events(parser)
            self._read += len(data)
            self._free()
            if self._records >= self._limits.most_entries:
                message = f"the file has more than {self._records} records"
                yield Problem(self._file, 0, message, suggest_raising("most_entries"))
                return
        yield from self._finish(parser)

    def _read_events(self, parser: etree.XMLPullParser) -> Iterator[XmlRecord | Problem]:
        for event, element in parser.read_events():
            if self._root is None:
                self._root = element
            if event == "start":
                yield from self._start(element, parser)
            elif self._open and element is self._open[-1]:
                yield from self._end(element)
            elif self._open and self._options.for_tag(element.tag).is_skipped:
                _shorten(element)

    def _start(
        self, element: etree._Element, parser: etree.XMLPullParser
    ) -> Iterator[XmlRecord | Problem]:
        if not self._finder.matches(element):
            return
        if self._open and not self._options.nested:
            # Without its end tag, a record contains all records that follow.
            if element.tag != self._open[-1].tag or not len(parser.feed_error_log):
                return
            broken = self._open.pop()
            self._starts.pop()
            message = f"<{local_name(broken)}> has no end tag"
            hint = "Add the tag. The record was left out"
            yield Problem(self._file, broken.sourceline or 0, message, hint)
        self._open.append(element)
        self._starts.append(self._started)
        self._started += 1
        self._mark, self._is_too_large = self._read, False

    def _end(self, element: etree._Element) -> Iterator[XmlRecord | Problem]:
        self._open.pop()
        start = self._starts.pop()
        self._records += 1
        self._mark = self._read
        if self._is_cut and self._records > 1 and not self._options.nested:
            message = f"the file ends in <{local_name(element)}>"
            hint = "Export the file again. The last record was left out"
            problem = Problem(self._file, element.sourceline or 0, message, hint)
            self._waiting.append((start, problem))
        elif is_deleted(element):
            self._deleted += 1
        else:
            self._waiting.append((start, self._make(element)))
        if not self._open:
            yield from self._flush()
        elif self._options.nested:
            _empty(element)

    def _flush(self) -> Iterator[XmlRecord | Problem]:
        """Yield the finished records in document order, an outer record before its inner ones."""
        self._waiting.sort(key=lambda record: record[0])
        for _, record in self._waiting:
            yield record
        self._waiting.clear()

    def _make(self, element: etree._Element) -> XmlRecord | Problem:
        """Return a record, or a Problem if it is too large."""
        line = element.sourceline or 0
        languages = (ancestor.get(XML_LANGUAGE) for ancestor in element.iterancestors())
        if not element.get(XML_LANGUAGE) and (language := next(filter(None, languages), None)):
            element.set(XML_LANGUAGE, language)
        data = etree.tostring(element, encoding="utf-8", with_tail=False)
        if self._is_too_large or len(data) > self._limits.largest_line:
            self._is_too_large = False
            message = f"<{local_name(element)}> has more than {self._limits.largest_line} bytes"
            return Problem(self._file, line, message, suggest_raising("largest_line"))
        return XmlRecord(element, Chunk(data, self._file, line, self._make_context(element)))

    def _make_context(self, element: etree._Element) -> bytes:
        """Return the columns of the records that contain a record, and its siblings, as context."""
        columns = tuple(
            (f"parent/{path}", text)
            for ancestor in self._open
            for path in self._options.inherit
            for part in find_tops(ancestor, self._options)[-1].iterfind(_to_xpath(path))
            if (text := flatten(part, has_paragraphs=False))
        )
        # Without this condition, formats that need no siblings would scan them for every record.
        siblings = element.itersiblings(preceding=True) if self._options.siblings else ()
        parts = b"".join(
            etree.tostring(part, encoding="utf-8", with_tail=False)
            for part in siblings
            if local_name(part) in self._options.siblings
        )
        return msgspec.json.encode(Context(columns, wrap(parts))) if columns or parts else b""

    def _free(self) -> None:
        """Remove the elements that are no longer needed from memory."""
        largest = _OPEN_LINES * self._limits.largest_line
        self._is_too_large |= self._read - self._mark > largest and bool(self._open)
        node = self._root
        while node is not None and len(node) and (self._is_too_large or node not in self._open):
            siblings = [part for part in node[:-1] if local_name(part) in self._options.siblings]
            node[:-1] = siblings
            node = node[-1]

    def _finish(self, parser: etree.XMLPullParser) -> Iterator[XmlRecord | Problem]:
        """Yield the last records, and the Problems of the whole file."""
        self._is_cut = bool(self._open)
        with suppress(etree.XMLSyntaxError):
            parser.close()
        yield from self._read_events(parser)
        yield from self._flush()
        for error in list(parser.feed_error_log)[:_MAX_ERRORS]:
            message = f"the XML is not well-formed: {error.message.strip()}"
            hint = "Correct or export the file again. The records around it may be incomplete"
            yield Problem(self._file, error.line, message, hint)
        if self._deleted:
            count = "1 record is" if self._deleted == 1 else f"{self._deleted} records are"
            message = f"{count} marked as deleted"
            yield Problem(self._file, 0, message, "Remove them from the file. They were left out")
        if not self._records:
            yield Problem(self._file, 0, "the file has no records", "Export the file again")


def wrap(parts: bytes) -> str:
    """Return serialized elements in one root element, or an empty string if there are none."""
    return f"<parts>{parts.decode()}</parts>" if parts else ""


def _to_xpath(path: str) -> str:
    return "/".join(f"{{*}}{step}" for step in path.split("/"))


def _shorten(element: etree._Element) -> None:
    """Replace the content of a bulky element by the start of its text."""
    text = flatten(element)[:MAX_SKIPPED]
    del element[:]
    element.text = text


def _empty(element: etree._Element) -> None:
    """Empty an element, but keep it among the children of its parent.

    Of several empty siblings with the same name in a row, only the last one is kept.
    """
    before, parent = element.getprevious(), element.getparent()
    if before is not None and parent is not None and before.tag == element.tag and not len(before):
        parent.remove(before)
    element.clear(keep_tail=True)
