"""Draft of an entry: collects the parts of its lines and converts them to properties."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from indexer.catalogue.records import Property
from indexer.readers.formats.printed_catalogue.imprints import Imprint
from indexer.readers.formats.printed_catalogue.lines import Issue, Line, Offer, access, links, plain
from indexer.readers.formats.printed_catalogue.wording import clean_title

_NO_PARTS = {"", "here", "link", "online", "pdf", "watch"}
"""Link texts, in lower case, that name neither a language nor a part of a publication."""


@dataclass(frozen=True)
class Place:
    """The headings above an entry."""

    section: str
    has_regions: bool = False
    region: str | None = None
    series: str | None = None
    format: str | None = None


@dataclass
class Draft:
    """An entry under construction. `ways` has the lines with its links, `line` is a line number."""

    place: Place
    line: int
    printed_title: str
    imprint: Imprint | None = None
    issue: Issue | None = None
    duration: str | None = None
    paragraphs: list[str] = field(default_factory=list)
    ways: list[Line] = field(default_factory=list)

    @cached_property
    def title(self) -> str:
        """The cleaned title, empty if it contains no letter or digit."""
        title, _, _ = clean_title(plain(self.printed_title))
        return title if re.search(r"\w", title) else ""

    @property
    def has_begun(self) -> bool:
        """Whether the draft has a paragraph, a link or an issue number."""
        return bool(self.paragraphs or self.ways or self.issue)

    def properties(self, position: str) -> Iterator[Property]:
        """Yield the properties of the finished entry. `position` is the value of the last one."""
        for name, value in (*self._description(), *self._facts()):
            if value:
                yield Property(name, value, value)
        if self.place.region:
            yield Property("region", re.sub(r"\s*/\s*", "/", self.place.region), self.place.region)
        yield from self._offers()
        yield Property("position", position, position)

    def _description(self) -> Iterator[tuple[str, str | None]]:
        yield "title", self.title
        yield "note", clean_title(plain(self.printed_title))[1]
        for paragraph in self.paragraphs:
            yield "summary", _without_email(plain(paragraph))
        yield "section", self.place.section
        yield "heading", self.place.region
        yield "format", self.place.format

    def _facts(self) -> Iterator[tuple[str, str | None]]:
        imprint = self.imprint or Imprint()
        _, _, bracketed_year = clean_title(plain(self.printed_title))
        yield "series", self.place.series
        if self.issue:
            yield "series", self.issue.series
            yield "number", self.issue.number
        date = imprint.date or (self.issue.date if self.issue else None)
        yield "publisher", imprint.publisher
        yield "place", imprint.place
        yield "year", imprint.year or bracketed_year or (date and date[-4:])
        yield "date", date
        yield "duration", self.duration

    def _offers(self) -> Iterator[Property]:
        offered = [(way.label, offer) for way in self.ways for offer in way.offers]
        languages = {each.language: each.text for _, each in offered if each.language}
        whole = {each.language for label, each in offered if not _is_of_summary(label)}
        for code, name in languages.items():
            yield Property("language", code, name)
        for code, name in languages.items():
            if code not in whole:
                yield Property("summary_language", code, name)
        for _, offer in offered:
            if _names_part(offer):
                yield Property("part", offer.text, offer.text)
        yield from dict.fromkeys(self._links(offered))
        ways = {access(way.label, way.offers): way.label or "" for way in reversed(self.ways)}
        for verb, label in reversed(ways.items()):
            yield Property("access", verb, label)

    def _links(self, offered: list[tuple[str | None, Offer]]) -> Iterator[Property]:
        in_summary = [(None, each) for paragraph in self.paragraphs for each in links(paragraph)]
        for label, offer in (*offered, *in_summary):
            if offer.address:
                yield Property("link", offer.address, label or offer.text, offer.language)


def _is_of_summary(label: str | None) -> bool:
    return (label or "").casefold().startswith("executive summary")


def _names_part(offer: Offer) -> bool:
    words = offer.text.casefold()
    return not (offer.language or words in _NO_PARTS or words.startswith("download"))


def _without_email(paragraph: str) -> str:
    """Return the paragraph without sentences that contain an e-mail address."""
    if "@" not in paragraph:
        return paragraph
    sentences = re.split(r"(?<=[.!?])\s+", paragraph)
    return " ".join(each for each in sentences if not re.search(r"\w@\w", each))
