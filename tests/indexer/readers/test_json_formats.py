"""The JSON formats of catalogues are recognized, and their columns feed the right fields."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from indexer.catalogue.limits import Limits
from tests.indexer.readers.reading import (
    choose,
    find_reader,
    map_fields,
    read_expected,
    read_records,
)  # fmt: skip

_FILES = Path(__file__).with_name("files")


def load(name: str) -> dict[str, Any]:
    """Return the only record of a sample of a format."""
    record: dict[str, Any] = json.loads((_FILES / f"{name}.json").read_text("utf-8"))
    return record


CSL = load("csl-json")
CROSSREF = load("crossref-json")
OPENALEX = load("openalex-json")
DATACITE = load("datacite-json")
ARTICLE = load("schema.org")
ZOTERO = load("zotero-json")
EUROPE_PMC = load("europe-pmc")
HAL = load("hal")
SCOPUS = load("scopus-json")
DOAJ = load("doaj")
CFF = (_FILES / "cff.cff").read_text("utf-8")
CSL_YAML = yaml.safe_dump({"references": [CSL]}, sort_keys=False)
CONTEXT = {"@context": "https://schema.org"}
GRAPH = CONTEXT | {"@graph": [
    {"@type": "WebSite", "name": "Site", "@id": "https://example.org/"},
    {"@type": "Person", "@id": "#ada", "name": "Ada Byron", "givenName": "Ada",
     "familyName": "Byron"},
    ARTICLE | {"author": [{"@id": "#ada"}, {"@type": "Organization", "name": "Salt Guild"}]},
]}  # fmt: skip
LISTED = CONTEXT | {"@type": "ItemList", "name": "Works", "itemListElement": [
    {"@type": "ListItem", "position": 1, "item": ARTICLE}]}  # fmt: skip
PREFIXED = {f"schema:{key}" if "@" not in key else key: value for key, value in ARTICLE.items()}
NOTE = {"key": "NOTE2345", "itemType": "note", "parentItem": "ABCD2345", "note": "<p>x</p>"}
PDF = {"key": "FILE2345", "itemType": "attachment", "parentItem": "ABCD2345", "title": "PDF"}
API = {"library": {"type": "user", "name": "Ada"}, "version": 1, "links": {}}
CASES: dict[str, tuple[object, str]] = {
    "CSL list": ([CSL], "csl-json"),
    "CSL item": (CSL, "csl-json"),
    "CSL-YAML": (CSL_YAML, "csl-json"),
    "Crossref response": ({"status": "ok", "message-type": "work-list", "message": {
        "facets": {}, "total-results": 1, "items": [CROSSREF]}}, "crossref-json"),
    "Crossref work": ({"status": "ok", "message-type": "work", "message": CROSSREF},
                      "crossref-json"),
    "Crossref bare": (CROSSREF, "crossref-json"),
    "OpenAlex response": ({"meta": {"count": 1}, "results": [OPENALEX], "group_by": []},
                          "openalex-json"),
    "OpenAlex work": (OPENALEX, "openalex-json"),
    "DataCite response": ({"data": [{"id": "10.5072/abc", "type": "dois", "attributes": DATACITE,
                                     "relationships": {"client": {"data": {"id": "c"}}}}],
                           "meta": {"total": 1}}, "datacite-json"),
    "DataCite single": ({"data": {"id": "10.5072/abc", "type": "dois", "attributes": DATACITE}},
                        "datacite-json"),
    "DataCite bare": (DATACITE, "datacite-json"),
    "schema.org": (CONTEXT | ARTICLE, "schema.org"),
    "schema.org graph": (GRAPH, "schema.org"),
    "schema.org list of items": (LISTED, "schema.org"),
    "schema.org with prefixes": ([PREFIXED], "schema.org"),
    "Zotero list": ([ZOTERO, NOTE, PDF], "zotero-json"),
    "Better BibTeX JSON": ({"config": {"id": "x"}, "collections": {}, "items": [ZOTERO]},
                           "zotero-json"),
    "Zotero API": ([API | {"key": each["key"], "data": each} for each in (ZOTERO, NOTE)],
                   "zotero-json"),
    "Zotero API item": (API | {"key": "ABCD2345", "data": ZOTERO}, "zotero-json"),
    "Europe PMC": ({"resultList": {"result": [EUROPE_PMC]}}, "europe-pmc"),
    "HAL": ({"response": {"numFound": 1, "docs": [HAL]}}, "hal"),
    "Scopus": ({"search-results": {"link": [{"@ref": "self"}], "entry": [SCOPUS]}},
               "scopus-json"),
    "DOAJ": ({"total": 1, "results": [{"id": "d1", "bibjson": DOAJ}]}, "doaj"),
    "Citation File Format": (CFF, "cff"),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_form_of_a_format_is_recognized_and_mapped(name: str) -> None:
    """All forms give the fields in `expected_records.json`, even if the file name is misleading."""
    content, expected = CASES[name]
    for indent in (None, 2):
        data = content if isinstance(content, str) else json.dumps(content, indent=indent)
        reader = choose(data, "export.ris")
        assert reader
        assert expected == reader.NAME
        assert not read_records(data, reader).problems
        # A wrapper may have an id of its own.
        mapped = map_fields(data, reader.NAME) | {"id": []}
        assert mapped == read_expected()[expected]["mapped"][0] | {"id": []}


@pytest.mark.parametrize(
    ("record", "format_name"),
    [(CSL, "csl-json"), (CROSSREF, "crossref-json"), (OPENALEX, "openalex-json"),
     (DATACITE, "datacite-json"), (CONTEXT | ARTICLE, "schema.org"), (ZOTERO, "zotero-json")],
)  # fmt: skip
def test_lines_of_a_format_are_recognized(record: dict[str, Any], format_name: str) -> None:
    """JSON Lines of a format are recognized, even if the start of the file ends in a line."""
    line = json.dumps(record) + "\n"
    reader = choose(line * 100, "works.jsonl")
    assert reader
    assert format_name == reader.NAME
    assert [each.source.line for each in read_records(line * 3, reader).records] == [1, 2, 3]


def test_lines_with_the_names_of_fields_are_json_lines() -> None:
    line = {"id": "a/1", "title": "Tides", "authors": ["Ada Byron"], "year": 1843, "lang": "en",
            "type": "Book", "link": {"url": "https://a.org/", "label": "A"}}  # fmt: skip
    reader = choose(json.dumps(line) * 2, "papers.jsonl")
    assert reader
    assert reader.NAME == "jsonl"


def test_every_value_is_in_a_column() -> None:
    """Columns have all values of a record, even those that the mapping does not use."""
    columns = read_records(json.dumps(CROSSREF), "crossref-json").columns()
    assert columns["author.ORCID"] == ["http://orcid.org/0000-0002-1825-0097"]
    assert columns["author.affiliation.name"] == ["Brown"]
    assert columns["indexed.timestamp"] == ["1672617600000"]
    [reference] = columns["reference"]
    assert len(reference) == 1000


@pytest.mark.slow
def test_circular_references_have_a_limit() -> None:
    nodes = [{"@type": "Person", "@id": "#a", "name": "A", "knows": [{"@id": "#a"}] * 99},
             {"@type": "Book", "name": "B", "author": [{"@id": "#a"}] * 99}]  # fmt: skip
    reading = read_records(json.dumps(CONTEXT | {"@graph": nodes}), "schema.org")
    assert reading.columns()["name"] == ["B"]
    assert len(reading.records[0].properties) < 200_000


def test_nodes_with_a_name_are_records_if_none_is_a_publication() -> None:
    nodes = [{"@type": "Event", "name": "Talk"}, {"@type": "Thing", "url": "https://a.org"}]
    reading = read_records(json.dumps(CONTEXT | {"@graph": nodes}), "schema.org")
    assert [reading.columns()["name"]] == [["Talk"]]


YAML = """# Our books
- title: Tides   # of the sea
  language: no
  year: 0012
  date: 2014-04-11
  empty: ~
  text: |
    Two
    lines
- title: "Über"
  tags: &tags [a, b]
  more: {<<: {tags: *tags}, year: 1999}
- title: "~"
"""


def test_yaml_values_are_texts() -> None:
    reader = choose(YAML)
    assert reader
    reading = read_records(YAML, reader)
    assert reading.columns() == {
        "title": ["Tides"], "language": ["no"], "year": ["0012"], "date": ["2014-04-11"],
        "text": ["Two\nlines"],
    }  # fmt: skip
    assert reading.columns(1) == {
        "title": ["Über"], "tags": ["a", "b"], "more.tags": ["a", "b"], "more.year": ["1999"],
    }  # fmt: skip
    assert reading.columns(2) == {"title": ["~"]}
    assert [each.source.line for each in reading.records] == [2, 10, 13]


def test_a_flat_yaml_object_needs_the_file_name_of_yaml() -> None:
    """A file with one flat object is recognized only if its name is that of a YAML file."""
    text = "title: Tides\nyear: 1843\n"
    assert choose(text, "tides.txt") is not find_reader("json")
    assert choose(text, "tides.yaml") is find_reader("json")
    assert read_records(text, "json").columns() == {"title": ["Tides"], "year": ["1843"]}


BOMB = "- title: B\n  a: &a " + "x" * 999 + "\n" + "".join(
    f"  {name}: &{name} [{', '.join([f'*{chr(ord(name) - 1)}'] * 30)}]\n" for name in "bcdefghij"
)  # fmt: skip


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (BOMB, "more than"),
        ("- &a {title: B, x: [*a]}\n", "an alias refers to what contains it"),
        ("- title: B\n  x: " + "[" * 300 + "]" * 300 + "\n", "deeper"),
        ("- title: B\n  x: " + "[" * 3000 + "]" * 3000 + "\n", "nesting"),
        ("- title: 'B\n", "scanning a quoted scalar"),
        ("- x: *nothing\n", "undefined alias"),
        ("- !!python/object/apply:os.system [echo]\n", "not a JSON object"),
        ("- title: " + "x" * 200_000 + "\n", "more than 100000 bytes"),
    ],
    ids=["bomb", "circle", "deep", "deeper", "quote", "alias", "tag", "long"],
)  # fmt: skip
def test_hostile_yaml_costs_its_own_item(text: str, problem: str) -> None:
    limits = Limits(largest_file=300_000, largest_line=100_000)
    reading = read_records("- title: A\n" + text + "- title: C\n", "json", limits)
    assert [reading.columns(n)["title"] for n in (0, 1)] == [["A"], ["C"]]
    [found] = reading.problems
    assert problem in found.what
    assert found.line >= 2
