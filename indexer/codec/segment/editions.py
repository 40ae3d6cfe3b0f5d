"""Editions of one title: annual reports, second editions, and volumes.

Publications are editions of one title if their titles have the same words without edition marks:
years, ordinals, volumes, and numbers. Publications that differ in a field of listed values (a film
and a report) never are. A title with few words (`Introduction`) is too common to decide.

Titles are compared by the word numbers of the index, without tokenizing them again.
"""

import re
from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from indexer.analysis import stemming
from indexer.codec.segment.array_file import Array, StringTable, compute_offsets, expand_ranges
from indexer.codec.segment.reader import Segment
from indexer.codec.segment.term_dictionary import STEM_MARK, decode_surface

MIN_WORDS = 4
"""Minimum number of words in a title, without stop words. All edition marks count as one word."""
MAX_EDITIONS = 100
"""Limit on the editions of a title. A more frequent one is a heading (`Minutes of the Meeting`)."""
MAX_LEFT_OUT = 3
"""Limit on the consecutive words that a volume has in addition to the title that it follows."""
WORD_BYTES = 4
"""Bytes of a word number (int32)."""
HASH_FACTOR = np.uint64(0x9E3779B97F4A7C15)
NO_FAMILY = -1
"""The family of a publication without other editions."""

EDITION_WORDS = "edition editions ed edicion revised updated".split()
"""Words that are edition marks by themselves, folded like all words of the index."""
ORDINAL_WORDS = (
    "first second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
    "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth thirtieth twenty "
    "thirty"
).split()
VOLUME_WORDS = "volume volumen vol tome tomo part partie parte issue number numero no".split()
"""Words that are edition marks only before a number."""
COUNT_WORDS = (
    "one two three four five six seven eight nine ten i ii iii iv v vi vii viii ix x xi xii xiii "
    "xiv xv xvi xvii xviii xix xx"
).split()
_YEAR_OR_ORDINAL = re.compile(r"(?:1[5-9]|20)\d\d|\d+(?:st|nd|rd|th)", re.ASCII)
_COUNT = re.compile(r"\d{1,3}", re.ASCII)


class Editions:
    """The families of editions among the publications of a segment.

    `family` gives the family number of each document (int32), or NO_FAMILY without other editions.
    `families` contains the documents of each family (int32), in ascending order.
    """

    def __init__(self, segment: Segment) -> None:
        self.family: NDArray[np.int32] = np.full(segment.size, NO_FAMILY, np.int32)
        self.families = [np.array(family, np.int32) for family in _find_families(segment)]
        for number, members in enumerate(self.families):
            self.family[members] = number

    def count_titles(self, documents: NDArray[np.int32]) -> int:
        """Return the number of titles among the documents. Editions of one title count once."""
        families = self.family.take(documents)
        shared_families = families[families != NO_FAMILY]
        return len(documents) - len(shared_families) + len(np.unique(shared_families))

    def find_others(self, doc_number: int) -> NDArray[np.int32]:
        """Return the other editions of a document, in ascending order."""
        if self.family[doc_number] == NO_FAMILY:
            return np.zeros(0, np.int32)
        members = self.families[self.family[doc_number]]
        other_members: NDArray[np.int32] = members[members != doc_number]
        return other_members


def _find_families(segment: Segment) -> Iterator[list[int]]:
    """Yield the documents of each family, in ascending order."""
    titles = _read_titles(segment)
    by_key: dict[tuple[bytes, int], list[int]] = {}
    kinds = _number_kinds(segment)
    for number in titles.likely:
        by_key.setdefault((titles.get_key(number), int(kinds[number])), []).append(number)
    for number in titles.volumes:
        kind = int(kinds[number])
        family_of_one = by_key[titles.get_key(number), kind]
        candidates = (by_key.get((key, kind)) for key in titles.list_shorter_keys(number))
        if family_of_one == [number] and (
            followed_title := next(filter(titles.can_be_followed, candidates), None)
        ):
            followed_title.append(family_of_one.pop())
    for members in by_key.values():
        if 1 < len(members) <= MAX_EDITIONS and titles.are_telling(members):
            yield sorted(members)


def _number_kinds(segment: Segment) -> Array:
    """Return a number for each document (int64), equal for those with the same listed values."""
    kinds = np.zeros(segment.size, np.int64)
    for field in segment.catalogue.facets:
        if field.values and not field.several:
            column = segment.columns[field.name]
            kinds = kinds * len(column.values) + column.first_ordinals
    return kinds


class _Titles:
    """The words of all titles, without edition marks.

    `words` has their numbers (int32), title after title, and `ends` the offsets of the titles
    (int64). For each title, `own` is the number of words that are not stop words, and `tells` is
    true if it has an edition mark. `volumes` contains the documents, ascending, whose titles have
    enough words and a word as edition mark.
    """

    def __init__(
        self, words: Array, ends: Array, own: Array, tells: Array, is_volume: Array
    ) -> None:
        self._packed, self._ends = words.tobytes(), ends
        self._own, self._tells = own, tells
        # Each word has a hash, and each title the sum of them: equal titles have equal sums.
        hashes = (words.astype(np.uint64) + np.uint64(1)) * HASH_FACTOR
        hashes ^= hashes >> np.uint64(32)
        self._sums = np.concatenate([np.zeros(1, np.uint64), np.cumsum(hashes * HASH_FACTOR)])
        has_enough = own >= MIN_WORDS
        self.volumes: list[int] = (has_enough & is_volume).nonzero()[0].tolist()

    @property
    def likely(self) -> list[int]:
        """The documents, ascending, whose titles may equal another title, and all volumes.

        They are few, and only they are compared in full.
        """
        sums = self._sums[self._ends[1:]] - self._sums[self._ends[:-1]]
        is_likely = self._own >= MIN_WORDS - 1
        all_sums = np.concatenate([sums[is_likely], *map(self._compute_shorter_sums, self.volumes)])
        all_sums.sort()
        is_likely &= np.isin(sums, all_sums[1:][all_sums[1:] == all_sums[:-1]])
        is_likely[self.volumes] = True
        numbers: list[int] = is_likely.nonzero()[0].tolist()
        return numbers

    def are_telling(self, members: list[int]) -> bool:
        """Return whether documents with equal titles are editions: the title has enough words."""
        return bool(self._own[members].max() + self._tells[members].any() >= MIN_WORDS)

    def can_be_followed(self, members: list[int] | None) -> bool:
        """Return whether a title exists and has enough words without edition marks."""
        return bool(members and self._own[members[0]] >= MIN_WORDS)

    def get_key(self, number: int) -> bytes:
        """Return the word numbers of a title as bytes."""
        return self._packed[self._ends[number] * WORD_BYTES : self._ends[number + 1] * WORD_BYTES]

    def list_shorter_keys(self, number: int) -> Iterator[bytes]:
        """Yield the keys of a title without up to MAX_LEFT_OUT adjacent inner words, fewest first.

        `Smuggling in Asia and the Pacific: Trends, Volume II` follows `Smuggling in Asia: Trends`.
        """
        key = self.get_key(number)
        for omitted_bytes in range(WORD_BYTES, (MAX_LEFT_OUT + 1) * WORD_BYTES, WORD_BYTES):
            for index in range(WORD_BYTES, len(key) - omitted_bytes, WORD_BYTES):
                yield key[:index] + key[index + omitted_bytes :]

    def _compute_shorter_sums(self, number: int) -> Array:
        sums = self._sums[self._ends[number] : self._ends[number + 1] + 1]
        omitted = range(1, MAX_LEFT_OUT + 1)
        differences = [sums[1 : -count - 1] - sums[count + 1 : -1] for count in omitted]
        shorter: Array = np.concatenate(differences) + sums[-1:] - sums[:1]
        return shorter


def _read_titles(segment: Segment) -> _Titles:
    starts, lengths = segment.locate_titles()
    words = segment.forward_index.stream.take(expand_ranges(starts, lengths))
    owners = np.arange(segment.size).repeat(lengths)
    texts, years = segment.words.texts, segment.docstore.years
    is_volume = _find_volumes(words, owners, texts)
    is_mark = is_volume | _find_years_and_ordinals(texts).take(words)
    year_digits = np.where(years, years % 100, 100).take(owners)
    is_mark |= _read_last_digits(texts).take(words) == year_digits
    is_own = ~(is_mark | _mask_words(texts, stemming.ALL_STOP_WORDS).take(words))
    return _Titles(
        words[~is_mark],
        compute_offsets(np.bincount(owners[~is_mark], minlength=segment.size)),
        np.bincount(owners[is_own], minlength=segment.size),
        _make_mask(owners[is_mark], segment.size),
        _make_mask(owners[is_volume], segment.size),
    )


def _make_mask(numbers: Array | list[int], size: int) -> NDArray[np.bool_]:
    mask = np.zeros(size, np.bool_)
    mask[numbers] = True
    return mask


def _mask_words(texts: StringTable, words: Iterable[str]) -> NDArray[np.bool_]:
    """Return a mask of all words of the index that are written as one of `words`."""
    numbers = [index for word in words if (index := texts.find(word)) is not None]
    numbers += [index for word in words for index in range(*texts.find_prefix(word + STEM_MARK))]
    return _make_mask(numbers, len(texts))


def _find_volumes(words: Array, owners: Array, texts: StringTable) -> NDArray[np.bool_]:
    """Return a mask of the words that name an edition, or a volume followed by its number."""
    counts = _mask_words(texts, COUNT_WORDS)
    for index, text in _list_digit_words(texts):
        counts[index] = _COUNT.fullmatch(text) is not None
    is_counted = _mask_words(texts, VOLUME_WORDS).take(words[:-1]) & counts.take(words[1:])
    is_counted &= owners[:-1] == owners[1:]
    is_mark = _mask_words(texts, EDITION_WORDS).take(words)
    is_mark[:-1] |= is_counted
    is_mark[1:] |= is_counted
    return is_mark


def _find_years_and_ordinals(texts: StringTable) -> NDArray[np.bool_]:
    mask = _mask_words(texts, ORDINAL_WORDS)
    for index, text in _list_digit_words(texts):
        mask[index] = _YEAR_OR_ORDINAL.fullmatch(text) is not None
    return mask


def _list_digit_words(texts: StringTable) -> Iterator[tuple[int, str]]:
    """Yield the words that start with a digit, by number. Words are sorted, so they adjoin."""
    (first, _), (_, last) = texts.find_prefix("0"), texts.find_prefix("9")
    return ((index, decode_surface(texts.get_text(index))) for index in range(first, last))


def _read_last_digits(texts: StringTable) -> NDArray[np.int8]:
    """Return the last two digits of each word (`wmt18`) as a number, or NO_FAMILY without them."""
    ones, tens = (texts.data.take(texts.offsets[1:] - back) - ord("0") for back in (2, 3))
    has_two = (np.diff(texts.offsets) > 2) & (ones <= 9) & (tens <= 9)
    return np.where(has_two, tens * 10 + ones, NO_FAMILY).astype(np.int8)
