"""Lines with keys and values are split into records."""

from __future__ import annotations

import pytest

from indexer.catalogue.limits import Limits
from indexer.catalogue.records import Problem, SourceRecord
from tests.indexer.readers.streams import find_reader, read, read_columns

KEYS = find_reader("key-value")


@pytest.mark.parametrize(
    "text",
    ["One line: of prose\nand more of it\nin a text.\n", "a,b\n1,2\n", "Note: x\nNote: y\n", ""],
)
def test_other_text_is_not_recognized(text: str) -> None:
    """Prose, tables, and a text with one key are not recognized as keys and values."""
    assert KEYS.detect("a", text.encode()) is None


@pytest.mark.parametrize(
    ("text", "score"),
    [("Title: A\nYear: 1\n\nTitle: B\n", 45), ("Title: A\n  more\nYear: 1\nPlace: B\n", 20)],
)
def test_keys_and_values_have_a_low_score(text: str, score: int) -> None:
    """The score is higher if a key repeats, but lower than that of other formats."""
    evidence = KEYS.detect("a", text.encode())
    assert evidence
    assert evidence.score == score


@pytest.mark.parametrize(
    "text",
    [
        "Title: A\nAuthor: X\nAuthor: Y\nTitle: B\nAuthor: Z\n",
        "Title: A\nAuthor: X\nAuthor: Y\n\nTitle: B\nAuthor: Z\n",
        "Title: A\n\nAuthor: X\n\nAuthor: Y\n\nTitle: B\n\nAuthor: Z\n",
        "Title: A\nAuthor: X\nAuthor: Y\n\n______\nTitle: B\n\nAuthor: Z\n",
        "\fTitle: A\nAuthor: X\n\nAuthor: Y\n\fTitle: B\nAuthor: Z\n",
        "Title: A\nAuthor: X\nAuthor: Y\n\f\nTitle: B\nAuthor: Z\n",
    ],
)
def test_keys_and_values_are_split_where_a_record_starts(text: str) -> None:
    """A record starts where its first key repeats, and after a form feed or a line of marks."""
    assert read_columns(KEYS, text) == [
        [("Title", "A"), ("Author", "X"), ("Author", "Y")],
        [("Title", "B"), ("Author", "Z")],
    ]


def test_blank_lines_separate_records_with_different_first_keys() -> None:
    """A blank line ends a record if the blocks start with different keys."""
    text = "Title: A\nYear: 1\n\nAuthor: X\nTitle: B\n\nYear: 2\nTitle: C\n\nURL: u\nTitle: D\n"
    assert [dict(record)["Title"] for record in read_columns(KEYS, text)] == ["A", "B", "C", "D"]


def test_a_first_key_with_several_values_starts_one_record() -> None:
    """A first key that repeats on the next line has several values."""
    text = "Author: X\nAuthor: Y\nTitle: A\nAuthor: Z\nTitle: B\n"
    assert [len(record) for record in read_columns(KEYS, text)] == [3, 2]


def test_lines_without_a_key_continue_a_value() -> None:
    """Indented lines and lines without a key continue the value. Empty values are left out."""
    text = "Title: A\n  and more: of it\nand http://example.org/\nPlace:\nYear: 1999\n"
    assert read_columns(KEYS, text) == [
        [("Title", "A and more: of it and http://example.org/"), ("Year", "1999")]
    ]


def test_too_many_values_are_reported() -> None:
    """Values over the limit are left out, with a problem."""
    problem, record = read(KEYS, "Title: A\n" + "Word: x\n" * 20, Limits(most_parts=5))
    assert isinstance(problem, Problem)
    assert isinstance(record, SourceRecord)
    assert len(record.properties) == 5
