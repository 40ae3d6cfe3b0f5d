"""Layout: places of the lines of a PDF page → an empty line between two paragraphs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from statistics import median

import msgspec

_MAX_PITCH = 1.35
"""Distance of two lines of a paragraph, as a multiple of the usual distance on the page."""
_MAX_SIZE_RATIO = 1.15
"""Ratio of the sizes of two lines of a paragraph. A heading is larger."""
_INDENT = 0.8
"""Smallest indent of the first line of a paragraph, as a multiple of its size."""


class Line(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A line of a page. `left` and `top` are in points from the lower left corner.

    `size` is the size of its letters in points.
    """

    text: str
    left: float
    top: float
    size: float


def split_paragraphs(page: Sequence[Line]) -> list[str]:
    """Return the texts of the lines of a page, with an empty line between two paragraphs.

    A paragraph ends at a wide gap, at a change of size, and before an indented line. A jump upward,
    to the next column, does not end it.
    """
    pitches = [
        above.top - below.top for above, below in pairwise(page)
        if 0 < above.top - below.top < 3 * max(above.size, 1)
    ]  # fmt: skip
    pitch = median(pitches) if pitches else 0.0
    lines: list[str] = []
    for index, line in enumerate(page):
        after = page[index + 1] if index + 1 < len(page) else None
        if index and _starts_paragraph(page[index - 1], line, after, pitch):
            lines.append("")
        lines.append(line.text)
    return lines


def _starts_paragraph(before: Line, line: Line, after: Line | None, pitch: float) -> bool:
    drop, indent = before.top - line.top, _INDENT * line.size
    if abs(drop) < pitch / 2:  # the rest of the same line, such as an exponent
        return False
    if max(before.size, line.size) > _MAX_SIZE_RATIO * min(before.size, line.size):
        return True
    if drop > _MAX_PITCH * pitch:
        return True
    is_next = after is not None and 0 < line.top - after.top <= _MAX_PITCH * pitch
    return bool(
        after and is_next and drop > 0
        and line.left - before.left > indent and line.left - after.left > indent
    )  # fmt: skip
