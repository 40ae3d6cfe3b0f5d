"""Clauses of literal input: fields, phrases, prefixes, wildcards, and fuzzy terms.

Named entities are not recognized in it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from indexer.analysis import tokenizer
from indexer.analysis.folding import fold, surface_form
from search_app.engine.query.clause_builder import (
    CompoundMode,
    build_phrases,
    build_piece,
    build_word,
)
from search_app.engine.query.lexer import QueryToken
from search_app.engine.query.nodes import Clause, Fields, Fuzzy, Pattern, Prefix
from search_app.engine.query.vocabulary import Vocabulary

SHAPE = re.compile(r"[\w*]+")
_ALIKE = re.compile(r"(.*?)~([12]?)")


def make_clauses(
    token: QueryToken,
    fields: Fields,
    vocabulary: Vocabulary,
    mode: CompoundMode,
    drops: Callable[[str], bool],
) -> list[Clause]:
    """Return the clauses of a word or a phrase in the given fields.

    A word that `drops` accepts is dropped, unless it is part of a phrase or of one piece.
    """
    text, is_word = token.text, token.kind == "word"
    if is_word and "~" in text and (fuzzy := _ALIKE.fullmatch(text)):
        return _make_fuzzy_clauses(fuzzy[1], int(fuzzy[2] or 1), fields, vocabulary)
    if is_word and "*" in text:
        shapes = SHAPE.findall(fold(text))
        return [
            clause
            for shape in shapes
            for clause in _make_shape_clauses(shape, fields, vocabulary, drops)
        ]
    words = tokenizer.split_words(text)
    if not is_word and len(words) > 1:
        phrases, name = build_phrases(words, fields, vocabulary), " ".join(map(surface_form, words))
        # Among words of which any is enough, a phrase weighs as much as its words.
        times = 1 if mode == "one" else max(1, sum(not drops(word) for word in words))
        return [Clause(phrases, f'"{name}"') for _ in range(times)]
    if mode == "one" and len(words) > 1:
        return [build_piece(text, fields, vocabulary)]
    return [build_word(word, fields, vocabulary) for word in words if not (is_word and drops(word))]


def _make_shape_clauses(
    text: str, fields: Fields, vocabulary: Vocabulary, drops: Callable[[str], bool]
) -> list[Clause]:
    """Return the clause of a word, a prefix or a wildcard, or an empty list without letters."""
    words = tokenizer.split_words(text)
    shape = re.sub(r"\*+", "*", text)
    if not words:
        return []
    if "*" not in text:
        return [] if drops(words[0]) else [build_word(words[0], fields, vocabulary)]
    if "*" in shape[:-1]:
        return [Clause([Pattern(shape, fields)], text)]
    return [Clause([Prefix(shape[:-1], fields)], text)]


def _make_fuzzy_clauses(
    text: str, edits: int, fields: Fields, vocabulary: Vocabulary
) -> list[Clause]:
    """Return the clause of a fuzzy term, after those of the words before it in the same piece."""
    words = tokenizer.split_words(text)
    clauses = [build_word(word, fields, vocabulary) for word in words[:-1]]
    for word in words[-1:]:
        surface = surface_form(word)
        said = f"{surface}~{edits if edits > 1 else ''}"
        clauses.append(Clause([Fuzzy(surface, fields, edits)], said))
    return clauses
