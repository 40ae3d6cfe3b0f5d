"""Factor out what several readings of a text have in common.

`(police OR judges) training` is read once with each alternative in the place of the parentheses, so
that a name such as *police training* is recognized. What all readings begin or end with is searched
for once.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import takewhile

from whoosh import query


def factor(readings: Sequence[list[query.Query]]) -> list[query.Query]:
    """Return the groups that find the union of what several lists of groups find.

    Groups that all lists begin with or end with are in the result once.
    """
    first = _count_common(readings)
    rest = [groups[first:] for groups in readings]
    last = _count_common([groups[::-1] for groups in rest])
    middles = [groups[: len(groups) - last] for groups in rest]
    distinct = [middle for index, middle in enumerate(middles) if middle not in middles[:index]]
    alternatives = [
        query.And(middle) if len(middle) > 1 else middle[0] if middle else query.Every()
        for middle in distinct
    ]
    either = [query.Or(alternatives)] if len(alternatives) > 1 else alternatives
    return [*readings[0][:first], *either, *rest[0][len(rest[0]) - last :]]


def _count_common(readings: Sequence[Sequence[query.Query]]) -> int:
    """Return the number of groups that all lists begin with."""

    def are_equal(column: Sequence[query.Query]) -> bool:
        return all(str(each) == str(column[0]) and each == column[0] for each in column[1:])

    return sum(1 for _ in takewhile(are_equal, zip(*readings, strict=False)))
