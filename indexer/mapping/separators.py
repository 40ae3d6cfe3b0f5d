"""Find the separator of several values in one column."""

from __future__ import annotations

from collections.abc import Iterable

from indexer.mapping.normalization import split_values
from indexer.mapping.profile import ColumnProfile
from indexer.values import names

_MIN_SHARE = 0.05
"""Share of the values of a column that must have the separator."""
_MAX_PART_CHARS = 80
"""A separator that leaves longer parts on average belongs to the text."""
_MIN_COMMA_SHARE, _MAX_COMMA_PART_CHARS = 0.3, 30
"""The same for commas, which other texts have too."""
_SEPARATORS = ("||", ";", "|", "\n", " // ", "^^", "¦", "；", "؛", "、")
"""The first of several with the same share is taken."""
_COMMA = ", "
_PERSON_SEPARATORS = (" and ", " & ", " / ", "/", _COMMA, ",")


def find_separator(
    column: ColumnProfile, *, are_names: bool = False, are_subjects: bool = False
) -> str | None:
    """Return the separator of the values of a column, or None if each is one value.

    `are_names`: the values are names. Then " and " or a comma may separate them too, if all parts
    are names of persons. "United Nations Office on Drugs and Crime" stays whole. `are_subjects`:
    a comma may separate them if the parts are short.
    """
    texts = [text for text in column.values if text]
    shares = {
        candidate: _share(texts, candidate) for candidate in _SEPARATORS
        if _mean_part(texts, candidate) <= _MAX_PART_CHARS
    }  # fmt: skip
    best = max(shares, key=shares.__getitem__, default="")
    if best and shares[best] >= _MIN_SHARE:
        return best
    if are_names:
        return _find_separator_of_persons(texts)
    is_listed = are_subjects and _share(texts, ",") >= _MIN_COMMA_SHARE
    return "," if is_listed and _mean_part(texts, ",") <= _MAX_COMMA_PART_CHARS else None


def _find_separator_of_persons(texts: list[str]) -> str | None:
    """Return the separator of persons. A comma has an "and" before the last person, too."""
    fitting = [each for each in _PERSON_SEPARATORS if _separates_persons(texts, each)]
    is_mixed = _COMMA in fitting and any(
        _COMMA in text and (" and " in text or " & " in text) for text in texts
    )
    return _COMMA if is_mixed else next(iter(fitting), None)


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
        parts = split_values(text, separator, are_names=True)
        parsed = [names.parse(part) for part in parts]
        is_mixed = len({"," in part for part in parts}) > 1
        good += all(
            name and name.family and name.given
            # "Ada Okafor, Li Wu and Eva Marsh" has a comma that separates persons.
            and not (is_mixed and "," in part and " " in name.family)
            for name, part in zip(parsed, parts, strict=True)
        )  # fmt: skip
    return good >= 0.9 * len(separated)
