"""Case and accent folding, so that a query matches other forms of the same letters.

A text is case-folded and decomposed (NFKD). Combining marks from U+0300 to U+036F are removed,
except the Cyrillic breve: й and ў are letters of their own. Half marks (U+FE20 to U+FE2F), which
join two letters in the romanized titles of libraries, are removed too. Arabic vowel signs and the
tatweel are removed, and alef wasla becomes alef. Marks of other scripts (Devanagari) are kept.
"""

from __future__ import annotations

import re
import unicodedata

_ACCENTS = re.compile(
    "(?<![иу])\u0306|[\u0300-\u0305\u0307-\u036f\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8"
    "\ufe20-\ufe2f]"
)
_ALEF_WASLA = str.maketrans("\u0671", "\u0627")


def fold(text: str) -> str:
    """Return a text without differences of case, accent, and compatibility form."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_ALEF_WASLA)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed)).casefold()


def surface_form(word: str) -> str:
    """Return a word folded but not stemmed, with straight apostrophes."""
    return fold(word).replace("’", "'")
