"""The title and the abstract of a publication, in the language of the page if it has them."""

from __future__ import annotations

from typing import Literal

import msgspec

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.catalogue.translations import find_translation


class DisplayedText(msgspec.Struct, frozen=True):
    """A text, and its language if that is not the one of the page.

    `row` is the row with the translation, or "" for the original. `original` is the original below
    a translation, or "", and `original_lang` its language.
    """

    text: str
    lang: str | None
    row: str = ""
    original: str = ""
    original_lang: str | None = None


def find_title(publication: Publication, catalogue: Catalogue) -> DisplayedText:
    """Return the title of a publication for a page."""
    return _find(publication, "title", publication.title, catalogue)


def find_abstract(publication: Publication, catalogue: Catalogue) -> DisplayedText:
    """Return the abstract of a publication for a page."""
    return _find(publication, "abstract", publication.summary or "", catalogue)


def _find(
    publication: Publication, role: Literal["title", "abstract"], text: str, catalogue: Catalogue
) -> DisplayedText:
    lang = catalogue.find_publication_language(publication)
    row = find_translation(publication, role, catalogue)
    if row is None:
        return DisplayedText(text, lang)
    original_lang = publication.lang or catalogue.language
    return DisplayedText(str(publication.values[row.name][0]), None, row.name, text, original_lang)
