"""Draft of an entry: collects the parts of its lines and converts them to properties."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from indexer.catalogue.records import Property
from indexer.readers.formats.printed_catalogue.imprints import Imprint
from indexer.readers.formats.printed_catalogue.lines import (
    Issue,
    Line,
    choose_access,
    find_links,
    strip_links,
)
from indexer.readers.formats.printed_catalogue.wording import Title

_NO_PARTS = {"", "here", "link", "online", "pdf", "watch"}
"""Link texts, in lower case, that name neither a language nor a part of a publication."""


@dataclass
class Draft:
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
