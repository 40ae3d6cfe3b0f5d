"""An index with an unusable `CURRENT` reports it, can be rolled back, and loses no generation."""

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

Harm = Callable[[Path], object]


def instead(make: Harm) -> Harm:
    """Return a harm that makes something else in place of a file."""

    def harm(pointer: Path) -> None:
        pointer.unlink()
        make(pointer)

    return harm


HARMS: dict[str, Harm] = {
    "empty": lambda pointer: pointer.write_bytes(b""),
    "garbage": lambda pointer: pointer.write_bytes(b"\xff\x00 no name\n"),
    "missing": Path.unlink,
    "a name that is not there": lambda pointer: pointer.write_text("000099-20260101T000000000Z\n"),
    "a path": lambda pointer: pointer.write_text("..\n"),
    "a pipe": instead(os.mkfifo),
    "a device": instead(lambda pointer: pointer.symlink_to("/dev/zero")),
    "a folder": instead(Path.mkdir),
}


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Path:
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
    """Return a copy of the corpus, which a test may edit."""
    return shutil.copytree(place / "corpus", tmp_path / "corpus")


@pytest.fixture
def third(place: Path, tmp_path: Path) -> Path:
    """Return a copy of the index, which a test may damage."""
    return shutil.copytree(place / "index", tmp_path / "index")


harmed = pytest.mark.parametrize("harm", HARMS.values(), ids=HARMS)
# A file can't replace a folder.
replaceable = {name: harm for name, harm in HARMS.items() if name != "a folder"}
harmed_file = pytest.mark.parametrize("harm", replaceable.values(), ids=replaceable)


@harmed
def test_an_unusable_pointer_is_reported_with_a_hint(harm: Harm, third: Path) -> None:
    """A pointer without a valid generation is named, and the hint has both commands.

    `verify` reports it even if each generation is undamaged.
    """
    harm(third / directory.CURRENT)
    with pytest.raises(IndexUnusable) as caught:
        directory.load_live(third)
    assert caught.value.message.startswith(f"{third / 'CURRENT'} ")
    assert caught.value.hint == "Run: pubsearch rollback, or pubsearch build"
    first, *others = verify.verify(third)
    assert first.name == directory.CURRENT
    assert "CURRENT" in first.errors[0]
    assert [each.errors for each in others] == [(), (), ()]


@harmed_file
def test_rollback_takes_the_newest_undamaged_generation(harm: Harm, third: Path) -> None:
    harm(third / directory.CURRENT)
    oldest, middle, newest = directory.list_names(third)
    (directory.load(third, newest).folder / manifest.DIGESTS).unlink()
    assert publish.rollback(third).name == middle
    assert directory.read_live_name(third) == middle
    assert publish.rollback(third).name == oldest


@harmed_file
def test_a_build_keeps_the_generations_before(harm: Harm, third: Path, corpus: Path) -> None:
    harm(third / directory.CURRENT)
    middle, newest = directory.list_names(third)[1:]
    outcome = build.build(corpus, third)
    assert outcome.status == "published"
    assert (outcome.changes.added, outcome.changes.unchanged) == (0, 7)
    assert directory.list_lineage(third, outcome.generation.name)[1:] == [newest, middle]
    assert publish.rollback(third).name == newest


WHICH = [which for many in range(4) for which in combinations(range(3), many)]


@pytest.mark.parametrize(
    "harm", [None, HARMS["garbage"], HARMS["missing"]], ids=["usable", "garbage", "missing"]
)
@pytest.mark.parametrize("damaged", WHICH, ids=str)
@pytest.mark.slow
def test_a_build_keeps_the_newest_undamaged_generation(
    damaged: tuple[int, ...], harm: Harm | None, third: Path, corpus: Path
) -> None:
    names = directory.list_names(third)
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


def test_a_pointer_without_generations_can_not_be_rolled_back(corpus: Path, tmp_path: Path) -> None:
    index = tmp_path / "index"
    index.mkdir()
    (index / directory.CURRENT).write_bytes(b"?")
    with pytest.raises(IndexUnusable, match="pubsearch build"):
        publish.rollback(index)
    assert not (index / publish.LOCK).exists()
    assert build.build(corpus, index).status == "published"
