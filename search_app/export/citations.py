"""Citations of publications in five styles, by citeproc-py and styles of the CSL project.

`third_party/csl/` contains the styles. `processor` corrects citeproc-py where it differs from CSL
1.0.2. docs/decisions/0037-citeproc-with-corrections.md compares the two.
"""

import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, NamedTuple, cast

import msgspec
from citeproc import Citation, CitationItem, CitationStylesBibliography
from citeproc import source as citeproc
from citeproc.source.json import CiteProcJSON
from citeproc.string import String

from indexer.catalogue.fields import NAME_ROLES
from indexer.values.names import Name
from search_app.export.csl import Item, to_csl_json
from search_app.export.processor import FIRST_MARK, LAST_MARK, MarkedText, Reference, Style

STYLES: Mapping[str, str] = {
    "apa": "APA",
    "chicago": "Chicago",
    "mla": "MLA",
    "ieee": "IEEE",
    "oscola": "OSCOLA",
}
"""The name of each style in URLs, and its label, in the order in which pages list them."""
_FILES = {"chicago": "chicago-author-date", "mla": "modern-language-association"}
"""The names of files that differ from those of styles."""
_FOLDER = Path(__file__).parent / "third_party" / "csl"

_lock = Lock()
"""citeproc-py keeps the state of a citation in the elements of its style."""
_MARKS = re.compile(f"[{FIRST_MARK}{LAST_MARK}]")
_RUN = re.compile(f"([{FIRST_MARK}{LAST_MARK}]?)([^{FIRST_MARK}{LAST_MARK}]+)")
_PARTICLES = re.compile(r"((?:[^\W\d_]+['’]?\s+)+)(\S.*)")
_INITIAL = re.compile(r"\.(?=[^\W\d_])")
_DOUBLE_QUOTED = re.compile(r'"([^"]*)"')
_SINGLE_QUOTED = re.compile(r"(?<!\w)'([^']*)'(?!\w)")
_TITLES = frozenset({"title", "container-title", "collection-title"})
_NUMBERS = frozenset({"volume", "issue", "number", "collection-number", "edition"})
_AFTER_MARK = re.compile(rf"([?!][”’{LAST_MARK}]*|\.[”’{LAST_MARK}]+)\.")
_AFTER_QUOTE = re.compile(rf"([”’]+)({LAST_MARK}?)([.,])")
_SPACES = re.compile(r" {2,}")


class Run(NamedTuple):
    """A part of a citation in one typeface."""

    text: str
    is_italic: bool = False


def cite(item: Item, style: str) -> tuple[Run, ...]:
    """Return the citation of a publication in one of `STYLES`."""
    data = make_citation_data(item)
    with _lock:
        loaded = _load_style(style)
        source = {item.id.lower(): _make_reference(data)}
        bibliography = CitationStylesBibliography(loaded, source, MarkedText)
        bibliography.register(Citation([CitationItem(item.id)]))
        text = "".join(map(str, bibliography.bibliography()))
    # Where two parts meet, there is one mark.
    text = _SPACES.sub(" ", _AFTER_MARK.sub(r"\1", text))
    if loaded.quotes_last:
        text = _AFTER_QUOTE.sub(r"\3\1\2", text)
    return tuple(Run(part, mark == FIRST_MARK) for mark, part in _RUN.findall(text.strip()))


def get_style_path(style: str) -> Path:
    """Return the file of one of `STYLES`."""
    return _FOLDER / f"{_FILES.get(style, style)}.csl"


@cache
def _load_style(style: str) -> Style:
    return Style(get_style_path(style))


def make_citation_data(item: Item) -> dict[str, object]:
    """Return a publication in CSL-JSON as it is cited.

    The catalogue's own page is not cited, nor a publisher who is the author. Particles of names
    are parts of their own. Chinese, Japanese, and Korean names are whole, because their family name
    comes first in any style. Titles have curved quotation marks, and ranges of numbers a dash.
    Without a language, it is "", so that no title gets the capitals of English.
    """
    people = {
        role: tuple(Name(literal=name.display) if name.is_east_asian else name for name in names)
        for role, names in item.names.items()
    }
    data = {"language": ""} | to_csl_json(msgspec.structs.replace(item, page_url="", names=people))
    authors = {name.literal for name in item.names.get("author", ())}
    if item.url:
        data["URL"] = item.url
    if data.get("publisher") in authors:
        del data["publisher"]
    for role in data.keys() & NAME_ROLES:
        data[role] = [_separate_parts(name) for name in cast(Any, data[role])]
    for title in _TITLES & data.keys():
        curved = _SINGLE_QUOTED.sub(r"“\1”", _DOUBLE_QUOTED.sub(r"“\1”", str(data[title])))
        data[title] = curved.replace("'", "’")
    for number in _NUMBERS & data.keys():
        data[number] = str(data[number]).replace("-", "–")
    return data


def _separate_parts(name: dict[str, str]) -> dict[str, str]:
    """Return a name with its particles apart, and a space after each initial: `C. S.`."""
    if given := name.get("given"):
        name = name | {"given": _INITIAL.sub(". ", given)}
    match = _PARTICLES.fullmatch(name.get("family", ""))
    if match is None or not match[1].islower():
        return name
    return name | {"family": match[2], "non-dropping-particle": match[1].strip()}


def _make_reference(data: Mapping[str, Any]) -> Reference:
    variables: dict[str, object] = {}
    for name, value in data.items():
        if name in ("id", "type", "language"):
            variables[name] = value
        elif name in NAME_ROLES:
            variables[name] = [citeproc.Name(**person) for person in value]
        elif name == "issued":
            variables[name] = CiteProcJSON([]).parse_date(value)
        else:
            variables[name.replace("-", "_")] = String(_MARKS.sub("", value))
    return Reference(str(data["id"]).lower(), variables)
