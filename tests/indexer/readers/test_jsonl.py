"""JSON Lines are read line by line. A broken line is reported."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.records import Property, SourceLocation, SourceRecord
from tests.indexer.readers.reading import read


def test_lines_are_entries() -> None:
    """Each object is an entry with its line. Blank lines and a byte order mark are ignored."""
    lines = '\ufeff{"id": "a/1", "title": "Ä"}\n\n  \r\n{"title": "B", "year": 1952}'
    assert read(lines, "jsonl") == (
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
    [record], _ = read(line, "jsonl")
    assert list(record.properties) == properties


@pytest.mark.parametrize(("line", "what"), [
    (b"{", "truncated"), (b'{"title": "A",}', "malformed"), (b'{"title": "A"} x', "malformed"),
    (b"[1]", "not a JSON object"), (b'"title"', "not a JSON object"),
    (b"null", "not a JSON object"), (b'{"title": "\\ud800"}', "truncated"),
    (b"[" * 100_000, "deeper"),
], ids=str)  # fmt: skip
def test_a_broken_line_is_reported_and_the_others_are_read(line: bytes, what: str) -> None:
    """A line that is not an object is a problem with its line number. Other lines are read."""
    records, [problem] = read(b'{"title": "A"}\n' + line + b'\n{"title": "B"}\n', "jsonl")
    assert [record.line for record in records] == [1, 3]
    assert (problem.line, what in problem.what) == (2, True)
    assert "was left out" in problem.hint


def test_a_bad_byte_is_replaced() -> None:
    """A line in Windows-1252 is read as such. A bad byte among UTF-8 is replaced and reported."""
    records, [problem] = read(b'{"title": "\xe9"}\n{"title": "\xc3\xa9\xff"}', "jsonl")
    assert [record.properties[0].value for record in records] == ["é", "é\ufffd"]
    assert problem.line == 2


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner), max_leaves=8,
)  # fmt: skip


@given(st.dictionaries(st.text() | st.sampled_from(("id", "lang", "link")), JSON, max_size=4))
def test_any_object_is_an_entry(line: dict[str, object]) -> None:
    """Any object is an entry whose properties have the names of its keys."""
    [record], _ = read(json.dumps(line), "jsonl")
    assert all(
        any(each.name == key or each.name.startswith(f"{key}.") for key in line)
        for each in record.properties
    )
