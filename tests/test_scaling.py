"""The arithmetic of docs/scaling.md, on distributions whose results are known."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.scaling import plan, shards, vocabulary
from benchmarks.scaling.plan import Costs
from benchmarks.scaling.shards import Noise
from benchmarks.scaling.vocabulary import HeapsLaw
from indexer.codec.segment.reader import Segment
from indexer.generations import directory

pytestmark = pytest.mark.thorough

UNIFORM = Noise((0, 100), (0.0, 1.0))
SKEWED = Noise((0, 50, 90, 99, 100), (0.5, 1.0, 1.5, 3.0, 20.0))
COSTS = Costs(1000, 2000, 0.1, 0.2, 1.0, {"word": (2.0, 100.0)}, HeapsLaw(100, 0.5), 40)


@pytest.mark.parametrize("count", [1, 4, 100])
def test_the_slowest_of_uniform_shards_has_a_known_mean(count: int) -> None:
    """The mean of the greatest of N uniform numbers is N / (N + 1)."""
    times = shards.simulate([1.0], UNIFORM, count, 20_000, 1)
    assert times.mean() == pytest.approx(count / (count + 1), abs=0.01)


@pytest.mark.parametrize("noise", [UNIFORM, SKEWED])
@pytest.mark.parametrize("count", [1, 3, 30])
@pytest.mark.parametrize("percentile", [50, 95])
def test_the_simulation_agrees_with_the_formula(noise: Noise, count: int, percentile: int) -> None:
    times = shards.simulate([1.0], noise, count, 40_000, 2)
    expected = noise.find_slowest(count, percentile)
    assert np.percentile(times, percentile) == pytest.approx(expected, rel=0.05)


def test_a_query_is_equally_expensive_on_all_shards() -> None:
    none = Noise((0, 100), (1.0, 1.0))
    times = shards.simulate([3.0, 5.0], none, 50, 1000, 3)
    assert set(times.tolist()) == {3.0, 5.0}


def test_the_law_of_words_is_found_again() -> None:
    law, sizes = HeapsLaw(196, 0.557), [10_000, 40_000, 100_000]
    found = vocabulary.fit(sizes, [law.estimate(size) for size in sizes])
    assert found == pytest.approx(law)


def test_words_are_counted_in_samples(small_index: Path) -> None:
    generation = directory.load_live(small_index)
    segment = Segment(generation.segment, generation.manifest.catalogue)
    one, half, every = vocabulary.count_words(segment, [1, segment.size // 2, segment.size], 4)
    assert every == len(segment.words.texts)
    assert 1 < one < half < every


def test_a_cluster_grows_with_its_publications() -> None:
    small, large = plan.compute(10**6, COSTS), plan.compute(10**8, COSTS)
    assert large.index_size == 100 * small.index_size == 1e11
    assert large.build == 100 * small.build
    assert large.words == 10 * small.words == 10**6
    # 100 ms for a million: a shard has 2.5 million in 250 ms, less 2 ms of the constant part.
    assert (small.shards, large.shards) == (1, 41)
    assert small.search == pytest.approx(0.102)
    assert large.search == pytest.approx(10 + 41 * 0.002)


def test_a_line_is_fitted_through_times() -> None:
    """Times of 3 ms and 2 ms for 10,000 publications are 3 ms and 200 ms for a million."""
    assert plan.fit_line([10_000, 20_000, 30_000], [5, 7, 9]) == pytest.approx((3, 200))
