"""Duplicates: records of one publication in several sources, merged into one.

Two records are duplicates if they share a key (a DOI, a PMID, or an ISBN with a volume) and their
titles have the same letters and digits. Keys and titles are compared as 8-byte hashes. The first
pass collects the hashes. The second pass merges the duplicates.
"""

import re
from array import array
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence, Set
from hashlib import blake2b
from typing import Protocol

import msgspec
import numpy as np
from numpy.typing import NDArray

from indexer.analysis.cleaning import fold
from indexer.catalogue.access import find_restricting
from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import Item, Parsed, Publication

KEY_KINDS = ("doi", "pmid", "isbn")
MAX_RECORDS_PER_KEY = 5
"""A key is ignored if more records of one file share it, as the chapters of a book its ISBN."""
_FIRST_CHECK = 1024
_SIGNS = re.compile(r"[\W_]+")
_ASCII_SIGNS = bytes(code for code in range(128) if not chr(code).isalnum())
_LOWER_CASE = bytes(range(256)).lower()

Hashes = NDArray[np.uint64]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Publication).decode


class PreviousIndex(Protocol):
    """An earlier index of the same catalogue. Its publications are numbered from 0."""

    @property
    def docs_by_digest(self) -> Mapping[bytes, int]:
        """The number of the publication of each record, by its digest (16 bytes)."""

    @property
    def all_ids(self) -> Sequence[str]:
        """Ids of all publications, by number."""

    def __len__(self) -> int:
        """Return the number of publications."""

    def get_title(self, doc_number: int) -> str:
        """Return a title."""

    def get_publication(self, doc_number: int) -> Publication:
        """Return a whole publication."""


def _hash(data: bytes) -> int:
    return int.from_bytes(blake2b(data, digest_size=8).digest(), "little")


def hash_title(title: str) -> int:
    """Return the hash of the letters and digits of a title, without case and accents."""
    if title.isascii():  # faster, with the same result
        letters = title.encode().translate(_LOWER_CASE, _ASCII_SIGNS)
    else:
        letters = _SIGNS.sub("", fold(title)).encode()
    return _hash(letters or title.encode())


class KeyFields:
    """The fields of a catalogue that identify a publication, and those with restricted values."""

    def __init__(self, catalogue: Catalogue) -> None:
        self.catalogue = catalogue
        self._fields = [field for field in catalogue.fields if field.kind in KEY_KINDS]

    def __bool__(self) -> bool:
        return bool(self._fields)

    def hash_keys(self, publication: Publication) -> list[int]:
        values = publication.values
        hashes = []
        for field in self._fields:
            for value in values.get(field.name, ()):
                volume = values.get("volume", ("",))[0] if field.kind == "isbn" else ""
                hashes.append(_hash(f"{field.kind} {value} {volume}".encode()))
        return list(dict.fromkeys(hashes))

    def hash_identities(self, publication: Publication) -> list[int]:
        """Return the hash of each key of a publication combined with its title."""
        if keys := self.hash_keys(publication):
            title = hash_title(publication.title)
            return [key ^ title for key in keys]
        return []


def _is_repeated(values: Hashes) -> NDArray[np.bool_]:
    """Return which values occur more than once."""
    _, numbers, counts = np.unique(values, return_inverse=True, return_counts=True)
    repeated: NDArray[np.bool_] = counts[numbers.reshape(-1)] > 1
    return repeated


class Merger:
    """Merger of the records that are duplicates, in the second pass.

    `group_of` maps each identity (see `KeyFields.hash_identities`) to its group. `sizes` gives the
    number of records of each group. `copied` contains the document numbers of duplicates that are
    in the earlier index. `merged` is the number of records that were merged into another one.
    """

    def __init__(
        self,
        fields: KeyFields,
        group_of: Mapping[int, int],
        sizes: Mapping[int, int],
        copied: Set[int],
    ) -> None:
        self._fields, self._group_of, self._copied = fields, group_of, copied
        self._missing = dict(sizes)
        self._pending: dict[int, bytes] = {}
        self.merged = 0

    def has_group(self, item: Item) -> bool:
        if isinstance(item, Parsed):
            return self.find_group(item.publication) is not None
        return item.doc_number in self._copied

    def find_group(self, publication: Publication) -> int | None:
        """Return the group of a publication, or None."""
        groups = map(self._group_of.get, self._fields.hash_identities(publication))
        return next((group for group in groups if group is not None), None)

    def is_first(self, group: int) -> bool:
        """Return whether no record of the group has been added yet."""
        return group not in self._pending

    def add(self, group: int, publication: Publication) -> Publication | None:
        """Add a record to its group. Return the merged publication after the last record."""
        if packed := self._pending.pop(group, None):
            # The first record gets what it lacks, and what is restricted, from the other.
            first = _decode(packed)
            restricting = find_restricting(publication, self._fields.catalogue)
            publication = msgspec.structs.replace(
                first,
                summary=first.summary or publication.summary,
                lang=first.lang or publication.lang,
                values={**publication.values, **first.values, **restricting},
                other_sources=(*first.other_sources, publication.source),
            )
            self.merged += 1
        self._missing[group] -= 1
        if self._missing[group] > 0:
            self._pending[group] = _encode(publication)
            return None
        return publication

    def drain(self) -> Iterator[Publication]:
        """Yield the publications of groups whose last record was removed between the passes."""
        yield from map(_decode, self._pending.values())
        self._pending.clear()


class DuplicatesFound(Exception):
    """The corpus has duplicates. It must be read again with `merger`."""

    def __init__(self, merger: Merger) -> None:
        super().__init__("duplicate records must be merged")
        self.merger = merger


class DuplicateFinder:
    """Collector of the keys of all records of a corpus, in the first pass.

    Records that were copied from `previous` are compared last. Their titles are compared first,
    because their keys are compressed. `has_duplicates`: some records seem to be duplicates, so the
    corpus must be read again. It is true from the start if duplicates are expected.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        previous: PreviousIndex | None = None,
        *,
        is_expected: bool = False,
    ) -> None:
        self._fields = KeyFields(catalogue)
        self._previous = previous
        self.has_duplicates = is_expected
        self._has_parsed = False
        self._files: dict[str, int] = {}
        # The keys with the record of each, and the title and the file of each record.
        self._keys, self._record_of_key = array("Q"), array("L")
        self._titles, self._files_of_records = array("Q"), array("L")
        self._copied, self._copied_files = array("L"), array("L")
        self._next_check = _FIRST_CHECK

    def collect(self, item: Item) -> None:
        """Collect the keys of a record. Each time the number of keys has doubled, compare them."""
        if not self._fields:
            return
        file = self._files.setdefault(item.source.file, len(self._files))
        if not isinstance(item, Parsed):
            self._copied.append(item.doc_number)
            self._copied_files.append(file)
            return
        self._has_parsed = True
        if keys := self._fields.hash_keys(item.publication):
            self._add(hash_title(item.publication.title), file, keys)
            if not self.has_duplicates and len(self._keys) >= self._next_check:
                self._next_check *= 2
                self.has_duplicates = bool(_is_repeated(self._compute_identities()).any())

    def _add(self, title: int, file: int, keys: Iterable[int]) -> None:
        for key in keys:
            self._keys.append(key)
            self._record_of_key.append(len(self._titles))
        self._titles.append(title)
        self._files_of_records.append(file)

    def _compute_identities(self) -> Hashes:
        """Return the hash of each key combined with the title of its record."""
        titles = np.array(self._titles, np.uint64)
        identities: Hashes = np.array(self._keys, np.uint64)
        return identities ^ titles[np.array(self._record_of_key, np.int64)]

    def make_merger(self) -> Merger | None:
        """Return the merger of the duplicates, or None if none exist and none were suspected."""
        docs = self._add_copied()
        identities = self._compute_identities()
        repeated = np.flatnonzero(_is_repeated(identities))
        repeated = repeated[~self._is_shared(repeated)]
        if not len(repeated) and not self.has_duplicates:
            return None
        records = np.array(self._record_of_key, np.int64)[repeated].tolist()
        group_of, sizes = _join(identities[repeated].tolist(), records)
        first_copied = len(self._titles) - len(docs)
        copied = {docs[record - first_copied] for record in records if record >= first_copied}
        return Merger(self._fields, group_of, sizes, copied)

    def _add_copied(self) -> list[int]:
        """Add the copied records that matter. Return their document numbers in the earlier index.

        First add records with a repeated title. Add the others only if this leaves repeated keys,
        to count the records that share a key.
        """
        previous = self._previous
        if previous is None or (not self._has_parsed and len(self._copied) == len(previous)):
            return []
        hashes = (hash_title(previous.get_title(number)) for number in self._copied)
        titles = np.fromiter(hashes, np.uint64, len(self._copied))
        known_titles = np.array(self._titles, np.uint64)
        is_candidate = _is_repeated(np.concatenate([titles, known_titles]))[: len(titles)]
        added: list[int] = []
        for chosen in (np.flatnonzero(is_candidate), np.flatnonzero(~is_candidate)):
            for position in chosen.tolist():
                number, file = self._copied[position], self._copied_files[position]
                keys = self._fields.hash_keys(previous.get_publication(number))
                self._add(int(titles[position]), file, keys)
                added.append(number)
            if not _is_repeated(self._compute_identities()).any():
                break
        return added

    def _is_shared(self, numbers: NDArray[np.int64]) -> NDArray[np.bool_]:
        """Return which of the numbered keys are shared by too many records of one file."""
        keys = np.array(self._keys, np.uint64)
        files = np.array(self._files_of_records, np.int64)
        same = np.flatnonzero(np.isin(keys, keys[numbers]))
        owners = np.array(self._record_of_key, np.int64)[same]
        counts = Counter(zip(keys[same].tolist(), files[owners].tolist(), strict=True))
        shared = {key for (key, _), count in counts.items() if count > MAX_RECORDS_PER_KEY}
        return np.isin(keys[numbers], np.array(sorted(shared), np.uint64))


def _join(
    identities: Sequence[int], records: Sequence[int]
) -> tuple[dict[int, int], dict[int, int]]:
    """Return the group of each identity, and the number of records of each group.

    Records are in one group if they share an identity, directly or through other records. A group
    has the number of one of its records.
    """
    parents: dict[int, int] = {}

    def find_root(record: int) -> int:
        while (parent := parents.setdefault(record, record)) != record:
            parents[record] = record = parents[parent]
        return record

    first_records: dict[int, int] = {}
    for identity, record in zip(identities, records, strict=True):
        first = first_records.setdefault(identity, record)
        parents[find_root(record)] = find_root(first)
    group_of = {identity: find_root(record) for identity, record in first_records.items()}
    return group_of, Counter(map(find_root, set(records)))
