"""Split the fields that are lists of names or of keywords."""

from __future__ import annotations

import re
from itertools import accumulate

from indexer.readers.formats.bibtex.latex import decode_latex

NAME_FIELDS = frozenset(
    "author editor editora editorb editorc translator bookauthor afterword annotator commentator "
    "foreword introduction holder origauthor director collaborator contributor namea nameb namec "
    "shortauthor shorteditor advisor supervisor inventor".split()
)
"""Fields that are lists of names."""
KEYWORD_FIELDS = frozenset({"keyword", "keywords", "mendeley-tags", "tags", "author_keywords"})
"""Fields that are lists of keywords."""

_AND = re.compile(r"[{}]|\s+and(?=\s)", re.IGNORECASE)
_STRAY_AND = re.compile(r"^and\s+|\s+and$", re.IGNORECASE)
_BRACED_LAST = re.compile(r"([^{}]+)\s\{([^{}\\]+)\}")
"""Given names and a family name of several words, in braces."""
_COMMA = re.compile(r"[{},]")
_SEMICOLON = re.compile(r"[{};]")
_PART = re.compile(r"(family|given|prefix|suffix)(?:-i)?\s*=\s*", re.IGNORECASE)


def split_names(text: str) -> list[str]:
    """Return the names in a list as plain text, without "others".

    A name in braces is the name of a corporate body. It keeps its braces.
    """
    names = [_decode_name(name) for name in _split_outside(text, _AND)]
    return [name for name in names if name and name.lower() not in ("others", "et al.", "et al")]


def split_keywords(text: str) -> list[str]:
    """Return the keywords in a list that is separated by semicolons or commas."""
    # Some programs put the whole list in a second pair of braces.
    if text.startswith("{") and text.endswith("}") and "{" not in text[1:]:
        text = text[1:-1]
    words = _split_outside(text, _SEMICOLON)
    words = words if len(words) > 1 else _split_outside(text, _COMMA)
    return [decode_latex(word).strip() for word in words]


def _split_outside(text: str, separator: re.Pattern[str]) -> list[str]:
    """Split a text at separators that are not in braces."""
    parts, depth, start = [], 0, 0
    for mark in separator.finditer(text):
        if mark[0] == "{":
            depth += 1
        elif mark[0] == "}":
            depth -= 1
        elif depth <= 0:
            parts.append(text[start : mark.start()])
            start = mark.end()
    return [*parts, text[start:]]


def _decode_name(name: str) -> str:
    name = " ".join(name.split())
    name = _STRAY_AND.sub("", name)
    plain = decode_latex(name).strip()
    if _is_in_braces(name):
        return f"{{{plain}}}" if plain else ""
    if _PART.match(name):
        return _join_parts(plain)
    match = _BRACED_LAST.fullmatch(name)
    if match and " " in match[2] and "," not in match[1]:
        return f"{decode_latex(match[2]).strip()}, {decode_latex(match[1]).strip()}"
    return plain.strip(" ,") if plain.endswith(",") else plain


def _is_in_braces(text: str) -> bool:
    """Return whether one pair of braces encloses a text that is more than an accented letter."""
    if not text.startswith("{") or text.startswith("{\\") or not text.endswith("}"):
        return False
    return min(accumulate((char == "{") - (char == "}") for char in text[:-1])) > 0


def _join_parts(name: str) -> str:
    """Return a name in BibLaTeX's extended form, such as `family=Ruiz, given=Ana`."""
    stated = (part.partition("=") for part in name.split(","))
    parts = {key.strip().lower(): value.strip(' "') for key, _, value in stated}
    family = " ".join(filter(None, (parts.get("prefix"), parts.get("family"))))
    return ", ".join(filter(None, (family, parts.get("suffix"), parts.get("given"))))
