"""Publications are read back unchanged from the store, by number and by id, and are sorted."""

import sys
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.catalogue.records import Publication, SourceLocation
from indexer.codec.segment import docstore
from indexer.codec.segment.reader import Segment
from tests.indexer.codec.segments import LINES, fresh, publications, written


@contextmanager
def segment(made: list[Publication]) -> Iterator[Segment]:
    with tempfile.TemporaryDirectory() as folder:
        yield written(Path(folder) / "segment", fresh(made))


@given(made=publications(), other=LINES)
def test_publications_are_read_back_unchanged(made: list[Publication], other: str) -> None:
    with segment(made) as held:
        stored = held.docstore
        assert len(stored) == held.size == len(made)
        assert [stored.get_publication(number) for number in range(len(made))] == made
        assert [stored.find_doc_number(each.id) for each in made] == list(range(len(made)))
        assert [stored.get_source(number) for number in range(len(made))] == [
            each.source for each in made
        ]
        if other not in {each.id for each in made}:
            assert stored.find_doc_number(other) is None


@pytest.mark.slow
def test_threads_read_concurrently(tmp_path: Path) -> None:
    summary = " ".join(f"word{number * 7919 % 10007}" for number in range(2000))
    made = [
        Publication(
            id=f"p{number}", title="T", summary=f"{number} {summary}", source=SourceLocation("a", 1)
        )
        for number in range(400)
    ]
    stored = written(tmp_path / "segment", fresh(made)).docstore

    def read_all(_: int) -> bool:
        return [stored.get_publication(number) for number in range(len(made))] == made

    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    try:
        with ThreadPoolExecutor(6) as threads:
            assert all(threads.map(read_all, range(12)))
    finally:
        sys.setswitchinterval(interval)


def title_key(each: Publication) -> tuple[str, str]:
    return docstore.make_title_key(each.title, each.lang or "en"), each.id


def year(each: Publication, undated: int) -> int:
    found = each.values.get("year", (undated,))[0]
    assert isinstance(found, int)
    return found


ORDERS: dict[str, Callable[[Publication], object]] = {
    "newest": lambda each: (-year(each, -1), each.id),
    "oldest": lambda each: (year(each, 9999), each.id),
    "title": title_key,
}


@given(made=publications())
def test_orders_equal_a_plain_sort(made: list[Publication]) -> None:
    """Newest, oldest and title sort all publications: the undated last, ties by id."""
    with segment(made) as held:
        for name, key in ORDERS.items():
            ranks = held.docstore.ranks[name]
            ranked = sorted(range(len(made)), key=lambda number: int(ranks[number]))
            assert sorted(ranks.tolist()) == list(range(len(made)))
            assert [made[n].id for n in ranked] == [each.id for each in sorted(made, key=key)]  # type: ignore[arg-type]
        by_id = [made[number].id for number in held.docstore.by_id]
        assert by_id == sorted(each.id for each in made)


@pytest.mark.parametrize(
    ("title", "language", "key"),
    [
        ("The Law", "en", "law"),
        ("A", "en", "a"),
        ("“The ‘Étude’: II", "en", "etude ii"),
        ("La loi", "fr", "loi"),
        ("La loi", "en", "la loi"),
        ("Los niños", "es-MX", "ninos"),
        ("…", "en", ""),
    ],
)
def test_titles_are_sorted_by_their_words(title: str, language: str, key: str) -> None:
    assert docstore.make_title_key(title, language) == key


@given(
    kept=st.lists(st.text(max_size=3), unique=True),
    added=st.lists(st.text(max_size=3), unique=True),
)
def test_orders_are_merged(kept: list[str], added: list[str]) -> None:
    added = [key for key in added if key not in kept]
    keys = [*sorted(kept), *added]
    asked: list[int] = []

    def key_of(number: int) -> str:
        asked.append(number)
        return keys[number]

    fresh = np.arange(len(kept), len(keys))
    order = sorted(range(len(added)), key=added.__getitem__)
    merged = docstore.merge_order(np.arange(len(kept)), fresh, order, added.__getitem__, key_of)
    assert [keys[number] for number in merged] == sorted(keys)
    assert docstore.make_ranks(merged)[merged].tolist() == list(range(len(keys)))
    assert len(asked) <= len(added) * len(kept).bit_length()
