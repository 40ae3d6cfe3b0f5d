"""Separators: find the text that separates several values in one column."""

from __future__ import annotations

from collections.abc import Iterable

from indexer.catalogue.fields import Field, FieldKind
from indexer.mapping.normalization import AND_WORDS, are_names, split_names
from indexer.mapping.profile import ColumnProfile
from indexer.values import names

_MIN_SHARE = 0.05
"""Minimum share of the values of a column that have the separator."""
_MAX_PART_CHARS = 80
"""Maximum mean length of the longest part of a text. Longer parts are sentences or addresses."""
_MAX_WORD_CHARS = 40
"""Characters of a word that count for the length of its part."""
_MIN_COMMA_SHARE, _MAX_COMMA_PART_CHARS = 0.3, 45
"""The same limits for commas, which also occur inside values."""
CERTAIN = "||"
"""A separator that no value contains. Repositories and our own exports write it."""
_UNSPLIT_KINDS: frozenset[FieldKind] = frozenset(("text", "link", "isbn", "issn"))
"""Kinds that other separators do not separate, because they are part of a value or because the
values are recognized without a separator."""
_SEPARATORS = ('";"', ";", "|", "\n", " // ", "^^", "¦", "；", "؛", "、")
"""If several have the same share, the first of them is used. Millennium and Sierra write `";"`."""
_COMMA = ", "
_ANDS = tuple(f" {word} " for word in AND_WORDS)
_PERSON_SEPARATORS = (*_ANDS, " / ", "/", _COMMA, ",")


def is_divisible(text: str, field: Field) -> bool:
    """Return whether an import might find several values of a row in a text."""
    marks = (*_SEPARATORS, ",") if field.role == "keyword" else _SEPARATORS
    is_split = field.kind not in _UNSPLIT_KINDS and any(mark in text for mark in marks)
    return is_split or CERTAIN in text


def find_separator(
    column: ColumnProfile, kind: FieldKind = "keyword", *, are_subjects: bool = False
) -> str | None:
    """Return the separator of the values of a column, or None if each text is one value.

    Texts are whole values if the source lists them, or if many records have several. " and " or a
    comma may separate names too if all parts are names of persons. "United Nations Office on Drugs
    and Crime" is one name. `are_subjects`: a comma may separate the values if the parts are short.
    """
    texts = [text for text in column.values if text]
    if any(CERTAIN in text for text in texts):
        return CERTAIN
    if kind in _UNSPLIT_KINDS or column.is_listed or column.is_repeated:
        return None
    shares = {
        candidate: _share(texts, candidate) for candidate in _SEPARATORS
        if _mean_longest_part(texts, candidate) <= _MAX_PART_CHARS
    }  # fmt: skip
    best = max(shares, key=shares.__getitem__, default="")
    if best and shares[best] >= _MIN_SHARE:
        return best
    if kind == "name":
        return _find_separator_of_persons(texts)
    is_listed = are_subjects and _share(texts, ",") >= _MIN_COMMA_SHARE
    return "," if is_listed and _mean_longest_part(texts, ",") <= _MAX_COMMA_PART_CHARS else None


def _find_separator_of_persons(texts: list[str]) -> str | None:
    """Return the separator of persons. With a comma, "and" may precede the last person."""
    fitting = [mark for mark in _PERSON_SEPARATORS if _separates_persons(texts, mark)]
    is_mixed = _COMMA in fitting and any(
        _COMMA in text and any(word in text for word in _ANDS) for text in texts
    )
    return _COMMA if is_mixed else next(iter(fitting), None)


def _share(texts: Iterable[str], separator: str) -> float:
    listed = list(texts)
    return sum(separator in text.strip(separator) for text in listed) / len(listed) if listed else 0


def _mean_longest_part(texts: Iterable[str], separator: str) -> float:
    longest = [max(map(_count_chars, text.split(separator))) for text in texts if separator in text]
    return sum(longest) / len(longest) if longest else 0.0


def _count_chars(part: str) -> int:
    """Return the length of a part. A single word of any length is no sentence."""
    return len(part) - sum(max(len(word) - _MAX_WORD_CHARS, 0) for word in part.split())


def _separates_persons(texts: list[str], separator: str) -> bool:
    """Return whether the parts are names of persons in nearly all texts with the separator.

    Each part between commas must have its own given name, unlike in "Family, Given".
    """
    separated = [text for text in texts if separator in text]
    if not separated or len(separated) < _MIN_SHARE * len(texts):
        return False
    good = 0
    for text in separated:
        parts = split_names(text, separator)
        parsed = [(part, name) for part in parts if (name := names.parse(part)) and name.given]
        is_mixed = len({"," in part for part, _ in parsed}) > 1
        # "Ada Okafor, Li Wu and Eva Marsh" has a comma that separates persons.
        is_wrong = any(is_mixed and "," in part and " " in name.family for part, name in parsed)
        good += len(parts) > 1 and are_names(parts) and not is_wrong
    return good >= 0.9 * len(separated)
