"""What publications mean is noted as vectors, once each, and compared by their angles."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from indexer.analysis import embeddings
from indexer.analysis.embeddings import SIZE, Encoder, Vector
from indexer.catalogue.records import Fresh, Publication, Source
from indexer.codec.segment import array_file
from indexer.codec.segment.reader import MEANING, Segment
from indexer.codec.segment.vectors import Vectors, encoded
from indexer.generations import directory
from indexer.jobs import build, verify
from tests.samples import article, page

pytestmark = pytest.mark.slow

SAID = (
    "Trafficking in children",
    "Smuggling of migrants by sea",
    "A handbook for parliamentarians",
)
ALIKE = [
    ("trata de niños", SAID[0]), ("la traite des enfants", SAID[0]), ("Kinderhandel", SAID[0]),
    ("контрабанда мигрантов по морю", SAID[1]), ("移民走私海上", SAID[1]),
    ("manuel à l'usage des députés", SAID[2]), ("دليل للبرلمانيين", SAID[2]),
]  # fmt: skip
NOWHERE = Source("", 0)


def real() -> Encoder:
    """The encoder that is installed; the tests always have it."""
    found = embeddings.encoder()
    assert found
    return found


class Counting(Encoder):
    """The real encoder, keeping the titles of what it encodes."""

    def __init__(self) -> None:
        super().__init__("0.2.1")
        self.seen: list[str] = []

    def encode_weighted(self, titles: Sequence[str], summaries: Sequence[str]) -> Vector:
        """Keeps the titles and encodes all."""
        self.seen += titles
        return super().encode_weighted(titles, summaries)


@pytest.mark.parametrize(("typed", "meant"), ALIKE)
def test_like_texts_have_a_small_angle(typed: str, meant: str) -> None:
    """A text is nearer to one that means the same in another language than to others."""
    cosines = {each: float(real().text(each) @ real().text(typed)) for each in SAID}
    assert max(cosines, key=lambda each: cosines[each]) == meant


@given(texts=st.lists(st.text(max_size=60), min_size=1, max_size=4))
@settings(max_examples=25)
def test_vectors_have_a_length_of_one(texts: list[str]) -> None:
    """Whatever a text holds, its vector has a direction; beside others it is the same as alone."""
    together = real().encode_weighted(texts, [""] * len(texts))
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for each, row in zip(texts, together, strict=True):
        assert np.array_equal(real().encode_weighted([each], [""])[0], row)


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 9000), some=st.integers(0, 50))
@settings(max_examples=15)
def test_cosines_are_those_of_plain_vectors(
    seed: int, count: int, some: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Eight bits a number change a cosine by under a hundredth, for all or for some of them."""
    drawn = np.random.default_rng(seed)
    plain = drawn.normal(size=(count, SIZE)).astype(np.float32)
    plain /= np.linalg.norm(plain, axis=1, keepdims=True)
    wanted = drawn.normal(size=SIZE).astype(np.float32)
    wanted /= np.linalg.norm(wanted)
    folder = tmp_path_factory.mktemp("vectors")
    fresh = [Fresh(Publication(id=str(each), title="x", source=NOWHERE)) for each in range(count)]
    chunks = [fresh[:1000], fresh[1000:]]
    parts = iter((plain[:1000], plain[1000:]))
    passed = list(encoded(folder / "v", chunks, lambda *_: next(parts), None))
    assert passed == chunks
    vectors = Vectors(array_file.read(folder / "v"))
    assert np.abs(vectors.cosines(wanted) - plain @ wanted).max(initial=0) < 0.01
    at = drawn.integers(0, count, size=some) if count else np.zeros(0, np.int64)
    assert np.allclose(vectors.cosines(wanted, at), vectors.cosines(wanted)[at], atol=1e-6)


def write(corpus: Path, *titles: str) -> None:
    """A page of publications with these titles."""
    (corpus / "new.html").write_text(page([article(each) for each in titles]), encoding="utf-8")


def test_only_what_is_new_is_encoded(corpus: Path, tmp_path: Path) -> None:
    """A rebuild encodes what was added or changed, and has the vectors of a build from nothing."""
    write(corpus, "One", "Two")
    first = Counting()
    build.build(corpus, tmp_path / "index", encoder=first)
    assert len(first.seen) == 7
    write(corpus, "Zero", "One", "Changed")
    again = Counting()
    outcome = build.build(corpus, tmp_path / "index", encoder=again)
    # The page of the two is a piece, and read as one.
    assert sorted(again.seen) == ["Changed", "One", "Zero"]
    anew = build.build(corpus, tmp_path / "anew", encoder=Counting())
    files = [built.generation.segment / MEANING for built in (outcome, anew)]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_vectors_come_and_go_with_the_encoder(corpus: Path, index: Path) -> None:
    """A build with another encoder, or without one, is never of the vectors that were there."""
    live = directory.current(index)
    assert Segment(live.segment, live.manifest.catalogue).vectors is None
    with_them = build.build(corpus, index, encoder=real())
    assert with_them.status == "published"
    assert with_them.generation.manifest.meaning == real().model
    assert build.build(corpus, index, encoder=real()).status == "unchanged"
    assert build.build(corpus, index, encoder=Encoder("9")).generation.manifest.meaning.endswith(
        "9"
    )
    without = build.build(corpus, index)
    assert without.status == "published"
    assert not (without.generation.segment / MEANING).exists()


def test_missing_vectors_are_told(corpus: Path, index: Path) -> None:
    """An index that has vectors of only some publications is told by `verify`."""
    generation = build.build(corpus, index, encoder=real()).generation
    segment = Segment(generation.segment, generation.manifest.catalogue)
    assert segment.vectors
    assert list(verify.faults(segment, 5)) == []
    segment.vectors.rows = segment.vectors.rows[:4]
    segment.vectors.lengths = np.zeros(5, np.float32)
    told = list(verify.faults(segment, 5))
    assert told == ["vectors: 4 instead of 5", "vectors that point somewhere: 0 instead of 5"]
