"""Running lines: remove running heads, footers and page numbers.

A line is running if it recurs at the same end of several nearby pages. One number in it may count
the pages. The first of a series stays if it has letters, so its words are still searchable. A page
that has only running lines stays as it is.
"""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence

_EDGE_LINES = 3
"""Lines at the top of a page, and at its bottom, that can be running."""
_DISTANCE = 4
"""Pages before and after a page in which its running lines recur."""
_MIN_PAGES = 3
"""Pages of this range that must have the line. Even and odd pages often have different heads."""
_MAX_CHARS = 200
_MAX_NUMBERS = 6
_NUMBER = re.compile(r"\d{1,5}")

_Key = tuple[bool, str]
"""An end of the page, true for its top, and a form of the line."""


def remove(pages: Sequence[Sequence[str]]) -> list[list[str]]:
    """Return the pages without running lines. An empty line separates paragraphs."""
    keys = [
        {index: _make_keys(page[index], number, ends) for index, ends in _find_edges(page)}
        for number, page in enumerate(pages)
    ]
    numbers: dict[_Key, list[int]] = defaultdict(list)
    for number, lines in enumerate(keys):
        for key in {key for line_keys in lines.values() for key in line_keys}:
            numbers[key].append(number)
    return [_remove_lines(page, number, keys[number], numbers) for number, page in enumerate(pages)]


def _find_edges(page: Sequence[str]) -> Iterator[tuple[int, list[bool]]]:
    """Yield the indexes of the first and last lines, with the ends of the page they are at."""
    indexes = [index for index, line in enumerate(page) if line]
    top, bottom = indexes[:_EDGE_LINES], indexes[-_EDGE_LINES:]
    for index in sorted({*top, *bottom}):
        if len(page[index]) <= _MAX_CHARS:
            ends = ((True, top), (False, bottom))
            yield index, [is_top for is_top, indexes in ends if index in indexes]


def _make_keys(line: str, number: int, ends: list[bool]) -> list[_Key]:
    """Return the forms in which a line can recur: as it is, or with a number that counts pages."""
    line = line.casefold()
    forms = [line] if any(map(str.isalpha, line)) else []
    matches = [*_NUMBER.finditer(line)][:_MAX_NUMBERS]
    forms += [
        f"{line[: match.start()]}\0{int(match[0]) - number}\0{line[match.end() :]}"
        for match in matches
    ]
    return [(is_top, form) for is_top in ends for form in forms]


def _remove_lines(
    page: Sequence[str], number: int, keys: dict[int, list[_Key]], numbers: dict[_Key, list[int]]
) -> list[str]:
    running = {
        index for index, line_keys in keys.items()
        if any(_is_running(numbers[key], number) for key in line_keys)
    }  # fmt: skip
    if all(index in running for index, line in enumerate(page) if line):
        return list(page)
    first = {
        index for index in running
        if any(map(str.isalpha, page[index]))
        and not any(_recurs_before(numbers[key], number) for key in keys[index])
    }  # fmt: skip
    return [line for index, line in enumerate(page) if index not in running - first]


def _is_running(pages: list[int], number: int) -> bool:
    start = bisect_left(pages, number - _DISTANCE)
    return bisect_right(pages, number + _DISTANCE) - start >= _MIN_PAGES


def _recurs_before(pages: list[int], number: int) -> bool:
    index = bisect_left(pages, number)
    return index > 0 and pages[index - 1] >= number - _DISTANCE
