"""How titles and paragraphs are worded, where nothing but their words can tell them apart."""

from __future__ import annotations

import re

_LONGEST_TITLE = 300
_HANGING = frozenset(
    "a an the this these that its their our and or but nor of in on at by for from to with into "
    "as than such between against through within under about is are was were be which who whose "
    "both all each other more".split()
)
"""Words that end no sentence and no title: what follows goes on with it."""


def clean_title(text: str) -> tuple[str, str | None, str | None]:
    """A title without final punctuation, its statement of responsibility, its bracketed year."""
    title = text.rstrip(" .,:;").strip()
    opening = _last_bracket(title)
    inside = title[opening + 1 : -1] if opening is not None else ""
    if re.fullmatch(r"(?:19|20)\d\d", inside):
        return title, None, inside
    if opening and inside[:1].islower() and re.search(r"\b(?:of|by|with|between)\b", inside):
        return title[:opening].rstrip(" .,:;"), inside, None
    return title, None, None


def _last_bracket(text: str) -> int | None:
    """Where the bracket opens that closes at the very end of a text."""
    if not text.endswith(")"):
        return None
    depth = 0
    for place in range(len(text) - 1, -1, -1):
        depth += (text[place] == ")") - (text[place] == "(")
        if depth == 0:
            return place
    return None


def is_never_title(text: str) -> bool:
    """Whether no title looks like it, whatever stands below: an introduction, or too long."""
    return text.endswith(":") or len(text) > _LONGEST_TITLE


def is_sentence(text: str) -> bool:
    """Whether it ends as a sentence does and has a sentence's few capitals."""
    return text.endswith((".", "!", "…")) and _is_mostly_lower_case(text)


def is_prose(text: str) -> bool:
    """Whether it reads as part of a paragraph, if no other line vouches for a title."""
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
    """Whether a text breaks off within a sentence that the other goes on with."""
    if text.endswith((".", "!", "?", ":", "…")) or not continuation[:1].isalpha():
        return False
    last = text.rsplit(maxsplit=1)[-1]
    hangs = last.endswith((",", "/")) or last in _HANGING
    return hangs or continuation[0].islower()
