"""Read the record elements of an XML stream one by one, in bounded memory."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import suppress
from io import BufferedIOBase
from itertools import chain, islice

from lxml import etree

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem
from indexer.readers.base import HEAD_BYTES
from indexer.readers.text.streaming import peek, read_blocks
from indexer.readers.xml_records.find import (
    RecordFinder,
    XmlOptions,
    is_deleted,
    local_name,
    make_parser,
    parse_head,
)
from indexer.readers.xml_records.text import XmlText

_MAX_ERRORS = 5
"""Limit on the syntax errors of a file that are reported."""
_OPEN_LINES = 10
"""Limit on the bytes of an open record, as a multiple of `largest_line`.

It counts bulky elements before they are emptied.
"""


def read_elements(
    stream: BufferedIOBase, options: XmlOptions, file: str, limits: Limits
) -> Iterator[etree._Element | Problem]:
    """Yield the record elements of a file, and a Problem for each part that is not usable.

    An element is emptied when the next one is requested. A record inside another one precedes it.
    """
    first, blocks = peek(read_blocks(stream, limits), HEAD_BYTES, len)
    head = b"".join(first)
    root = parse_head(head[:HEAD_BYTES])
    if root is None:
        message = "the file is not XML" if head.strip() else "the file is empty"
        yield Problem(file, 0, message, "Create or copy the file again")
    else:
        # The declaration is in the first block.
        text = XmlText(chain((head,), islice(blocks, len(first), None)), file)
        yield from _ElementStream(RecordFinder(options, root), options, file, limits).read(text)
        yield from text.problems


class _ElementStream:
    """The record elements of a file that is XML."""

    def __init__(
        self, finder: RecordFinder, options: XmlOptions, file: str, limits: Limits
    ) -> None:
        self._finder, self._options, self._file, self._limits = finder, options, file, limits
        self._open: list[etree._Element] = []  # records whose end is not read yet
        self._root: etree._Element | None = None
        self._read = self._mark = self._records = self._deleted = 0
        self._is_too_large = self._is_cut = False

    def read(self, text: XmlText) -> Iterator[etree._Element | Problem]:
        """Yield the record elements and problems. Call it once."""
        tags = self._finder.tags
        parser = make_parser(tags and (*tags, *(f"{{*}}{name}" for name in self._options.skip)))
        for block in text:
            data = block.encode("utf-8", "replace")
            try:
                parser.feed(data)
            except etree.XMLSyntaxError:
                break
            yield from self._read_events(parser)
            self._read += len(data)
            self._free()
        self._is_cut = bool(self._open)
        with suppress(etree.XMLSyntaxError):
            parser.close()
        yield from self._read_events(parser)
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

    def _read_events(self, parser: etree.XMLPullParser) -> Iterator[etree._Element | Problem]:
        for event, element in parser.read_events():
            if self._root is None:
                self._root = element
            if event == "start":
                if self._finder.matches(element):
                    yield from self._start(element, has_errors=len(parser.feed_error_log) > 0)
            elif self._open and element is self._open[-1]:
                self._open.pop()
                yield from self._end(element)
            elif self._open and local_name(element) in self._options.skip:
                del element[:]
                element.text = None

    def _start(self, element: etree._Element, *, has_errors: bool) -> Iterator[Problem]:
        if self._open and not self._options.nested:
            # Without its end tag, a record contains all records that follow.
            if element.tag != self._open[-1].tag or not has_errors:
                return
            message = f"<{local_name(element)}> has no end tag"
            hint = "Add the tag. The record was left out"
            yield Problem(self._file, self._open.pop().sourceline or 0, message, hint)
        self._open.append(element)
        self._mark, self._is_too_large = self._read, False

    def _end(self, element: etree._Element) -> Iterator[etree._Element | Problem]:
        """Yield the element of a record, or a Problem if it is not usable."""
        self._records += 1
        self._mark = self._read
        line, name = element.sourceline or 0, local_name(element)
        if is_deleted(element):
            self._deleted += 1
        elif self._is_cut and self._records > 1 and not self._options.nested:
            hint = "Export the file again. The last record was left out"
            yield Problem(self._file, line, f"the file ends in <{name}>", hint)
        elif self._is_too_large:
            self._is_too_large = False
            message = f"<{name}> has more than {self._limits.largest_line * _OPEN_LINES} bytes"
            yield Problem(self._file, line, message, suggest_raising("largest_line"))
        else:
            yield element
        if self._open:
            _empty(element)

    def _free(self) -> None:
        """Remove the elements that are no longer needed from memory."""
        largest = _OPEN_LINES * self._limits.largest_line
        self._is_too_large |= self._read - self._mark > largest and bool(self._open)
        kept = set() if self._is_too_large else set(self._open)
        node = self._root
        while node is not None and len(node) and node not in kept:
            node[:-1] = [part for part in node[:-1] if local_name(part) in self._options.siblings]
            node = node[-1]


def _empty(element: etree._Element) -> None:
    """Empty an element, but keep it among the children of its parent.

    Of several empty siblings with the same name in a row, only the last one is kept.
    """
    before, parent = element.getprevious(), element.getparent()
    if before is not None and parent is not None and before.tag == element.tag and not len(before):
        parent.remove(before)
    element.clear(keep_tail=True)
