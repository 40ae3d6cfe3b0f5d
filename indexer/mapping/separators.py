"""Find the separator of several values in one column."""

from __future__ import annotations

from collections.abc import Iterable

from indexer.mapping.profile import ColumnProfile
from indexer.values import names

_MIN_SHARE = 0.05
"""Share of the values of a column that must have the separator."""
_MAX_PART_CHARS = 80
"""A separator that leaves longer parts on average belongs to the text."""
_AND = " and "


def find_separator(column: ColumnProfile, *, are_names: bool) -> str | None:
    """Return the separator of the values of a column, or None if each is one value.

    `are_names`: the values are names. Then " and " or a comma may separate them too, if all parts
    are names of persons. "United Nations Office on Drugs and Crime" stays whole.
    """
    texts = [text for text in column.values if text]
    for candidate in ("||", ";", "|", "\n", "//", "¦"):
        if (
            _share(texts, candidate) >= _MIN_SHARE
            and _mean_part(texts, candidate) <= _MAX_PART_CHARS
        ):
            return candidate
    if are_names:
        for candidate in (_AND, " & ", ", ", ","):
            if _separates_persons(texts, candidate):
                return candidate
        return None
    if _share(texts, ",") >= 0.3 and _mean_part(texts, ",") <= 30:
        return ","
    return None


def _share(texts: Iterable[str], separator: str) -> float:
    listed = list(texts)
    return sum(separator in text.strip(separator) for text in listed) / len(listed) if listed else 0


def _mean_part(texts: Iterable[str], separator: str) -> float:
    parts = [part for text in texts if separator in text for part in text.split(separator)]
    return sum(map(len, parts)) / len(parts) if parts else 0.0


def _separates_persons(texts: list[str], separator: str) -> bool:
    """Return whether the parts of nearly all texts with a separator are names of persons.

    Between commas they must have a given name of their own, unlike "Family, Given".
    """
    separated = [text for text in texts if separator in text]
    if not separated or len(separated) < _MIN_SHARE * len(texts):
        return False
    good = 0
    for text in separated:
        parsed = [names.parse(part) for part in text.split(separator)]
        good += all(name and name.family and name.given for name in parsed)
    return good >= 0.9 * len(separated)
