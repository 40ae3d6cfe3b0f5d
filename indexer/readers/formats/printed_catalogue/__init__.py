"""Parser of a printed catalogue, extracted from a PDF as plain text.

The text has no markup except links (`[English](#)`). Parsing takes three steps: `lines` splits
each line into its parts, `roles` labels it by its neighbors, and this module assembles entries
(`draft`). A line that fits nowhere is reported as a `Problem`.

Properties of an entry: title, note, summary (one per paragraph), section, heading (of a region,
as printed), region, series, number, format, publisher, place, year, date (if more exact than the
year), duration, language, summary_language (available as an executive summary only), part, link,
access, position.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from heapq import merge

from indexer.catalogue.limits import Limits, hint
from indexer.catalogue.records import Entry, Piece, Problem, Source
from indexer.readers.base import Evidence, decode, detect_by_name, limit_weight, read_whole
from indexer.readers.formats.printed_catalogue.draft import Draft, Place
from indexer.readers.formats.printed_catalogue.imprints import Imprint
from indexer.readers.formats.printed_catalogue.lines import Line
from indexer.readers.formats.printed_catalogue.roles import FORMATS, Role, divide, roles

SUFFIXES: tuple[str, ...] = (".txt",)
"""Usual ends of the names of printed catalogues."""


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of a file name."""
    return detect_by_name(filename, SUFFIXES)


split = read_whole
"""A text is one piece, because its headings and its contents page say where an entry belongs."""


def parse(piece: Piece, limits: Limits) -> Iterator[Entry | Problem]:
    """Yield the entries of a printed catalogue and the problems, in the order of the text."""
    text = decode(piece.data, piece.file)
    if isinstance(text, Problem):
        return iter([text])
    if text.count("\n") + text.count("\r") > limits.most_parts:
        what = f"it has more than {limits.most_parts} lines"
        return iter([Problem(piece.file, 0, what, hint("most_parts"))])
    return limit_weight(read(text, piece.file), limits)


def read(text: str, file: str) -> Iterator[Entry | Problem]:
    """Yield the entries of a printed catalogue and the problems, in the order of the text."""
    parts = divide(text)
    if not parts.body:
        hint = (
            "A catalogue names its sections on a contents page, each with a tab and its page, "
            "and has each name once more on a line of its own above its entries"
        )
        yield Problem(file, 0, "no section of a catalogue was found", hint)
        return
    assembly = _Assembly(file)
    for line in parts.unused:
        hint = "Write the heading above its entries as the contents page has it"
        assembly.report(line, "no heading follows for this line of the contents page", hint)
    for line in parts.front:
        if line.is_of_entry:
            assembly.report(line, "this stands before the first section")
    assembly.take(parts.body)
    yield from assembly.results()


class _Assembly:
    """Parser state: the headings above the next line, the current entry, and all drafts so far."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._place = Place("")
        self._draft: Draft | None = None
        self._empty_heading: Line | None = None
        self._imprint_above: Imprint | None = None
        self._imprint_of_group: Imprint | None = None
        self._drafts: list[Draft] = []
        self._problems: list[Problem] = []

    def take(self, lines: list[Line]) -> None:
        """Assemble drafts from all lines of the sections."""
        told = list(roles(lines))
        for place, (line, role) in enumerate(zip(lines, told, strict=True)):
            if role is Role.TITLE:
                self._take_title(line)
            elif role is Role.PARAGRAPH:
                self._take_paragraph(line)
            elif role is not Role.FACTS:
                self._take_heading(line, role)
            elif line.is_imprint:
                is_above_title = told[place + 1 : place + 2] == [Role.TITLE]
                self._take_imprint(line, lines[place + 1] if is_above_title else None)
            else:
                self._take_facts(line)
        self._leave_heading()

    def results(self) -> Iterator[Entry | Problem]:
        """Yield entries and problems in the order of their line numbers."""
        totals = Counter(draft.place.section for draft in self._drafts)
        counts: Counter[str] = Counter()

        # A generator, because each entry repeats its headings: a list could need too much memory.
        def entries() -> Iterator[Entry | Problem]:
            for draft in self._drafts:
                section = draft.place.section
                counts[section] += 1
                position = f"{section}, entry {counts[section]} of {totals[section]}"
                properties = tuple(draft.properties(position))
                yield Entry(Source(self._file, draft.line), properties)

        told: list[Entry | Problem] = [*self._problems]
        yield from merge(entries(), sorted(told, key=_line), key=_line)

    def report(self, line: Line, what: str, hint: str = "") -> None:
        """Add a problem for a line that fits nowhere. The default hint is to move or delete it."""
        hint = hint or "Put it below the title that it is about, or leave it out"
        shown = f"{line.printed[:60]}..." if len(line.printed) > 63 else line.printed
        entry = self._draft.title if self._draft else None
        self._problems.append(Problem(self._file, line.number, f"{what}: {shown!r}", hint, entry))

    def _take_heading(self, line: Line, role: Role) -> None:
        self._leave_heading()
        if role is Role.SECTION:
            self._place = Place(line.text)
        elif role is Role.REGIONS:
            self._place = replace(self._place, has_regions=True, region=None, series=None)
        elif role is Role.FORMAT:
            self._place = replace(
                self._place, format=FORMATS[line.text.casefold()], region=None, series=None
            )
        elif self._place.has_regions:
            self._place, self._empty_heading = replace(self._place, region=line.text), line
        else:
            self._place, self._empty_heading = replace(self._place, series=line.text), line

    def _leave_heading(self) -> None:
        self._draft = self._imprint_of_group = None
        if self._empty_heading:
            hint = "If it is a publication, put its publisher and year below it"
            self.report(self._empty_heading, "no entry stands below this heading", hint)
        self._empty_heading = None

    def _take_title(self, line: Line) -> None:
        if not line.is_one_line_entry:
            self._imprint_of_group = None
        imprint = line.imprint or self._imprint_above or self._imprint_of_group
        self._imprint_above = None
        draft = Draft(self._place, line.number, line.text, imprint)
        if line.offers:
            draft.ways.append(line)
        if not draft.title:
            self._draft = None
            self.report(line, "this entry has no title", "Write its title above it")
            return
        self._drafts.append(draft)
        self._draft, self._empty_heading = draft, None

    def _take_paragraph(self, line: Line) -> None:
        if self._draft:
            self._draft.paragraphs.append(line.text)
        else:
            self.report(line, "this paragraph belongs to no single entry")

    def _take_imprint(self, line: Line, title_after: Line | None) -> None:
        draft = self._draft
        if draft and not draft.has_begun and draft.imprint in (None, line.imprint):
            draft.imprint = line.imprint
        elif title_after and title_after.is_one_line_entry:
            self._imprint_of_group = line.imprint
        elif title_after and not title_after.imprint:
            self._imprint_above = line.imprint
        else:
            self.report(line, "this publisher and year belong to no entry")

    def _take_facts(self, line: Line) -> None:
        draft = self._draft
        if draft is None:
            self.report(line, "this belongs to no entry", "Write the entry's title above it")
            return
        if line.offers:
            draft.ways.append(line)
        elif line.label:
            self.report(line, "this label has no link after it")
        if _contradicts(draft, line):
            self.report(line, "this tells what the entry has told already", "Leave one of the two")
        draft.duration = draft.duration or line.duration
        draft.issue = draft.issue or line.issue
        draft.imprint = draft.imprint or line.imprint


def _line(one: Entry | Problem) -> int:
    return one.line if isinstance(one, Problem) else one.source.line


def _contradicts(draft: Draft, line: Line) -> bool:
    years = {each.year for each in (draft.imprint, line.imprint) if each}
    return len(years) > 1 or bool(
        (draft.duration and line.duration) or (draft.issue and line.issue)
    )
