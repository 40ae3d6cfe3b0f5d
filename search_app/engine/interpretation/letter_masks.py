"""Bit masks of the letters of words, to find similar words quickly."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from indexer.codec.segment.array_file import Array
from indexer.codec.segment.string_table import StringTable


def make_letter_masks(words: Sequence[str]) -> Array:
    """Return the letters of each word as a bit mask (uint32). An edit changes few of the bits."""
    texts = StringTable.from_texts(words)
    bits = np.left_shift(np.uint32(1), (texts.data & 31).astype(np.uint32))
    bits[texts.offsets[1:] - 1] = 0  # the terminator is not a letter
    return np.bitwise_or.reduceat(bits, texts.offsets[:-1])
