"""Clauses of literal input: fields, phrases, prefixes, wildcards, and fuzzy terms.

Named entities are not recognized in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from whoosh import query

from indexer.analysis import tokenizer
from indexer.analysis.folding import as_written, fold
from search_app.engine.query import clause_builder
from search_app.engine.query.clause_builder import Pieces
from search_app.engine.query.lexer import Token
from search_app.engine.query.nodes import Leaf
from search_app.engine.query.vocabulary import Vocabulary

SHAPE = re.compile(r"[\w*]+")
_ALIKE = re.compile(r"(.*?)~([12]?)")


def leaves(
    token: Token,
    fields: Sequence[str],
    vocabulary: Vocabulary,
    pieces: Pieces,
    leaves_out: Callable[[str], bool],
) -> list[Leaf]:
    """Return the clauses of a word or a phrase in the given fields.

    A word that `leaves_out` accepts is dropped, unless it is part of a phrase or of one piece.
    """
    text, is_word = token.text, token.kind == "word"
    if is_word and "~" in text and (alike := _ALIKE.fullmatch(text)):
        return _alike(alike[1], int(alike[2] or 1), fields, vocabulary)
    if is_word and "*" in text:
        shapes = SHAPE.findall(fold(text))
        return [each for shape in shapes for each in _shaped(shape, fields, vocabulary, leaves_out)]
    words = tokenizer.words(text)
    if not is_word and len(words) > 1:
        return [clause_builder.phrase(words, fields, vocabulary)]
    if pieces == "one" and len(words) > 1:
        return [clause_builder.piece(text, fields, vocabulary)]
    return [
        clause_builder.word(raw, fields, vocabulary)
        for raw in words
        if not (is_word and leaves_out(raw))
    ]


def _shaped(
    text: str, fields: Sequence[str], vocabulary: Vocabulary, leaves_out: Callable[[str], bool]
) -> list[Leaf]:
    """Return the clause of a word, a prefix or a wildcard, or an empty list without letters."""
    words = tokenizer.words(text)
    shape = tokenizer.WRITTEN + re.sub(r"\*+", "*", text)
    if not words:
        return []
    if "*" not in text:
        return [] if leaves_out(words[0]) else [clause_builder.word(words[0], fields, vocabulary)]
    if "*" in shape[:-1]:
        return [Leaf([query.Wildcard(field, shape) for field in fields], text)]
    return [Leaf([query.Prefix(field, shape[:-1]) for field in fields], text)]


def _alike(text: str, edits: int, fields: Sequence[str], vocabulary: Vocabulary) -> list[Leaf]:
    """Return the clause of a fuzzy term, after those of the words before it in the same piece."""
    words = tokenizer.words(text)
    made = [clause_builder.word(word, fields, vocabulary) for word in words[:-1]]
    for word in words[-1:]:
        likeness = tokenizer.WRITTEN + as_written(word)
        mark = len(tokenizer.WRITTEN)
        made.append(
            Leaf(
                [query.FuzzyTerm(field, likeness, 1.0, edits, mark) for field in fields],
                f"{as_written(word)}~{edits if edits > 1 else ''}",
            )
        )
    return made
