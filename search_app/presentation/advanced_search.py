"""The advanced form: its inputs, and the query that they compose.

The form only writes a query, so its results have the same URLs as those of the search box.
"""

import re
from collections.abc import Iterator, Mapping

from indexer.catalogue.fields import Catalogue, Field
from search_app.engine.query.grammar import OPERATORS
from search_app.engine.query.rewriting import choose_names

ALL, ANY, NONE = "words.all", "words.any", "words.none"
"""Names of the inputs for words in any field. No field has a name with a dot."""
_PIECE = re.compile(r'"([^"]*)"|([^\s"]+)')
_OPERATOR = re.compile(r"-|.*[():]", re.DOTALL)


def make_form(catalogue: Catalogue, *, has_texts: bool) -> dict[str, object]:
    """Return what the template of the form prints. `has_texts`: the index has full texts.

    Of each field with words, these are the name of its input and its label.
    """
    fields = [
        field for field in _list_word_fields(catalogue) if has_texts or field != catalogue.fulltext
    ]
    return {
        "fields": [(_get_input_name(field), field.label) for field in fields],
        "years": [field for field in catalogue.selectable if field.kind == "year"],
        "has_texts": has_texts,
    }


def compose_query(inputs: Mapping[str, str], catalogue: Catalogue) -> str:
    """Return the query of the inputs, as a user would type it in the search box.

    It names fields in the language of the catalogue's texts.
    """
    names = choose_names(catalogue)
    alternatives = [*_split(inputs.get(ANY, ""))]
    parts = [*_split(inputs.get(ALL, ""))]
    for field in _list_word_fields(catalogue):
        parts += [
            f"{names[field.name]}:{piece}"
            for piece in _split(inputs.get(_get_input_name(field), ""))
        ]
    excluded = [f"-{piece}" for piece in _split(inputs.get(NONE, ""))]
    any_of = " OR ".join(alternatives)
    if len(alternatives) > 1 and (parts or excluded):
        any_of = f"({any_of})"
    return " ".join(filter(None, (*parts, any_of, *excluded)))


def _list_word_fields(catalogue: Catalogue) -> list[Field]:
    """Return the fields with words, full texts last. Years have inputs of their own."""
    fields = [field for field in catalogue.searchable if field.kind != "year"]
    return [*fields, catalogue.fulltext] if catalogue.fulltext else fields


def _get_input_name(field: Field) -> str:
    return f"in.{field.name}"


def _split(text: str) -> Iterator[str]:
    """Yield the words and the quoted phrases of an input. A word that is an operator is quoted."""
    for phrase, word in _PIECE.findall(text.translate(str.maketrans("“”„«»", '"' * 5))):
        if word and word not in OPERATORS and not _OPERATOR.match(word):
            yield word
        elif piece := (phrase or word).strip():
            yield f'"{piece}"'
