"""A facet column has the ordinals of each publication's values, or of `none`."""

import tempfile
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given

from indexer.catalogue.fields import MISSING
from indexer.catalogue.records import Publication, SourceLocation
from indexer.codec import writer
from indexer.codec.segment import facet_columns
from indexer.codec.segment.array_file import open_arrays
from indexer.codec.segment.facet_columns import FacetColumn
from indexer.codec.segment.reader import FACETS, Segment
from tests.indexer.codec.segments import CATALOGUE, fresh, publications, written
from tests.search_app.engine import catalogues


def held(column: FacetColumn) -> list[list[str]]:
    return [
        [column.values[ordinal] for ordinal in column.ordinals[first:last]]
        for first, last in zip(column.offsets, column.offsets[1:], strict=False)
    ]


def stated(made: list[Publication], field: str) -> list[list[str]]:
    """Return the keys of the stated values of each publication, or `none`."""
    make_key = (CATALOGUE.by_name | catalogues.CATALOGUE.by_name)[field].make_key
    return [[*map(make_key, each.values.get(field, ()))] or [MISSING] for each in made]


def assert_columns(segment: Segment, made: list[Publication]) -> None:
    """Assert that all columns equal the stated values and sort them with `none` last."""
    for field, column in segment.columns.items():
        expected = stated(made, field)
        values = sorted({value for each in expected for value in each} - {MISSING})
        assert column.values == [*values, MISSING]
        assert held(column) == expected
        assert column.size == len(made)
        assert column.documents.tolist() == [
            document for document, each in enumerate(expected) for _ in each
        ]
        assert {
            value: column.values[ordinal] for value, ordinal in column.ordinal_by_value.items()
        } == {value: value for value in column.values}


@given(made=publications())
def test_columns_have_the_values_of_publications(made: list[Publication]) -> None:
    """A column has the values of each publication in the stated order: none, one, or several."""
    with tempfile.TemporaryDirectory() as folder:
        assert_columns(written(Path(folder) / "segment", fresh(made)), made)


def test_only_the_most_frequent_values_are_counted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = catalogues.throw(seed=3, size=60)
    segment = tmp_path / "segment"
    written(segment, fresh(made), catalogue=catalogues.CATALOGUE)
    arrays = open_arrays(segment / FACETS)
    for field in ("region", "section"):
        expected = Counter(value for values in stated(made, field) for value in values)
        everything = facet_columns.count_documents(arrays, field)
        assert everything == expected
        assert [*everything.values()] == sorted(expected.values(), reverse=True)
        with monkeypatch.context() as patch:
            patch.setattr(facet_columns, "MAX_COUNTED", 2)
            assert [*facet_columns.count_documents(arrays, field).items()] == [*everything.items()][
                :2
            ]


def test_many_values_are_numbered_in_parts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    made = catalogues.throw(seed=3, size=60)
    written(tmp_path / "whole", fresh(made), catalogue=catalogues.CATALOGUE, size=7)
    monkeypatch.setattr(facet_columns, "MAX_VALUES_IN_MEMORY", 0)
    written(tmp_path / "parts", fresh(made), catalogue=catalogues.CATALOGUE, size=7)
    whole, parts = (tmp_path / name / FACETS for name in ("whole", "parts"))
    assert parts.read_bytes() == whole.read_bytes()


@given(made=publications())
def test_writing_returns_the_facet_counts(made: list[Publication]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        counts = writer.write(Path(folder), CATALOGUE, [fresh(made)] if made else [])
    assert list(counts) == ["topic", "year"]
    for field, told in counts.items():
        assert told == Counter(value for each in stated(made, field) for value in each)
        assert list(told.values()) == sorted(told.values(), reverse=True)


def test_ranges_compare_values_as_text(tmp_path: Path) -> None:
    """A range includes both ends and excludes `none`."""
    made = [
        Publication(
            id=f"p{year}", title="A", source=SourceLocation("a", 1), values={"year": (year,)}
        )
        for year in (1999, 2001, 2005)
    ] + [Publication(id="undated", title="A", source=SourceLocation("a", 1))]
    column = written(tmp_path / "segment", fresh(made)).columns["year"]
    assert [column.values[n] for n in column.find_between("2001", "2005")] == ["2001", "2005"]
    assert [column.values[n] for n in column.find_between("", "2000")] == ["1999"]
    assert len(column.find_between("", "zzz")) == 3
    assert column.find_between("2002", "2004") == column.find_between("2005", "1999") == ()
