"""Text normalization: clean a text before storage, fold it for comparison, make a slug.

Folding lets a query match other forms of the same letters. A text is case-folded and decomposed
(NFKD). Combining marks from U+0300 to U+036F are removed, except the Cyrillic breve: й and ў are
letters of their own. Half marks (U+FE20 to U+FE2F), which join two letters in the romanized titles
of libraries, are removed too. Arabic vowel signs and the tatweel are removed, and alef wasla
becomes alef. Marks of other scripts (Devanagari) are kept. Invisible characters (`IGNORABLE`) are
removed: some of them, such as the joiners of Persian and Hindi, are often left out.
"""

import html
import re
import unicodedata
from functools import cache

MAX_SLUG_CHARS = 100
IGNORABLE = "\u00ad\u061c\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff"
"""Invisible characters, for a character class: soft hyphens, joiners, directions, variants."""
NEEDLESS_SPACE = "\u200b(?![\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff])"
"""The pattern of a zero-width space, but not between words in Thai, Lao, Burmese, and Khmer."""
_FORBIDDEN = re.compile(
    "[\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f\xad\u202a-\u202e\u2060-\u206f\ud800-\udfff\ufdd0-\ufdef"
    f"\ufeff\ufff9-\ufffb\ufffe\uffff]|{NEEDLESS_SPACE}"
)

_ACCENTS = re.compile(
    "(?<![иу])\u0306|[\u0300-\u0305\u0307-\u036f\u0640\u064b-\u065f\u0670\u06d6-\u06dc\u06df-\u06e8"
    f"\ufe20-\ufe2f{IGNORABLE}]"
)
_IGNORED = re.compile(f"[{IGNORABLE}]+")
_ALEF_WASLA = str.maketrans("\u0671", "\u0627")
_SLUG_WORD = re.compile(r"[^\W_]+")
_MAX_MARKS = 30
"""Combining marks after a letter. The stream-safe format of Unicode has the same limit."""
_LONG = 1000
"""Characters of a text that can have too many marks in a row."""
_END_OF_MARKS = 0x20000
"""The first of the planes without combining marks."""
_JOINERS = frozenset("\u200c\u200d")
_BLANK = frozenset("\u115f\u1160\u2800\u3164\uffa0")
"""Characters that look like a space but are classified as letters or symbols."""


def clean(text: str) -> str:
    """Return a text in NFC, with runs of white space as one space, without invalid characters.

    Invalid are control characters, lone surrogates, Unicode's noncharacters of plane 0, and
    invisible characters that no language needs: soft hyphens, zero-width spaces, and embeddings,
    overrides, and isolates of a direction. Joiners (Persian, Hindi, emoji) and direction marks are
    kept.
    """
    # Most texts are clean, and checking is faster than cleaning. A printable text has no invalid
    # characters, and no white space except the plain space.
    if text.isprintable() and "  " not in text and unicodedata.is_normalized("NFC", text):
        return text.strip()
    return " ".join(compose(remove_invalid(text)).split())


def remove_invalid(text: str) -> str:
    """Return a text without the characters that `clean` calls invalid."""
    return text if text.isprintable() else _FORBIDDEN.sub("", text)


def compose(text: str) -> str:
    """Return a text in NFC, with at most 30 marks in a row: sorting them takes quadratic time."""
    if unicodedata.is_normalized("NFC", text):
        return text
    if len(text) > _LONG:
        text = _find_long_runs().sub(r"\1", text)
    return unicodedata.normalize("NFC", text)


@cache
def _find_long_runs() -> re.Pattern[str]:
    marks = "".join(filter(unicodedata.combining, map(chr, range(_END_OF_MARKS))))
    return re.compile(f"([{marks}]{{{_MAX_MARKS}}})[{marks}]+")


def unescape(text: str) -> str:
    """Return a text with its HTML references replaced, or as it is if a number is too long."""
    try:
        return html.unescape(text)
    except ValueError:  # Python converts no number of over 4300 digits
        return text


def is_printable(text: str) -> bool:
    """Return whether a terminal shows a text as text, on one line.

    Joiners are printable, because words in Persian and Hindi, and many emoji, have them.
    """
    return text.isprintable() or all(char.isprintable() or char in _JOINERS for char in text)


def replace_unprintable(text: str) -> str:
    """Return a text that is printable, with U+FFFD in place of other characters."""
    return "".join(char if is_printable(char) else "\ufffd" for char in text)


def escape_unprintable(text: str, kept: str = "") -> str:
    """Return a text with unprintable characters escaped as in Python, except those in `kept`."""
    if text.isprintable():
        return text
    return "".join(
        char if char.isprintable() or char in kept else char.encode("unicode_escape").decode()
        for char in text
    )


def is_visible(text: str) -> bool:
    """Return whether a text has a visible character: neither blank nor a combining mark."""
    first = text[:1]
    return (first.isascii() and first.isalnum()) or any(
        unicodedata.category(character)[0] not in "CMZ" and character not in _BLANK
        for character in text
    )


def make_slug(title: str, year: int | None) -> str:
    """Return an id made from a title and a year: lower case, words joined by hyphens.

    Letters of other scripts are kept. A title of more than 100 characters is cut between words.
    """
    title = compose(title).replace("'", "").replace("’", "")
    if title.isascii():  # faster, with the same result
        plain = title.lower()
    else:
        plain = unicodedata.normalize("NFKD", title)
        plain = unicodedata.normalize("NFKD", plain.casefold())
        plain = "".join([char for char in plain if not unicodedata.combining(char)])
        plain = unicodedata.normalize("NFC", plain)
    words = "-".join(_SLUG_WORD.findall(plain)) or "untitled"
    if len(words) > MAX_SLUG_CHARS:
        words = words[: MAX_SLUG_CHARS + 1].rpartition("-")[0] or words[:MAX_SLUG_CHARS]
    if year is None or words.endswith(f"-{year}"):
        return words
    return f"{words}-{year}"


def strip_punctuation(text: str, marks: str) -> str:
    """Return a URL or identifier without `marks` and unopened brackets at its end."""
    text = text.rstrip(marks)
    for opening, closing in ("()", "[]", "{}"):
        surplus = text.count(closing) - text.count(opening)
        while surplus > 0 and text.endswith(closing):
            text, surplus = text[:-1].rstrip(marks), surplus - 1
    return text


def fold(text: str) -> str:
    """Return a text without differences of case, accent, and compatibility form."""
    if text.isascii():
        return text.lower()
    decomposed = unicodedata.normalize("NFKD", text.casefold()).translate(_ALEF_WASLA)
    return unicodedata.normalize("NFC", _ACCENTS.sub("", decomposed)).casefold()


def remove_ignorable(text: str) -> str:
    """Return a text without invisible characters."""
    return text if text.isascii() else _IGNORED.sub("", text)


def surface_form(word: str) -> str:
    """Return a word folded but not stemmed, with straight apostrophes."""
    return fold(word).replace("’", "'")
