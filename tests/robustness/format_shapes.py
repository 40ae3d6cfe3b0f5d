"""Files of 1 MB whose shape makes careless readers slow: what they repeat, nest, or refer to."""

import json
from collections.abc import Callable
from functools import partial

_SIZE = 1_000_000
_CELLS = (
    "{", "((", " and ", "von de la ", "&amp;", "<p>", "<", "$x_{", "\\alpha{", "1999-", "10.1000/",
    "978-3 ", "engfre", "a--b; c | ", "http://", "x  ", "1",
)  # fmt: skip
_MODS = '<modsCollection xmlns="http://www.loc.gov/mods/v3"><mods><titleInfo><title>'


def fill(text: str, start: str = "") -> bytes:
    """Return the start, and the text repeated up to the size."""
    return (start + text * (_SIZE // len(text)))[:_SIZE].encode()


def _cells(cell: str) -> bytes:
    """Return a table with ten long cells in each of the usual columns."""
    header = "Title,Authors,Abstract,Date,Language,Keywords,DOI,ISBN,URL,Pages\n"
    long = (cell * 10_000)[:10_000].replace('"', '""')
    return (header + (f'Salt,"{long}",' + ",".join([f'"{long}"'] * 8) + "\n") * 10).encode()


def _entities() -> bytes:
    """Return XML with entities that are ten times the one before."""
    nested = "".join(f'<!ENTITY a{n} "{f"&a{n - 1};" * 10}">' for n in range(1, 12))
    return f'<!DOCTYPE a [<!ENTITY a0 "x">{nested}]>{_MODS}&a11;</title>'.encode()


def _anchors() -> bytes:
    """Return YAML whose anchors are nine times the one before."""
    nested = "".join(f"  a{n}: &a{n} [{','.join([f'*a{n - 1}'] * 9)}]\n" for n in range(1, 12))
    return f"- title: Salt\n  a0: &a0 [x, x]\n{nested}".encode()


def _columns() -> bytes:
    """Return a table with more columns than rows."""
    header = ",".join(["Title", *(f"Column {n}" for n in range(10_000))])
    return (f"{header}\n" + (",".join(["Salt"] * 10_001) + "\n") * 8).encode()


def _attributes() -> bytes:
    """Return XML with an element of many attributes."""
    many = " ".join(f'a{n}="x"' for n in range(60_000))
    return f"<list><rec {many}><title>x</title></rec></list>".encode()


def _circles() -> bytes:
    """Return linked data in which each part has another one."""
    parts = [
        {"@id": f"#{n}", "@type": "Book", "name": f"T{n}", "isPartOf": {"@id": f"#{n + 1}"}}
        for n in range(5000)
    ]
    parts[-1]["isPartOf"] = {"@id": "#0"}
    return json.dumps({"@context": "https://schema.org", "@graph": parts}).encode()


SHAPES: dict[str, tuple[str, Callable[[], bytes]]] = {
    "a table of 10,000 columns": (".csv", _columns),
    "a table of 100,000 columns": (".csv", lambda: fill('"a""b",', "Title,Year\n")),
    "a quotation mark on each line": (".csv", lambda: fill('"a,2001\n', "Title,Year\n")),
    "a table in one column": (".csv", lambda: fill("A title\n", "Title\n")),
    **{
        f"cells of {cell!r}": (".csv", partial(_cells, cell))
        for cell in _CELLS
    },
    "marks on one letter": (".csv", lambda: fill("\u0316\u0301", "Title,Year\na")),
    "RIS without an end": (".ris", lambda: fill("AU  - Smith, J\n", "TY  - JOUR\n")),
    "RIS of continued lines": (".ris", lambda: fill("  more\n", "TY  - JOUR\nTI  - A\nAB  - x\n")),
    "BibTeX braces": (".bib", lambda: fill("{", "@article{a, title=")),
    "BibTeX entries in entries": (".bib", lambda: fill("@article{a,\n")),
    "BibTeX circular parents": (".bib", lambda: b"@xdata{a,xdata=b}@xdata{b,xdata=a}" + b"".join(
        b"@inbook{k%d,crossref=k%d,xdata={a,b},title={T}}\n" % (n, n + 1) for n in range(9_000)
    )),
    "XML entities": (".xml", _entities),
    "XML elements": (".xml", lambda: fill("<a>", "<list><rec><title>x</title></rec>")),
    "XML of many attributes": (".xml", _attributes),
    "XML of many names": (".xml", lambda: b"<list><rec><title>x</title>" + b"".join(
        b"<a%d>x</a%d>" % (n, n) for n in range(50_000)
    )),
    "XML of wrong brackets": (".xml", lambda: fill("<<<&&&>>", "<list>")),
    "JSON lists": (".json", lambda: b"[" * _SIZE),
    "JSON of many keys": (".json", lambda: b'[{"title": "x"' + b"".join(
        b', "k%d": 1' % n for n in range(90_000)
    )),
    "JSON of a long number": (".json", lambda: b'[{"title":"x","n":' + b"9" * 900_000 + b"}]"),
    "linked data in circles": (".json", _circles),
    "YAML anchors": (".yaml", _anchors),
    "YAML lists": (".yaml", lambda: fill("[", "- title: x\n  a: ")),
    "YAML dashes": (".yaml", lambda: fill("- ")),
    "front matter of lists": (".md", lambda: fill("[", "---\ntitle: x\na: ")),
    "front matter of a dotted key": (".md", lambda: fill("a.", "+++\ntitle='x'\n") + b"a=1\n+++\n"),
    "front matter of many keys": (".md", lambda: b"+++\ntitle='x'\n" + b"".join(
        b"%x.%s=1\n" % (n, b".".join([b"a"] * 19)) for n in range(22_000)
    ) + b"+++\n"),
    "Markdown brackets": (".md", lambda: fill("[a](", "- [A](http://a.org) x\n- ")),
    "Markdown marks": (".md", lambda: fill("_a*", "- [A](http://a.org) x\n- ")),
    "HTML elements": (".html", lambda: fill("<div>", "<html><body>")),
    "HTML list items": (".html", lambda: fill(
        "<li>Moss, A. (2019). Salt. <i>Journal</i>, 3.", "<html><body><ul>"
    )),
    "MARC terminators": (".mrc", lambda: fill("\x1d", "00100nam a2200049 a 4500")),
    "MARC fields": (".mrc", lambda: fill("\x1e", "99999nam a2200049 a 4500")),
    "NUL bytes": (".bin", lambda: bytes(_SIZE)),
    "one line of text": (".txt", lambda: fill("lorem ipsum ")),
}  # fmt: skip
