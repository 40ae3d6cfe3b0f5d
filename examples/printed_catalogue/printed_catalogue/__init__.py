"""Parser of a printed catalogue, extracted from a PDF as plain text.

The text has no markup except links (`[English](#)`). Parsing takes three steps: `lines` splits each
line into its parts, `assign_roles` labels it by its neighbors, and this module assembles entries.
A line that fits nowhere is reported as a `Problem`.

Properties of an entry: title, note, summary (one per paragraph), section, heading (of a region,
as printed), region, series, number, format, publisher, place, year, date (if more exact than the
year), duration, language, summary_language (available as an executive summary only), part, link,
access, position.
"""

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from io import BufferedIOBase

from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, LimitExceeded, detect_by_name, read_whole
from indexer.readers.text.encodings import decode_file
from printed_catalogue.lines import (
    Imprint,
    Issue,
    Line,
    Title,
    choose_access,
    find_links,
    read_title,
    strip_links,
)
from printed_catalogue.roles import FORMATS, Role, assign_roles, divide_text

NAME = "printed-catalogue"
FIELDS: Mapping[str, tuple[str, ...]] = {}
SUFFIXES: tuple[str, ...] = (".txt",)
"""Usual ends of the names of printed catalogues."""
_REPEATED = 3
"""Limit on the total weight of a file's records, as a multiple of `largest_file`."""
_NO_PARTS = {"", "here", "link", "online", "pdf", "watch"}
"""Link texts, in lower case, that name neither a language nor a part of a publication."""


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of a file name."""
    return detect_by_name(filename, SUFFIXES)


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the entries of a printed catalogue and the problems, in the order of the text."""
    text, problem = decode_file(read_whole(stream, limits), file)
    if problem:
        yield problem
    if text.count("\n") > limits.most_parts:
        raise LimitExceeded(f"{limits.most_parts} lines", "most_parts")
    yield from _limit_weight(read_text(text, file), limits)


def _limit_weight(
    records: Iterator[SourceRecord | Problem], limits: Limits
) -> Iterator[SourceRecord | Problem]:
    """Yield records until their total weight exceeds the limit, then a last Problem.

    Records can be far larger than their file if each of them repeats the headings above it.
    """
    remaining = _REPEATED * limits.largest_file
    for record in records:
        if isinstance(record, SourceRecord):
            remaining -= sum(item.weight for item in record.properties)
            if remaining < 0:
                message = "the rest of the file is too large, because its entries repeat headings"
                yield Problem(
                    record.source.file, record.source.line, message, suggest_raising("largest_file")
                )
                return
        yield record


def read_text(text: str, file: str) -> Iterator[SourceRecord | Problem]:
    """Yield the entries of a printed catalogue and the problems, in the order of the text."""
    front, body, unused = divide_text(text)
    if not body:
        hint = (
            "Leave the file out if it is no printed catalogue. Otherwise, list the sections on a "
            "contents page, each with a tab and its page number, and repeat each name on a "
            "separate line above its entries"
        )
        yield Problem(file, 0, "no section of a catalogue was found", hint)
        return
    assembly = _Assembly(file)
    for line in unused:
        hint = "Write the heading above its entries as on the contents page"
        assembly.report(line, "no heading follows for this line of the contents page", hint)
    for line in front:
        if line.is_of_entry:
            assembly.report(line, "this line is before the first section")
    assembly.add_lines(body)
    yield from assembly.list_results()


@dataclass
class _Draft:
    """An entry under construction.

    `headings`: those above it, by "section", "region", "series", and "format". `line`: the number
    of the line with its title. `offer_lines`: its lines with links.
    """

    headings: Mapping[str, str]
    line: int
    title: Title
    imprint: Imprint | None
    offer_lines: list[Line]
    issue: Issue | None = None
    duration: str = ""
    paragraphs: list[str] = field(default_factory=list)

    @property
    def has_begun(self) -> bool:
        """Whether the draft has a paragraph, a link or an issue number."""
        return bool(self.paragraphs or self.offer_lines or self.issue)

    def make_properties(self, position: str) -> Iterator[Property]:
        """Yield the properties of the finished entry. `position` is the value of the last one."""
        imprint, issue = self.imprint or Imprint(), self.issue or Issue()
        date = imprint.date or issue.date
        region = self.headings.get("region", "")
        values = [
            ("title", self.title.text),
            ("note", self.title.note),
            *(("summary", _drop_email(strip_links(paragraph))) for paragraph in self.paragraphs),
            ("section", self.headings["section"]),
            ("heading", region),
            ("format", self.headings.get("format", "")),
            ("series", self.headings.get("series", "")),
            ("series", issue.series),
            ("number", issue.number),
            ("publisher", imprint.publisher),
            ("place", imprint.place),
            ("year", imprint.year or self.title.year or date[-4:]),
            ("date", date),
            ("duration", self.duration),
        ]
        yield from (Property(name, value, value) for name, value in values if value)
        if region:
            yield Property("region", re.sub(r"\s*/\s*", "/", region), region)
        yield from self._make_offers()
        yield Property("position", position, position)

    def _make_offers(self) -> Iterator[Property]:
        """Yield the languages, parts, and links, and how to get the publication."""
        offers = [(line.label, offer) for line in self.offer_lines for offer in line.offers]
        languages = {offer.language: offer.text for _, offer in offers if offer.language}
        complete = {
            offer.language for label, offer in offers
            if not label.casefold().startswith("executive summary")
        }  # fmt: skip
        yield from (Property("language", code, name) for code, name in languages.items())
        for code, name in languages.items():
            if code not in complete:
                yield Property("summary_language", code, name)
        for _, offer in offers:
            words = offer.text.casefold()
            if not (offer.language or words in _NO_PARTS or words.startswith("download")):
                yield Property("part", offer.text, offer.text)
        offers += [("", offer) for paragraph in self.paragraphs for offer in find_links(paragraph)]
        links = [(offer.url, label or offer.text, offer.language) for label, offer in offers]
        yield from (Property("link", *link) for link in dict.fromkeys(links) if link[0])
        lines = reversed(self.offer_lines)
        verbs = {choose_access(line.label, line.offers): line.label for line in lines}
        yield from (Property("access", verb, label) for verb, label in reversed(verbs.items()))


def _drop_email(paragraph: str) -> str:
    """Return the paragraph without sentences that contain an e-mail address."""
    if "@" not in paragraph:
        return paragraph
    sentences = re.split(r"(?<=[.!?])\s+", paragraph)
    return " ".join(sentence for sentence in sentences if not re.search(r"\w@\w", sentence))


class _Assembly:
    """Parser state: the headings above the next line, the current entry, and all drafts so far."""

    def __init__(self, file: str) -> None:
        self._file = file
        self._headings: dict[str, str] = {}
        self._has_regions = False
        self._draft: _Draft | None = None
        self._empty_heading: Line | None = None
        self._imprint_above: Imprint | None = None
        self._imprint_of_group: Imprint | None = None
        self._results: list[_Draft | Problem] = []

    def add_lines(self, lines: list[Line]) -> None:
        """Assemble drafts from all lines of the sections."""
        line_roles = list(assign_roles(lines))
        for index, (line, role) in enumerate(zip(lines, line_roles, strict=True)):
            if role is Role.TITLE:
                self._add_title(line)
            elif role is Role.PARAGRAPH and self._draft:
                self._draft.paragraphs.append(line.text)
            elif role is Role.PARAGRAPH:
                self.report(line, "this paragraph belongs to no single entry")
            elif role is not Role.FACTS:
                self._add_heading(line, role)
            elif line.is_imprint:
                is_above_title = line_roles[index + 1 : index + 2] == [Role.TITLE]
                self._add_imprint(line, lines[index + 1] if is_above_title else None)
            else:
                self._add_facts(line)
        self._end_heading()

    def list_results(self) -> Iterator[SourceRecord | Problem]:
        """Yield entries and problems in the order of their line numbers."""
        drafts = [item for item in self._results if isinstance(item, _Draft)]
        totals = Counter(draft.headings["section"] for draft in drafts)
        counts: Counter[str] = Counter()
        for item in sorted(self._results, key=lambda item: item.line):
            if isinstance(item, Problem):
                yield item
                continue
            section = item.headings["section"]
            counts[section] += 1
            position = f"{counts[section]}/{totals[section]}"
            properties = tuple(item.make_properties(position))
            yield SourceRecord(SourceLocation(self._file, item.line), properties)

    def report(
        self, line: Line, message: str,
        hint: str = "Move it below the title of its entry, or delete it",
    ) -> None:  # fmt: skip
        """Add a problem for a line that fits nowhere."""
        excerpt = f"{line.printed[:60]}..." if len(line.printed) > 63 else line.printed
        entry = self._draft.title.text if self._draft else None
        what = f"{message}: {excerpt!r}"
        self._results.append(Problem(self._file, line.number, what, hint, entry))

    def _add_heading(self, line: Line, role: Role) -> None:
        self._end_heading()
        if role is Role.SECTION:
            self._headings, self._has_regions = {"section": line.text}, False
        elif role is Role.REGIONS:
            kept = self._headings.keys() - {"region", "series"}
            self._headings = {name: self._headings[name] for name in kept}
            self._has_regions = True
        elif role is Role.FORMAT:
            section = self._headings["section"]
            self._headings = {"section": section, "format": FORMATS[line.text.casefold()]}
        else:
            kind = "region" if self._has_regions else "series"
            self._headings, self._empty_heading = {**self._headings, kind: line.text}, line

    def _end_heading(self) -> None:
        self._draft = self._imprint_of_group = None
        if self._empty_heading:
            hint = "If it is a publication, add its publisher and year below it"
            self.report(self._empty_heading, "no entry follows this heading", hint)
        self._empty_heading = None

    def _add_title(self, line: Line) -> None:
        if not line.is_one_line_entry:
            self._imprint_of_group = None
        imprint = line.imprint or self._imprint_above or self._imprint_of_group
        self._imprint_above = self._draft = None
        title = read_title(strip_links(line.text))
        if not re.search(r"\w", title.text):
            self.report(line, "this entry has no title", "Write its title above this line")
            return
        offer_lines = [line] if line.offers else []
        self._draft = _Draft(self._headings, line.number, title, imprint, offer_lines)
        self._results.append(self._draft)
        self._empty_heading = None

    def _add_imprint(self, line: Line, title_after: Line | None) -> None:
        draft = self._draft
        if draft and not draft.has_begun and draft.imprint in (None, line.imprint):
            draft.imprint = line.imprint
        elif title_after and title_after.is_one_line_entry:
            self._imprint_of_group = line.imprint
        elif title_after and not title_after.imprint:
            self._imprint_above = line.imprint
        else:
            self.report(line, "this publisher and year belong to no entry")

    def _add_facts(self, line: Line) -> None:
        draft = self._draft
        if draft is None:
            self.report(line, "this belongs to no entry", "Write the entry's title above it")
            return
        if line.offers:
            draft.offer_lines.append(line)
        elif line.label:
            self.report(line, "this label has no link after it")
        years = {imprint.year for imprint in (draft.imprint, line.imprint) if imprint}
        is_repeated = (draft.duration and line.duration) or (draft.issue and line.issue)
        if len(years) > 1 or is_repeated:
            self.report(line, "the entry already has this fact", "Keep one of the two")
        draft.duration = draft.duration or line.duration
        draft.issue = draft.issue or line.issue
        draft.imprint = draft.imprint or line.imprint
