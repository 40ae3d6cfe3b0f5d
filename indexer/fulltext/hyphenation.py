"""Hyphenation: join words that are divided at the end of a line.

The hyphen of a compound such as long-term can be at the end of a line too. It stays if the word
after it starts with a capital letter, or a digit is next to it. It also stays if the joined word
occurs nowhere else in the document, but the compound does, or both of its parts do as words of at
least three letters. Any other hyphen is removed. So no language is assumed, and no dictionary is
needed.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

_DIVIDED = re.compile(r"(?<![\w‐-])(\w++(?:[‐-]\w++)*+)([‐\u00ad-])\n(\w+)")
"""A word before the hyphen, the hyphen, and the word after the line break. Its quantifiers are
possessive and it starts at no part of a compound, so its time is linear."""
_WORD = re.compile(r"[^\W\d_]+(?:[‐-][^\W\d_]+)*")
_HYPHENS = ("-", "‐", "\u00ad")
_SOFT_HYPHEN = "\u00ad"
_MIN_PART_CHARS = 3


def join(text: str, compounds: frozenset[str]) -> str:
    """Return the lines of a paragraph with divided words joined. Other line breaks stay.

    `compounds` are the folded compounds, such as long-term, that keep their hyphen.
    """
    return _DIVIDED.sub(lambda match: _join_word(match, compounds), text).replace(_SOFT_HYPHEN, "")


def _join_word(match: re.Match[str], compounds: frozenset[str]) -> str:
    left, hyphen, right = match.groups()
    if hyphen == _SOFT_HYPHEN:
        return left + right
    if _is_number_or_name(left, right) or _make_compound(left, right) in compounds:
        return left + hyphen + right
    return left + right


def _is_number_or_name(left: str, right: str) -> bool:
    """Return whether a digit is next to the hyphen, or the capital letter of a new word."""
    return left[-1].isdigit() or right[0].isdigit() or (right[0].isupper() and not left.isupper())


def _make_compound(left: str, right: str) -> str:
    return f"{left}-{right}".replace("‐", "-").casefold()


def find_compounds(pages: Sequence[Sequence[str]]) -> frozenset[str]:
    """Return the divided words of a document that keep their hyphen, folded, with the hyphen."""
    divided = {
        (left.casefold(), right.casefold())
        for page in pages
        for left, hyphen, right in _DIVIDED.findall("\n".join(page))
        if hyphen != _SOFT_HYPHEN
    }
    if not divided:
        return frozenset()
    forms = {form for left, right in divided for form in _make_forms(left, right)}
    known = forms.intersection(_find_whole_words(pages))
    return frozenset(
        _make_compound(left, right) for left, right in divided if _is_compound(left, right, known)
    )


def _make_forms(left: str, right: str) -> tuple[str, ...]:
    return left + right, _make_compound(left, right), left, right


def _is_compound(left: str, right: str, known: set[str]) -> bool:
    if left + right in known:
        return False
    is_pair = min(len(left), len(right)) >= _MIN_PART_CHARS and {left, right} <= known
    return is_pair or _make_compound(left, right) in known


def _find_whole_words(pages: Sequence[Sequence[str]]) -> Iterable[str]:
    """Yield the folded words of all lines without the parts of divided words."""
    for page in pages:
        is_divided = False
        for line in page:
            folded = line.casefold()
            words = [word.replace("‐", "-") for word in _WORD.findall(folded)]
            start = 1 if is_divided else 0
            is_divided = line.endswith(_HYPHENS)
            yield from words[start : len(words) - is_divided]
