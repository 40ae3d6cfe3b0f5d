"""FullText: the text of one file, page by page, and what it says about the publication."""

from __future__ import annotations

import msgspec


class FullText(msgspec.Struct, frozen=True, kw_only=True):
    """The text of one file.

    `digest` is the SHA-256 of the file (hexadecimal). `media_type` is its type, such as
    application/pdf. `pages` has the text of each page, with an empty line between paragraphs. A
    page without a text layer is empty. If not `has_pages`, an item is a section of the text.

    The other attributes describe the publication; they are empty or None if they are not certain.
    `is_title_guessed`: the title is the largest text of the first page, or the name of the file.
    `language` is a code such as en.
    """

    digest: str
    media_type: str
    pages: tuple[str, ...]
    has_pages: bool = True
    title: str = ""
    is_title_guessed: bool = False
    authors: tuple[str, ...] = ()
    year: int | None = None
    doi: str = ""
    language: str | None = None

    @property
    def empty_pages(self) -> int:
        """The number of pages without text."""
        return sum(1 for page in self.pages if not page)
