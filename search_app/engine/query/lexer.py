"""The lexer: text → words, phrases, and parentheses."""

from __future__ import annotations

import re
from collections.abc import Iterator

import msgspec

QUOTES = '"“”„«»'
"""The quotation marks that begin or end a phrase, those of six languages."""
_NEXT = re.compile(
    rf"\s*(?:(?P<word>[^\s(){QUOTES}]+)|(?P<quote>[{QUOTES}])|(?P<open>\()|(?P<close>\)))"
)
_PHRASE = re.compile(rf"[^{QUOTES}]*[{QUOTES}]")
_FIELD = re.compile(r"(-?)([A-Za-z][A-Za-z0-9_]*):(.*)", re.DOTALL)


class QueryToken(msgspec.Struct, frozen=True):
    """A token of a query.

    `kind` is `open`, `close`, `word` or `phrase`. All but `close` may have a field and a minus.
    """

    kind: str
    text: str
    field: str | None = None
    negated: bool = False

    @property
    def is_plain(self) -> bool:
        """Whether it is a plain word: no field, minus, star, or tilde."""
        marked = self.field or self.negated or "*" in self.text or "~" in self.text
        return self.kind == "word" and not marked


def lex(text: str) -> Iterator[QueryToken]:
    """Yield the tokens of a text, from left to right. No text is invalid."""
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
                yield _make_word(word, field, negated)
        elif kind == "quote":
            if phrase := _PHRASE.match(text, index):
                index = phrase.end()
                yield QueryToken("phrase", phrase[0][:-1], field, negated)
            else:
                # An unclosed quote is ignored. Its field and minus apply to the next token.
                prefix = (field, negated)
        elif kind == "open":
            yield QueryToken("open", "(", field, negated)
        else:
            yield QueryToken("close", ")")


def _parse_prefix(word: str) -> tuple[str | None, bool] | None:
    """Return the field and the minus that a word gives the quote or parenthesis after it.

    The word is `-`, `field:` or `-field:`. Return None for any other word.
    """
    if word == "-":
        return None, True
    match = _FIELD.fullmatch(word)
    return (match[2], bool(match[1])) if match and not match[3] else None


def _make_word(word: str, field: str | None, negated: bool) -> QueryToken:
    """Return the token of a word. A field in it wins over `field`, and two minuses cancel out."""
    if ":" in word and (match := _FIELD.fullmatch(word)) and match[3]:
        return QueryToken("word", match[3], match[2], bool(match[1]) != negated)
    if word[0] == "-" and len(word) > 1:
        return QueryToken("word", word[1:], field, not negated)
    return QueryToken("word", word, field, negated)
