"""Draft of an entry: collects the parts of its lines and converts them to properties."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from indexer.catalogue.records import Property
from indexer.readers.formats.printed_catalogue.imprints import Imprint
from indexer.readers.formats.printed_catalogue.lines import (
    Issue,
    Line,
    Offer,
    choose_access,
    find_links,
    strip_links,
)
from indexer.readers.formats.printed_catalogue.wording import clean_title

_NO_PARTS = {"", "here", "link", "online", "pdf", "watch"}
"""Link texts, in lower case, that name neither a language nor a part of a publication."""


@dataclass(frozen=True)
class Placement:
    """The headings above an entry."""

    section: str
    has_regions: bool = False
    region: str | None = None
    series: str | None = None
    format: str | None = None


@dataclass
class Draft:
    """An entry under construction. `offer_lines` are lines with links, `line` is a number."""

    placement: Placement
    line: int
    printed_title: str
    imprint: Imprint | None = None
    issue: Issue | None = None
    duration: str | None = None
    paragraphs: list[str] = field(default_factory=list)
    offer_lines: list[Line] = field(default_factory=list)

    @cached_property
    def title(self) -> str:
        """The cleaned title, empty if it contains no letter or digit."""
        title, _, _ = clean_title(strip_links(self.printed_title))
        return title if re.search(r"\w", title) else ""

    @property
    def has_begun(self) -> bool:
        """Whether the draft has a paragraph, a link or an issue number."""
        return bool(self.paragraphs or self.offer_lines or self.issue)

    def make_properties(self, position: str) -> Iterator[Property]:
        """Yield the properties of the finished entry. `position` is the value of the last one."""
        for name, value in self._list_values():
            if value:
                yield Property(name, value, value)
        if self.placement.region:
            yield Property(
                "region", re.sub(r"\s*/\s*", "/", self.placement.region), self.placement.region
            )
        yield from self._make_offers()
        yield Property("position", position, position)

    def _list_values(self) -> list[tuple[str, str | None]]:
        _, note, bracketed_year = clean_title(strip_links(self.printed_title))
        placement, imprint = self.placement, self.imprint or Imprint()
        issue = self.issue or Issue()
        date = imprint.date or issue.date
        summaries = [_drop_email(strip_links(paragraph)) for paragraph in self.paragraphs]
        return [
            ("title", self.title),
            ("note", note),
            *(("summary", summary) for summary in summaries),
            ("section", placement.section),
            ("heading", placement.region),
            ("format", placement.format),
            ("series", placement.series),
            ("series", issue.series),
            ("number", issue.number),
            ("publisher", imprint.publisher),
            ("place", imprint.place),
            ("year", imprint.year or bracketed_year or (date and date[-4:])),
            ("date", date),
            ("duration", self.duration),
        ]

    def _make_offers(self) -> Iterator[Property]:
        labeled_offers = [(line.label, offer) for line in self.offer_lines for offer in line.offers]
        languages = {offer.language: offer.text for _, offer in labeled_offers if offer.language}
        complete_languages = {
            offer.language
            for label, offer in labeled_offers
            if not (label or "").casefold().startswith("executive summary")
        }
        for code, name in languages.items():
            yield Property("language", code, name)
        for code, name in languages.items():
            if code not in complete_languages:
                yield Property("summary_language", code, name)
        for _, offer in labeled_offers:
            if _is_part(offer):
                yield Property("part", offer.text, offer.text)
        yield from dict.fromkeys(self._make_links(labeled_offers))
        verbs = {
            choose_access(line.label, line.offers): line.label or ""
            for line in reversed(self.offer_lines)
        }
        for verb, label in reversed(verbs.items()):
            yield Property("access", verb, label)

    def _make_links(self, labeled_offers: list[tuple[str | None, Offer]]) -> Iterator[Property]:
        in_summary = [
            (None, offer) for paragraph in self.paragraphs for offer in find_links(paragraph)
        ]
        for label, offer in (*labeled_offers, *in_summary):
            if offer.url:
                yield Property("link", offer.url, label or offer.text, offer.language)


def _is_part(offer: Offer) -> bool:
    words = offer.text.casefold()
    return not (offer.language or words in _NO_PARTS or words.startswith("download"))


def _drop_email(paragraph: str) -> str:
    """Return the paragraph without sentences that contain an e-mail address."""
    if "@" not in paragraph:
        return paragraph
    sentences = re.split(r"(?<=[.!?])\s+", paragraph)
    return " ".join(sentence for sentence in sentences if not re.search(r"\w@\w", sentence))
