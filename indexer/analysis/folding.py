"""Case and accent folding, so that a query matches other forms of the same letters.

A text is case-folded and decomposed (NFKD). Combining marks from U+0300 to U+036F are removed,
except the Cyrillic breve: й and ў are letters of their own. Half marks (U+FE20 to U+FE2F), which
join two letters in the romanized titles of libraries, are removed too. Arabic vowel signs and the
tatweel are removed, and alef wasla becomes alef. Marks of other scripts (Devanagari) are kept.
Invisible characters (`IGNORABLE`) are removed: some of them, such as the joiners of Persian and
Hindi, are often left out.
"""

from __future__ import annotations

import re
import unicodedata

IGNORABLE = "\u00ad\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
"""Invisible characters, for a character class: soft hyphens, joiners, directions, variants."""
NEEDLESS_SPACE = "\u200b(?![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])"
"""The pattern of a zero-width space, but not between words in Thai, Lao, Burmese, and Khmer."""
_ACCENTS = re.compile(
    "(?<![иу])\u0306|[\u0300-\u0305\u0307-\u036f\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8"
    f"\ufe20-\ufe2f{IGNORABLE}]"
)
_IGNORED = re.compile(f"[{IGNORABLE}]+")
_ALEF_WASLA = str.maketrans("\u0671", "\u0627")


def fold(text: str) -> str:
    """Return a text without differences of case, accent, and compatibility form."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_ALEF_WASLA)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed)).casefold()


def remove_ignorable(text: str) -> str:
    """Return a text without invisible characters."""
    return text if text.isprintable() else _IGNORED.sub("", text)


def surface_form(word: str) -> str:
    """Return a word folded but not stemmed, with straight apostrophes."""
    return fold(word).replace("’", "'")
