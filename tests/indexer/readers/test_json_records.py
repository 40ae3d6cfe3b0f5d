"""JSON, JSON Lines, and YAML in any arrangement become records with dotted columns."""

import json
from itertools import permutations
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Property, SourceLocation, SourceRecord
from tests.indexer.readers.reading import Reading, choose, read_records

BOOKS: list[dict[str, Any]] = [
    {"title": f"Maps of harbour {n}", "year": 1990 + n, "note": 'a } "quoted" ] brace\\'}
    for n in range(3)
]
TITLES = [book["title"] for book in BOOKS]


def titles(reading: Reading) -> list[str]:
    return [reading.columns(n)["title"][0] for n in range(len(reading.records))]


ARRANGEMENTS: dict[str, object] = {
    "list": BOOKS,
    "list in a list": [BOOKS],
    "named list": {"count": 3, "publications": BOOKS, "next": None},
    "unknown name": {"status": {"code": 0}, "liste_complete": BOOKS},
    "deep list": {"responseHeader": {"params": {"q": "x"}}, "response": {"docs": BOOKS}},
    "Elasticsearch": {"took": 2, "hits": {"total": {"value": 3}, "hits": [
        {"_index": "b", "_id": str(n), "_source": book} for n, book in enumerate(BOOKS)]}},
    "GeoJSON": {"type": "FeatureCollection", "features": [
        {"type": "Feature", "geometry": None, "properties": book} for book in BOOKS]},
    "values of an object": {f"10.1/{n}": book for n, book in enumerate(BOOKS)},
    "a title around a list": {"title": "My shelf", "items": BOOKS},
    "summaries by id": {"header": {"type": "x"}, "result": {"uids": ["0", "1", "2"]} | {
        str(n): book for n, book in enumerate(BOOKS)}},
    "GraphQL": {"data": {"search": {"total": 3, "edges": [
        {"cursor": "x", "node": book} for book in BOOKS]}}},
    "DSpace search": {"_embedded": {"searchResult": {"_embedded": {"objects": [
        {"hit": None, "_embedded": {"indexableObject": book}} for book in BOOKS]}}},
        "page": {"size": 20}},
    "values of an object next to an empty one": {"page": 1, "documents": {
        **{f"D{n}": book for n, book in enumerate(BOOKS)}, "facets": {}}},
    "pages of a list": [{"page": 1, "results": BOOKS[:2]}, {"page": 2, "results": BOOKS[2:]}],
}  # fmt: skip


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize("name", ARRANGEMENTS)
def test_records_are_found_wherever_they_are(name: str, indent: int | None) -> None:
    data = json.dumps(ARRANGEMENTS[name], indent=indent)
    reader = choose(data)
    assert reader
    assert reader.NAME == "json"
    reading = read_records(data, reader)
    assert titles(reading) == TITLES
    assert not reading.problems


def test_objects_one_after_the_other_are_records() -> None:
    lines = "\n".join(map(json.dumps, BOOKS))
    assert titles(read_records(lines, "json")) == TITLES
    assert [each.source.line for each in read_records(lines, "json").records] == [1, 2, 3]
    spread = "\n".join(json.dumps(book, indent=1) for book in BOOKS)
    assert titles(read_records(spread, "json")) == TITLES
    assert [each.source.line for each in read_records(spread, "json").records] == [1, 6, 11]
    sequence = "".join(f"\x1e{json.dumps(book)}\n" for book in BOOKS)
    assert titles(read_records(sequence, "json")) == TITLES


RECORDS: dict[str, tuple[object, dict[str, list[str]]]] = {
    "lists in an object with a title": ({
        "title": "Tides", "links": {"parent": [{"title": "Topic"}, {"title": "Other"}]},
        "details": {"attachments": [{"title": "PDF", "url": "https://a.org/a.pdf"}]},
    }, {
        "title": ["Tides"], "links.parent.title": ["Topic", "Other"],
        "details.attachments.title": ["PDF"], "details.attachments.url": ["https://a.org/a.pdf"],
    }),
    "references of a publication": (
        {"title": "Tides", "authors": ["Wu, Li"], "references": BOOKS[:1]},
        {"title": ["Tides"], "authors": ["Wu, Li"], "references.title": TITLES[:1],
         "references.year": ["1990"], "references.note": [BOOKS[0]["note"]]},
    ),
    "key of a record": ({"10.1/1": {"title": "A"}, "10.1/2": {"title": "B"}},
                        {"key": ["10.1/1"], "title": ["A"]}),
    "names of people": ({
        "title": "A",
        "authors": [
            {"firstName": "Ada", "lastName": "Byron", "orcid": "0000-0001"},
            {"name": "Grace Hopper"}, "Alan Turing",
            {"name": "Ida", "surname": "Rhodes", "fullname": "Ida Rhodes"},
            {"name": "World Bank", "@type": "Organization"},
            {"name": "Fjord College", "@type": ["CollegeOrUniversity"]},
            {"name": "Sea Board", "nameType": "Organizational"},
            {"name": "Ada Moss", "@type": "http://schema.org/Person"},
            {"name": "Bo Lind", "kind": "author"},
        ],
        "creators": [{"person_or_org": {"name": "Salt, Oslo", "type": "organizational"}}],
        "people": [{"given": "Vincent", "non-dropping-particle": "van", "family": "Gogh"}],
        "publisher": {"name": "Press"},
    }, {
        "title": ["A"],
        "authors": [
            "Byron, Ada", "Grace Hopper", "Alan Turing", "Rhodes, Ida", "{World Bank}",
            "{Fjord College}", "{Sea Board}", "Ada Moss", "Bo Lind",
        ],
        "authors.orcid": ["0000-0001"], "authors.@type": ["Organization", "CollegeOrUniversity",
                                                          "http://schema.org/Person"],
        "authors.name": ["Ida"], "authors.nameType": ["Organizational"], "authors.kind": ["author"],
        "people": ["van Gogh, Vincent"], "publisher.name": ["Press"],
        "creators.person_or_org": ["{Salt, Oslo}"],
        "creators.person_or_org.type": ["organizational"],
    }),
    "lists of keys and values": ({
        "name": "A", "metadata": [{"key": "dc.title", "value": "Sea", "language": "en"},
                                  {"key": "dc.date.issued", "value": "1999"}],
        "other": {"dc.title": [{"value": "Mer", "language": "fr", "place": 0}]},
    }, {
        "name": ["A"], "metadata.dc.title": ["Sea"], "metadata.dc.date.issued": ["1999"],
        "other.dc.title": ["Mer"], "other.dc.title.place": ["0"],
    }),
    "types in a list": ({"title": "A", "source": {"type": ["a"], "value": "b"}},
                        {"title": ["A"], "source.type": ["a"], "source.value": ["b"]}),
    "elements of XML": ({
        "title": {"@lang": "en", "#text": "Tides"}, "abstracts": {"cdata!": "On tides."},
        "author": [{"@pid": "1", "text": "Wu, Li"}], "keyword": {"0": "sea", "1": {"$": "moon"}},
    }, {
        "title": ["Tides"], "abstracts": ["On tides."], "author": ["Wu, Li"],
        "author.@pid": ["1"], "keyword": ["sea", "moon"],
    }),
    "an inverted index": (
        {"title": "A", "abstract_inverted_index": {"is": [1], "This": [0, 3], "new": [2]}},
        {"title": ["A"], "abstract_inverted_index": ["This is new This"]},
    ),
    "bindings of SPARQL": (
        {"head": {"vars": ["l"]}, "results": {"bindings": [
            {"l": {"type": "literal", "xml:lang": "en", "value": "A"}}]}},
        {"l": ["A"]},
    ),
}  # fmt: skip


@pytest.mark.parametrize("name", RECORDS)
def test_a_column_is_the_path_of_a_value(name: str) -> None:
    """Lists add nothing to the path. The parts of a name, or of an element of XML, are one value.

    The key of a record is a column, if the records are the values of an object.
    """
    record, expected = RECORDS[name]
    data = json.dumps(record)
    reader = choose(data)
    assert reader
    assert read_records(data, reader).columns() == expected


def test_objects_of_a_list_are_groups() -> None:
    record = {
        "title": "A", "sizes": [{"w": 1, "h": 2, "unit": {"name": "cm"}}, {"w": 3, "h": 4}],
        "place": {"city": "Oslo", "land": "NO"},
        "authors": ["Al", {"given": "Ada", "family": "Moss", "orcid": "0000-0001"}],
    }  # fmt: skip
    [found] = read_records(json.dumps(record), "json").records
    groups: dict[int, list[str]] = {}
    for each in found.properties:
        groups.setdefault(each.group, []).append(f"{each.name}={each.value}")
    assert list(groups.values()) == [
        ["title=A", "authors=Al"],
        ["sizes.w=1", "sizes.h=2", "sizes.unit.name=cm"],
        ["sizes.w=3", "sizes.h=4"],
        ["place.city=Oslo", "place.land=NO"],
        ["authors=Moss, Ada", "authors.orcid=0000-0001"],
    ]


def test_values_are_texts() -> None:
    data = (
        '{"title": " A ", "price": 1.50, "big": 123456789012345678901234567890, "open": true,'
        '"none": null, "empty": "", "date": [2014, 4, 11], "range": [[2014, 4], [2015]],'
        '"ids": [7, 8], "nan": NaN}'
    )
    assert read_records(data, "json").columns() == {
        "title": ["A"], "price": ["1.50"], "big": ["123456789012345678901234567890"],
        "open": ["true"], "date": ["2014-4-11"], "range": ["2014-4", "2015"], "ids": ["7", "8"],
    }  # fmt: skip


@pytest.mark.parametrize(
    "title",
    [
        {"en": "Sea", "fr": ["Mer"]},
        [{"@value": "Sea", "@language": "en"}, {"@value": "Mer", "@language": "fr"}],
        [{"value": "Sea", "type": "literal", "xml:lang": "en"},
         {"value": "Mer", "type": "literal", "xml:lang": "fr"}],
        [{"value": "Sea", "language": "en"}, {"#text": "Mer", "lang": "fr"}],
    ],
)  # fmt: skip
def test_texts_in_several_languages_have_their_language(title: object) -> None:
    [record] = read_records(json.dumps({"title": title}), "json").records
    stated = [(each.name, each.value, each.language) for each in record.properties]
    assert stated == [("title", "Sea", "en"), ("title", "Mer", "fr")]


@pytest.mark.parametrize(("second", "kept", "line", "what"), [
    (b'{"title": \n}', ["A", "C"], 2, "malformed in line 3"),
    (b"5", ["A", "C"], 2, "not a JSON object"), (b'"x"', ["A", "C"], 2, "not a JSON object"),
    (b'{"title": ' + b"[" * 200 + b"]" * 200 + b"}", ["A", "C"], 2, "deeper"),
    (b'{"title": "' + b"x" * 2_000_000 + b'"}', ["A", "C"], 2, "more than 1000000 characters"),
    (b'{"x": {' + b",".join(b'"%d":1' % n for n in range(300)) + b"}}", ["A", "C"], 2, "too large"),
    (b'{"link": [' + b",".join(b'{"url":"%d"}' % n for n in range(300)) + b"]}", ["A", "C"], 2,
     "too large"),
    (b'{"title": "\xc3\x9c\n\xff"}', ["A", "\xdc\n\ufffd", "C"], 3, "0xff"),
], ids="syntax number text deep long many links byte".split())  # fmt: skip
def test_a_bad_record_is_reported_and_the_others_are_read(
    second: bytes, kept: list[str], line: int, what: str
) -> None:
    data = b'[{"title": "A"},\n' + second + b',\n{"title": "C"}]'
    reading = read_records(data, "json", Limits(most_parts=250))
    assert titles(reading) == kept
    [problem] = reading.problems
    assert problem.line == line
    assert what in problem.what


def test_a_truncated_file_keeps_its_complete_records() -> None:
    reading = read_records(json.dumps({"items": BOOKS})[:-30], "json")
    assert titles(reading) == TITLES[:2]
    assert "ends within a record" in reading.problems[0].what


@pytest.mark.parametrize("data", ["", " \n", "[]", "{}", '{"items": []}'])
def test_a_file_without_records_has_none(data: str) -> None:
    assert read_records(data, "json") == ([], [])


@pytest.mark.parametrize("indent", [None, 2])
@pytest.mark.parametrize(
    "mistake", [('"year": 1991', '"year" 1991'), ('harbour 1",', "harbour 1,")]
)
def test_a_mistake_costs_one_record(mistake: tuple[str, str], indent: int | None) -> None:
    for records in (
        json.dumps(BOOKS, indent=indent).replace("}, {", "},\n{"),
        "\n".join(json.dumps(book, indent=indent) for book in BOOKS),
    ):
        reading = read_records(records.replace(*mistake), "json")
        assert titles(reading) == [TITLES[0], TITLES[2]]
        [problem] = reading.problems
        assert problem.line == records[: records.index(TITLES[1])].count("\n") + (
            0 if indent else 1
        )
        assert "malformed in line" in problem.what


MARC = {"leader": "00000nam", "fields": [{"245": {"subfields": [{"a": "T"}]}}]}


@pytest.mark.parametrize(
    "data",
    ["Title: A\nYear: 2000\n\nTitle: B\n", "# A list\n- [One](https://a.org) text\n", "{\\rtf1 x}",
     "@book{a, title={B}}", "TY  - BOOK\nTI  - A\nER  - \n", "title,year\nA,2000\n",
     "---\ntitle: A\ntags: [b]\n---\n\nText of the page.\n", "<html></html>", "[1] Smith, A.: B.\n",
     json.dumps([MARC]), json.dumps(MARC)],
)  # fmt: skip
def test_other_formats_are_not_recognized(data: str) -> None:
    reader = choose(data)
    assert reader is None or reader.NAME not in {"json", "csl-json", "cff", "schema.org"}


@pytest.mark.parametrize(
    "opening", ["[", '{"a":', '{"a":{"title":"x"},"b":', '[{"name":"x"},{"b":']
)
@pytest.mark.slow
def test_deep_nesting_raises_no_exception(opening: str) -> None:
    """Lists and objects with 300 to 20,000 levels raise no exception."""
    for count in (300, 900, 20_000):
        data = opening * count
        choose(data)
        closing = "".join({"[": "]", "{": "}"}.get(each, "") for each in reversed(opening)) * count
        for name in ("json", "schema.org", "datacite-json"):
            read_records(data, name)
            read_records(data + closing, name)


SEED = json.dumps({"items": [*BOOKS, {"title": "Ä", "a": [{"b": [1, {"c": None}]}]}]}).encode()


@pytest.mark.parametrize("keys", list(permutations(("#text", "$", "_text", "@value"), 2)))
def test_values_of_an_object_are_in_the_order_of_the_file(keys: tuple[str, str]) -> None:
    title = dict(zip(keys, "AB", strict=True))
    record = {"title": title, "note": {"lang": "fr", "@lang": "ar", "x": "C"}}
    swapped = {"title": title, "note": {"@lang": "ar", "lang": "fr", "x": "C"}}
    first, second = (read_records(json.dumps([each]), "json") for each in (record, swapped))
    assert first.columns()["title"] == ["A", "B"]
    languages = [reading.records[0].properties[-1].language for reading in (first, second)]
    assert languages == ["ar", "fr"]


def test_lone_surrogates_are_replaced() -> None:
    data = '[{"@type": "Book", "name": "A \\ud800 B"}]'
    for name in ("json", "schema.org"):
        assert read_records(data, name).columns()["name"] == ["A ? B"]


@given(st.integers(0, 60), st.integers(1, 20))
def test_limits_apply_alike_for_blocks_of_any_size(size: int, block: int) -> None:
    limits = Limits(largest_line=size)
    assert read_records(SEED, "json", limits) == read_records(SEED, "json", limits, block=block)


def test_lines_are_entries() -> None:
    lines = '\ufeff{"id": "a/1", "title": "Ä"}\n\n  \r\n{"title": "B", "year": 1952}'
    assert read_records(lines, "jsonl") == (
        [
            SourceRecord(SourceLocation("export", 1), (Property("title", "Ä", "Ä"),), "a/1"),
            SourceRecord(
                SourceLocation("export", 4),
                (Property("title", "B", "B"), Property("year", "1952", "1952")),
            ),
        ],
        [],
    )


@pytest.mark.parametrize(("line", "properties"), [
    ('{"authors": ["A", "B"], "year": null, "place": [], "x": [null]}',
     [Property("authors", "A", "A"), Property("authors", "B", "B")]),
    ('{"link": [{"url": "https://a.org/", "label": "A", "language": "fr"}, {"url": null}]}',
     [Property("link", "https://a.org/", "A", "fr"), Property("link", "")]),
    ('{"lang": "es", "title": "Guía"}', [Property("title", "Guía", "Guía", "es")]),
])  # fmt: skip
def test_values_are_lists_or_links_in_a_language(line: str, properties: list[Property]) -> None:
    """Each item of a list is a value. An object is a link. `lang` is the language of all texts."""
    [record], _ = read_records(line, "jsonl")
    assert list(record.properties) == properties


@pytest.mark.parametrize(("line", "what"), [
    (b"{", "truncated"), (b'{"title": "A",}', "malformed"), (b'{"title": "A"} x', "malformed"),
    (b"[1]", "not a JSON object"), (b'"title"', "not a JSON object"),
    (b"null", "not a JSON object"), (b'{"title": "\\ud800"}', "truncated"),
    (b"[" * 100_000, "deeper"),
], ids=str)  # fmt: skip
def test_a_broken_line_is_reported_and_the_others_are_read(line: bytes, what: str) -> None:
    records, [problem] = read_records(b'{"title": "A"}\n' + line + b'\n{"title": "B"}\n', "jsonl")
    assert [record.line for record in records] == [1, 3]
    assert (problem.line, what in problem.what) == (2, True)
    assert "was left out" in problem.hint


def test_a_bad_byte_is_replaced() -> None:
    """A line in Windows-1252 is read as such. A bad byte among UTF-8 is replaced and reported."""
    records, [problem] = read_records(b'{"title": "\xe9"}\n{"title": "\xc3\xa9\xff"}', "jsonl")
    assert [record.properties[0].value for record in records] == ["é", "é\ufffd"]
    assert problem.line == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text() | st.sampled_from(("id", "lang", "link")), JSON, max_size=4))
def test_any_object_is_an_entry(line: dict[str, object]) -> None:
    [record], _ = read_records(json.dumps(line), "jsonl")
    assert all(
        any(each.name == key or each.name.startswith(f"{key}.") for key in line)
        for each in record.properties
    )
