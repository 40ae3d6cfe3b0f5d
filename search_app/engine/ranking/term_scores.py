"""The formulas of BM25F for the score of a term: saturation and idf."""

from __future__ import annotations

from math import log

import numpy as np
from numpy.typing import NDArray

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.postings import K1


def saturate(weights: Array, idf: float) -> NDArray[np.float32]:
    """Return the score of each weighted frequency.

    It grows with the frequency, ever more slowly, up to the limit `idf * (k1 + 1)`.
    """
    scores: NDArray[np.float32] = np.divide(weights, weights + np.float32(K1), dtype=np.float32)
    scores *= np.float32(idf * (K1 + 1))
    return scores


def compute_idf(frequency: int, size: int) -> float:
    """Return the idf of a document frequency in an index of `size` documents."""
    return log(1 + (size - frequency + 0.5) / (frequency + 0.5))


def compute_idfs(frequencies: Array, size: int) -> NDArray[np.float64]:
    """Return the idf of each document frequency in an index of `size` documents."""
    idfs: NDArray[np.float64] = np.log(1 + (size - frequencies + 0.5) / (frequencies + 0.5))
    return idfs
