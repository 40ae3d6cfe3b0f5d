"""An index whose `CURRENT` leads nowhere says so, goes back, and loses no generation."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from itertools import combinations
from pathlib import Path

import pytest

from indexer.generations import directory, manifest, publish
from indexer.generations.manifest import IndexUnusable
from indexer.jobs import build, verify
from tests import samples
from tests.samples import article, page


def _emptied(pointer: Path) -> None:
    pointer.write_bytes(b"")


def _garbled(pointer: Path) -> None:
    pointer.write_bytes(b"\xff\x00 no name\n")


def _astray(pointer: Path) -> None:
    pointer.write_text("000099-20260101T000000000000Z\n", encoding="ascii")


def _led_out(pointer: Path) -> None:
    pointer.write_text("..\n", encoding="ascii")


def _folder(pointer: Path) -> None:
    pointer.unlink()
    pointer.mkdir()


def _pipe(pointer: Path) -> None:
    pointer.unlink()
    os.mkfifo(pointer)


def _device(pointer: Path) -> None:
    pointer.unlink()
    pointer.symlink_to("/dev/zero")


Harm = Callable[[Path], None]
HARMS: dict[str, Harm] = {
    "empty": _emptied, "garbage": _garbled, "missing": Path.unlink,
    "a name that is not there": _astray, "a path": _led_out, "a pipe": _pipe, "a device": _device,
}  # fmt: skip


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A corpus, and an index of three generations, each with one publication more."""
    folder = tmp_path_factory.mktemp("place")
    samples.write_corpus(folder / "corpus")
    build.build(folder / "corpus", folder / "index")
    for number in range(2):
        text = page([article(f"Number {number}")])
        (folder / "corpus" / f"more{number}.html").write_text(text, encoding="utf-8")
        build.build(folder / "corpus", folder / "index")
    return folder


@pytest.fixture
def corpus(place: Path, tmp_path: Path) -> Path:
    """That corpus, which may be edited."""
    return shutil.copytree(place / "corpus", tmp_path / "corpus")


@pytest.fixture
def third(place: Path, tmp_path: Path) -> Path:
    """That index, which may be damaged."""
    return shutil.copytree(place / "index", tmp_path / "index")


harmed = pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
harmed_for_good = pytest.mark.parametrize(
    "harm", [*HARMS.values(), _folder], ids=[*HARMS, "a folder"]
)


@harmed_for_good
def test_an_unusable_pointer_is_reported_with_what_to_do(harm: Harm, third: Path) -> None:
    """A pointer that leads to no generation is named, with both ways out of it."""
    harm(third / directory.CURRENT)
    with pytest.raises(IndexUnusable) as caught:
        directory.current(third)
    assert caught.value.what.startswith(f"{third / 'CURRENT'} ")
    assert caught.value.hint == "Run: pubsearch rollback, or pubsearch build"


@harmed_for_good
def test_verify_checks_the_pointer_first(harm: Harm, third: Path) -> None:
    """An index that can't be opened is not whole, although each of its generations is."""
    harm(third / directory.CURRENT)
    first, *others = verify.verify(third)
    assert first.name == directory.CURRENT
    assert "CURRENT" in first.wrong[0]
    assert [each.wrong for each in others] == [(), (), ()]


@harmed
def test_rollback_takes_the_newest_whole_generation(harm: Harm, third: Path) -> None:
    """Where the pointer is unusable, a rollback makes the newest whole generation live."""
    harm(third / directory.CURRENT)
    oldest, middle, newest = directory.names(third)
    (directory.load(third, newest).folder / manifest.DIGESTS).unlink()
    assert publish.rollback(third).name == middle
    assert directory.current_name(third) == middle
    assert publish.rollback(third).name == oldest


@harmed
def test_a_build_keeps_the_way_back(harm: Harm, third: Path, corpus: Path) -> None:
    """Where the pointer is unusable, a build publishes, and the newest generation comes before."""
    harm(third / directory.CURRENT)
    middle, newest = directory.names(third)[1:]
    outcome = build.build(corpus, third)
    assert outcome.status == "published"
    assert (outcome.changes.added, outcome.changes.unchanged) == (0, 7)
    assert directory.lineage(third, outcome.generation.name)[1:] == [newest, middle]
    assert publish.rollback(third).name == newest


WHICH = [which for many in range(4) for which in combinations(range(3), many)]


@pytest.mark.parametrize(
    "harm", [None, _garbled, Path.unlink], ids=["usable", "garbage", "missing"]
)
@pytest.mark.parametrize("damaged", WHICH, ids=str)
@pytest.mark.slow
def test_a_build_never_prunes_the_only_way_back(
    damaged: tuple[int, ...], harm: Harm | None, third: Path, corpus: Path
) -> None:
    """Whichever generations are damaged, a rollback after a build goes to the newest whole one."""
    names = directory.names(third)
    for number in damaged:
        (directory.load(third, names[number]).folder / manifest.DIGESTS).unlink()
    if harm:
        harm(third / directory.CURRENT)
    (corpus / "news.html").write_text(page([article("News")]), encoding="utf-8")
    build.build(corpus, third)
    whole = [name for number, name in enumerate(names) if number not in damaged]
    if whole:
        assert publish.rollback(third).name == whole[-1]
    else:
        with pytest.raises(IndexUnusable):
            publish.rollback(third)


def test_rollback_passes_over_a_damaged_generation(third: Path) -> None:
    """A rollback goes to the latest earlier generation that is whole."""
    oldest, middle, _ = directory.names(third)
    (directory.load(third, middle).folder / manifest.DIGESTS).unlink()
    assert publish.rollback(third).name == oldest


def test_a_pointer_without_generations_is_no_way_back(corpus: Path, tmp_path: Path) -> None:
    """Where no generation is left, there is nothing to go back to, and a build makes an index."""
    index = tmp_path / "index"
    index.mkdir()
    (index / directory.CURRENT).write_bytes(b"?")
    with pytest.raises(IndexUnusable, match="pubsearch build"):
        publish.rollback(index)
    assert not (index / publish.LOCK).exists()
    assert build.build(corpus, index).status == "published"
