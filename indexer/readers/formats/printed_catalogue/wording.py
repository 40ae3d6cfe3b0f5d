"""Wording heuristics: distinguish titles from paragraphs by punctuation, length and capitals."""

from __future__ import annotations

import re
from typing import NamedTuple

_MAX_TITLE_CHARS = 300
"""Characters. A longer text is never a title."""
_HANGING = frozenset(
    "a an the this these that its their our and or but nor of in on at by for from to with into "
    "as than such between against through within under about is are was were be which who whose "
    "both all each other more".split()
)
"""Words that never end a sentence or a title, so the next line continues it."""


_BLANK = "\x1f"
"""A space for patterns and `split`, which is no character of a text."""


class Title(NamedTuple):
    """A title without final punctuation, and the note or the year in the brackets at its end.

    A note is a statement of responsibility, such as "(prepared by ...)". A year stays in the text.
    """

    text: str
    note: str = ""
    year: str = ""


def read_title(text: str) -> Title:
    """Return the parts of a title."""
    title = text.rstrip(" .,:;").strip()
    start = len(blank_brackets(title).rstrip(_BLANK))
    inside = title[start + 1 : -1] if title.endswith(")") else ""
    if re.fullmatch(r"(?:19|20)\d\d", inside):
        return Title(title, year=inside)
    if start and inside[:1].islower() and re.search(r"\b(?:of|by|with|between)\b", inside):
        return Title(title[:start].rstrip(" .,:;"), inside)
    return Title(title)


def blank_brackets(text: str) -> str:
    """Replace each bracketed character by a blank, so that indexes stay the same."""
    depth, kept = 0, []
    for character in text:
        depth += character == "("
        kept.append(_BLANK if depth else character)
        depth -= character == ")" and depth > 0
    return "".join(kept)


def is_never_title(text: str) -> bool:
    """Return whether a text cannot be a title: it ends with a colon or is too long."""
    return text.endswith(":") or len(text) > _MAX_TITLE_CHARS


def is_sentence(text: str) -> bool:
    """Return whether a text ends like a sentence and is mostly in lower case."""
    return text.endswith((".", "!", "…")) and _is_mostly_lower_case(text)


def is_prose(text: str) -> bool:
    """Return whether a text reads like a paragraph, if no other line shows that it is a title."""
    if is_never_title(text) or text[:1].islower() or "@" in text:
        return True
    is_long = len(text.split()) > 5
    is_question = text.endswith("?")
    is_running = is_long and not is_question and _is_mostly_lower_case(text)
    return is_running or text.endswith((".", "!", "…"))


def _is_mostly_lower_case(text: str) -> bool:
    words: list[str] = [word for word in re.findall(r"[^\W\d_]+", text)[1:] if len(word) > 3]
    lower = sum(word[0].islower() for word in words)
    return lower >= 0.4 * len(words)


def is_cut(text: str, continuation: str) -> bool:
    """Return whether a text breaks off in a sentence that `continuation` continues."""
    if text.endswith((".", "!", "?", ":", "…")) or not continuation[:1].isalpha():
        return False
    last = text.rsplit(maxsplit=1)[-1]
    hangs = last.endswith((",", "/")) or last in _HANGING
    return hangs or continuation[0].islower()
