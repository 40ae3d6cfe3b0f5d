"""Texts without the differences that nobody means: case, accents, forms of a letter.

The folding is Unicode's NFKD, case folded, without combining marks of U+0300 to U+036F, but for
the breve of Cyrillic (й and ў are letters of their own); without Arabic vowel signs and
lengthening, and with one alef. Marks that are part of other scripts (Devanagari) stay.
"""

from __future__ import annotations

import re
import unicodedata

_ACCENTS = re.compile(
    "(?<![иу])\u0306|[\u0300-\u0305\u0307-\u036f\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8]"
)
_ALEF_WASLA = str.maketrans("\u0671", "\u0627")


def fold(text: str) -> str:
    """Text without differences of case, accent and compatibility form."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_ALEF_WASLA)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed)).casefold()


def as_written(word: str) -> str:
    """A word as it stands in a text, folded; its apostrophes are of one kind."""
    return fold(word).replace("’", "'")
