"""The grammar: text → tokens → operands, operators, and parentheses.

A query has one level per pair of parentheses. `parser` interprets the words.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from functools import lru_cache
from typing import NamedTuple, TypeGuard

import msgspec

from indexer.analysis import tokenizer

QUOTES = '"“”„«»'
"""The quotation marks that begin or end a phrase, those of six languages."""
_NEXT = re.compile(
    rf"\s*(?:(?P<word>[^\s(){QUOTES}]+)|(?P<quote>[{QUOTES}])|(?P<open>\()|(?P<close>\)))"
)
_PHRASE = re.compile(rf"[^{QUOTES}]*[{QUOTES}]")
_COLON = re.compile(r":(?!//|[\s)]|$)")
_FIELD = re.compile(r"(-?)([A-Za-z][A-Za-z0-9_]*|[^\W\d_]+):(.*)", re.DOTALL)


class QueryToken(msgspec.Struct, frozen=True):
    """A token of a query.

    `kind` is `open`, `close`, `word`, `phrase` or `near`. All but `close` may have a field and a
    minus. The kind `near` has two words or phrases, which are within `distance` words. `is_name`
    is true for a phrase before a colon and a value, as the name of a field would be.
    """

    kind: str
    text: str
    field: str | None = None
    negated: bool = False
    near: tuple[QueryToken, QueryToken] | None = None
    distance: int = 0
    is_name: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is a plain word: no field, minus, star, or tilde."""
        marked = self.field or self.negated or "*" in self.text or "~" in self.text
        return self.kind == "word" and not marked


@lru_cache(maxsize=64)
def lex(text: str) -> tuple[QueryToken, ...]:
    """Return the tokens of a text, from left to right. No text is invalid.

    They are cached, as each reading of a query, its cost, and its spelling need them.
    """
    tokens = list[QueryToken]()
    index = 0
    prefix: tuple[str | None, bool] = (None, False)
    while match := _NEXT.match(text, index):
        index = match.end()
        kind = match.lastgroup
        field, negated = prefix
        prefix = (None, False)
        if kind == "word":
            word = match[1]
            if (
                index < len(text)
                and text[index] in f"{QUOTES}("
                and (word_prefix := _parse_prefix(word))
            ):
                prefix = word_prefix
            else:
                tokens.append(_make_word(word, field, negated))
        elif kind == "quote":
            if phrase := _PHRASE.match(text, index):
                colon = _COLON.match(text, phrase.end())
                index = (colon or phrase).end()
                is_name = colon is not None
                phrase_text = phrase[0][:-1]
                tokens.append(QueryToken("phrase", phrase_text, field, negated, is_name=is_name))
            else:
                # An unclosed quote is ignored. Its field and minus apply to the next token.
                prefix = (field, negated)
        elif kind == "open":
            tokens.append(QueryToken("open", "(", field, negated))
        else:
            tokens.append(QueryToken("close", ")"))
    return tuple(tokens)


def _parse_prefix(word: str) -> tuple[str | None, bool] | None:
    """Return the field and the minus that a word gives the quote or parenthesis after it.

    The word is `-`, `field:` or `-field:`. Return None for any other word.
    """
    if word == "-":
        return None, True
    match = _match_field(word)
    return (match[2], bool(match[1])) if match and not match[3] else None


def _match_field(word: str) -> re.Match[str] | None:
    """Return the match of a word with the name of a field, known or not: one word in any script.

    A run of letters in a script without spaces is no name, because it may be many words.
    """
    match = _FIELD.fullmatch(word)
    is_name = match and (match[2].isascii() or len(tokenizer.split_words(match[2])) == 1)
    return match if is_name else None


def _make_word(word: str, field: str | None, negated: bool) -> QueryToken:
    """Return the token of a word. A field in it wins over `field`, and two minuses cancel out."""
    if ":" in word and (match := _match_field(word)) and match[3]:
        return QueryToken("word", match[3], match[2], bool(match[1]) != negated)
    if word[0] == "-" and len(word) > 1:
        return QueryToken("word", word[1:], field, not negated)
    return QueryToken("word", word, field, negated)


MAX_DEPTH = 20
"""Limit on nested parentheses. Deeper ones are ignored, and their content joins the outer level."""
JOINING = frozenset({"AND", "OR"})
"""The operators between two operands."""
OPERATORS = JOINING | {"NOT"}
MAX_DISTANCE = 99
"""Limit on the distance of words that `NEAR/n` joins."""
_NEAR = re.compile(r"NEAR/([1-9][0-9]{0,3})")
MIN_SENTENCE_WORDS = 6
"""If all words are in capitals and there are at least 6 for each AND, OR and NOT, these are words
of a sentence. With fewer words, such as acronyms, they are operators."""


class Operator(NamedTuple):
    """An AND, OR or NOT that has an operand."""

    name: str


class WordRun(NamedTuple):
    """Adjacent plain words."""

    words: list[str]


class Parentheses(NamedTuple):
    """A level in parentheses. Its token has the field and the minus before them."""

    token: QueryToken
    level: Level


Element = Operator | WordRun | Parentheses | QueryToken


class Level(NamedTuple):
    """The elements of a pair of parentheses, or of the whole query, in order.

    `typed` contains the words of the level itself, without operators and without nested levels.
    """

    elements: list[Element]
    typed: list[str]

    def is_operand(self, index: int) -> bool:
        """Return whether an operator applies to the element at an index.

        No operator applies to a word AND, OR or NOT that joins nothing.
        """
        element, neighbors = self.elements[index], self.elements[max(index - 1, 0) : index + 2]
        if isinstance(element, QueryToken) and element.negated:
            return True
        is_operator_word = isinstance(element, QueryToken) and _get_operator(element)
        return not is_operator_word and any(
            isinstance(neighbor, Operator) for neighbor in neighbors
        )

    def list_operands(self, index: int) -> list[Element]:
        """Return what the parentheses at an index join by OR, with words or a phrase next to them.

        Return an empty list if they contain anything else, or if an operator, a minus, or a field
        applies to them. No name crosses the parentheses of two levels, and operands without words
        are left out.
        """
        element = self.elements[index]
        if not isinstance(element, Parentheses) or element.token.negated or element.token.field:
            return []
        neighbors = [*self.elements[max(index - 1, 0) : index], *self.elements[index + 1 :][:1]]
        if self.is_operand(index) or all(isinstance(each, Parentheses) for each in neighbors):
            return []
        operands, operators = element.level.elements[::2], element.level.elements[1::2]
        are_joined = all(each == Operator("OR") for each in operators)
        is_list = are_joined and 0 < len(operators) == len(operands) - 1
        if not is_list or any(isinstance(operand, Operator) for operand in operands):
            return []
        return [operand for operand in operands if _has_words(operand)]

    def replace(self, index: int, element: Element) -> Level:
        """Return the level with another element at an index. Adjacent words are joined."""
        elements: list[Element] = []
        for each in [*self.elements[:index], element, *self.elements[index + 1 :]]:
            if elements and isinstance(each, WordRun) and isinstance(elements[-1], WordRun):
                elements[-1] = WordRun([*elements[-1].words, *each.words])
            else:
                elements.append(each)
        return Level(elements, _list_typed(elements))

    @property
    def has_operators(self) -> bool:
        """Whether the level has an operator, a minus, or parentheses."""
        return any(
            isinstance(element, Operator | Parentheses)
            or (isinstance(element, QueryToken) and element.negated)
            for element in self.elements
        )


def _has_words(element: Element) -> bool:
    if isinstance(element, Parentheses):
        return any(map(_has_words, element.level.elements))
    if isinstance(element, Operator):
        return False
    words = element.words if isinstance(element, WordRun) else [element.text]
    return any(map(tokenizer.split_words, words))


def parse_structure(query_tokens: Iterable[QueryToken]) -> Level:
    """Return the structure of a query. Every sequence of tokens is valid.

    A closing parenthesis without an opening one is ignored. An unclosed one ends with the text.
    """
    opened: list[tuple[QueryToken, list[QueryToken | Parentheses]]] = [
        (QueryToken("open", "("), [])
    ]
    ignored = 0

    def close() -> None:
        token, inner = opened.pop()
        opened[-1][1].append(Parentheses(token, _make_level(inner)))

    for token in query_tokens:
        if token.kind == "open" and len(opened) <= MAX_DEPTH:
            opened.append((token, []))
        elif token.kind == "open":
            ignored += 1
        elif token.kind == "close" and ignored:
            ignored -= 1
        elif token.kind != "close":
            opened[-1][1].append(token)
        elif len(opened) > 1:
            close()
    while len(opened) > 1:
        close()
    return _make_level(opened[0][1])


def _make_level(tokens: Sequence[QueryToken | Parentheses]) -> Level:
    if _is_sentence_in_capitals(tokens):
        tokens = [token for token in tokens if not _get_operator(token)]
    tokens = _join_near(tokens)
    elements: list[Element] = []
    for index, token in enumerate(tokens):
        name = _get_operator(token)
        is_last, is_joining = index + 1 == len(tokens), name in JOINING
        has_left = bool(elements) and not isinstance(elements[-1], Operator)
        if name and not is_last and (has_left or not is_joining):
            elements.append(Operator(name))
        elif name or isinstance(token, Parentheses) or not token.is_plain:
            elements.append(token)
        elif elements and isinstance(elements[-1], WordRun):
            elements[-1].words.append(token.text)
        else:
            elements.append(WordRun([token.text]))
    return Level(elements, _list_typed(elements))


def _join_near(tokens: Sequence[QueryToken | Parentheses]) -> Sequence[QueryToken | Parentheses]:
    """Return tokens in which two words or phrases with `NEAR/n` between them are one token.

    The field and the minus of the left one apply to both. In a chain, each joins its neighbors.
    """
    joined: list[QueryToken | Parentheses] = []
    last: QueryToken | Parentheses | None = None
    remaining = iter(tokens)
    for token in remaining:
        distance = _get_distance(token)
        right = next(remaining, None) if distance and last and _is_near_operand(last) else None
        if right is None or not _is_near_operand(right) or right.negated or right.field:
            joined += [token] if right is None else [token, right]
            last = joined[-1]
            continue
        assert isinstance(last, QueryToken)
        left = msgspec.structs.replace(last, field=None, negated=False)
        text = f"{_quote(left)} NEAR/{distance} {_quote(right)}"
        near = QueryToken("near", text, last.field, last.negated, (left, right), distance)
        if joined[-1] is last:
            joined.pop()
        joined.append(near)
        last = msgspec.structs.replace(right, field=last.field)
    return joined


def _get_distance(token: QueryToken | Parentheses) -> int:
    """Return the number of an operator `NEAR/n`, at most MAX_DISTANCE, or 0 for another token."""
    if not isinstance(token, QueryToken) or not token.is_plain:
        return 0
    match = _NEAR.fullmatch(token.text)
    return min(int(match[1]), MAX_DISTANCE) if match else 0


def _is_near_operand(token: QueryToken | Parentheses) -> TypeGuard[QueryToken]:
    """Return whether a token has words that `NEAR/n` can join."""
    if not isinstance(token, QueryToken) or token.kind not in {"word", "phrase"}:
        return False
    is_operator = _get_operator(token) or _get_distance(token)
    return not is_operator and bool(tokenizer.split_words(token.text))


def _quote(token: QueryToken) -> str:
    return f'"{token.text}"' if token.kind == "phrase" else token.text


def _list_typed(elements: Iterable[Element]) -> list[str]:
    """Return the words of a level itself, in order."""
    words: list[str] = []
    for element in elements:
        if isinstance(element, WordRun):
            words += element.words
        elif (
            isinstance(element, QueryToken)
            and element.kind == "word"
            and not _get_operator(element)
        ):
            words.append(element.text)
    return words


def _is_sentence_in_capitals(tokens: Sequence[QueryToken | Parentheses]) -> bool:
    """Return whether AND, OR and NOT are words: all words are in capitals, and there are many."""
    words = [token.text for token in tokens if isinstance(token, QueryToken) and token.is_plain]
    count = sum(map(OPERATORS.__contains__, words))
    is_long = len(words) == len(tokens) and len(words) - count >= MIN_SENTENCE_WORDS * count
    return is_long and all(word.isupper() or not word.isalpha() for word in words)


def _get_operator(element: QueryToken | Parentheses) -> str:
    """Return the operator that a token spells, or an empty string."""
    if isinstance(element, QueryToken) and element.text in OPERATORS and element.is_plain:
        return element.text
    return ""


MOST_WORDS = 500
"""Limit on the words of a query."""


def limit_words(
    tokens: Sequence[QueryToken], count: Callable[[str], int]
) -> tuple[Sequence[QueryToken], int]:
    """Return the tokens within the limit, and the number of words that were left out.

    The most frequent words are left out first, by `count`. A word with an operator or a field is
    kept as long as the limit allows, because it changes the meaning of other words.
    """
    words = [tokenizer.split_words(token.text) for token in tokens]
    excess = sum(map(len, words)) - MOST_WORDS
    if excess <= 0:
        return tokens, 0
    are_joining = [bool(_get_operator(token) or _get_distance(token)) for token in tokens]
    droppable = [
        index
        for index, token in enumerate(tokens)
        if token.is_plain and words[index] and not any(are_joining[max(index - 1, 0) : index + 2])
    ]
    counts = {word: count(word) for index in droppable for word in words[index]}
    dropped, remaining = set[int](), excess
    for index in sorted(droppable, key=lambda index: -min(counts[word] for word in words[index])):
        if len(words[index]) <= remaining:
            remaining -= len(words[index])
            dropped.add(index)
    remaining_tokens = [token for index, token in enumerate(tokens) if index not in dropped]
    return _cut(remaining_tokens) if remaining else remaining_tokens, excess


def has_only_plain_words(text: str) -> bool:
    """Return whether a text has no quote, parenthesis, operator, field, minus, star or tilde."""
    tokens = lex(text)
    if not all(token.is_plain for token in tokens) or any(map(_get_distance, tokens)):
        return False
    return _is_sentence_in_capitals(tokens) or not any(map(_get_operator, tokens))


def _cut(tokens: Sequence[QueryToken]) -> list[QueryToken]:
    """Return the first tokens up to the limit. The last one may be cut between words."""
    kept_tokens, remaining = [], MOST_WORDS
    for token in tokens:
        ends = sorted({stop for _, stop in tokenizer.find_spans(token.text)})
        if len(ends) <= remaining:
            kept_tokens.append(token)
            remaining -= len(ends)
        elif remaining:
            kept_tokens.append(
                msgspec.structs.replace(token, text=token.text[: ends[remaining - 1]])
            )
            remaining = 0
    return kept_tokens
