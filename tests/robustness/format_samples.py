"""A small file of every format: the end of its name, and its contents."""

import json

from tests import samples as pages
from tests.indexer.fulltext.pdfs import make_pdf
from tests.indexer.readers import (
    test_bibtex,
    test_front_matter,
    test_html_list,
    test_html_metadata,
    test_json_formats,
    test_markdown_list,
    test_tagged_records,
    test_xlsx,
)
from tests.indexer.readers.marc import samples as marc
from tests.indexer.readers.xml.test_formats import FORMATS

_UNIMARC: marc.Fields = [
    ("001", "77"), ("200", "1 $aLe sel et la mer$fAda Moss"), ("210", "  $aOslo$d1999"),
    ("700", " 1$aMoss$bAda"),
]  # fmt: skip
_TABLE = "Title,Authors,Year,DOI\nSalt roads,Ada Moss; Bo Lind,1999,10.5555/1\nTides,,2001,\n"
_KEYS = (
    "Title: Salt roads\nAuthor: Ada Moss\nYear: 1999\n\nTitle: Tides\nAuthor: Bo Lind\nYear: 2001\n"
)
_PLAIN = [{"title": "Salt roads", "year": 1999, "people": [{"name": "Ada"}]}, {"title": "Tides"}]


_JSON: dict[str, object] = {
    "crossref-json": [test_json_formats.CROSSREF], "csl-json": [test_json_formats.CSL],
    "datacite-json": [test_json_formats.DATACITE], "doaj": [{"bibjson": test_json_formats.DOAJ}],
    "europe-pmc": [test_json_formats.EUROPE_PMC], "hal": [test_json_formats.HAL],
    "json": _PLAIN, "openalex-json": [test_json_formats.OPENALEX],
    "schema.org": [test_json_formats.CONTEXT | test_json_formats.ARTICLE],
    "scopus-json": [test_json_formats.SCOPUS], "zotero-json": [test_json_formats.ZOTERO],
}  # fmt: skip
_TEXT: dict[str, tuple[str, str]] = {
    "html": (".html", pages.SMALL_TOOLS), "jsonl": (".jsonl", pages.SMALL_LINES),
    "html-metadata": (".html", test_html_metadata.TAGS),
    "bibtex": (".bib", test_bibtex.PARENTS + test_bibtex.ENTRY), "delimited": (".csv", _TABLE),
    "marcxml": (".xml", f"<collection>{marc.make_xml(marc.RIVERS)}</collection>"),
    "unimarc-xml": (".xml", f"<collection>{marc.make_xml(_UNIMARC)}</collection>"),
    "mrk": (".mrk", marc.make_mrk(marc.RIVERS)), "unimarc-mrk": (".mrk", marc.make_mrk(_UNIMARC)),
    "marc-json": (".json", marc.make_json(marc.RIVERS)),
    "unimarc-json": (".json", marc.make_json(_UNIMARC)),
    "markdown-list": (".md", test_markdown_list.PAGE),
    "front-matter": (".md", test_front_matter.YAML),
    "html-list": (".html", test_html_list.make_page(test_html_list.CLASSED)),
    "cff": (".cff", test_json_formats.CFF), "key-value": (".txt", _KEYS),
    "nbib": (".nbib", test_tagged_records.PUBMED.lstrip()),
    "wos": (".ciw", test_tagged_records.WEB_OF_SCIENCE),
    "enw": (".enw", test_tagged_records.ENDNOTE),
    "ovid": (".txt", test_tagged_records.OVID_NAMES),
    "refworks": (".txt", test_tagged_records.REFWORKS),
    "ris": (".ris", "TY  - JOUR\nTI  - Salt roads\nAU  - Moss, Ada\nPY  - 1999///\nER  - \n" * 2),
    **{name: (".xml", text) for name, text in FORMATS.items()},
    **{name: (".json", json.dumps(records)) for name, records in _JSON.items()},
}  # fmt: skip
SAMPLES: dict[str, tuple[str, bytes]] = {
    **{name: (ending, text.encode()) for name, (ending, text) in _TEXT.items()},
    "marc": (".mrc", marc.make_binary(marc.RIVERS) * 2),
    "unimarc": (".mrc", marc.make_binary(_UNIMARC) * 2),
    "pdf": (".pdf", make_pdf(["The history of salt", "The history of pepper"])),
    "xlsx": (".xlsx", test_xlsx.write({"Books": test_xlsx.make_rows(5)})),
}
