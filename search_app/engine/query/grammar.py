"""The grammar: tokens → operands, operators, and parentheses.

A query has one level per pair of parentheses. `parser` interprets the words.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import NamedTuple

import msgspec

from indexer.analysis import tokenizer
from search_app.engine.query.lexer import Token

DEEPEST = 20
"""Limit on nested parentheses. Deeper ones are ignored, and their content joins the outer level."""
OPERATORS = frozenset({"AND", "OR", "NOT"})


class Operator(NamedTuple):
    """An AND, OR or NOT that has an operand."""

    name: str


class Run(NamedTuple):
    """Adjacent plain words."""

    words: list[str]


class Parentheses(NamedTuple):
    """A level in parentheses. Its token has the field and the minus before them."""

    token: Token
    level: Level


Element = Operator | Run | Parentheses | Token


class Level(NamedTuple):
    """The elements of a pair of parentheses, or of the whole query, in order.

    `typed` has the words of the level itself, without operators and without nested levels.
    """

    elements: list[Element]
    typed: list[str]

    def is_operand(self, at: int) -> bool:
        """Return whether an operator applies to the element at an index.

        None applies to a word AND, OR or NOT that joins nothing.
        """
        element, around = self.elements[at], self.elements[max(at - 1, 0) : at + 2]
        if isinstance(element, Token) and element.negated:
            return True
        is_spare = isinstance(element, Token) and _operator(element)
        return not is_spare and any(isinstance(each, Operator) for each in around)

    @property
    def has_operators(self) -> bool:
        """Whether the level has an operator, a minus, or parentheses."""
        return any(
            isinstance(each, Operator | Parentheses) or (isinstance(each, Token) and each.negated)
            for each in self.elements
        )


def structured(found: Iterable[Token]) -> Level:
    """Return the structure of a query. Every sequence of tokens is valid.

    A closing parenthesis without an opening one is ignored. An unclosed one ends with the text.
    """
    opened: list[tuple[Token, list[Token | Parentheses]]] = [(Token("open", "("), [])]
    ignored = 0
    for token in found:
        if token.kind == "open" and len(opened) <= DEEPEST:
            opened.append((token, []))
        elif token.kind == "open":
            ignored += 1
        elif token.kind == "close" and ignored:
            ignored -= 1
        elif token.kind != "close":
            opened[-1][1].append(token)
        elif len(opened) > 1:
            _close(opened)
    while len(opened) > 1:
        _close(opened)
    return _level(opened[0][1])


def _close(opened: list[tuple[Token, list[Token | Parentheses]]]) -> None:
    token, within = opened.pop()
    opened[-1][1].append(Parentheses(token, _level(within)))


def _level(found: Sequence[Token | Parentheses]) -> Level:
    elements: list[Element] = []
    for at, each in enumerate(found):
        name = _operator(each)
        is_last, is_joining = at + 1 == len(found), name in ("AND", "OR")
        has_left = bool(elements) and not isinstance(elements[-1], Operator)
        if name and not is_last and (has_left or not is_joining):
            elements.append(Operator(name))
        elif name or isinstance(each, Parentheses) or not each.is_plain:
            elements.append(each)
        elif elements and isinstance(elements[-1], Run):
            elements[-1].words.append(each.text)
        else:
            elements.append(Run([each.text]))
    typed = [
        each.text
        for each in found
        if isinstance(each, Token) and each.kind == "word" and not _operator(each)
    ]
    return Level(elements, typed)


def _operator(each: Token | Parentheses) -> str:
    """Return the operator that a token spells, or an empty string."""
    return next((name for name in OPERATORS if _is_word(each, name)), "")


def _is_word(each: Token | Parentheses, name: str) -> bool:
    return isinstance(each, Token) and each.is_word(name)


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
