"""BibTeX and BibLaTeX reader.

A column has the name of a field in lowercase. "entry type" and "key" are columns too. Each person
in a list of names is a separate value, and so is each keyword.
"""

import re
from collections.abc import Iterator, Mapping
from io import BufferedIOBase

from indexer import toml
from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers.base import Evidence, detect_by_name
from indexer.readers.formats.bibtex.entries import Entry, inherit, read_entries, read_parents
from indexer.readers.formats.bibtex.latex import (
    KEYWORD_FIELDS,
    NAME_FIELDS,
    decode_latex,
    decode_verbatim,
    split_keywords,
    split_names,
)
from indexer.readers.text.encodings import decode_head
from indexer.values.publication_types import is_type

NAME = "bibtex"
SUFFIXES: tuple[str, ...] = (".bib", ".bibtex", ".biblatex")
FIELDS: Mapping[str, tuple[str, ...]] = toml.load_resource(
    __name__, "fields.toml", dict[str, tuple[str, ...]]
)

_ENTRY = re.compile(r"(?m)^[ \t]*@[ \t]*[A-Za-z][\w-]*\s*[{(]\s*[^\s{}(),\"=]*\s*,\s*[\w:.+-]+\s*=")
_COMMAND = re.compile(r"(?im)^[ \t]*@[ \t]*(?:string|preamble|comment)\s*[{(]")
_COMMENT_LINES = re.compile(r"[ \t]*(?:%|$)")
_FOREIGN = re.compile(r"(?m)^[ \t]*(?:<|#|```|\{|\[)")
"""A line of HTML, Markdown, or JSON. Such a file can quote an entry."""
_VERBATIM = frozenset({"doi", "file", "eprint", "link", "pdf", "ee", "biburl"})
"""Fields whose values are not LaTeX."""
_PARAGRAPHS = frozenset({"abstract", "annote", "annotation", "note", "review", "comment"})
_DATA_ENTRIES = frozenset({"xdata", "set"})
_LANGUAGE_FIELDS = frozenset({"language", "langid", "hyphenation", "lang", "origlanguage"})
_CODES = toml.load_resource(__name__, "codes.toml", dict[str, dict[str, str]])
_TYPES, _NUMBERED, _LANGUAGES = (
    {code: name for name, codes in _CODES[table].items() for code in codes.split()}
    for table in ("types", "numbers", "languages")
)


def detect(filename: str, head: bytes) -> Evidence | None:
    """Return the evidence of the first entry in a file, or of the file name."""
    text = decode_head(head)
    entry = _ENTRY.search(text)
    command = _COMMAND.search(text, 0, entry.start() if entry else len(text))
    first = command or entry
    if not first:
        return detect_by_name(filename, SUFFIXES)
    before = text[: first.start()]
    reason = f"a line starts with {first[0].split(None, 1)[0].strip()!r}, as a BibTeX entry does"
    if all(_COMMENT_LINES.match(line) for line in before.split("\n")):
        return Evidence(90 if entry else 70, reason)
    is_quoted = _FOREIGN.search(before) or before.count("\n") > 20
    return Evidence(30 if is_quoted else 80, reason)


def read(stream: BufferedIOBase, file: str, limits: Limits) -> Iterator[SourceRecord | Problem]:
    """Yield the records of a file, in order. `@xdata` and `@set` are not records."""
    parents = read_parents(stream, file, limits)
    stream.seek(0)
    for entry in read_entries(stream, file, limits):
        if isinstance(entry, Problem):
            yield entry
        elif entry.fields and entry.kind not in _DATA_ENTRIES:
            fields, missing = inherit(entry, parents)
            for key in missing:
                message = f"the entry refers to {key!r}, which is not in the file"
                hint = "Add that entry. This one was read without it"
                yield Problem(file, entry.line, message, hint, entry.key or None)
            properties = tuple(_make_properties(entry, fields))
            yield SourceRecord(SourceLocation(file, entry.line), properties)


def _make_properties(entry: Entry, fields: list[tuple[str, str]]) -> Iterator[Property]:
    subtype = decode_latex(dict(fields).get("entrysubtype", ""))
    # A "magazine" is an article in one.
    special = next(filter(is_type, (f"{entry.kind} {subtype}", subtype)), "") if subtype else ""
    kind = special or _TYPES.get(entry.kind, entry.kind)
    yield Property("entry type", kind, kind)
    if entry.key:
        yield Property("key", entry.key, entry.key)
    for name, latex in fields:
        if name == "entrysubtype" and special:
            continue
        column = _NUMBERED.get(entry.kind, name) if name == "number" else name
        for value in _make_values(name, latex):
            if value:
                yield Property(column, value, value)


def _make_values(name: str, latex: str) -> list[str]:
    """Return the values of a field as plain text."""
    if name in _PARAGRAPHS and "\n" in latex:
        paragraphs = (" ".join(part.split()) for part in re.split(r"\n[ \t]*\n", latex))
        return [decode_latex("\n\n".join(filter(None, paragraphs))).strip()]
    text = " ".join(latex.split())
    if name in NAME_FIELDS:
        return split_names(text)
    if name in KEYWORD_FIELDS:
        return split_keywords(text)
    if name in _VERBATIM or name.startswith(("bdsk-", "url", "local-")):
        return [decode_verbatim(text)]
    text = decode_latex(text).strip()
    if name in _LANGUAGE_FIELDS:
        # BibLaTeX's own names start with `lang`, such as `langgerman`.
        text = text.removeprefix("lang") or text
        text = _LANGUAGES.get(text.lower(), text)
    return [text]
