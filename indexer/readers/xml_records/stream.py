"""Read the records of an XML stream one by one, in bounded memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from io import BufferedIOBase
from itertools import chain
from typing import Generic, TypeVar

from lxml import etree

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, SourceLocation, SourceRecord
from indexer.readers.base import LimitExceeded
from indexer.readers.xml_records.find import (
    RecordFinder,
    find_tops,
    is_deleted,
    local_name,
    make_parser,
    parse_start,
)
from indexer.readers.xml_records.options import XmlOptions
from indexer.readers.xml_records.text import XmlText
from indexer.readers.xml_records.values import Values, flatten

T = TypeVar("T")

_MAX_ERRORS = 5
"""Limit on the syntax errors of a file that are reported."""
_OPEN_LINES = 10
"""Limit on the bytes of an open record, as a multiple of `largest_line`.

It counts bulky elements before they are emptied.
"""
_MAX_WAITING = 1_000
"""Limit on the records that wait for the end of the record that contains them."""


class RecordStream(Generic[T]):
    """The records of a file, in order. Iterate over `read` once.

    `convert` returns the record of an element, given the elements of the records that contain it.
    It may raise LimitExceeded.
    """

    def __init__(
        self, options: XmlOptions, file: str, limits: Limits,
        convert: Callable[[etree._Element, Sequence[etree._Element]], T | Problem],
    ) -> None:  # fmt: skip
        self._options, self._file, self._limits = options, file, limits
        self._convert = convert
        # Records whose end is not read yet, each with its place in `_finished`.
        self._open: list[tuple[etree._Element, int]] = []
        # A record comes before those inside it, so these wait for its end.
        self._finished: list[T | Problem | None] = []
        self._root: etree._Element | None = None
        self._read = self._mark = self._records = self._deleted = 0
        self._is_too_large = self._is_cut = False

    def read(self, stream: BufferedIOBase) -> Iterator[T | Problem]:
        """Yield the records of a stream, and a Problem for each part that is not usable."""
        text = XmlText(stream, self._file, self._limits)
        blocks = iter(text)
        first = next(blocks, "")
        root = parse_start(first)
        if root is not None:
            self._finder = RecordFinder(self._options, root)
            yield from self._read_blocks(chain((first,), blocks))
        else:
            message = "the file is not XML" if first.strip() else "the file is empty"
            yield Problem(self._file, 0, message, "Create or copy the file again")
        yield from text.problems

    def _read_blocks(self, blocks: Iterator[str]) -> Iterator[T | Problem]:
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

    def _read_events(self, parser: etree.XMLPullParser) -> Iterator[T | Problem]:
        for event, element in parser.read_events():
            if self._root is None:
                self._root = element
            if event == "start":
                if self._finder.matches(element):
                    self._start(element, has_errors=len(parser.feed_error_log) > 0)
            elif self._open and element is self._open[-1][0]:
                self._end(*self._open.pop())
                if not self._open or len(self._finished) > _MAX_WAITING:
                    yield from self._flush()
            elif self._open and self._options.tags[element.tag].is_skipped:
                del element[:]
                element.text = None

    def _start(self, element: etree._Element, *, has_errors: bool) -> None:
        if self._open and not self._options.nested:
            # Without its end tag, a record contains all records that follow.
            if element.tag != self._open[-1][0].tag or not has_errors:
                return
            broken, place = self._open.pop()
            message = f"<{local_name(broken)}> has no end tag"
            hint = "Add the tag. The record was left out"
            self._finished[place] = Problem(self._file, broken.sourceline or 0, message, hint)
        self._open.append((element, len(self._finished)))
        self._finished.append(None)
        self._mark, self._is_too_large = self._read, False

    def _end(self, element: etree._Element, place: int) -> None:
        self._records += 1
        self._mark = self._read
        if is_deleted(element):
            self._deleted += 1
        else:
            self._finished[place] = self._make(element)
        if self._open:
            _empty(element)

    def _flush(self) -> Iterator[T | Problem]:
        """Yield the finished records."""
        yield from filter(None, self._finished)
        self._open = [(element, place) for place, (element, _) in enumerate(self._open)]
        self._finished = [None] * len(self._open)

    def _make(self, element: etree._Element) -> T | Problem:
        """Return the record of an element, or a Problem if it is not usable."""
        line, name = element.sourceline or 0, local_name(element)
        if self._is_cut and self._records > 1 and not self._options.nested:
            message = f"the file ends in <{name}>"
            hint = "Export the file again. The last record was left out"
            return Problem(self._file, line, message, hint)
        try:
            if self._is_too_large:
                self._is_too_large = False
                size = self._limits.largest_line * _OPEN_LINES
                raise LimitExceeded(f"<{name}> has more than {size} bytes", "largest_line")
            return self._convert(element, [ancestor for ancestor, _ in self._open])
        except LimitExceeded as error:
            return Problem(self._file, line, str(error), suggest_raising(error.limit))

    def _free(self) -> None:
        """Remove the elements that are no longer needed from memory."""
        largest = _OPEN_LINES * self._limits.largest_line
        self._is_too_large |= self._read - self._mark > largest and bool(self._open)
        kept = {element for element, _ in self._open} if not self._is_too_large else set()
        node = self._root
        while node is not None and len(node) and node not in kept:
            siblings = [part for part in node[:-1] if local_name(part) in self._options.siblings]
            node[:-1] = siblings
            node = node[-1]


def _empty(element: etree._Element) -> None:
    """Empty an element, but keep it among the children of its parent.

    Of several empty siblings with the same name in a row, only the last one is kept.
    """
    before, parent = element.getprevious(), element.getparent()
    if before is not None and parent is not None and before.tag == element.tag and not len(before):
        parent.remove(before)
    element.clear(keep_tail=True)


def read_record(
    element: etree._Element, ancestors: Sequence[etree._Element], options: XmlOptions, file: str,
    limits: Limits,
) -> SourceRecord | Problem:  # fmt: skip
    """Return the record of an element, or a Problem if it is empty. Raise LimitExceeded.

    It has columns of its siblings too, and of the records that contain it.
    """
    values = Values(options, limits)
    values.read(element, find_tops(element, options))
    # Without this condition, formats that need no siblings would scan them for every record.
    if options.siblings:
        for part in element.itersiblings(preceding=True):
            if local_name(part) in options.siblings:
                values.read_sibling(part)
    for ancestor in ancestors:
        top = find_tops(ancestor, options)[-1]
        for path in options.inherit:
            for part in top.iterfind("/".join(f"{{*}}{step}" for step in path.split("/"))):
                values.add(f"parent/{path}", flatten(part, has_paragraphs=False))
    line = element.sourceline or 0
    if values.properties:
        return SourceRecord(SourceLocation(file, line), tuple(values.properties))
    return Problem(file, line, "the record is empty", "Correct the record. It was left out")
