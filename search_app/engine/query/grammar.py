"""Structure of a query: which tokens form a run of words, and what the operators join.

Reading words is left to `parse`. A query has one level per pair of parentheses.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

from search_app.engine.query.lexer import Token

DEEPEST = 20
"""Parentheses nested deeper than this are ignored; their content belongs to the level around."""
OPERATORS = frozenset({"AND", "OR", "NOT"})


class Operator(NamedTuple):
    """An AND, OR or NOT that has an operand."""

    name: str


class Run(NamedTuple):
    """Plain words side by side."""

    words: list[str]


class Parentheses(NamedTuple):
    """A level, with the field and the minus before it."""

    token: Token
    level: Level


Element = Operator | Run | Parentheses | Token


class Level(NamedTuple):
    """The elements between two parentheses, or of the whole query, in order.

    `typed` has the words of the level itself, without operators and those of nested levels.
    """

    elements: list[Element]
    typed: list[str]

    def is_operand(self, at: int) -> bool:
        """Return whether an operator applies to the element at an index.

        To a word AND, OR or NOT that joins nothing none applies.
        """
        element, around = self.elements[at], self.elements[max(at - 1, 0) : at + 2]
        if isinstance(element, Token) and element.negated:
            return True
        is_spare = isinstance(element, Token) and _operator(element)
        return not is_spare and any(isinstance(each, Operator) for each in around)

    @property
    def has_operators(self) -> bool:
        """Whether there is an operator, a minus or a pair of parentheses."""
        return any(
            isinstance(each, Operator | Parentheses) or (isinstance(each, Token) and each.negated)
            for each in self.elements
        )


def structured(found: Iterable[Token]) -> Level:
    """Return the structure of a query. Any sequence of tokens has one.

    A parenthesis that is never opened is ignored, and one that is never closed ends with the text.
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
    """Return the operator that a token may be, or an empty text."""
    return next((name for name in OPERATORS if _is_word(each, name)), "")


def _is_word(each: Token | Parentheses, name: str) -> bool:
    return isinstance(each, Token) and each.is_word(name)
