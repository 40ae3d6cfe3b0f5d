"""JSON Lines are read line by line. A broken line is reported."""

from __future__ import annotations

import io
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.limits import LIMITS
from indexer.catalogue.records import Problem, Property, SourceLocation, SourceRecord
from indexer.readers import registry
from indexer.readers.formats import jsonl


def read(data: bytes | str, file: str = "papers.jsonl") -> list[SourceRecord | Problem]:
    """Return all entries and problems of a file."""
    data = data if isinstance(data, bytes) else data.encode()
    return list(registry.read(io.BytesIO(data), file, jsonl, LIMITS))


def stated(line: str) -> tuple[Property, ...]:
    """Return the properties of the only entry of a line."""
    [found] = read(line)
    assert isinstance(found, SourceRecord)
    return found.properties


def test_lines_are_entries() -> None:
    """Each object is an entry with its line. Blank lines are ignored."""
    file, lines = (
        "papers.jsonl",
        '{"id": "a/1", "title": "Ä"}\n\n  \r\n{"title": "B", "year": 1952}',
    )
    assert read(lines) == [
        SourceRecord(SourceLocation(file, 1), (Property("title", "Ä", "Ä"),), "a/1"),
        SourceRecord(
            SourceLocation(file, 4),
            (Property("title", "B", "B"), Property("year", "1952", "1952")),
        ),
    ]


def test_byte_order_mark_is_ignored() -> None:
    """A byte order mark before the first object is ignored."""
    assert len(stated('\ufeff{"title": "A"}')) == 1


def test_each_item_of_a_list_is_a_value() -> None:
    """Each item of a list is a value. Null and an empty list have none."""
    assert stated('{"authors": ["A", "B"], "year": null, "place": [], "x": [null]}') == (
        Property("authors", "A", "A"),
        Property("authors", "B", "B"),
    )


def test_objects_are_links() -> None:
    """An object is a link with a URL, a label, and a language."""
    line = '{"link": [{"url": "https://a.org/", "label": "A", "language": "fr"}, {"url": null}]}'
    assert stated(line) == (Property("link", "https://a.org/", "A", "fr"), Property("link", ""))


def test_lang_is_the_language_of_the_texts() -> None:
    """`lang` is the language of the texts of a line. It is not a property."""
    assert stated('{"lang": "es", "title": "Guía"}') == (Property("title", "Guía", "Guía", "es"),)


@pytest.mark.parametrize(
    ("line", "what"),
    [
        (b"{", "truncated"),
        (b'{"title": "A",}', "malformed"),
        (b'{"title": "A"} x', "malformed"),
        (b"[1]", "not a JSON object"),
        (b'"title"', "not a JSON object"),
        (b"null", "not a JSON object"),
        (b'{"title": "\xe9"}', "byte 0xe9 at offset 11 is not UTF-8"),
        (b'{"title": "\\ud800"}', "truncated"),
        (b"[" * 100_000, "deeper"),
    ],
    ids=str,
)  # fmt: skip
def test_broken_line_is_reported_and_the_others_are_read(line: bytes, what: str) -> None:
    """A line that is not an object is a problem with its line number. Other lines are read."""
    before, problem, after = read(b'{"title": "A"}\n' + line + b'\n{"title": "B"}\n')
    assert isinstance(before, SourceRecord)
    assert isinstance(problem, Problem)
    assert (problem.file, problem.line) == ("papers.jsonl", 2)
    assert what in problem.what
    assert "was left out" in problem.hint
    assert isinstance(after, SourceRecord)
    assert after.source.line == 3


JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
    max_leaves=8,
)


@given(st.dictionaries(st.text() | st.sampled_from(("id", "lang", "link")), JSON, max_size=4))
def test_any_object_is_an_entry(line: dict[str, object]) -> None:
    """Any object is an entry whose properties have the names of its keys."""
    [found] = read(json.dumps(line))
    assert isinstance(found, SourceRecord)
    assert all(
        any(each.name == key or each.name.startswith(f"{key}.") for key in line)
        for each in found.properties
    )
