"""The advanced form: its inputs, and the query that they compose.

The form only writes a query, so its results have the same URLs as those of the search box.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from indexer.catalogue.fields import Catalogue, Field
from search_app.engine.query.grammar import OPERATORS

ALL, ANY, NONE = "words.all", "words.any", "words.none"
"""Names of the inputs for words in any field. No row has a name with a dot."""
_PIECE = re.compile(r'"([^"]*)"|([^\s"]+)')
_OPERATOR = re.compile(r"-|.*[():]", re.DOTALL)


def make_form(catalogue: Catalogue, *, has_texts: bool) -> dict[str, object]:
    """Return what the template of the form prints. `has_texts`: the index has full texts.

    Of each field with words, these are the name of its input and its label.
    """
    rows = [row for row in _list_word_rows(catalogue) if has_texts or row != catalogue.fulltext]
    return {
        "fields": [(_get_input_name(row), row.label) for row in rows],
        "years": [row for row in catalogue.selectable if row.kind == "year"],
        "has_texts": has_texts,
    }


def compose_query(inputs: Mapping[str, str], catalogue: Catalogue) -> str:
    """Return the query of the inputs, as a user would type it in the search box."""
    alternatives = [*_split(inputs.get(ANY, ""))]
    parts = [*_split(inputs.get(ALL, ""))]
    for row in _list_word_rows(catalogue):
        parts += [f"{row.name}:{piece}" for piece in _split(inputs.get(_get_input_name(row), ""))]
    excluded = [f"-{piece}" for piece in _split(inputs.get(NONE, ""))]
    any_of = " OR ".join(alternatives)
    if len(alternatives) > 1 and (parts or excluded):
        any_of = f"({any_of})"
    return " ".join(filter(None, (*parts, any_of, *excluded)))


def _list_word_rows(catalogue: Catalogue) -> list[Field]:
    """Return the rows with words, full texts last. Years have inputs of their own."""
    rows = [row for row in catalogue.searchable if row.kind != "year"]
    return [*rows, catalogue.fulltext] if catalogue.fulltext else rows


def _get_input_name(row: Field) -> str:
    return f"in.{row.name}"


def _split(text: str) -> Iterator[str]:
    """Yield the words and the quoted phrases of an input. A word that is an operator is quoted."""
    for phrase, word in _PIECE.findall(text.translate(str.maketrans("“”„«»", '"' * 5))):
        if word and word not in OPERATORS and not _OPERATOR.match(word):
            yield word
        elif piece := (phrase or word).strip():
            yield f'"{piece}"'
