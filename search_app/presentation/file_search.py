"""The files of a publication on its page, and the results of a search inside them."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from markupsafe import Markup

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from search_app.engine.results import File, FileMatch
from search_app.i18n.translation import format_number, gettext, ngettext
from search_app.presentation.html import mark
from search_app.presentation.urls import (
    FULL_TEXT,
    make_file_page_url,
    make_file_url,
    make_publication_url,
)
from search_app.search_state import SearchState


class FileRow(msgspec.Struct, frozen=True):
    """A file: its name, its URL if the site serves it, and how much text it has."""

    name: str
    href: str
    facts: str


class FoundPage(msgspec.Struct, frozen=True):
    """A page with words of the text to find: its name, its URL, and a passage."""

    label: str
    href: str
    passage: Markup


class FoundFile(msgspec.Struct, frozen=True):
    """A file with words of the text to find. `lang` is its language, if it is known."""

    name: str
    summary: str
    pages: tuple[FoundPage, ...]
    lang: str | None


class FileSearch(msgspec.Struct, frozen=True):
    """The files of a publication, and a form that searches them.

    Without `has_text`, there is nothing to find, and no form. `text` is the text to find. `found`
    has the files with its words. `action` is the URL of the form, and `hidden` has its other
    parameters.
    """

    files: tuple[FileRow, ...]
    has_text: bool
    text: str
    found: tuple[FoundFile, ...]
    action: str
    hidden: tuple[tuple[str, str], ...]


def make_file_search(
    publication: Publication,
    files: Sequence[File],
    catalogue: Catalogue,
    *,
    text: str,
    matches: Sequence[FileMatch],
    state: SearchState,
    position: int | None,
) -> FileSearch | None:
    """Return the files of a publication, and the `matches` of a text, or None without files.

    The publication is the hit of a search at a position, which the form keeps, unless it is None.
    """
    if not files:
        return None
    urls = {
        file.digest: make_file_url(file, publication, catalogue, state.prefix) for file in files
    }
    hit = () if position is None else (("hit", str(position)),)
    return FileSearch(
        tuple(FileRow(file.name, urls[file.digest], _describe(file)) for file in files),
        any(file.has_text for file in files),
        text,
        tuple(_make_found(match, urls[match.file.digest]) for match in matches),
        f"{make_publication_url(publication.id, state.prefix)}#{FULL_TEXT}",
        (*state.list_pairs_without(), *hit),
    )


def _describe(file: File) -> str:
    """Return the number of pages of a file, and how many have no text.

    Return "" for a format without pages.
    """
    numbers = {"pages": format_number(file.pages), "empty": format_number(file.empty_pages)}
    if not file.pages:
        return "" if file.has_text else gettext("Its text cannot be searched")
    if not file.empty_pages:
        return ngettext("%(pages)s page", "%(pages)s pages", file.pages) % numbers
    return (
        ngettext(
            "%(empty)s of %(pages)s pages has no text",
            "%(empty)s of %(pages)s pages have no text",
            file.empty_pages,
        )
        % numbers
    )


def _make_found(match: FileMatch, file_url: str) -> FoundFile:
    pages = (
        FoundPage(
            _name_page(match.file, found.page),
            make_file_page_url(match.file, file_url, found.page),
            mark(found.passage),
        )
        for found in match.passages
    )
    return FoundFile(match.file.name, _summarize(match), tuple(pages), match.language)


def _name_page(file: File, page: int) -> str:
    """Return the name of a page, or of a section if the file has no pages."""
    message = gettext("Page %(page)s") if file.pages else gettext("Section %(section)s")
    return message % {"page": format_number(page), "section": format_number(page)}


def _summarize(match: FileMatch) -> str:
    """Return how many pages or sections have the most words, and how many of them are listed."""
    count, shown = len(match.pages), len(match.passages)
    if match.file.pages and shown == count:
        message = ngettext("Best matches: %(number)s page", "Best matches: %(number)s pages", count)
    elif match.file.pages:
        message = ngettext(
            "Best matches: %(shown)s of %(number)s page",
            "Best matches: %(shown)s of %(number)s pages",
            count,
        )
    elif shown == count:
        message = ngettext(
            "Best matches: %(number)s section", "Best matches: %(number)s sections", count
        )
    else:
        message = ngettext(
            "Best matches: %(shown)s of %(number)s section",
            "Best matches: %(shown)s of %(number)s sections",
            count,
        )
    return message % {"number": format_number(count), "shown": format_number(shown)}
