"""Convert Markdown to plain text, and find its links."""

from __future__ import annotations

import re
from typing import NamedTuple

from indexer.analysis.cleaning import unescape

_TARGET = r"\(\s*<?([^\s()<>]*(?:\([^\s()]*\)[^\s()<>]*)*)>?(?:\s+[\"'(][^\n]{0,300}?[\"')])?\s*\)"
_TEXT = r"\[((?:[^\[\]\\\n]|\\.|\[[^\[\]\n]*\])*)\]"
IMAGE = re.compile(rf"!{_TEXT}(?:{_TARGET}|\[[^\]\n]*\])")
_LINK = re.compile(
    rf"{_TEXT}(?:{_TARGET}|\[([^\]\n]*)\])|<(https?://[^\s<>]+)>"
    r"|(?<![\w/\"'=(])(https?://[^\s<>()\"]+)"
)
_EMPHASIS = re.compile(r"(?<![\w*])(\*{1,3}|_{1,3})(?=\S)((?:(?!\1)[^\n])+?)(?<=\S)\1(?![\w*])")
_BOLD = re.compile(r"(\*\*|__)(?=\S)((?:(?!\1)[^\n])+?)(?<=\S)\1")
_ESCAPED_BASE = 0xE000
"""Offset into Unicode's private use area, where escaped characters survive the removal of marks."""
_ESCAPE = re.compile(r"\\([!-/:-@\[-`{-~])")
_SHIFTED = re.compile("[\ue021-\ue07e]")
_BLOCK_MARK = re.compile(
    r"^[ \t]*(?:#{1,6}[ \t]+|>[ \t]?|[-*+][ \t]+(?:\[[ xX]\][ \t]+)?)", re.MULTILINE
)
_RULE = re.compile(r"^[ \t]*(?:[-*_=~`:|+][ \t]*){3,}[ \t]*\w*$", re.MULTILINE)
_TRAILING = ".,;:!?'*_"
"""Characters at the end of a bare URL that belong to the sentence."""


class MarkdownLink(NamedTuple):
    """A link, and its position in the Markdown. The text of a bare URL is empty."""

    text: str
    url: str
    start: int
    end: int


def find_links(markdown: str, references: dict[str, str] | None = None) -> list[MarkdownLink]:
    """Return the links in a line of Markdown, without images.

    `references`: the URLs of links such as `[text][label]`, by label in lowercase.
    """
    # The mask of an image has its length, so that the positions of links stay correct.
    masked = IMAGE.sub(lambda image: "\0" * len(image[0]), markdown)
    links = []
    for match in _LINK.finditer(masked):
        url, bare = match[2] or match[4] or "", match[5]
        if match[3] is not None:
            url = (references or {}).get((match[3] or match[1]).strip().casefold(), "")
        end = match.end()
        if bare:
            url = bare.rstrip(_TRAILING)
            end -= len(bare) - len(url)
        if url:
            text = to_text((match[1] or "").replace("\0", ""))
            links.append(MarkdownLink(text, unescape(url), match.start(), end))
    return links


def find_bold(markdown: str) -> re.Match[str] | None:
    """Return a match for the first bold text, or None. Group 2 is the text."""
    return _BOLD.search(markdown)


def to_text(markdown: str) -> str:
    """Return the text of Markdown without its marks. HTML tags stay."""
    if not markdown:
        return ""
    text = _ESCAPE.sub(lambda escape: chr(_ESCAPED_BASE + ord(escape[1])), markdown)
    text = IMAGE.sub("", text)
    text = _LINK.sub(lambda link: link[1] or link[4] or link[5] or "", text)
    text = _EMPHASIS.sub(r"\2", _EMPHASIS.sub(r"\2", text))
    text = text.replace("`", "").strip()
    return _SHIFTED.sub(lambda shifted: chr(ord(shifted[0]) - _ESCAPED_BASE), text)


def to_plain_text(markdown: str, max_chars: int) -> str:
    """Return the paragraphs of a page as plain text of at most `max_chars` characters."""
    text = _RULE.sub("", markdown[: 4 * max_chars])
    paragraphs = re.split(r"\n[ \t]*\n", _BLOCK_MARK.sub("", text))
    flat = (" ".join(to_text(paragraph).split()) for paragraph in paragraphs)
    return "\n\n".join(paragraph for paragraph in flat if paragraph)[:max_chars].rstrip()
