"""Wording heuristics: distinguish titles from paragraphs by punctuation, length and capitals."""

from __future__ import annotations

import re

_MAX_TITLE_CHARS = 300
"""Characters. A longer text is never a title."""
_HANGING = frozenset(
    "a an the this these that its their our and or but nor of in on at by for from to with into "
    "as than such between against through within under about is are was were be which who whose "
    "both all each other more".split()
)
"""Words that never end a sentence or a title, so the next line continues it."""


def clean_title(text: str) -> tuple[str, str | None, str | None]:
    """Return the title without final punctuation, and its note and year in brackets, or None.

    A note is a statement of responsibility, such as "(prepared by ...)".
    """
    title = text.rstrip(" .,:;").strip()
    opening = _find_last_bracket(title)
    inside = title[opening + 1 : -1] if opening is not None else ""
    if re.fullmatch(r"(?:19|20)\d\d", inside):
        return title, None, inside
    if opening and inside[:1].islower() and re.search(r"\b(?:of|by|with|between)\b", inside):
        return title[:opening].rstrip(" .,:;"), inside, None
    return title, None, None


def _find_last_bracket(text: str) -> int | None:
    """Return the index of the bracket that closes at the end of a text, or None."""
    if not text.endswith(")"):
        return None
    depth = 0
    for index in range(len(text) - 1, -1, -1):
        depth += (text[index] == ")") - (text[index] == "(")
        if depth == 0:
            return index
    return None


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
