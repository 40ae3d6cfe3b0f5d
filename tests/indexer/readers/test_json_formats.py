"""The JSON formats of catalogues are recognized, and their columns feed the right fields."""

import json
from typing import Any

import pytest
import yaml

from indexer.catalogue.limits import Limits
from tests.indexer.readers.reading import choose, find_reader, map_fields, read_records

CSL = {
    "id": "byron1843", "type": "article-journal", "title": "Notes by the translator",
    "author": [
        {"family": "Lovelace", "given": "Ada"}, {"literal": "Salt Guild"},
        {"family": "Gogh", "given": "V.", "non-dropping-particle": "van", "suffix": "Jr."},
    ],
    "editor": [{"family": "Taylor", "given": "Richard"}], "container-title": "Memoirs",
    "issued": {"date-parts": [[1843, 8]]}, "DOI": "10.1000/182", "ISSN": "0000-0019",
    "abstract": "On the engine.", "language": "en", "volume": 3, "page": "666-731",
    "keyword": "engines, notes",
}  # fmt: skip
CSL_ROWS = {
    "id": ["byron1843"], "title": ["Notes by the translator"], "type": ["Journal article"],
    "authors": ["Lovelace, Ada", "{Salt Guild}", "van Gogh, V., Jr."],
    "editors": ["Taylor, Richard"], "container": ["Memoirs"], "year": ["1843"],
    "date": ["1843-08"], "doi": ["10.1000/182"], "issn": ["0000-0019"],
    "summary": ["On the engine."], "language": ["en"], "volume": ["3"], "pages": ["666-731"],
    "subjects": ["engines", "notes"],
}  # fmt: skip
CSL_YAML = yaml.safe_dump({"references": [CSL]}, sort_keys=False)
CROSSREF = {
    "DOI": "10.5555/12345678", "type": "journal-article", "title": ["Toward a theory"],
    "indexed": {"date-parts": [[2023, 1, 2]], "timestamp": 1672617600000},
    "author": [
        {"name": "Salt Guild", "sequence": "first", "affiliation": []},
        {"given": "Josiah", "family": "Carberry", "sequence": "additional",
         "ORCID": "http://orcid.org/0000-0002-1825-0097", "affiliation": [{"name": "Brown"}]},
    ],
    "published-print": {"date-parts": [[2008, 8, 14]]}, "created": {"date-parts": [[2011, 1, 1]]},
    "container-title": ["Journal of Psychoceramics"], "publisher": "Test", "issue": "11",
    "abstract": "<jats:p>Cracked pots.</jats:p>", "page": "1-3", "is-referenced-by-count": 4,
    "reference": [{"key": "a", "unstructured": "x" * 700}, {"key": "b", "unstructured": "y" * 700}],
}  # fmt: skip
CROSSREF_ROWS = {
    "id": ["10.5555/12345678"], "doi": ["10.5555/12345678"], "title": ["Toward a theory"],
    "authors": ["{Salt Guild}", "Carberry, Josiah"], "year": ["2008"],
    "container": ["Journal of Psychoceramics"], "issue": ["11"], "publisher": ["Test"],
    "summary": ["Cracked pots."], "pages": ["1-3"], "type": ["Journal article"],
}  # fmt: skip
OPENALEX = {
    "id": "https://openalex.org/W1", "doi": "https://doi.org/10.7717/x",
    "display_name": "The state",
    "title": "The state", "publication_year": 2018, "publication_date": "2018-02-13",
    "ids": {"openalex": "https://openalex.org/W1", "pmid": "https://pubmed.ncbi.nlm.nih.gov/29"},
    "language": "en", "type": "article", "open_access": {"is_oa": True, "oa_url": "https://x.org"},
    "primary_location": {"landing_page_url": "https://y.org", "source": {
        "display_name": "PeerJ", "issn": ["2167-8359"], "host_organization_name": "PeerJ Inc"}},
    "authorships": [
        {"author_position": "first", "raw_author_name": "Heather P.", "institutions": [
            {"display_name": "Impactstory"}],
         "author": {"id": "https://openalex.org/A1", "display_name": "Heather Piwowar"}},
        {"author": {"display_name": "Jason Priem"}, "raw_author_name": "Jason P."},
    ],
    "biblio": {"volume": "6", "issue": None, "first_page": "e4375", "last_page": "e4380"},
    "abstract_inverted_index": {"Despite": [0], "growing": [1], "interest": [2]},
    "topics": [{"display_name": "Open access"}], "referenced_works": ["https://openalex.org/W9"],
}  # fmt: skip
OPENALEX_ROWS = {
    "id": ["https:/openalex.org/W1"], "title": ["The state"], "year": ["2018"],
    "authors": ["Piwowar, Heather", "Priem, Jason"], "summary": ["Despite growing interest"],
    "container": ["PeerJ"], "publisher": ["PeerJ Inc"], "issn": ["2167-8359"], "volume": ["6"],
    "pages": ["e4375-e4380"], "doi": ["10.7717/x"], "subjects": ["Open access"],
    "language": ["en"], "link": ["https://x.org", "https://y.org"],
}  # fmt: skip
DATACITE = {
    "doi": "10.5072/abc", "url": "https://example.org/abc", "publicationYear": 2019,
    "creators": [
        {"name": "Curie, Marie", "nameType": "Personal", "givenName": "Marie",
         "familyName": "Curie", "nameIdentifiers": [{"nameIdentifier": "0000-0001"}]},
        {"name": "Salt Guild", "nameType": "Organizational"},
    ],
    "contributors": [{"name": "Joliot, Irène", "contributorType": "Editor"}],
    "titles": [{"title": "Radium", "lang": "fr"}, {"title": "Ra", "titleType": "AlternativeTitle"}],
    "publisher": {"name": "Zenodo"}, "language": "fr", "version": "2",
    "subjects": [{"subject": "chemistry"}], "types": {"resourceTypeGeneral": "Dataset"},
    "descriptions": [{"description": "Measured.", "descriptionType": "Abstract"},
                     {"description": "How.", "descriptionType": "Methods"}],
    "dates": [{"date": "2019-05-01", "dateType": "Issued"}],
    "rightsList": [{"rights": "CC BY 4.0"}],
}  # fmt: skip
DATACITE_ROWS = {
    "title": ["Radium"], "other_titles": ["Ra"],
    "authors": ["Curie, Marie", "{Salt Guild}"],
    "editors": ["Joliot, Irène"], "year": ["2019"], "date": ["2019-05-01"], "publisher": ["Zenodo"],
    "summary": ["Measured."], "notes": ["How."], "doi": ["10.5072/abc"], "type": ["Dataset"],
    "subjects": ["chemistry"], "rights": ["CC BY 4.0"], "language": ["fr"],
}  # fmt: skip
ARTICLE = {
    "@type": "ScholarlyArticle", "@id": "https://example.org/1", "headline": "Tides",
    "author": [{"@type": "Person", "givenName": "Ada", "familyName": "Byron",
                "name": "Ada Byron"}, {"@type": "Organization", "name": "Salt Guild"}],
    "datePublished": "2001-02-03", "description": "About tides.",
    "publisher": {"@type": "Organization", "name": "Sea Press"},
    "inLanguage": {"@type": "Language", "name": "English", "alternateName": "en"},
    "isPartOf": {"@type": "PublicationIssue", "issueNumber": "4", "isPartOf": {
        "@type": "PublicationVolume", "volumeNumber": "7", "isPartOf": {
            "@type": "Periodical", "name": "Sea Journal", "issn": "0000-0019"}}},
    "identifier": {"@type": "PropertyValue", "propertyID": "doi", "value": "10.1000/1"},
}  # fmt: skip
ARTICLE_ROWS = {
    "title": ["Tides"], "authors": ["Byron, Ada", "{Salt Guild}"], "year": ["2001"],
    "summary": ["About tides."], "publisher": ["Sea Press"], "language": ["en"],
    "container": ["Sea Journal"], "volume": ["7"], "issue": ["4"], "issn": ["0000-0019"],
    "doi": ["10.1000/1"], "type": ["Article"],
}  # fmt: skip
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
ZOTERO: dict[str, Any] = {
    "key": "ABCD2345", "itemType": "bookSection", "title": "On tides", "bookTitle": "The sea",
    "creators": [
        {"creatorType": "author", "firstName": "Ada", "lastName": "Byron"},
        {"creatorType": "author", "name": "Salt Guild"},
        {"creatorType": "editor", "firstName": "Charles", "lastName": "Babbage"},
    ],
    "abstractNote": "Short.", "date": "March 1843", "language": "en-GB", "DOI": "", "pages": "1-9",
    "publisher": "Press", "place": "London", "tags": [{"tag": "tides", "type": 1}, {"tag": "sea"}],
}  # fmt: skip
ZOTERO_ROWS = {
    "id": ["ABCD2345"], "title": ["On tides"], "authors": ["Byron, Ada", "{Salt Guild}"],
    "editors": ["Babbage, Charles"], "container": ["The sea"], "year": ["1843"],
    "summary": ["Short."], "subjects": ["tides", "sea"], "place": ["London"], "pages": ["1-9"],
    "type": ["Book section"], "language": ["en"], "publisher": ["Press"],
}  # fmt: skip
NOTE = {"key": "NOTE2345", "itemType": "note", "parentItem": "ABCD2345", "note": "<p>x</p>"}
PDF = {"key": "FILE2345", "itemType": "attachment", "parentItem": "ABCD2345", "title": "PDF"}
API = {"library": {"type": "user", "name": "Ada"}, "version": 1, "links": {}}
CFF = """cff-version: 1.2.0
message: Please cite it.
title: Tide tables
authors:
  - family-names: Byron
    given-names: Ada
    orcid: https://orcid.org/0000-0001
  - name: Salt Guild
date-released: 2021-07-18
doi: 10.5281/zenodo.1
keywords: [tides, sea]
license: MIT
"""
CFF_ROWS = {
    "title": ["Tide tables"], "authors": ["Byron, Ada", "{Salt Guild}"], "year": ["2021"],
    "doi": ["10.5281/zenodo.1"], "subjects": ["tides", "sea"], "rights": ["MIT"],
}  # fmt: skip

EUROPE_PMC = {
    "id": "12", "source": "MED", "title": "Salt.", "authorString": "Byron A, Salt Guild.",
    "authorList": {"author": [
        {"fullName": "Byron A", "firstName": "Ada", "lastName": "Byron"},
        {"collectiveName": "Salt Guild"}]},
    "pubYear": "2011", "abstractText": "On salt.", "journalInfo": {"journal": {"title": "J Sea"}},
}  # fmt: skip
EUROPE_PMC_ROWS = {
    "title": ["Salt."], "authors": ["Byron, Ada", "{Salt Guild}"], "year": ["2011"],
    "summary": ["On salt."], "container": ["J Sea"],
}  # fmt: skip
HAL = {"docid": 1, "title_s": ["Marées"], "authFullName_s": ["Ada Byron", "C. Babbage"],
       "producedDateY_i": 2001, "language_s": ["fr"], "docType_s": "ART"}  # fmt: skip
HAL_ROWS = {"title": ["Marées"], "authors": ["Byron, Ada", "Babbage, C."], "year": ["2001"],
            "language": ["fr"], "type": ["Journal article"]}  # fmt: skip
SCOPUS = {"dc:identifier": "SCOPUS_ID:1", "dc:title": "Tides", "dc:creator": "Byron A.",
          "prism:publicationName": "J Sea", "prism:coverDate": "2001-01-01"}  # fmt: skip
SCOPUS_ROWS = {"title": ["Tides"], "authors": ["Byron, A."], "container": ["J Sea"],
               "year": ["2001"]}  # fmt: skip
DOAJ = {"title": "Tides", "year": "2020", "author": [{"name": "Ada Byron"}],
        "identifier": [{"type": "doi", "id": "10.1000/6"}, {"type": "pissn", "id": "0000-0019"}],
        "journal": {"title": "Sea", "number": "2"}}  # fmt: skip
DOAJ_ROWS = {"title": ["Tides"], "authors": ["Byron, Ada"], "doi": ["10.1000/6"],
             "issn": ["0000-0019"], "container": ["Sea"], "issue": ["2"]}  # fmt: skip

Values = dict[str, list[str]]
CASES: dict[str, tuple[object, str, Values]] = {
    "CSL list": ([CSL], "csl-json", CSL_ROWS),
    "CSL item": (CSL, "csl-json", CSL_ROWS),
    "CSL-YAML": (CSL_YAML, "csl-json", CSL_ROWS),
    "Crossref response": ({"status": "ok", "message-type": "work-list", "message": {
        "facets": {}, "total-results": 1, "items": [CROSSREF]}}, "crossref-json", CROSSREF_ROWS),
    "Crossref work": ({"status": "ok", "message-type": "work", "message": CROSSREF},
                      "crossref-json", CROSSREF_ROWS),
    "Crossref bare": (CROSSREF, "crossref-json", CROSSREF_ROWS),
    "OpenAlex response": ({"meta": {"count": 1}, "results": [OPENALEX], "group_by": []},
                          "openalex-json", OPENALEX_ROWS),
    "OpenAlex work": (OPENALEX, "openalex-json", OPENALEX_ROWS),
    "DataCite response": ({"data": [{"id": "10.5072/abc", "type": "dois", "attributes": DATACITE,
                                     "relationships": {"client": {"data": {"id": "c"}}}}],
                           "meta": {"total": 1}}, "datacite-json", DATACITE_ROWS),
    "DataCite single": ({"data": {"id": "10.5072/abc", "type": "dois", "attributes": DATACITE}},
                        "datacite-json", DATACITE_ROWS),
    "DataCite bare": (DATACITE, "datacite-json", DATACITE_ROWS),
    "schema.org": (CONTEXT | ARTICLE, "schema.org", ARTICLE_ROWS),
    "schema.org graph": (GRAPH, "schema.org", ARTICLE_ROWS),
    "schema.org list of items": (LISTED, "schema.org", ARTICLE_ROWS),
    "schema.org with prefixes": ([PREFIXED], "schema.org", ARTICLE_ROWS),
    "Zotero list": ([ZOTERO, NOTE, PDF], "zotero-json", ZOTERO_ROWS),
    "Better BibTeX JSON": ({"config": {"id": "x"}, "collections": {}, "items": [ZOTERO]},
                           "zotero-json", ZOTERO_ROWS),
    "Zotero API": ([API | {"key": each["key"], "data": each} for each in (ZOTERO, NOTE)],
                   "zotero-json", ZOTERO_ROWS),
    "Zotero API item": (API | {"key": "ABCD2345", "data": ZOTERO}, "zotero-json", ZOTERO_ROWS),
    "Europe PMC": ({"resultList": {"result": [EUROPE_PMC]}}, "europe-pmc", EUROPE_PMC_ROWS),
    "HAL": ({"response": {"numFound": 1, "docs": [HAL]}}, "hal", HAL_ROWS),
    "Scopus": ({"search-results": {"link": [{"@ref": "self"}], "entry": [SCOPUS]}},
               "scopus-json", SCOPUS_ROWS),
    "DOAJ": ({"total": 1, "results": [{"id": "d1", "bibjson": DOAJ}]}, "doaj", DOAJ_ROWS),
    "Citation File Format": (CFF, "cff", CFF_ROWS),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_each_form_of_a_format_is_recognized_and_mapped(name: str) -> None:
    """Each form of a format is recognized and mapped, even if the file name is misleading."""
    content, expected, fields = CASES[name]
    for indent in (None, 2):
        data = content if isinstance(content, str) else json.dumps(content, indent=indent)
        reader = choose(data, "export.ris")
        assert reader
        assert expected == reader.NAME
        reading = read_records(data, reader)
        mapped = map_fields(data, reader.NAME)
        assert {field: mapped.get(field) for field in fields} == fields
        assert not reading.problems


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
