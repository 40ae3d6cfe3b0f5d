r"""BibTeX: one entry with fields in braces for each publication.

Text stays in UTF-8. Only characters with a meaning in LaTeX become commands. Braces become
commands too, because BibTeX counts `\{` as a brace. Each value is one line.
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from indexer.analysis.cleaning import clean
from indexer.catalogue.fields import NameRole, Role
from indexer.values.iso_codes import get_language_name
from indexer.values.names import Name
from search_app.export.csl import TYPES, Item

_NAMES: tuple[NameRole, ...] = ("author", "director", "editor", "translator", "contributor")
_FIELDS: tuple[tuple[str, Role], ...] = (
    ("series", "collection-title"),
    ("volume", "volume"),
    ("pages", "page"),
    ("pagetotal", "number-of-pages"),
    ("edition", "edition"),
    ("address", "publisher-place"),
    ("isbn", "ISBN"),
    ("issn", "ISSN"),
    ("pmid", "PMID"),
    ("lccn", "call-number"),
    ("note", "note"),
    ("copyright", "rights"),
)
"""Fields with the texts of a role. Several texts are joined by commas."""
_NUMBERS: dict[str, Role] = {
    **dict.fromkeys(("article", "periodical", "inproceedings"), "issue"),
    **dict.fromkeys(("book", "incollection"), "collection-number"),
}
"""The role of the field `number` by the type of an entry: an issue, or a number in a series."""
_PUBLISHERS = {"techreport": "institution", "phdthesis": "school"}
_CONTAINERS = {"incollection": "booktitle", "inproceedings": "booktitle"}
_MONTHS = "jan feb mar apr may jun jul aug sep oct nov dec".split()
_COMMANDS = {
    "\\": r"\textbackslash{}",
    "{": r"\textbraceleft{}",
    "}": r"\textbraceright{}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    **{char: f"\\{char}" for char in "#$%&_"},
}
_SPECIAL = re.compile(f"[{re.escape(''.join(_COMMANDS))}]")
_LIGATURE = re.compile(r"-(?=-)|`(?=`)|'(?=')|,(?=,)|<(?=<)|>(?=>)|\?(?=`)|!(?=`)")
"""The first of two characters that LaTeX prints as one, such as a dash. This is several times
faster than one group of characters."""
_AND = re.compile(r"\band\b", re.IGNORECASE)
_NOT_IN_KEYS = re.compile(r"""["#$%&'(),=@\\^`{}~+\s\x00-\x1f\x7f-\x9f\ud800-\udfff]""")
_NOT_IN_URLS = re.compile(r"[\\{}]")


def write(items: Iterable[Item]) -> Iterator[bytes]:
    for item in items:
        kind = TYPES[item.type].bibtex.partition(" ")[0]
        fields = (f"  {name} = {value},\n" for name, value in _list_fields(item, kind) if value)
        yield f"@{kind}{{{make_key(item.id)},\n{''.join(fields)}}}\n\n".encode()


def make_key(identity: str) -> str:
    """Return an id as a key. Different ids have different keys.

    A character that BibTeX or LaTeX does not allow in keys becomes its number in Unicode, between
    plus signs.
    """
    return _NOT_IN_KEYS.sub(lambda char: f"+{ord(char[0]):x}+", identity)


def _list_fields(item: Item, kind: str) -> Iterator[tuple[str, str]]:
    """Yield the fields of an item with their values, in braces. A value may be empty."""
    # The second pair of braces keeps the case of the title.
    yield "title", f"{{{{{_escape(item.title)}}}}}"
    yield "entrysubtype", _brace(TYPES[item.type].bibtex.partition(" ")[2])
    for name_role in _NAMES:
        if names := item.names.get(name_role):
            yield name_role, _brace(" and ".join(map(_format_name, names)))
    if date := item.issued:
        yield "year", _brace(f"{date.year:04}")
        yield "month", _MONTHS[date.month - 1] if date.month else ""
        # The whole date, which BibLaTeX reads, if it is more than the year.
        yield "date", _brace(date.edtf if date.edtf != f"{date.year:04}" else "")
    yield _CONTAINERS.get(kind, "journal"), _brace(_join(item.get("container-title")))
    # To BibLaTeX, "and" separates publishers.
    yield _PUBLISHERS.get(kind, "publisher"), _brace(_protect(_join(item.get("publisher"))))
    number = _NUMBERS.get(kind, "number")
    if number != "issue":
        yield "issue", _brace(_join(item.get("issue")))
    yield "number", _brace(_join(item.get(number)))
    for field, role in _FIELDS:
        if texts := item.get(role):
            yield field, _brace(_join(texts))
    codes = item.get("language")
    yield "language", _brace(" and ".join(_escape(get_language_name(code)) for code in codes))
    # The name that babel gives a language is mostly the English one.
    name = get_language_name(codes[0] if len(codes) == 1 else item.language) if codes else ""
    yield "langid", _brace(name.lower() if name.isalpha() else "")
    yield "keywords", _brace(", ".join(map(_format_keyword, item.get("keyword"))))
    yield "doi", _brace(_escape_url(item.get_first("DOI")))
    yield "url", _brace(_escape_url("".join(item.link_urls[:1])))
    yield "abstract", _brace(_escape(item.abstract))


def _brace(value: str) -> str:
    return f"{{{value}}}" if value else ""


def _escape(text: str) -> str:
    text = clean(text)
    if _SPECIAL.search(text):  # a search costs much less than a replacement
        text = _SPECIAL.sub(lambda char: _COMMANDS[char[0]], text)
    return _LIGATURE.sub(r"\g<0>{}", text) if _LIGATURE.search(text) else text


def _escape_url(text: str) -> str:
    """Return a URL or a DOI. Programs read it without commands, so braces are percent-encoded."""
    return _NOT_IN_URLS.sub(lambda char: f"%{ord(char[0]):02X}", clean(text))


def _join(texts: Sequence[str]) -> str:
    return ", ".join(map(_escape, texts))


def _format_name(name: Name) -> str:
    """Return `Family, Suffix, Given`, or a literal in braces."""
    if name.literal:
        return _brace(_escape(name.literal))
    parts = (name.family, name.suffix, name.given)
    escaped = (_escape(part) for part in parts if part)
    return ", ".join(_brace(part) if "," in part else _protect(part) for part in escaped)


def _protect(text: str) -> str:
    """Put a text in braces if it contains the word that separates names and publishers."""
    return _brace(text) if _AND.search(text) else text


def _format_keyword(keyword: str) -> str:
    """Return a keyword, in two pairs of braces if it contains what separates keywords.

    A list in one pair of braces is a list without them.
    """
    keyword = _escape(keyword)
    return f"{{{{{keyword}}}}}" if "," in keyword or ";" in keyword else keyword
