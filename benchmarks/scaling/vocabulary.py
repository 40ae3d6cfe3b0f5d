"""The number of distinct words in a growing collection, and Heaps' law fitted to it."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from indexer.codec.segment.reader import Segment

SHUFFLES = 5
"""Number of random orders of the publications. The counts are means over them."""


class HeapsLaw(NamedTuple):
    """A collection of n publications has k * n ** beta distinct words."""

    k: float
    beta: float

    def estimate(self, publications: float) -> float:
        """Return the number of distinct words."""
        return float(self.k * publications**self.beta)


def count_words(segment: Segment, sizes: Sequence[int], seed: int) -> list[float]:
    """Return the mean number of distinct words in random samples of some sizes."""
    words, documents = _list_occurrences(segment)
    generator = np.random.default_rng(seed)
    counts = []
    for _ in range(SHUFFLES):
        places = generator.permutation(segment.size)
        first = np.full(len(segment.words.texts), segment.size)
        np.minimum.at(first, words, places[documents])
        counts.append(np.searchsorted(np.sort(first), sizes))
    return [float(mean) for mean in np.mean(counts, axis=0)]


def _list_occurrences(segment: Segment) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return the word number and the document of each occurrence of a word."""
    index = segment.forward_index
    stream = np.asarray(index.stream, np.int64)
    starts = np.asarray(index.starts[:, 0], np.int64)
    documents = np.repeat(np.arange(segment.size), np.diff(starts))
    is_word = stream >= 0  # marks between texts are negative
    return stream[is_word], documents[is_word]


def fit(sizes: Sequence[int], counts: Sequence[float]) -> HeapsLaw:
    """Return the law that fits best, by least squares of the logarithms."""
    beta, logarithm = np.polyfit(np.log(sizes), np.log(counts), 1)
    return HeapsLaw(float(np.exp(logarithm)), float(beta))
