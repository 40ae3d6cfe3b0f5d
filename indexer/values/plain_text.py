"""Plain text: remove markup, headings, and encoding errors from titles and abstracts."""

from __future__ import annotations

import re

from indexer.analysis.cleaning import unescape

_INLINE = (
    "a|abbr|b|bold|cite|code|em|ext-link|font|i|inline-formula|italic|kbd|mark|q|s|sc|scp|small|"
    "span|strike|strong|styled-content|sub|sup|tt|u|underline|xref|formula|"
    r"mml:\w+|math|mi|mo|mn|mrow|msub|msup|mtext|inf"
)
_BLOCK = (
    "abstract|article|br|div|dd|dl|dt|h[1-6]|hr|label|li|list|list-item|ol|p|paragraph|sec|section|"
    "sectitle|simplesect|simple-para|table|tbody|td|th|thead|title|tr|ul"
)
_TAGS = re.compile(
    rf"<!--.*?-->|</?(?:jats:)?(?:(?P<block>{_BLOCK})|{_INLINE})(?:\s[^<>]*)?/?>",
    re.IGNORECASE | re.DOTALL,
)
_SPACES_AROUND_BREAK = re.compile(r"[^\S\n]*\n[^\S\n]*")
_PARAGRAPHS = re.compile(r"\n\s*\n")
_ABSTRACT = (
    "abstract|summary|résumé|resumen|resumo|riassunto|zusammenfassung|аннотация|摘要|ملخص|الملخص"
)
_LABEL = re.compile(
    rf"(?:{_ABSTRACT})(?:\s*[:.：]\s*|\s+[-–—]\s+|\s*—\s*|$)"
    r"|(?-i:A(?:bstract|BSTRACT)\s+(?!(?:Algebra|Art|Data|Expression|Interpret|Paint|State|Syntax))"
    r"(?=[A-Z]))",
    re.IGNORECASE,
)
"""Heading of an abstract. "Abstract" before a capital letter is a heading too, except in a term
such as "Abstract Expressionism"."""
_MAY_BE_DAMAGED = re.compile(
    "[\x80-\x84\x86-\x9f]"
    "|[\u00c2-\u00f4][\u0080-\u00bf\u0152-\u0178\u2013-\u2122\u02c6\u02dc\u20ac]"
)
"""A part of every text that ftfy repairs. Searching it takes a tenth of the time of ftfy."""


def strip_markup(text: str) -> str:
    """Return a text without HTML and JATS tags, and with entities replaced by characters.

    Block elements become paragraphs. Unknown tags are kept as text.
    """
    if "&" in text:
        text = unescape(text)
    if "<" not in text:
        return text
    text = _TAGS.sub(lambda tag: "\n\n" if tag["block"] else "", text)
    return re.sub(r"\n{3,}", "\n\n", _SPACES_AROUND_BREAK.sub("\n", text)).strip()


def split_abstract(text: str) -> tuple[str, ...]:
    """Return the paragraphs of an abstract, without its heading."""
    parts = [part.strip() for part in _PARAGRAPHS.split(text)]
    paragraphs = [part for part in parts if part]
    if paragraphs and (label := _LABEL.match(paragraphs[0])):
        remaining = [paragraphs[0][label.end() :], *paragraphs[1:]]
        paragraphs = [part for part in remaining if part] or paragraphs
    return tuple(paragraphs)


def repair_encoding(text: str) -> str:
    """Return a text after repairing UTF-8 that was decoded as another encoding, once or twice.

    ftfy repairs only what no reader would write, and knows the ways in which programs damage text.
    """
    if not _MAY_BE_DAMAGED.search(text):
        return text
    import ftfy  # here, because it takes 0.1 s, and most catalogues never need it

    return ftfy.fix_encoding(text)
