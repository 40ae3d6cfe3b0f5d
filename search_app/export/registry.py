"""The formats in which publications are exported."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from search_app.export import bibtex, csl, dublin_core, marcxml, mods, ris, rows
from search_app.export.csl import Item, make_item

MakePageUrl = Callable[[str], str]
"""Returns the absolute URL of the page of an id, or "" if there is none."""
Write = Callable[[Iterable[Publication], Catalogue, MakePageUrl], Iterator[bytes]]


class Format(NamedTuple):
    """A format: its name in URLs, its display name, and its writer.

    `write` yields the parts of a file one by one, so that memory does not grow with their number.
    `extension` is that of a file, without a dot.
    """

    name: str
    label: str
    media_type: str
    extension: str
    write: Write


def _write_items(write: Callable[[Iterable[Item]], Iterator[bytes]]) -> Write:
    """Return a writer of publications for a format that consists of items of CSL."""
    return lambda publications, catalogue, make_page_url: write(
        make_item(publication, catalogue, make_page_url(publication.id))
        for publication in publications
    )


def _write_rows(write: Callable[[Iterable[Publication], Catalogue], Iterator[bytes]]) -> Write:
    """Return a writer of publications for a format that consists of the fields of the catalogue."""
    return lambda publications, catalogue, _: write(publications, catalogue)


FORMATS: Mapping[str, Format] = {
    entry.name: entry
    for entry in (
        Format("ris", "RIS", "application/x-research-info-systems", "ris", _write_items(ris.write)),
        Format("bibtex", "BibTeX", "application/x-bibtex", "bib", _write_items(bibtex.write)),
        Format(
            "csl",
            "CSL-JSON",
            "application/vnd.citationstyles.csl+json",
            "json",
            _write_items(csl.write),
        ),
        Format("csv", "CSV", "text/csv", "csv", _write_rows(rows.write_csv)),
        Format("jsonl", "JSON Lines", "application/jsonl", "jsonl", _write_rows(rows.write_jsonl)),
        Format("mods", "MODS", "application/mods+xml", "xml", _write_items(mods.write)),
        Format("marcxml", "MARCXML", "application/marcxml+xml", "xml", _write_items(marcxml.write)),
        Format("dc", "Dublin Core", "application/xml", "xml", _write_items(dublin_core.write)),
    )
}
"""The formats by name, in the order in which pages list them."""
