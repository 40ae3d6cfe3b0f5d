"""CSV and JSON Lines: publications as the fields of their catalogue, as our own import reads them.

CSV is in UTF-8 with a byte order mark, by which Excel recognizes it.
"""

from __future__ import annotations

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator

import msgspec

from indexer.analysis.cleaning import clean
from indexer.analysis.tokenizer import PARAGRAPH_BREAK
from indexer.catalogue.access import list_given_out
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication, Value
from indexer.mapping.normalization import CERTAIN
from indexer.mapping.standard_fields import might_split, name_column
from search_app.export.csl import find_title_language

_BAR = re.compile(r"\|(?=\||\Z)")
"""A bar that an import would read as a part of the separator."""
_FORMULA = re.compile(r"'*[=+\-@\uff0b\uff0d\uff1d\uff20]")
"""The start of a formula, after any apostrophes. Full-width signs begin one in East Asian Excel."""


class _Line:
    """The file that a csv.writer writes to: `text` is the line that it wrote last."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def write_csv(publications: Iterable[Publication], catalogue: Catalogue) -> Iterator[bytes]:
    """Yield the headings, which are the names of fields, and one line for each publication."""
    line = _Line()
    writer = csv.writer(line)
    writer.writerow(["id", *map(name_column, catalogue.stored)])
    yield BOM_UTF8 + line.text.encode()
    for publication in publications:
        cells = [_make_cell(*each) for each in list_given_out(publication, catalogue)]
        # A spreadsheet would run a formula. An import removes the first apostrophe before one.
        writer.writerow(
            f"'{cell}" if _FORMULA.match(cell) else cell for cell in (clean(publication.id), *cells)
        )
        yield line.text.encode()


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


def write_jsonl(publications: Iterable[Publication], catalogue: Catalogue) -> Iterator[bytes]:
    """Yield one line for each publication."""
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
        if values:
            if field.role == "abstract":
                record[name_column(field)] = str(values[0]).split(PARAGRAPH_BREAK)
            else:
                is_list = field.several or might_split(str(values[0]), field)
                record[name_column(field)] = values if is_list else values[0]
    return record
