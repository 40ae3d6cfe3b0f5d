"""Decode XML into blocks of text that a parser accepts, even if some bytes are invalid.

Named HTML entities become their characters. No other entity is ever defined, so an entity bomb
stays text.
"""

import codecs
import re
from collections.abc import Iterator
from html import escape, unescape
from html.entities import html5
from itertools import chain

from indexer.catalogue.records import Problem
from indexer.readers.text.encodings import detect_utf16, unify_encoding

_MAX_MARKUP = 50
"""Characters at the end of a block in which a reference may start. They wait for the next block."""
_DECLARED = re.compile(rb"""\s{0,99}<\?xml[^>]{0,200}?encoding\s{0,9}=\s{0,9}["']([\w.:-]{1,40})""")
_WINDOWS = {"ascii", "iso8859-1"}
"""Encodings that are read as Windows-1252, as browsers do."""
_DECLARATION = re.compile(r"\A\s*<\?xml\s[^>]{0,999}>|\A\s+")
_ILLEGAL = re.compile("[\0-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_MARKUP = re.compile(r"&(?:(#?\w{1,40});)?|<(?![^\W\d]|[:/!?])")
"""A reference, or a & or < that is text."""
_CDATA = re.compile(r"(<!\[CDATA\[|\]\]>)")
_UNFINISHED = re.compile(r"[&<\]][^;>]*\Z")
"""The start of a reference, a tag, or the end of a CDATA section."""
_REREAD = "\udfff"
"""A character that no encoding decodes to. It marks an invalid byte that was read otherwise."""


class XmlText:
    """The text of an XML file, in blocks. Iterate over it once. Then `problems` is complete.

    An invalid byte is read as Windows-1252, as browsers read most files without a correct encoding.
    """

    def __init__(self, blocks: Iterator[bytes], file: str) -> None:
        self.problems: list[Problem] = []
        self._blocks, self._file = blocks, file
        self._line = 1
        self._bad_line = self._unescaped_line = 0
        self._is_literal = False

    def __iter__(self) -> Iterator[str]:
        unfinished = ""
        for text in self._decode_blocks():
            whole = unfinished + text
            cut = _UNFINISHED.search(whole, max(0, len(whole) - _MAX_MARKUP))
            end = cut.start() if cut else len(whole)
            yield self._clean(whole[:end])
            unfinished = whole[end:]
        if unfinished:
            yield self._clean(unfinished)
        if self._unescaped_line:
            message = "& or < is not escaped"
            hint = "Write &amp; and &lt;. They were read as text"
            self.problems.append(Problem(self._file, self._unescaped_line, message, hint))
        if self._bad_line:
            message = "some bytes are not text in the encoding of the file"
            hint = "Save the file as UTF-8. They were replaced by the likeliest characters"
            self.problems.append(Problem(self._file, self._bad_line, message, hint))

    def _decode_blocks(self) -> Iterator[str]:
        """Yield the text of the file, without its XML declaration."""
        decoder = codecs.getincrementaldecoder("utf-8")(_reread_byte.__qualname__)
        is_start = True
        for block in chain(unify_encoding(self._blocks, _find_encoding), (b"",)):
            text = decoder.decode(block, not block)
            if _REREAD in text:
                bad_line = self._line + text.count("\n", 0, text.index(_REREAD))
                self._bad_line = self._bad_line or bad_line
                text = text.replace(_REREAD, "")
            if is_start:  # later lines keep their numbers
                text = _DECLARATION.sub(lambda match: "\n" * match[0].count("\n"), text, count=1)
            yield text
            is_start = False

    def _clean(self, text: str) -> str:
        """Return the text with valid characters and references. Tags stay unchanged."""
        text = _ILLEGAL.sub("\ufffd", text)
        pieces = _CDATA.split(text)
        for index, piece in enumerate(pieces):
            if piece == "<![CDATA[":
                self._is_literal = True
            elif piece == "]]>":
                self._is_literal = False
            elif not self._is_literal and ("&" in piece or "<" in piece):
                pieces[index] = _MARKUP.sub(self._escape, piece)
            self._line += piece.count("\n")
        return "".join(pieces)

    def _escape(self, match: re.Match[str]) -> str:
        """Return the character of a reference, or text that looks like one, escaped for XML.

        As in HTML, the numbers of control characters beyond ASCII are bytes in Windows-1252.
        """
        if not match[1] and not self._unescaped_line:
            self._unescaped_line = self._line + match.string.count("\n", 0, match.start())
        is_known = match[1] and (match[1].startswith("#") or f"{match[1]};" in html5)
        text = unescape(match[0]) if is_known else match[0]
        return escape(_ILLEGAL.sub("\ufffd", text or "\ufffd"))


def _reread_byte(error: UnicodeError) -> tuple[str, int]:
    """Return the characters of invalid bytes in Windows-1252, after a mark."""
    assert isinstance(error, UnicodeDecodeError)
    bad = error.object[error.start : error.end]
    return _REREAD + bad.decode("cp1252", "replace"), error.end


codecs.register_error(_reread_byte.__qualname__, _reread_byte)


def _find_encoding(head: bytes) -> str | None:
    """Return the encoding of XML that starts with `head`, or None for UTF-8."""
    if encoding := detect_utf16(head):
        return encoding
    if not (declared := _DECLARED.match(head)):
        return None
    try:
        name = codecs.lookup(declared[1].decode("ascii")).name
        "".encode(name)
        # The declaration was read as ASCII, which disproves encodings such as UTF-16 and EBCDIC.
        start = codecs.getincrementaldecoder(name)(_reread_byte.__qualname__).decode(head[:1])
    except (LookupError, UnicodeError):
        return None
    if start != head[:1].decode("latin-1") or name.startswith("utf"):
        return None
    return "cp1252" if name in _WINDOWS else name
