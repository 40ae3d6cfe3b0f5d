"""A build that removes many publications needs force, and the refusal names the files."""

from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from indexer.generations import directory
from indexer.jobs import build
from indexer.jobs.build import RemovesTooMuch
from tests import samples
from tests.samples import article, page
from tests.tiers import examples


def write(corpus: Path, name: str, *titles: str) -> None:
    if titles:
        (corpus / name).write_text(page([article(each) for each in titles]), encoding="utf-8")


def remake(corpus: Path, *counts: int) -> None:
    for path in (*corpus.glob("*.html"), *corpus.glob("*.jsonl")):
        path.unlink()
    for number, count in enumerate(counts):
        titles = [f"Number {number} {each}" for each in range(count)]
        write(corpus, f"page{number}.html", *titles)


@pytest.fixture(scope="module")
def counted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("counted")
    samples.write_corpus(folder / "corpus")
    return folder


sizes = st.tuples(st.integers(0, 60), st.integers(0, 60)).map(lambda pair: (max(pair), min(pair)))


@examples(20)
@given(st.lists(sizes, min_size=1, max_size=3), st.integers(0, 20))
@example([(20, 10)], 0)
@example([(20, 9)], 0)
@example([(59, 47)], 0)
@example([(59, 46)], 0)
@pytest.mark.thorough
def test_large_removals_need_force(counted: Path, pages: list[tuple[int, int]], more: int) -> None:
    """A build that removes over 10 publications and over a fifth of all needs force."""
    before, after = [size for size, _ in pages], [left for _, left in pages]
    corpus, index, total = counted / "corpus", counted / "index", sum(before) + 1
    remake(corpus, 1, *before)
    build.build(corpus, index, force=True)
    remake(corpus, 1, *after)
    write(corpus, "more.html", *(f"Another {each}" for each in range(more)))
    removed, live = sum(before) - sum(after), directory.load_live(index).name
    if removed > 10 and removed * 5 > total:
        with pytest.raises(RemovesTooMuch) as caught:
            build.build(corpus, index)
        assert f"would remove {removed} of {total} publications: page" in caught.value.message
        assert directory.load_live(index).name == live
        assert build.build(corpus, index, force=True).changes.removed == removed
    elif (sum(after) + 1 + more) * 2 >= total:
        assert build.build(corpus, index).changes.removed == removed


def test_removal_names_the_files_that_lack_publications(corpus: Path, index: Path) -> None:
    remake(corpus, *[2] * 25, 30)
    build.build(corpus, index, force=True)
    remake(corpus, *[1] * 25)
    with pytest.raises(RemovesTooMuch) as caught:
        build.build(corpus, index)
    first = "it would remove 55 of 80 publications: page25.html (30, the file is missing), page"
    assert caught.value.message.startswith(first)
    assert caught.value.message.endswith("(1), and 6 more files")


@pytest.mark.parametrize("harm", ["digests.zst", "segment/publications.seg", "CURRENT"])
def test_removal_is_checked_against_a_damaged_index(
    harm: str, corpus: Path, tmp_path: Path
) -> None:
    index = tmp_path / "other"
    remake(corpus, 1, 12)
    build.build(corpus, index)
    folder = index if harm == "CURRENT" else directory.load_live(index).folder
    (folder / harm).write_bytes(b"?")
    remake(corpus, 1)
    with pytest.raises(RemovesTooMuch, match="would remove 12 of 13 publications"):
        build.build(corpus, index)
