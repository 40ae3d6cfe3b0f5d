"""Editions of one title: annual reports, second editions, and volumes.

Publications are editions of one title if their titles have the same words without edition marks:
years, ordinals, volumes, and numbers. Publications that differ in a field of listed values (a film
and a report) never are. A title with few words (`Introduction`) is too common to decide.

Titles are compared by the word numbers of the index, without tokenizing them again.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from indexer.analysis import stemming
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.postings import ranges
from indexer.codec.segment.reader import Segment
from indexer.codec.segment.string_table import Texts, offsets_of
from indexer.codec.segment.term_dictionary import STEM_MARK, written_of

LEAST_WORDS = 4
"""Least number of words in a title, without stop words. All its edition marks count as one word."""
MOST_EDITIONS = 100
"""Limit on the editions of a title. A more frequent one is a heading (`Minutes of the Meeting`)."""
LEFT_OUT = 3
"""Limit on the consecutive words that a volume has in addition to the title that it follows."""
WORD = 4
"""Bytes of a word number (int32)."""
MIXING = np.uint64(0x9E3779B97F4A7C15)
NONE = -1
"""The family of a publication without other editions."""

EDITION = "edition editions ed edicion revised updated".split()
"""Words that are edition marks by themselves, folded like all words of the index."""
ORDINALS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth twenty "
    "thirty"
).split()
COUNTED = "volume volumen vol tome tomo part partie parte issue number numero no".split()
"""Words that are edition marks only before a number."""
COUNTS = (
    "one two three four five six seven eight nine ten i ii iii iv v vi vii viii ix x xi xii xiii "
    "xiv xv xvi xvii xviii xix xx"
).split()
_YEAR_OR_ORDINAL = re.compile(r"(?:1[5-9]|20)\d\d|\d+(?:st|nd|rd|th)", re.ASCII)
_COUNT = re.compile(r"\d{1,3}", re.ASCII)


class Editions:
    """The families of editions among the publications of a segment.

    `family` has the family number of each document (int32), or NONE without other editions.
    """

    def __init__(self, segment: Segment) -> None:
        self.family: NDArray[np.int32] = np.full(segment.size, NONE, np.int32)
        self._members = [np.array(each, np.int32) for each in _families(segment)]
        for number, members in enumerate(self._members):
            self.family[members] = number

    def titles(self, documents: NDArray[np.int32]) -> int:
        """Return the number of titles among the documents. Editions of one title count once."""
        families = self.family.take(documents)
        with_others = families[families != NONE]
        return len(documents) - len(with_others) + len(np.unique(with_others))

    def others(self, number: int) -> NDArray[np.int32]:
        """Return the other editions of a document, in ascending order."""
        if self.family[number] == NONE:
            return np.zeros(0, np.int32)
        members = self._members[self.family[number]]
        others: NDArray[np.int32] = members[members != number]
        return others


def _families(segment: Segment) -> Iterator[list[int]]:
    """Yield the documents of each family, in ascending order."""
    title = segment.catalogue.role("title")
    if title is None or title.name not in segment.fields:
        return
    titles = _titles(segment, segment.fields.index(title.name))
    same: dict[tuple[bytes, int], list[int]] = {}
    kinds = _kinds(segment)
    for number in titles.likely:
        same.setdefault((titles.key(number), int(kinds[number])), []).append(number)
    for number in titles.volumes:
        kind = int(kinds[number])
        alone = same[titles.key(number), kind]
        followed = (same.get((key, kind)) for key in titles.shorter(number))
        if alone == [number] and (others := next(filter(titles.can_be_followed, followed), None)):
            others.append(alone.pop())
    for members in same.values():
        if 1 < len(members) <= MOST_EDITIONS and titles.are_telling(members):
            yield sorted(members)


def _kinds(segment: Segment) -> Array:
    """Return a number for each document (int64), equal for those with the same listed values."""
    kinds = np.zeros(segment.size, np.int64)
    for field in segment.catalogue.facets:
        if field.values and not field.several:
            column = segment.columns[field.name]
            kinds = kinds * len(column.values) + column.firsts
    return kinds


class _Titles:
    """The words of all titles, without edition marks.

    `words` has their numbers (int32), title after title, and `ends` the offsets of the titles
    (int64). For each title, `own` is the number of words that are not stop words, and `tells` is
    true if it has an edition mark. `volumes` has the documents, ascending, whose titles have enough
    words and a word as edition mark.
    """

    def __init__(
        self, words: Array, ends: Array, own: Array, tells: Array, is_volume: Array
    ) -> None:
        self._packed, self._ends = words.tobytes(), ends
        self._own, self._tells = own, tells
        # Each word has a hash, and each title the sum of them: equal titles have equal sums.
        mixed = (words.astype(np.uint64) + np.uint64(1)) * MIXING
        mixed ^= mixed >> np.uint64(32)
        self._sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(mixed * MIXING)])
        has_enough = own >= LEAST_WORDS
        self.volumes: list[int] = (has_enough & is_volume).nonzero()[0].tolist()

    @property
    def likely(self) -> list[int]:
        """The documents, ascending, whose titles may equal another title, and all volumes.

        They are few, and only they are compared in full.
        """
        sums = self._sums[self._ends[1:]] - self._sums[self._ends[:-1]]
        likely = self._own >= LEAST_WORDS - 1
        every = np.concatenate([sums[likely], *map(self._shorter_sums, self.volumes)])
        every.sort()
        likely &= np.isin(sums, every[1:][every[1:] == every[:-1]])
        likely[self.volumes] = True
        found: list[int] = likely.nonzero()[0].tolist()
        return found

    def are_telling(self, members: list[int]) -> bool:
        """Return whether documents with equal titles are editions: the title has enough words."""
        return bool(self._own[members].max() + self._tells[members].any() >= LEAST_WORDS)

    def can_be_followed(self, members: list[int] | None) -> bool:
        """Return whether a title exists and has enough words without edition marks."""
        return bool(members and self._own[members[0]] >= LEAST_WORDS)

    def key(self, number: int) -> bytes:
        """Return the word numbers of a title as bytes."""
        return self._packed[self._ends[number] * WORD : self._ends[number + 1] * WORD]

    def shorter(self, number: int) -> Iterator[bytes]:
        """Yield the keys of a title without up to LEFT_OUT consecutive inner words, fewest first.

        `Smuggling in Asia and the Pacific: Trends, Volume II` follows `Smuggling in Asia: Trends`.
        """
        key = self.key(number)
        for left_out in range(WORD, (LEFT_OUT + 1) * WORD, WORD):
            for at in range(WORD, len(key) - left_out, WORD):
                yield key[:at] + key[at + left_out :]

    def _shorter_sums(self, number: int) -> Array:
        sums = self._sums[self._ends[number] : self._ends[number + 1] + 1]
        without = [
            sums[1 : -left_out - 1] - sums[left_out + 1 : -1] for left_out in range(1, LEFT_OUT + 1)
        ]
        shorter: Array = np.concatenate(without) + sums[-1:] - sums[:1]
        return shorter


def _titles(segment: Segment, field: int) -> _Titles:
    begins = segment.layout.starts[:-1, field].astype(np.int64)
    lengths = segment.layout.lengths[:, field].astype(np.int64)
    words = segment.layout.stream.take(ranges(begins, lengths))
    number = np.arange(segment.size).repeat(lengths)
    texts, years = segment.words.texts, segment.stored.years
    is_volume = _volumes(words, number, texts)
    told = is_volume | _years_and_ordinals(texts).take(words)
    told |= _last_digits(texts).take(words) == np.where(years, years % 100, 100).take(number)
    is_own = ~(told | _mask(texts, stemming.EVERY_STOP_WORD).take(words))
    return _Titles(
        words[~told],
        offsets_of(np.bincount(number[~told], minlength=segment.size)),
        np.bincount(number[is_own], minlength=segment.size),
        _some(number[told], segment.size),
        _some(number[is_volume], segment.size),
    )


def _some(numbers: Array | list[int], size: int) -> NDArray[np.bool_]:
    mask = np.zeros(size, np.bool_)
    mask[numbers] = True
    return mask


def _mask(texts: Texts, words: Iterable[str]) -> NDArray[np.bool_]:
    """Return a mask of all words of the index that are written as one of `words`."""
    found = [at for word in words if (at := texts.number(word)) is not None]
    found += [at for word in words for at in range(*texts.beginning(word + STEM_MARK))]
    return _some(found, len(texts))


def _volumes(words: Array, number: Array, texts: Texts) -> NDArray[np.bool_]:
    """Return a mask of the words that name an edition, or a volume followed by its number."""
    counts = _mask(texts, COUNTS)
    for at, text in _with_digits(texts):
        counts[at] = _COUNT.fullmatch(text) is not None
    before = _mask(texts, COUNTED).take(words[:-1]) & counts.take(words[1:])
    before &= number[:-1] == number[1:]
    told = _mask(texts, EDITION).take(words)
    told[:-1] |= before
    told[1:] |= before
    return told


def _years_and_ordinals(texts: Texts) -> NDArray[np.bool_]:
    mask = _mask(texts, ORDINALS)
    for at, text in _with_digits(texts):
        mask[at] = _YEAR_OR_ORDINAL.fullmatch(text) is not None
    return mask


def _with_digits(texts: Texts) -> Iterator[tuple[int, str]]:
    """Yield the words that start with a digit, by number. Words are sorted, so these adjoin."""
    (first, _), (_, last) = texts.beginning("0"), texts.beginning("9")
    return ((at, written_of(texts.text(at))) for at in range(first, last))


def _last_digits(texts: Texts) -> NDArray[np.int8]:
    """Return the number in the last two digits of each word (`wmt18`), or NONE without them."""
    ones, tens = (texts.data.take(texts.offsets[1:] - back) - ord("0") for back in (2, 3))
    has_two = (np.diff(texts.offsets) > 2) & (ones <= 9) & (tens <= 9)
    return np.where(has_two, tens * 10 + ones, NONE).astype(np.int8)
