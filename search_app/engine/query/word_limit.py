"""The limit on the words of a query. Words beyond it are cut before the query is parsed."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import msgspec

from indexer.analysis import tokenizer
from search_app.engine.query.grammar import OPERATORS
from search_app.engine.query.lexer import Token

MOST_WORDS = 500
"""Limit on the words of a query."""


def limited(found: Sequence[Token], count: Callable[[str], int]) -> tuple[list[Token], int]:
    """Return the tokens within the limit, and the number of words that were left out.

    The most frequent words are left out first, by `count`. A word with an operator or a field is
    kept as long as the limit allows, because it changes the meaning of other words.
    """
    words = [tokenizer.words(token.text) for token in found]
    over = sum(map(len, words)) - MOST_WORDS
    if over <= 0:
        return list(found), 0
    alone = [at for at in range(len(found)) if _is_alone(found, at) and words[at]]
    held = {raw: count(raw) for at in alone for raw in words[at]}
    dropped, left = set[int](), over
    for at in sorted(alone, key=lambda at: -min(held[raw] for raw in words[at])):
        if len(words[at]) <= left:
            left -= len(words[at])
            dropped.add(at)
    kept = [each for at, each in enumerate(found) if at not in dropped]
    return _cut(kept) if left else kept, over


def _is_alone(found: Sequence[Token], at: int) -> bool:
    """Return whether a token is a plain word without an operator next to it."""
    around = found[max(at - 1, 0) : at + 2]
    return found[at].is_plain and not any(
        each.is_word(name) for each in around for name in OPERATORS
    )


def _cut(found: Sequence[Token]) -> list[Token]:
    """Return the first tokens up to the limit. The last one may be cut between words."""
    kept, left = [], MOST_WORDS
    for token in found:
        ends = _ends(token.text)
        if len(ends) <= left:
            kept.append(token)
            left -= len(ends)
        elif left:
            kept.append(msgspec.structs.replace(token, text=token.text[: ends[left - 1]]))
            left = 0
    return kept


def _ends(text: str) -> list[int]:
    """Return where the words of a text end."""
    return sorted({stop for _, stop in tokenizer.spans(text)})
