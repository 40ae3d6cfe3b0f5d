"""The formats in which publications are exported.

CSV and JSON Lines have the fields of the catalogue, as our own import reads them. CSV is in UTF-8
with a byte order mark, by which Excel recognizes it. The other formats consist of items of CSL.
"""

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import NamedTuple

import msgspec

from indexer.analysis.cleaning import clean
from indexer.analysis.tokenizer import PARAGRAPH_BREAK
from indexer.catalogue.access import list_given_out
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication, Value
from indexer.mapping.normalization import CERTAIN
from indexer.mapping.standard_fields import might_split, name_column
from search_app.export import bibtex, csl, dublin_core, marcxml, mods, ris
from search_app.export.csl import Item, find_title_language, make_item

MakePageUrl = Callable[[str], str]
"""Returns the absolute URL of the page of an id, or "" if there is none."""
Write = Callable[[Iterable[Publication], Catalogue, MakePageUrl], Iterator[bytes]]
_BAR = re.compile(r"\|(?=\||\Z)")
"""A bar that an import would read as a part of the separator."""
_FORMULA = re.compile(r"'*[=+\-@\uff0b\uff0d\uff1d\uff20]")
"""The start of a formula, after any apostrophes. Full-width signs begin one in East Asian Excel."""


class _Echo:
    """The file of a csv.writer whose method `writerow` returns the line."""

    @staticmethod
    def write(line: str) -> str:
        return line


def _write_csv(
    publications: Iterable[Publication], catalogue: Catalogue, _: MakePageUrl
) -> Iterator[bytes]:
    """Yield the headings, which are the names of fields, and one line for each publication."""
    writer = csv.writer(_Echo())
    yield BOM_UTF8 + writer.writerow(["id", *map(name_column, catalogue.stored)]).encode()
    for publication in publications:
        cells = [_make_cell(*each) for each in list_given_out(publication, catalogue)]
        # A spreadsheet would run a formula. An import removes the first apostrophe before one.
        yield writer.writerow(
            f"'{cell}" if _FORMULA.match(cell) else cell for cell in (clean(publication.id), *cells)
        ).encode()


def _make_cell(field: Field, values: tuple[Value, ...]) -> str:
    """Return the values of a field in one cell.

    An abstract keeps its paragraphs. A separator in one of several values gets a space inside. It
    also ends an only value that an import might split.
    """
    if field.role == "abstract":
        paragraphs = PARAGRAPH_BREAK.join(map(str, values)).split(PARAGRAPH_BREAK)
        return PARAGRAPH_BREAK.join(map(clean, paragraphs))
    texts = [clean(str(value)) for value in values]
    if len(texts) == 1 and might_split(texts[0], field):
        texts.append("")
    return CERTAIN.join([_BAR.sub("| ", text) for text in texts] if len(texts) > 1 else texts)


def _write_jsonl(
    publications: Iterable[Publication], catalogue: Catalogue, _: MakePageUrl
) -> Iterator[bytes]:
    encoder = msgspec.json.Encoder()
    for publication in publications:
        yield encoder.encode(_make_object(publication, catalogue)) + b"\n"


def _make_object(publication: Publication, catalogue: Catalogue) -> dict[str, object]:
    """Return the id, the language of the title, and the fields that have a value.

    A field that may have several values is a list, and so are the paragraphs of an abstract. So is
    an only value that an import might split.
    """
    record: dict[str, object] = {"id": publication.id}
    # Nobody stated a language that was detected.
    if publication.lang and find_title_language(publication, catalogue):
        record["lang"] = publication.lang
    for field, values in list_given_out(publication, catalogue):
        if values and field.role == "abstract":
            record[name_column(field)] = str(values[0]).split(PARAGRAPH_BREAK)
        elif values:
            is_list = field.several or might_split(str(values[0]), field)
            record[name_column(field)] = values if is_list else values[0]
    return record


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
        Format("csv", "CSV", "text/csv", "csv", _write_csv),
        Format("jsonl", "JSON Lines", "application/jsonl", "jsonl", _write_jsonl),
        Format("mods", "MODS", "application/mods+xml", "xml", _write_items(mods.write)),
        Format("marcxml", "MARCXML", "application/marcxml+xml", "xml", _write_items(marcxml.write)),
        Format("dc", "Dublin Core", "application/xml", "xml", _write_items(dublin_core.write)),
    )
}
"""The formats by name, in the order in which pages list them."""
