"""Convert Markdown to plain text, with the places of its links."""

import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any, NamedTuple

from markdown_it import MarkdownIt
from markdown_it.token import Token


class _Parser(MarkdownIt):
    def __init__(self) -> None:
        super().__init__("commonmark")
        self.enable("table")

    def normalizeLink(self, url: str) -> str:  # noqa: N802 - name of the library
        return url


_PARSER, _BLOCK_PARSER = _Parser(), _Parser().disable("inline")
_PART_LINES = 2_000
"""Lines of a page that are parsed at a time. The blocks of a whole page need much memory."""
_PART_START = re.compile(r"[-*+#]+ ")
_FENCE = re.compile(r" {0,3}(?:```|~~~)")
_DEFINITION = re.compile(r"^ {0,3}\[[^\]\n]+\]:[^\n]+", re.MULTILINE)
"""The URL of links such as `[text][label]`. It may be anywhere on the page."""
_MAX_TEXT_CHARS = 100_000
"""Limit on a text whose marks are read. A mark needs far more memory than its characters."""
_BARE_URL = re.compile(r"(?<![\w/\"'=(])https?://[^\s<>()\"]+")
_TRAILING = ".,;:!?'*_"
"""Characters at the end of a bare URL that belong to the sentence."""
_BLOCKS = frozenset(("inline", "fence", "code_block", "html_block"))
_BREAKS = frozenset(("softbreak", "hardbreak"))


class Link(NamedTuple):
    """A link, and its place in the plain text. The `text` of a bare URL is empty."""

    text: str
    url: str
    start: int
    end: int


class Text(NamedTuple):
    """Plain text without images. HTML tags stay. `bold`: the place of the first bold text."""

    text: str
    links: Sequence[Link] = ()
    bold: tuple[int, int] | None = None


def parse(markdown: str) -> Iterator[Token]:
    """Yield the blocks of a page. Those of the type "inline" have texts."""
    references: dict[str, Any] = {}
    _BLOCK_PARSER.parse("\n".join(_DEFINITION.findall(markdown)), references)
    for start, part in _split(markdown):
        for block in _BLOCK_PARSER.parse(part, references):
            if block.map:
                block.map = [start + line for line in block.map]
            if block.type == "inline":
                [parsed] = _PARSER.parseInline(block.content[:_MAX_TEXT_CHARS], references)
                block.children = parsed.children
            yield block


def _split(markdown: str) -> Iterator[tuple[int, str]]:
    """Yield parts of a page that start with a heading or a list item, and the lines before them."""
    start, part, is_code = 0, list[str](), False
    for number, line in enumerate(markdown.split("\n")):
        if len(part) >= _PART_LINES and not is_code and _PART_START.match(line):
            yield start, "\n".join(part)
            start, part = number, []
        is_code ^= _FENCE.match(line) is not None
        part.append(line)
    yield start, "\n".join(part)


def read_inline(blocks: Iterable[Token]) -> Text:
    """Return the text of blocks of the type "inline", one below the other."""
    text, links, bold = "", list[Link](), list[int]()
    starts, plain = list[tuple[int, str]](), 0
    for token in (part for block in blocks for part in (_LINE_BREAK, *(block.children or ()))):
        if token.type == "link_open":
            links += _find_bare_urls(text, plain)
            url = "" if token.markup == "autolink" else str(token.attrs["href"])
            starts.append((len(text), url))
        elif token.type == "link_close":
            start, url = starts.pop()
            links.append(Link(text[start:] if url else "", url or text[start:], start, len(text)))
            plain = len(text)
        elif token.type in {"strong_open", "strong_close"}:
            bold.append(len(text))
        elif token.type in _BREAKS:
            text += "\n" if text else ""
        elif token.type != "image" and not token.content.startswith("<!--"):
            text += token.content
    links += _find_bare_urls(text, plain)
    is_bold = len(bold) > 1 and bold[0] < bold[1]
    return Text(text, links, (bold[0], bold[1]) if is_bold else None)


_LINE_BREAK = Token("softbreak", "br", 0)


def _find_bare_urls(text: str, start: int) -> Iterator[Link]:
    for match in _BARE_URL.finditer(text, start):
        url = match[0].rstrip(_TRAILING)
        yield Link("", url, match.start(), match.start() + len(url))


def to_text(markdown: str) -> str:
    """Return the text of Markdown without its marks. HTML tags stay."""
    return read_inline(_PARSER.parseInline(markdown[:_MAX_TEXT_CHARS])).text.strip()


def to_plain_text(markdown: str, max_chars: int) -> str:
    """Return the paragraphs of a page as plain text of at most `max_chars` characters."""
    paragraphs: list[list[str]] = []
    for block in parse(markdown[: 4 * max_chars]):
        if block.level == 0:
            paragraphs.append([])
        if block.type in _BLOCKS:
            is_inline = block.type == "inline"
            paragraphs[-1] += (read_inline([block]).text if is_inline else block.content).split()
    return "\n\n".join(" ".join(words) for words in paragraphs if words)[:max_chars].rstrip()
