"""Each publication is encoded once as a vector, and vectors are compared by cosine."""

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from indexer.analysis import embeddings
from indexer.analysis.embeddings import SentenceEncoder, Vector
from indexer.catalogue.records import Parsed, Publication, SourceLocation
from indexer.codec.segment import array_file
from indexer.codec.segment.reader import MEANING, Segment
from indexer.codec.segment.vectors import Vectors, encode_batches
from indexer.generations import directory
from indexer.jobs import build, verify
from tests.samples import article, page
from tests.tiers import examples

pytestmark = pytest.mark.slow

SAID = (
    "Trafficking in children",
    "Smuggling of migrants by sea",
    "A handbook for parliamentarians",
)
ALIKE = [
    ("trata de niños", SAID[0]),
    ("la traite des enfants", SAID[0]),
    ("Kinderhandel", SAID[0]),
    ("контрабанда мигрантов по морю", SAID[1]),
    ("移民走私海上", SAID[1]),
    ("manuel à l'usage des députés", SAID[2]),
    ("دليل للبرلمانيين", SAID[2]),
]
NOWHERE = SourceLocation("", 0)

THREADS = Path("/proc/self/task")


def real() -> SentenceEncoder:
    found = embeddings.load_encoder()
    assert found
    return found


class Counting(SentenceEncoder):
    """The real encoder, which records the titles that it encodes."""

    def __init__(self) -> None:
        super().__init__("0.2.1")
        self.seen: list[str] = []

    def encode_weighted(self, titles: Sequence[str], summaries: Sequence[str]) -> Vector:
        self.seen += titles
        return super().encode_weighted(titles, summaries)


class Drawn(SentenceEncoder):
    """An encoder that returns given vectors. The title is the number of the row."""

    def __init__(self, vectors: Vector) -> None:
        super().__init__("drawn")
        self.vectors = vectors

    def encode_weighted(self, titles: Sequence[str], summaries: Sequence[str]) -> Vector:
        return self.vectors[[*map(int, titles)]]


@pytest.mark.parametrize(("typed", "meant"), ALIKE)
def test_texts_of_one_meaning_have_the_largest_cosine(typed: str, meant: str) -> None:
    cosines = {each: float(real().encode(each) @ real().encode(typed)) for each in SAID}
    assert max(cosines, key=lambda each: cosines[each]) == meant


@given(texts=st.lists(st.text(max_size=60), min_size=1, max_size=4))
@examples(25)
def test_vectors_have_unit_length(texts: list[str]) -> None:
    together = real().encode_weighted(texts, [""] * len(texts))
    assert np.allclose(np.linalg.norm(together, axis=1), 1, atol=1e-5)
    for each, row in zip(texts, together, strict=True):
        assert np.array_equal(real().encode_weighted([each], [""])[0], row)


@given(seed=st.integers(0, 2**32 - 1), count=st.integers(0, 9000), some=st.integers(0, 50))
@examples(15)
def test_cosines_of_quantized_vectors_are_close(
    seed: int, count: int, some: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Eight-bit vectors change a cosine by less than 0.01, for all or for some publications."""
    drawn = np.random.default_rng(seed)
    plain = drawn.normal(size=(count, SentenceEncoder.size)).astype(np.float32)
    plain /= np.linalg.norm(plain, axis=1, keepdims=True)
    wanted = drawn.normal(size=SentenceEncoder.size).astype(np.float32)
    wanted /= np.linalg.norm(wanted)
    folder = tmp_path_factory.mktemp("vectors")
    fresh = [
        Parsed(Publication(id=str(each), title=str(each), source=NOWHERE)) for each in range(count)
    ]
    chunks = [fresh[:1000], fresh[1000:]]
    passed = list(encode_batches(folder / "v", chunks, Drawn(plain), None))
    assert passed == chunks
    vectors = Vectors(array_file.open_arrays(folder / "v"))
    assert np.abs(vectors.compute_cosines(wanted) - plain @ wanted).max(initial=0) < 0.01
    at = drawn.integers(0, count, size=some) if count else np.zeros(0, np.int64)
    assert np.allclose(
        vectors.compute_cosines(wanted, at), vectors.compute_cosines(wanted)[at], atol=1e-6
    )


def write(corpus: Path, *titles: str) -> None:
    (corpus / "new.html").write_text(page([article(each) for each in titles]), encoding="utf-8")


@pytest.mark.parametrize("reading", ["what changed", "all, by force", "all, by other rows"])
@pytest.mark.thorough
def test_a_rebuild_encodes_only_new_texts(reading: str, corpus: Path, tmp_path: Path) -> None:
    """A build copies the vectors of known texts, whatever else it reads again.

    It equals a full build.
    """
    write(corpus, "One", "Two")
    first = Counting()
    build.build(corpus, tmp_path / "index", encoder=first)
    assert len(first.seen) == 7
    write(corpus, "Zero", "One", "Changed")
    if reading == "all, by other rows":  # nothing but vectors can be copied
        file = corpus / "catalogue.toml"
        text = file.read_text(encoding="utf-8").replace("weight = ", "weight = 1")
        file.write_text(text, encoding="utf-8")
    again = Counting()
    is_forced = reading == "all, by force"
    outcome = build.build(corpus, tmp_path / "index", encoder=again, force=is_forced)
    # The changed page is reread as a whole, but the text of “One” is known.
    assert sorted(again.seen) == ["Changed", "Zero"]
    rebuilt = build.build(corpus, tmp_path / "rebuilt", encoder=Counting())
    files = [built.generation.segment / MEANING for built in (outcome, rebuilt)]
    assert files[0].read_bytes() == files[1].read_bytes()


def test_vectors_of_a_damaged_index_are_not_copied(corpus: Path, tmp_path: Path) -> None:
    first = build.build(corpus, tmp_path / "index", encoder=Counting())
    file = first.generation.segment / MEANING
    undamaged = file.read_bytes()
    file.write_bytes(undamaged[:-1] + b"?")
    again = Counting()
    outcome = build.build(corpus, tmp_path / "index", encoder=again)
    assert len(again.seen) == 5
    assert (outcome.generation.segment / MEANING).read_bytes() == undamaged


@pytest.mark.thorough
def test_a_build_with_another_encoder_replaces_the_vectors(corpus: Path, index: Path) -> None:
    live = directory.load_live(index)
    assert Segment(live.segment, live.manifest.catalogue).vectors is None
    with_them = build.build(corpus, index, encoder=real())
    assert with_them.status == "published"
    assert with_them.generation.manifest.meaning == real().model
    assert build.build(corpus, index, encoder=real()).status == "unchanged"
    other = build.build(corpus, index, encoder=SentenceEncoder("9"))
    assert other.generation.manifest.meaning.endswith("9")
    without = build.build(corpus, index)
    assert without.status == "published"
    assert not (without.generation.segment / MEANING).exists()


def test_missing_vectors_are_reported(corpus: Path, index: Path) -> None:
    """`verify` reports an index that has vectors of only some publications."""
    generation = build.build(corpus, index, encoder=real()).generation
    segment = Segment(generation.segment, generation.manifest.catalogue)
    assert segment.vectors
    assert list(verify.find_reference_errors(segment, 5)) == []
    segment.vectors.rows = segment.vectors.rows[:4]
    segment.vectors.lengths = np.zeros(5, np.float32)
    told = list(verify.find_reference_errors(segment, 5))
    assert told == ["vectors: 4 instead of 5", "non-zero vectors: 0 instead of 5"]


@pytest.mark.skipif(not THREADS.is_dir(), reason="only Linux lists the threads of a process")
@pytest.mark.parametrize("module", ["search_app", "indexer.jobs.build", "search_app.engine"])
@pytest.mark.thorough
def test_matrices_are_multiplied_with_one_thread(module: str) -> None:
    """NumPy starts no threads of its own, unless the environment asks for them."""
    code = (
        f"import os, {module}, numpy; numpy.ones((600, 600)) @ numpy.ones((600, 600));"
        f"print(len(os.listdir('{THREADS}')))"
    )
    environment = {name: os.environ[name] for name in os.environ if "THREADS" not in name}
    for extra, threads in (({}, 1), ({"OPENBLAS_NUM_THREADS": "2"}, 2)):
        output = subprocess.run(
            [sys.executable, "-c", code],
            env=environment | extra,
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        assert int(output) == min(threads, os.cpu_count() or 1)
