"""The Whoosh schema that follows from the rows of a catalogue.

A searchable row is a field of words under its own name; a facet has its exact values in a
second field, named with `.value`. `record` holds the publication itself, as JSON.
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
from whoosh import fields
from whoosh.analysis import Analyzer
from whoosh.analysis import Token as WhooshToken

from indexer.analysis import tokenizer
from indexer.catalogue.fields import Catalogue, Field
from indexer.catalogue.records import Publication

FORMAT = 6
"""Raised whenever an index of the former kind can't be read any more."""


class WordAnalyzer(Analyzer):  # type: ignore[misc]
    """Gives Whoosh the two terms of every word (stem, and word as written) at its position.

    Words are read in one language: Whoosh does not tell an analyzer that of a publication.
    """

    def __init__(self, language: str) -> None:
        self.language = language

    def __call__(self, value: str, **options: object) -> Iterator[WhooshToken]:
        """The terms of a text, in the order of its words."""
        for word in tokenizer.tokens(value, self.language):
            for text in (word.stem, tokenizer.WRITTEN + word.written):
                yield WhooshToken(
                    text=text, original=text, pos=word.position, boost=1.0, positions=True,
                    stopped=False, startchar=word.start, endchar=word.end,
                )  # fmt: skip


def exact(field: Field) -> str:
    """The name of the Whoosh field that holds a row's values as they are."""
    return f"{field.name}.value"


def row_of(exact_name: str) -> str | None:
    """The name of the row whose values a Whoosh field holds as they are; None for words."""
    name, dot, _ = exact_name.partition(".")
    return name if dot else None


def exact_fields(catalogue: Catalogue) -> list[Field]:
    """The rows whose values can be chosen: the facets, and what stands below them."""
    return [field for field in catalogue.fields if field.facet or field.parent]


def derive(catalogue: Catalogue) -> fields.Schema:
    """The schema for the publications of a catalogue."""
    schema = fields.Schema(id=fields.ID(unique=True), record=fields.STORED())
    for field in catalogue.searchable:
        schema.add(field.name, fields.TEXT(analyzer=WordAnalyzer(catalogue.language), phrase=True))
    for field in exact_fields(catalogue):
        schema.add(exact(field), fields.KEYWORD(commas=True))
    return schema


def language_of(publication: Publication, field: Field, catalogue: Catalogue) -> str:
    """The language of what a searchable field says: the publication's own in title and summary."""
    own = publication.lang if field.role in ("title", "summary") else None
    return own or catalogue.language


def text_of(publication: Publication, field: Field, catalogue: Catalogue) -> str:
    """What a searchable field says, its values parted; empty where it says nothing."""
    if field.role == "title":
        return publication.title
    if field.role == "summary":
        return publication.summary or ""
    shown = [
        field.display(each, catalogue.language) for each in publication.values.get(field.name, ())
    ]
    return tokenizer.PARTED_BY.join(shown)


def document(publication: Publication, catalogue: Catalogue) -> dict[str, object]:
    """A publication as the schema has it."""
    found: dict[str, object] = {"id": publication.id, "record": msgspec.json.encode(publication)}
    for field in catalogue.searchable:
        if text := text_of(publication, field, catalogue):
            found[field.name] = text
    for field in exact_fields(catalogue):
        if values := publication.values.get(field.name):
            found[exact(field)] = [str(value) for value in values]
    return found
