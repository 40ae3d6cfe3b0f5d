"""Markup: remove it from titles and abstracts, repair encodings, and parse web pages.

A page is parsed in a time that is linear in its size.
"""

import math
import re
from collections.abc import Mapping

from lxml import etree

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


MAX_ATTRIBUTES = 1_000
"""Limit on the attributes of a tag. lxml passes all others to add one: 120,000 take 90 s."""
REMOVE_THEM = "Remove them, or save the page again"
"""The hint of a problem with too many attributes."""


class PageTooLarge(ValueError):
    """A page has too many tags, or a tag has too many attributes.

    The message is a clause such as "the page has more than 10 tags and attributes". `is_setting`:
    the limit is the one that was passed.
    """

    def __init__(self, message: str, *, is_setting: bool) -> None:
        super().__init__(message)
        self.is_setting = is_setting


class _Counter:
    """Parser target that raises PageTooLarge."""

    def __init__(self, most_parts: float) -> None:
        self._most = self._left = most_parts

    def start(self, _: str, attributes: Mapping[str, str]) -> None:
        self._left -= 1 + len(attributes)
        if len(attributes) > MAX_ATTRIBUTES:
            message = f"a tag of the page has more than {MAX_ATTRIBUTES} attributes"
            raise PageTooLarge(message, is_setting=False)
        if self._left < 0:
            message = f"the page has more than {self._most} tags and attributes"
            raise PageTooLarge(message, is_setting=True)

    def close(self) -> None:
        """Handle the end of the page."""


def parse_html(text: str, most_parts: float = math.inf) -> etree._Element:
    """Return the root of a page. A page without elements has an empty root.

    Comments and processing instructions are left out. `most_parts` limits tags and attributes.
    Raise PageTooLarge, or MemoryError.
    """
    data = text.replace("\0", "").encode("utf-8", "replace")
    try:
        target = _Counter(most_parts)
        etree.fromstring(data, etree.HTMLParser(target=target, encoding="utf-8", no_network=True))
        parser = etree.HTMLParser(
            encoding="utf-8", no_network=True, huge_tree=False, remove_comments=True,
            remove_pis=True,
        )  # fmt: skip
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from error
        root = None
    return etree.Element("html") if root is None else root
