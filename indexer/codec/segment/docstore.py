"""The document store: plain ids and titles, and the rest as compressed records.

Each record is compressed alone with Zstandard (RFC 8878). So any record can be read by itself, and
unchanged records are copied as they are. The dictionary consists of the first records, which all
others resemble.
"""

from __future__ import annotations

from array import array
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from threading import local

import msgspec
import numpy as np
import zstandard

from indexer.catalogue.fields import Catalogue
from indexer.catalogue.records import NO_PIECE, Fresh, Item, Kept, Publication, Source, Value
from indexer.codec.segment import sort_orders
from indexer.codec.segment.array_file import Array, ArrayWriter, Spool, narrowest
from indexer.codec.segment.string_table import Blobs, Texts, offsets_of

SAMPLES, LARGEST_DICTIONARY = 256, 1 << 16
"""The dictionary is the first 256 records, cut at 64 KiB."""

NO_YEAR, LAST_YEAR = 0, 10_000
_NO_YEARS = (NO_YEAR,)


class Record(msgspec.Struct, frozen=True, array_like=True):
    """The compressed part of a publication: everything except id, title and source."""

    summary: str | None
    lang: str | None
    values: Mapping[str, tuple[Value, ...]]


_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Record).decode


def _dictionary(samples: bytes) -> zstandard.ZstdCompressionDict:
    return zstandard.ZstdCompressionDict(samples, dict_type=zstandard.DICT_TYPE_RAWCONTENT)


class Stored:
    """The stored fields of all documents, by number.

    `years` has the year of each document (int32), or NO_YEAR. `ranks` has the position of each
    document in the orders `newest`, `oldest` and `title` (int32). Ties are broken by id, and
    documents without a date come last. `by_id` has the document numbers in the order of their ids
    (int32). `pieces` has the digest of the piece of a file that each document was read from (16
    bytes).
    """

    def __init__(self, arrays: Mapping[str, Array]) -> None:
        self.ids, self.titles = Texts.read(arrays, "ids"), Texts.read(arrays, "titles")
        self.records = Blobs.read(arrays, "records")
        self.dictionary = arrays["dictionary"].tobytes()
        self.years: Array = arrays["years"]
        self.ranks = {name: arrays[f"rank.{name}"] for name in ("newest", "oldest", "title")}
        self.by_id: Array = arrays["by_id"]
        self.pieces: Array = arrays["pieces"]
        self.files = Texts.read(arrays, "files").all()
        self._file, self._line = arrays["file"], arrays["line"]
        self._of_thread = local()

    def __len__(self) -> int:
        return len(self.ids)

    @property
    def _unpack(self) -> Callable[[bytes], bytes]:
        """The function that decompresses a record.

        Each thread has its own decompressor, because threads that share one would corrupt its
        state.
        """
        try:
            found: Callable[[bytes], bytes] = self._of_thread.unpack
        except AttributeError:
            made = zstandard.ZstdDecompressor(dict_data=_dictionary(self.dictionary))
            found = self._of_thread.unpack = made.decompress
        return found

    def source(self, number: int) -> Source:
        """Return the source of a document: its file and line in the corpus."""
        return Source(self.files[self._file[number]], int(self._line[number]))

    @cached_property
    def all_ids(self) -> list[str]:
        """The ids of all documents."""
        return self.ids.all()

    @cached_property
    def all_lines(self) -> list[int]:
        """The line in its file of each document."""
        lines: list[int] = self._line.tolist()
        return lines

    @cached_property
    def of_piece(self) -> dict[bytes, range]:
        """The documents that were read from each piece, by the digest of the piece."""
        firsts = np.flatnonzero(np.any(self.pieces[1:] != self.pieces[:-1], axis=1)) + 1
        bounds = [0, *firsts.tolist(), len(self)]
        pieces = self.pieces.tobytes()
        known = {
            pieces[first * len(NO_PIECE) : (first + 1) * len(NO_PIECE)]: range(first, last)
            for first, last in pairwise(bounds)
            if first < last
        }
        known.pop(NO_PIECE, None)
        return known

    def record(self, number: int) -> bytes:
        """Return the record of a document, decompressed."""
        return self._unpack(self.records[number])

    def publication(self, number: int) -> Publication:
        """Return the whole publication of a document."""
        record = _decode(self.record(number))
        return Publication(
            id=self.ids.text(number), title=self.titles.text(number), source=self.source(number),
            summary=record.summary, lang=record.lang, values=record.values,
        )  # fmt: skip

    def number(self, identity: str) -> int | None:
        """Return the document with an id, or None."""
        order = self.by_id
        at = bisect_left(order, identity, key=self.ids.text)
        found = at < len(order) and self.ids.text(order[at]) == identity
        return int(order[at]) if found else None


class StoredBuilder:
    """Collects the stored fields, document by document, numbered from 0."""

    def __init__(self, folder: Path, catalogue: Catalogue, former: Stored | None) -> None:
        self._former, self._language = former, catalogue.language
        date_row = catalogue.role("date")
        self._date = date_row.name if date_row else ""
        self._records = Spool(folder, np.uint8)
        self._lengths: list[Array] = []
        self._years: list[Array] = []
        self._texts: dict[str, list[bytes]] = {"ids": [], "titles": []}
        self._keys: dict[str, list[str]] = {"id": [], "title": []}
        self._files: dict[str, int] = {}
        self._file, self._line = array("l"), array("l")
        self._pieces: list[bytes] = []
        self.size = 0
        self._dictionary = b""

    def begin(self, first: Sequence[Item]) -> None:
        """Build the dictionary from the first publications."""
        samples = [
            self._known.record(each.number) if isinstance(each, Kept) else _packable(each)
            for each in first[:SAMPLES]
        ]
        self._dictionary = b"".join(samples)[:LARGEST_DICTIONARY]
        compressor = zstandard.ZstdCompressor(level=1, dict_data=_dictionary(self._dictionary))
        self._pack = compressor.compress

    @property
    def _known(self) -> Stored:
        assert self._former is not None
        return self._former

    def add(self, fresh: Sequence[Fresh]) -> None:
        """Store new publications."""
        records = [self._pack(_packable(each)) for each in fresh]
        publications = [each.publication for each in fresh]
        self._pieces.append(b"".join([each.piece for each in fresh]))
        self._records.append(np.frombuffer(b"".join(records), np.uint8))
        self._lengths.append(np.fromiter(map(len, records), np.int64, len(records)))
        years = (each.values.get(self._date, _NO_YEARS)[0] for each in publications)
        self._years.append(np.fromiter(years, np.int32, len(publications)))
        self._texts["ids"].append("".join([f"{each.id}\n" for each in publications]).encode())
        self._texts["titles"].append("".join([f"{each.title}\n" for each in publications]).encode())
        self._keys["id"] += [each.id for each in publications]
        self._keys["title"] += [
            _title_key(each.title, each.lang or self._language, each.id) for each in publications
        ]
        self._stand(each.source for each in publications)

    def copy(self, kept: Sequence[Kept]) -> Array:
        """Copy documents of the previous segment. Return their numbers there.

        Records are compressed again only if the dictionary has changed.
        """
        former = self._known
        numbers = np.fromiter((each.number for each in kept), np.int64, len(kept))
        cuts = np.flatnonzero(np.diff(numbers) != 1) + 1
        runs = [(int(run[0]), int(run[-1]) + 1) for run in np.split(numbers, cuts)]
        if former.dictionary == self._dictionary:
            records = former.records.taken(runs)
            lengths = np.diff(former.records.offsets)[numbers]
        else:
            records = [self._pack(former.record(number)) for number in numbers]
            lengths = np.fromiter(map(len, records), np.int64, len(records))
        self._records.append(np.frombuffer(b"".join(records), np.uint8))
        self._lengths.append(lengths)
        self._pieces.append(former.pieces[numbers].tobytes())
        self._years.append(former.years[numbers])
        self._texts["ids"] += former.ids.taken(runs)
        self._texts["titles"] += former.titles.taken(runs)
        self._stand(each.source for each in kept)
        return numbers

    def _stand(self, sources: Iterable[Source]) -> None:
        """Record the sources of the next documents."""
        files = self._files
        for each in sources:
            self._file.append(files.setdefault(each.file, len(files)))
            self._line.append(each.line)
        self.size = len(self._line)

    def close(self) -> None:
        """Free the temporary disk space."""
        self._records.close()

    def write(self, writer: ArrayWriter, origins: Array) -> None:
        """Write everything collected. `origins` has the previous number of each document, or -1."""
        lengths = np.concatenate([np.zeros(0, np.int64), *self._lengths])
        writer.add("dictionary", np.frombuffer(self._dictionary, np.uint8))
        Blobs(self._records.array(), offsets_of(lengths)).write(writer, "records")
        texts = {name: Texts.joined(pieces) for name, pieces in self._texts.items()}
        for name, each in texts.items():
            each.write(writer, name)
        years = np.concatenate([np.zeros(0, np.int32), *self._years])
        writer.add("years", years)
        Texts.of_texts(list(self._files)).write(writer, "files")
        writer.add("file", np.array(self._file, narrowest(len(self._files))))
        writer.add("line", np.array(self._line, np.int32))
        writer.add(
            "pieces", np.frombuffer(b"".join(self._pieces), np.uint8).reshape(-1, len(NO_PIECE))
        )
        self._write_orders(writer, texts["ids"], years, origins)

    def _write_orders(self, writer: ArrayWriter, ids: Texts, years: Array, origins: Array) -> None:
        fresh = np.flatnonzero(origins < 0)
        now = sort_orders.inverse(origins, len(self._former or ()))
        kept_by_id = now[self._former.by_id] if self._former else now
        kept_by_title = now[np.argsort(self._former.ranks["title"])] if self._former else now
        by_id = sort_orders.merged(kept_by_id[kept_by_id >= 0], fresh, self._keys["id"], ids.text)
        by_title = sort_orders.merged(
            kept_by_title[kept_by_title >= 0],
            fresh,
            self._keys["title"],
            lambda number: self._former_title_key(int(origins[number])),
        )
        writer.add("by_id", by_id)
        writer.add("rank.title", sort_orders.ranks(by_title))
        dated = np.where(years == NO_YEAR, LAST_YEAR, years)
        for name, keys in (("newest", np.where(years == NO_YEAR, 1, -years)), ("oldest", dated)):
            writer.add(
                f"rank.{name}", sort_orders.ranks(by_id[np.argsort(keys[by_id], kind="stable")])
            )

    def _former_title_key(self, number: int) -> str:
        publication = self._known.publication(number)
        return _title_key(publication.title, publication.lang or self._language, publication.id)


def _title_key(title: str, language: str, identity: str) -> str:
    """Return the sort key of a title, followed by the id to make it unique."""
    return f"{sort_orders.title_key(title, language)}\n{identity}"


def _packable(fresh: Fresh) -> bytes:
    publication = fresh.publication
    return _encode(Record(publication.summary, publication.lang, publication.values))
