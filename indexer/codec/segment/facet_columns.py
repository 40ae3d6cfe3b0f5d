"""Facet values and identifiers as ordinals per document, for filters and counts.

A column has the distinct values of a field, sorted. The last one is `none`, for documents without a
value. Document `d` contains the values at `ordinals[offsets[d]:offsets[d + 1]]`. In a tree, the
ancestors of a value are also values of the document, in the same field.
"""

from collections.abc import Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from indexer.catalogue.fields import MISSING
from indexer.codec.segment.array_file import (
    Array,
    ArrayFileWriter,
    Spool,
    StringTable,
    compute_offsets,
    encode_texts,
    expand_ranges,
    pick_dtype,
    pick_offset_dtype,
)

MAX_COUNTED = 1000
"""Number of values whose counts the manifest has. Millions of authors would fill the memory."""
MAX_VALUES_IN_MEMORY = 1 << 18
"""Number of distinct values of a field that are kept in memory, about 40 MB. Values that repeat
often get few more numbers than one."""


class FacetColumn:
    """The values of one field for every document, as stored in a file.

    `table` contains the values without `none`. It stays in the file, however many there are.
    """

    def __init__(self, arrays: Mapping[str, Array], name: str) -> None:
        self._all = StringTable.read(arrays, f"{name}.values")
        self.table = StringTable(self._all.data, self._all.offsets[:-1])
        self.ordinals, self.offsets = arrays[f"{name}.ordinals"], arrays[f"{name}.offsets"]

    @cached_property
    def values(self) -> list[str]:
        """All values, in memory."""
        return self._all.to_list()

    def find(self, value: str) -> int | None:
        """Return the ordinal of a value, or None if no document has it."""
        return len(self.table) if value == MISSING else self.table.find(value)

    @cached_property
    def ordinal_by_value(self) -> dict[str, int]:
        return {value: number for number, value in enumerate(self.values)}

    @cached_property
    def documents(self) -> Array:
        """The document of each item of `ordinals` (int32)."""
        return np.repeat(np.arange(self.size, dtype=np.int32), np.diff(self.offsets))

    @cached_property
    def first_ordinals(self) -> Array:
        return self.ordinals[self.offsets[:-1]]

    @property
    def size(self) -> int:
        return len(self.offsets) - 1

    def has_value(self, document: int, value: str) -> bool:
        """Return whether a document has a value. MISSING is the value of one without any."""
        ordinal = self.find(value)
        begin, end = self.offsets[document], self.offsets[document + 1]
        return ordinal is not None and ordinal in self.ordinals[begin:end]

    def find_between(self, low: str, high: str) -> tuple[int, ...]:
        """Return the ordinals of the values from `low` to `high` inclusive, compared as text."""
        values = enumerate(self.values[:-1])
        return tuple(ordinal for ordinal, value in values if low <= value <= high)


def count_documents(arrays: Mapping[str, Array], name: str) -> dict[str, int]:
    """Return the number of documents that have each value of a stored column.

    The most frequent value comes first. Of many values, only the first MAX_COUNTED are counted.
    """
    values = StringTable.read(arrays, f"{name}.values")
    counts = np.bincount(arrays[f"{name}.ordinals"], minlength=len(values))
    order = np.argsort(-counts, kind="stable")[:MAX_COUNTED].tolist()
    return {values.get_text(number): int(counts[number]) for number in order if counts[number]}


class FacetColumnWriter:
    """Collects the values of one field, document by document."""

    def __init__(self, folder: Path, name: str, previous: FacetColumn | None) -> None:
        self.name, self._previous = name, previous
        self._ordinals = _Ordinals(folder, previous.values[:-1] if previous else ())
        self._counts: list[Array] = []
        self._added: list[Array] = []

    def add(self, rows: Sequence[Sequence[str]]) -> None:
        """Append the values of new documents, one row per document."""
        counts = np.fromiter(map(len, rows), np.int32, len(rows))
        ordinals = map(self._ordinals.__getitem__, (value for row in rows for value in row))
        self._counts.append(counts)
        self._added.append(np.fromiter(ordinals, np.int32, int(counts.sum())))
        self._ordinals.spool_new()

    def copy(self, doc_numbers: Array) -> None:
        """Append the values of documents of the previous column, by their numbers there."""
        assert self._previous is not None
        begins = self._previous.offsets[doc_numbers].astype(np.int64)
        counts = self._previous.offsets[doc_numbers + 1] - begins
        ordinals = self._previous.ordinals[expand_ranges(begins, counts)].astype(np.int32)
        has_none = self._previous.ordinals[begins] == len(self._previous.values) - 1
        self._counts.append(np.where(has_none, 0, counts))
        self._added.append(ordinals[ordinals < len(self._previous.values) - 1])

    def close(self) -> None:
        """Free the memory and the temporary disk space."""
        self._ordinals.close()

    def write(self, writer: ArrayFileWriter) -> None:
        counts = np.concatenate([np.zeros(0, np.int32), *self._counts])
        provisional = np.concatenate([np.zeros(0, np.int32), *self._added])
        values, final = self._ordinals.make_final(provisional)
        offsets = compute_offsets(np.maximum(counts, 1))
        ordinals = np.full(int(offsets[-1]), len(values), pick_dtype(len(values)))
        ordinals[expand_ranges(offsets[:-1], counts)] = final[provisional]
        StringTable.from_texts([*values, MISSING]).write(writer, f"{self.name}.values")
        writer.add(f"{self.name}.ordinals", ordinals)
        writer.add(f"{self.name}.offsets", offsets.astype(pick_offset_dtype(int(offsets[-1]))))


class _Ordinals(dict[str, int]):
    """The number of each value, in order of first occurrence.

    A field may have millions of values, such as authors. If there are many, the dictionary starts
    again. A value that occurs again then gets another number. Each number has a text on disk.
    """

    def __init__(self, folder: Path, texts: Sequence[str]) -> None:
        super().__init__({text: number for number, text in enumerate(texts)})
        self._next, self._texts = len(texts), Spool(folder, np.uint8)
        self._texts.append(encode_texts(texts))
        self._new: list[str] = []

    def __missing__(self, text: str) -> int:
        self[text] = number = self._next
        self._next += 1
        self._new.append(text)
        return number

    def spool_new(self) -> None:
        """Write new values to disk. Forget all if they are many."""
        self._texts.append(encode_texts(self._new))
        self._new = []
        if len(self) > MAX_VALUES_IN_MEMORY:
            self.clear()

    def close(self) -> None:
        self.clear()
        self._texts.close()

    def make_final(self, ordinals: Array) -> tuple[list[str], Array]:
        """Return the values that occur, sorted, and the final ordinal of each number."""
        self.clear()  # the texts need the memory
        texts = StringTable.from_encoded(self._texts.to_array()).to_list()
        used = np.flatnonzero(np.bincount(ordinals, minlength=len(texts)))
        order = sorted(used.tolist(), key=texts.__getitem__)
        values: list[str] = []
        final = np.zeros(len(texts), np.int32)
        for number in order:
            text = texts[number]
            if not values or text != values[-1]:
                values.append(text)
            final[number] = len(values) - 1
        return values, final
