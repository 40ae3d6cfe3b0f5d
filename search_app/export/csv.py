"""CSV: one column for each row of the catalogue, with its name as the heading.

The file is in UTF-8 with a byte order mark, by which Excel recognizes it.
"""

from __future__ import annotations

import csv
import re
from codecs import BOM_UTF8
from collections.abc import Iterable, Iterator

from indexer.analysis.cleaning import clean
from indexer.analysis.tokenizer import PARAGRAPH_BREAK
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication
from indexer.mapping.exported_columns import might_split, name_column
from indexer.mapping.separators import CERTAIN

_BAR = re.compile(r"\|(?=\||\Z)")
"""A bar that an import would read as a part of the separator."""
_FORMULA = re.compile(r"'*[=+\-@\uff0b\uff0d\uff1d\uff20]")
"""The start of a formula, after any apostrophes. Full-width signs begin one in East Asian Excel."""


class _Line:
    """The file that a csv.writer writes to: `text` is the line that it wrote last."""

    text = ""

    def write(self, text: str) -> None:
        self.text = text


def write(publications: Iterable[Publication], catalogue: Catalogue) -> Iterator[bytes]:
    """Yield the headings, and one line for each publication."""
    line = _Line()
    writer = csv.writer(line)
    writer.writerow(["id", *map(name_column, catalogue.stored)])
    yield BOM_UTF8 + line.text.encode()
    for publication in publications:
        cells = (_make_cell(publication, field, catalogue) for field in catalogue.stored)
        writer.writerow([_protect(clean(publication.id)), *cells])
        yield line.text.encode()


def _make_cell(publication: Publication, field: Field, catalogue: Catalogue) -> str:
    """Return the values of a row in one cell.

    An abstract keeps its paragraphs. A separator in one of several values gets a space inside. It
    also ends an only value that an import might split.
    """
    values = map(str, catalogue.get_values(publication, field))
    if field.role == "abstract":
        paragraphs = PARAGRAPH_BREAK.join(values).split(PARAGRAPH_BREAK)
        text = PARAGRAPH_BREAK.join(map(clean, paragraphs))
    else:
        texts = [clean(value) for value in values]
        if len(texts) == 1 and might_split(texts[0], field):
            texts.append("")
        if len(texts) > 1:
            texts = [_BAR.sub("| ", text) for text in texts]
        text = CERTAIN.join(texts)
    return _protect(text)


def _protect(text: str) -> str:
    """Put an apostrophe before what a spreadsheet would run as a formula.

    An import removes it, so a text that begins with apostrophes and a formula gets one more.
    """
    return f"'{text}" if _FORMULA.match(text) else text
