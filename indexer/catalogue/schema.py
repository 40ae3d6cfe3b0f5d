"""The Whoosh schema, derived from the fields of a catalogue.

A searchable field is a text field under its own name. A facet or an unlisted field also has
its exact values in a field whose name ends in `.value`. The stored field `record` contains the
publication as JSON.
"""

from collections.abc import Iterator

from whoosh import fields
from whoosh.analysis import Analyzer
from whoosh.analysis import Token as WhooshToken

from indexer.analysis import tokenizer
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication

FORMAT = 13
"""Increase it if an older index can't be read, or if all its records must be parsed again."""


class WordAnalyzer(Analyzer):  # type: ignore[misc]
    """A Whoosh analyzer with two terms per position: the stem, and the word as written.

    It stems in one language, because Whoosh does not pass it the language of a publication.
    """

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, value: str, **options: object) -> Iterator[WhooshToken]:
        """Yield the terms of a text, in the order of its words."""
        for word in tokenizer.tokenize(value, self.language):
            for text in (word.stem, tokenizer.SURFACE_PREFIX + word.surface):
                yield WhooshToken(
                    text=text,
                    original=text,
                    pos=word.position,
                    boost=1.0,
                    positions=True,
                    stopped=False,
                    startchar=word.start,
                    endchar=word.end,
                )


EXACT = ".value"
"""The end of the name of a Whoosh field with the exact values of a field."""


def derive_schema(catalogue: Catalogue) -> fields.Schema:
    schema = fields.Schema(id=fields.ID(unique=True), record=fields.STORED())
    for field in catalogue.searchable:
        schema.add(field.name, fields.TEXT(analyzer=WordAnalyzer(catalogue.language), phrase=True))
    for field in catalogue.exact:
        schema.add(f"{field.name}{EXACT}", fields.KEYWORD(commas=True))
    return schema


def get_language(publication: Publication, field: Field, catalogue: Catalogue) -> str:
    """Return the language of a field: the publication's own for the title and the summary.

    A translation of them has the language of its field.
    """
    own = publication.lang if field.role in ("title", "abstract") else field.language
    return own or catalogue.language


def get_text(publication: Publication, field: Field, catalogue: Catalogue) -> str:
    """Return the text of a searchable field, with its values separated; empty if none."""
    if field.role == "title":
        return publication.title
    if field.role == "abstract":
        return publication.summary or ""
    values = publication.values.get(field.name, ())
    texts = [field.search_text(value, catalogue.language) for value in values]
    return tokenizer.PARAGRAPH_BREAK.join(texts)
