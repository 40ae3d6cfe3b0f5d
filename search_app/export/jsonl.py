"""JSON Lines: one object per publication, with the names of rows, as our own reader reads them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec

from indexer.analysis.tokenizer import PARAGRAPH_BREAK
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.mapping.exported_columns import might_split, name_column
from search_app.export.csl import find_title_language


def write(publications: Iterable[Publication], catalogue: Catalogue) -> Iterator[bytes]:
    """Yield one line for each publication."""
    encoder = msgspec.json.Encoder()
    for publication in publications:
        yield encoder.encode(_make_object(publication, catalogue)) + b"\n"


def _make_object(publication: Publication, catalogue: Catalogue) -> dict[str, object]:
    """Return the id, the language of the title, and the rows that have a value.

    A row that may have several values is a list, and so are the paragraphs of an abstract. So is an
    only value that an import might split.
    """
    record: dict[str, object] = {"id": publication.id}
    # Nobody stated a language that was detected.
    if publication.lang and find_title_language(publication, catalogue):
        record["lang"] = publication.lang
    for field in catalogue.stored:
        if values := catalogue.get_values(publication, field):
            if field.role == "abstract":
                record[name_column(field)] = str(values[0]).split(PARAGRAPH_BREAK)
            else:
                is_list = field.several or might_split(str(values[0]), field)
                record[name_column(field)] = values if is_list else values[0]
    return record
