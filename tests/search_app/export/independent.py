"""Read exported files with libraries that other projects wrote, and what they must find."""

import io
import json
import re
import shutil
import subprocess
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple
from xml.etree import ElementTree

import pymarc
import pytest
import rispy
from bibtexparser.entrypoint import parse_string
from bibtexparser.middlewares import SeparateCoAuthors, SplitNameParts
from pylatexenc.latex2text import LatexNodes2Text, MacroTextSpec, get_default_latex_context_db

from indexer.analysis.cleaning import clean
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Publication
from indexer.values import names
from indexer.values.iso_codes import find_language_code

PAGES = "https://catalogue.example/publication/"
_DC = "{http://purl.org/dc/elements/1.1/}"
_MODS = "{http://www.loc.gov/mods/v3}"
_SUFFIX = re.compile(r"(.+) (Jr\.), (.+)")
"""How bibutils writes a suffix: after the family name."""


class Found(NamedTuple):
    """A publication as a library reads it. None: the format has no place for it.

    `authors` have the family name first. `url` is the first address.
    """

    title: str
    year: str | None
    authors: list[str] | None
    languages: list[str] | None
    abstract: str | None
    url: str | None


def make_page_url(identity: str) -> str:
    """Return the address of the page of a publication."""
    return f"{PAGES}{identity}"


def describe(publication: Publication, catalogue: Catalogue) -> Found:
    """Return a publication as every library must read it."""

    def get(role: str) -> list[str]:
        fields = [field.name for field in catalogue.valued if field.role == role]
        return [str(value) for field in fields for value in publication.values.get(field, ())]

    authors = [
        names.read(str(value)).inverted if field.kind == "name" else str(value)
        for field in catalogue.valued
        if field.role == "author"
        for value in publication.values.get(field.name, ())
    ]
    dois = [f"https://doi.org/{doi}" for doi in get("DOI")]
    return Found(
        publication.title,
        next((value[:4] for value in get("issued")), ""),
        authors,
        get("language"),
        clean(publication.summary or ""),
        [*get("URL"), *dois, make_page_url(publication.id)][0],
    )


def read_ris(data: bytes) -> list[Found]:
    """Read RIS with rispy."""
    return [
        Found(
            record["title"],
            record.get("year", ""),
            [name.rstrip(", ") for name in record.get("authors", [])],
            _split(record.get("language", ""), "; "),
            record.get("abstract", ""),
            [*record.get("urls", []), f"https://doi.org/{record.get('doi')}"][0],
        )
        for record in rispy.loads(data.decode())
    ]


def read_bibtex(data: bytes) -> list[Found]:
    """Read BibTeX with bibtexparser."""
    stack = [SeparateCoAuthors(), SplitNameParts()]
    library = parse_string(data.decode(), append_middleware=stack)
    assert not library.failed_blocks
    assert len({entry.key for entry in library.entries}) == len(library.entries)
    return [_find_bibtex(entry) for entry in library.entries]


def _make_decoder() -> LatexNodes2Text:
    """Return pylatexenc's decoder of LaTeX, with braces, which it drops, and a plain caret."""
    commands = {"textbraceleft": "{", "textbraceright": "}", "textasciicircum": "^"}
    context = get_default_latex_context_db()
    macros = [MacroTextSpec(name, text) for name, text in commands.items()]
    context.add_context_category("braces", macros=macros, prepend=True)
    return LatexNodes2Text(latex_context=context, keep_braced_groups=False)


_decode = _make_decoder().latex_to_text


def _find_bibtex(entry: Any) -> Found:
    fields = {field.key: field.value for field in entry.fields}
    authors = [([*name.von, *name.last], name.first, name.jr) for name in fields.get("author", [])]
    return Found(
        _decode(fields["title"]),
        fields.get("year", ""),
        [_decode(", ".join(" ".join(part) for part in name if part)) for name in authors],
        [_find_code(name) for name in _split(fields.get("language", ""), " and ")],
        _decode(fields.get("abstract", "")),
        fields.get("url") or f"https://doi.org/{fields.get('doi')}",
    )


def read_csl(data: bytes) -> list[Found]:
    """Read CSL-JSON, whose language is that of the title if there are several."""
    return [
        Found(
            item["title"],
            str(item["issued"]["date-parts"][0][0]) if "issued" in item else "",
            [_join_csl(name) for name in item.get("author", [])],
            None,
            clean(item.get("abstract", "")),
            item.get("URL") or f"https://doi.org/{item['DOI']}",
        )
        for item in json.loads(data)
    ]


def _join_csl(name: Mapping[str, str]) -> str:
    parts = [name.get(part, "") for part in ("family", "given", "suffix")]
    return name.get("literal") or ", ".join(filter(None, parts))


def read_mods(data: bytes) -> list[Found]:
    """Convert MODS with bibutils to RIS, and read that with rispy.

    bibutils keeps one language, so the standard library reads the languages.
    """
    program = shutil.which("xml2ris")
    if program is None:
        pytest.skip("xml2ris of bibutils is not installed")
    command = [program, "--output-encoding", "unicode", "--no-bom"]
    converted = subprocess.run(command, input=data, capture_output=True, check=True).stdout
    return [
        Found(
            record["title"],
            record.get("year", ""),
            [_SUFFIX.sub(r"\1, \3, \2", name) for name in record.get("authors", [])],
            [_find_code(term.text or "") for term in element.iterfind(f".//{_MODS}languageTerm")],
            record.get("abstract", ""),
            next((url for url in record["urls"] if not url.startswith(PAGES)), record["urls"][0]),
        )
        for record, element in zip(
            rispy.loads(converted.decode()), ElementTree.fromstring(data), strict=True
        )
    ]


def read_marcxml(data: bytes) -> list[Found]:
    """Read MARCXML with pymarc."""
    records = pymarc.parse_xml_to_array(io.BytesIO(data))  # type: ignore[no-untyped-call]
    return [_find_marc(record) for record in records if record]


def _find_marc(record: pymarc.Record) -> Found:
    def get(*subfields: str) -> list[str]:
        return [
            value
            for subfield in subfields
            for field in record.get_fields(subfield[:3])
            for value in field.get_subfields(subfield[3:])
        ]

    authors = [
        ", ".join(field.get_subfields("a", "c"))
        for field in record.get_fields("100", "110", "700", "710")
        if "aut" in field.get("4", "")
    ]
    coded = record["008"].data or ""
    assert len(coded) == 40
    assert len(str(record.leader)) == 24
    return Found(
        record["245"]["a"],
        coded[7:11].replace("uuuu", ""),
        authors,
        [_find_code(code) for code in get("041a") or [coded[35:38]] if code != "und"],
        "".join(get("520a")),
        [
            *(field["u"] for field in record.get_fields("856") if field.indicator2 == "0"),
            *(f"https://doi.org/{doi}" for doi in get("024a")),
            *get("856u"),
        ][0],
    )


def _find_code(code: str) -> str:
    found = find_language_code(code)
    assert found
    return found


def read_dc(data: bytes) -> list[Found]:
    """Read Dublin Core with the standard library."""
    return [
        Found(
            record.findtext(f"{_DC}title") or "",
            (record.findtext(f"{_DC}date") or "")[:4],
            [element.text or "" for element in record.iterfind(f"{_DC}creator")],
            [element.text or "" for element in record.iterfind(f"{_DC}language")],
            record.findtext(f"{_DC}description") or "",
            record.findtext(f"{_DC}identifier") or "",
        )
        for record in ElementTree.fromstring(data)
    ]


def _split(text: str, separator: str) -> list[str]:
    return text.split(separator) if text else []


READERS: Mapping[str, Callable[[bytes], list[Found]]] = {
    "ris": read_ris,
    "bibtex": read_bibtex,
    "csl": read_csl,
    "mods": read_mods,
    "marcxml": read_marcxml,
    "dc": read_dc,
}
"""How to read each format of items. CSV and JSON Lines have the fields of a catalogue."""
