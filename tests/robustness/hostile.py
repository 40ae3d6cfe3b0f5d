"""Hostile files, each with the problem that a build must report.

Each file is added to a small corpus without faults. No publication of that corpus may be lost.
"""

# ruff: noqa: PLW0108 - large data is created on demand
import bz2
import gzip
import lzma
from collections.abc import Callable
from typing import NamedTuple
from zlib import crc32

from tests.samples import article, page


class Hostile(NamedTuple):
    """A file: its name, a function that returns its bytes, and a part of the reported problem.

    If `told` is None, the build reports no problem and indexes one publication, titled *Good*.
    """

    file: str
    data: Callable[[], bytes]
    told: str | None


def _page(inner: str) -> Callable[[], bytes]:
    return lambda: f"<!doctype html>\n{inner}".encode()


GOOD = '<article itemscope><h2 itemprop="name">Good</h2><i itemprop="genre">Tools</i>'
NO_TITLE = "it has no title"
DEEP, UNCLOSED = "nested deeper than 100", "its tags are nested too deep"
TAGS, SAYS = "more than 200000 tags", "its tags repeat text"

PAGES: dict[str, tuple[Callable[[], bytes], str | None]] = {
    "200,000 blocks within one another": (_page("<article>" + "<div>" * 200_000), TAGS),
    "tables within one another": (_page("<article>" + "<table><tr><td>" * 20_000), UNCLOSED),
    "fonts within one another": (_page("<article>" + "<font>" * 100_000), UNCLOSED),
    "lists whose items are not closed": (_page("<article>" + "<dd><li>" * 50_000), UNCLOSED),
    "vector graphics within one another": (_page("<article><svg>" + "<g>" * 100_000), UNCLOSED),
    "formulas within one another": (_page("<article><math>" + "<mrow>" * 100_000), UNCLOSED),
    "templates within one another": (_page("<article>" + "<template>" * 50_000), UNCLOSED),
    "articles within one another": (_page("<article itemscope>" * 5_000), UNCLOSED),
    "properties within one another": (
        _page("<article itemscope>" + "<b itemprop=name>" * 10_000 + "x"), UNCLOSED,
    ),
    "properties that repeat a long text": (
        _page(("<article itemscope>" + "<b itemprop=name>" * 90 + "x" * 99_000 + "</b>" * 90
               + "</article>") * 50), SAYS,
    ),
    "properties around breaks beyond number": (
        _page("<article itemscope>" + "<b itemprop=name>" * 90 + "x<br>" * 60_000),
        "Title: its values have 5400000",
    ),
    "a heading that holds for too many articles": (
        _page(f"<h1 itemprop=abstract>{'long ' * 10_000}</h1>"
              + "<article><b itemprop=name>x</b></article>" * 1_000),
        SAYS,
    ),
    "headings beyond number": (
        _page("<b itemprop=abstract>x</b>" * 40_000
              + "<article><b itemprop=abstract>x</b></article>" * 20_000), NO_TITLE,
    ),
    "a million paragraphs": (_page("<article>" + "<p>" * 1_000_000), TAGS),
    "a million comments": (_page("<article>" + "<!-->" * 1_000_000), NO_TITLE),
    "a million attributes": (
        _page("<article " + " ".join(f"a{n}" for n in range(1_000_000)) + ">"),
        "more than 1000 attributes",
    ),
    "links that are not closed": (_page("<article>" + "<a href=x>" * 60_000), NO_TITLE),
    "a million opening brackets": (_page("<article>" + "<" * 1_000_000), NO_TITLE),
    "a million closing tags": (_page("<article>" + "</b>" * 1_000_000), NO_TITLE),
    "quotes that are not closed": (_page("<article>" + '<a b="' * 300_000), NO_TITLE),
    "a comment that is not closed": (_page("<article><!--" + "x<!--" * 500_000), NO_TITLE),
    "a script that is not closed": (_page("<article><script>" + "<" * 1_000_000), NO_TITLE),
    "scripts beyond number": (_page("<article>" + "<script>" * 200_000), NO_TITLE),
    "plain text to the end": (_page(GOOD + "</article><plaintext>" + "<b>" * 300_000), None),
    "overlapping tags": (_page("<article>" + "<b><i></b></i>" * 20_000), NO_TITLE),
    "a property of a million names": (
        _page(f'<article itemscope><b itemprop="{"name " * 1_000_000}">x</b>'),
        "the record has more than 200000 values",
    ),
    "names that are nearly known": (
        _page("<article>" + "".join(f"<b itemprop=datePublished{n}>x</b>" for n in range(90_000))),
        "more problems are not listed",
    ),
    "laughs by the billion": (
        lambda: (
            "<!DOCTYPE x [" + "".join(
                f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 30)
            ) + f"]>{GOOD}&a29;</article>"
        ).encode(), None,
    ),
    "an entity that is a file": (
        _page('<!DOCTYPE x [<!ENTITY e SYSTEM "file:///etc/passwd">]>'
              "<article><b itemprop=name>&e;root</b>"), "Section: it is missing",
    ),
    "a document type from elsewhere": (
        lambda: f'<!DOCTYPE html SYSTEM "http://example.invalid/x.dtd">{GOOD}'.encode(), None,
    ),
    "an XML inclusion": (
        _page(f'<xi:include href="file:///etc/passwd" parse="text"/>{GOOD}'), None,
    ),
    "numbers of no character": (_page(f"{GOOD}{'&#0;&#xD800;&#x110000;' * 100_000}"), None),
    "NUL bytes": (lambda: f"{GOOD}{chr(0) * 1_000_000}".encode(), None),
    "UTF-16": (lambda: GOOD.encode("utf-16"), None),
    "Latin-1": (lambda: "<article>\n<p>é".encode("latin-1"), NO_TITLE),
    "a byte order mark": (lambda: b"\xef\xbb\xbf" + GOOD.encode(), None),
    "surrogates as bytes": (lambda: b"<article>\xed\xa0\x80", NO_TITLE),
    "nothing at all": (lambda: b"", "has no <article>"),
    "a page that is too large": (
        lambda: b"<article>" + b"x" * 10_000_000, "the file has more than 10000000 bytes",
    ),
    "a title of a million characters": (
        lambda: page([article("x" * 1_000_000)]).encode(), "Title: its values have 1000000 char",
    ),
    "a title in a language of millions of letters": (
        _page(f'<article><b itemprop=name lang="{"en-" * 1_000_000}">x</b>'), "Title: its values",
    ),
    "values beyond number": (
        _page("<article><b itemprop=name>Good</b>" + "<b itemprop=url>#</b>" * 60_000
              + f'<b itemprop=country>{"IN" * 50_001}</b>'), "Country: its values have 100002",
    ),
    "a title that nobody sees": (
        lambda: page([article("\u200b\u202e\u2066\u3164 \u0301\u00ad")]).encode(), NO_TITLE,
    ),
    "an id that leads out": (lambda: page([article("A", "../a")]).encode(), "the id '../a' can't"),
    "an id that is too long": (lambda: page([article("A", "a" * 10**6)]).encode(), "can't be used"),
    "an id that turns the text around": (
        lambda: page([article("A", "a\u200fb")]).encode(), "the id 'a\\u200fb' can't be used",
    ),
    "an address that is a script": (
        lambda: page([article("A", url="javascript:alert(1)")]).encode(), "is not a web URL",
    ),
    "an address of brackets": (
        lambda: page([article("A", url="http://" + "[" * 90_000)]).encode(), "is not a web URL",
    ),
    "a language that is a bomb": (
        lambda: page([article("A", inLanguage="a-" * 45_000)]).encode(), "is unknown",
    ),
}  # fmt: skip

LINE = b'{"title": "Good", "section": "Tools"}'


def _with_dictionary(packed: bytes, size: int) -> bytes:
    """Return an xz file whose first block requests another dictionary size, at most size code 40.

    Source of the format: "The .xz File Format", version 1.0.4, sections 3.1 and 5.3.1.
    """
    start = 12
    end = start + 4 * packed[start]
    header = bytearray(packed[start:end])
    header[header.index(b"\x21\x01") + 2] = size
    checked = crc32(header).to_bytes(4, "little")
    return packed[:start] + bytes(header) + checked + packed[end + 4 :]


BEYOND = "can't be read beyond line"
LINES: dict[str, tuple[str, Callable[[], bytes], str | None]] = {
    "a line that is too long": (
        ".jsonl", lambda: b'{"title": "' + b"x" * 3_000_000 + b'"}\n' + LINE,
        "the line has more than 1000000 bytes",
    ),
    "lists a million deep": (".jsonl", lambda: b"[" * 900_000, DEEP),
    "objects a million deep": (".jsonl", lambda: b'{"a":' * 180_000, DEEP),
    "lists just too deep": (
        ".jsonl", lambda: b'{"title": "x", "note": ' + b"[" * 101 + b"]" * 101 + b"}", DEEP,
    ),
    "an id of lists": (
        ".jsonl", lambda: b'{"title": "x", "id": ' + b"[" * 500 + b"]" * 500 + b"}", DEEP,
    ),
    "numbers without end": (
        ".jsonl", lambda: b'{"title": ' + b"1" * 900_000 + b"}", "out of range",
    ),
    "a number beyond all": (".jsonl", lambda: b'{"title": 1e999999}', "out of range"),
    "half a character": (".jsonl", lambda: b'{"title": "\\ud800"}', "truncated"),
    "names by the thousand": (
        ".jsonl",
        lambda: b'{"title": "x"' + b"".join(b', "titl%d": 1' % n for n in range(60_000)) + b"}",
        "is not a field of this catalogue",
    ),
    "one name again and again": (
        ".jsonl", lambda: b'{"section": "Tools"' + b', "title": "Good"' * 50_000 + b"}", None,
    ),
    "values beyond number": (
        ".jsonl", lambda: b'{"title": "x", "note": [' + b'"",' * 150_000 + b'""]}',
        "Note: its values have 150001",
    ),
    "lines that are none": (".jsonl", lambda: b"x\n" * 100_000, "98999 more problems"),
    "ends of lines only": (
        ".jsonl", lambda: LINE + b"\n" * 1_000_000, "more than 250000 blank or short lines",
    ),
    "a line without end": (".jsonl", lambda: b" " * 5_000_000, "the line has more"),
    "noise for gzip": (".jsonl.gz", lambda: b"\x1f\x8b\x08\x08" + bytes(range(256)) * 4, BEYOND),
    "a gzip that breaks off": (
        ".jsonl.gz", lambda: gzip.compress(LINE + b"\n" + b"x" * 10**6)[:-9], BEYOND,
    ),
    "files of gzip put together": (
        ".jsonl.gz", lambda: gzip.compress(LINE) + gzip.compress(b"\n") * 9_000, None,
    ),
    "a bomb of gzip, one line": (
        ".jsonl.gz", lambda: gzip.compress(b"0" * 300_000_000, 9), "the line has more than",
    ),
    "a bomb of xz, one line": (
        ".jsonl.xz", lambda: lzma.compress(b"0" * 300_000_000, preset=0), "the line has more than",
    ),
    "an xz that wants gigabytes": (
        ".jsonl.xz", lambda: _with_dictionary(lzma.compress(LINE), 40), "Memory usage limit",
    ),
    "files of xz put together": (
        ".jsonl.xz", lambda: lzma.compress(LINE) + bytes(400) + lzma.compress(b"\n") * 900, None,
    ),
    "an xz that breaks off": (".jsonl.xz", lambda: lzma.compress(LINE)[:-9], BEYOND),
    "an xz of zeros": (".jsonl.xz", lambda: bytes(3_000_000), BEYOND),
    "an xz that is bzip2": (".jsonl.xz", lambda: bz2.compress(LINE), BEYOND),
}  # fmt: skip

HOSTILE: dict[str, Hostile] = {
    **{name: Hostile("x.html", *case) for name, case in PAGES.items()},
    **{f"JSON: {name}": Hostile(f"x{case[0]}", *case[1:]) for name, case in LINES.items()},
}
"""All hostile files, by description."""
