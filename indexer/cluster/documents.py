"""Turn the documents of a segment into actions of bulk requests, in order and with bounded memory.

The words come from the forward index, so no text is tokenized again. A document has no statistics
of the corpus, so it stays the same as long as its record, its editions, and its files do. Its
digest says so.
"""

import itertools
from collections.abc import Iterator
from hashlib import blake2b, sha256
from typing import NamedTuple

import msgspec
import numpy as np

from indexer.analysis import tokenizer
from indexer.catalogue.records import Problem
from indexer.cluster.mapping import MAX_TERM_CHARS, make_term
from indexer.codec.segment.array_file import Array
from indexer.codec.segment.docstore import NO_YEAR, make_title_key
from indexer.codec.segment.editions import Editions
from indexer.codec.segment.fulltext import AttachedTexts, File
from indexer.codec.segment.postings import split_offsets
from indexer.codec.segment.reader import Segment
from indexer.codec.segment.term_dictionary import (
    FIRST_NUMBER,
    WordNumbers,
    decode_stem,
    decode_surface,
)
from indexer.generations.manifest import Dates

MAX_ID_BYTES = 512
"""Limit of OpenSearch on the bytes of an `_id`."""
MAX_TEXT_BYTES = 48_000_000
"""Limit on the bytes of the full texts of a publication as JSON. A node rejects a request of over
100 MB, and one of over a tenth of its heap. Five million characters in a script that is indexed
letter by letter, such as Chinese, have 85 MB."""
MAX_KNOWN_WORDS = 1 << 20
"""Limit on the words of full texts that are kept, about 300 MB."""
_NEXT_TEXT = '","'
"""Ends a text and starts the next one, between words of a JSON string."""


class Action(NamedTuple):
    """An action on a document, with its `_id`, and the document as JSON with its digest.

    Both are empty for a document that is deleted.
    """

    id: str
    source: str = ""
    digest: str = ""

    def to_lines(self) -> tuple[str, str | None]:
        name = "index" if self.source else "delete"
        return encode_json({name: {"_id": self.id}}), self.source or None


def encode_json(value: object) -> str:
    return msgspec.json.encode(value).decode()


def list_documents(segment: Segment, texts: AttachedTexts | None, dates: Dates) -> Iterator[Action]:
    """Yield all documents of a segment with its full texts, if it has any, and its dates.

    Raise CorruptSegment or OSError if a full text can't be read.
    """
    encoder = _Encoder(segment, texts, dates)
    for first, last in split_offsets(segment.forward_index.starts[:, 0]):
        yield from encoder.encode(first, last)


def make_groups(segment: Segment) -> tuple[Array, Array]:
    """Return the group of each document, and the number of its other editions.

    A group is a number that the editions of one title share: a hash of their smallest id.
    """
    ids = segment.docstore.all_ids
    others = np.zeros(segment.size, np.int64)
    hashes = np.array(
        [int.from_bytes(blake2b(each.encode(), digest_size=8).digest()) >> 1 for each in ids],
        np.int64,
    )
    for family in Editions(segment).families:
        hashes[family] = hashes[min(family.tolist(), key=ids.__getitem__)]
        others[family] = len(family) - 1
    return hashes, others


class _Encoder:
    """Encodes the documents of a segment, run by run."""

    def __init__(self, segment: Segment, texts: AttachedTexts | None, dates: Dates) -> None:
        self._segment, self._dates = segment, dates
        self._groups, self._others = make_groups(segment)
        self._title_lengths = segment.locate_titles()[1]
        self._texts = _TextEncoder(texts, segment.catalogue.language) if texts else None
        # The marks of the stream, FIELD_END and GAP, index from the end.
        self._stems = [*map(make_term, segment.stems.texts.to_list()), _NEXT_TEXT]
        self._words = [
            *(make_term(decode_surface(word)) for word in segment.words.texts.to_list()),
            _NEXT_TEXT,
            "",
        ]
        self._values = {
            name: [encode_json(value[:MAX_TERM_CHARS]) for value in column.values]
            for name, column in segment.columns.items()
        }

    def encode(self, first: int, last: int) -> Iterator[Action]:
        """Yield the documents from `first` up to `last`."""
        facets = [self._encode_facet(name, first, last) for name in self._values]
        texts = self._encode_texts(first, last)
        names = self._encode_firsts(first, last)
        for number, text, firsts, *values in zip(
            range(first, last), texts, names, *facets, strict=True
        ):
            identity, fields = self._encode_fields(number)
            full = self._texts.encode(number) if self._texts else ""
            body = f'{fields},{text},"facets":{{{",".join(values)}}},"firsts":{{{firsts}}}{full}'
            digest = blake2b(body.encode(), digest_size=12).hexdigest()
            yield Action(make_document_id(identity), f'{{{body},"digest":"{digest}"}}', digest)

    def _encode_firsts(self, first: int, last: int) -> Iterator[str]:
        """Yield the first name in each field of each document as JSON, with the keys."""
        fields = [field.name for field in self._segment.catalogue.name_facets]
        firsts = [self._segment.columns[field].first_ordinals[first:last] for field in fields]
        for number in range(last - first):
            values = zip(fields, (int(each[number]) for each in firsts), strict=True)
            yield ",".join(f'"{field}":{self._values[field][value]}' for field, value in values)

    def _encode_facet(self, name: str, first: int, last: int) -> list[str]:
        """Return the values of the documents from `first` up to `last` as JSON, with the key."""
        column = self._segment.columns[name]
        offsets = column.offsets[first : last + 1].tolist()
        ordinals = column.ordinals[offsets[0] : offsets[-1]].tolist()
        values = list(map(self._values[name].__getitem__, ordinals))
        return [
            f'"{name}":[{",".join(values[start - offsets[0] : end - offsets[0]])}]'
            for start, end in itertools.pairwise(offsets)
        ]

    def _encode_texts(self, first: int, last: int) -> Iterator[str]:
        """Yield the searchable fields of each document."""
        index, names = self._segment.forward_index, self._segment.fields
        begin, end = int(index.starts[first, 0]), int(index.starts[last, 0])
        stream = index.stream[begin:end]
        numbers = self._segment.get_stems(np.arange(begin, end))
        stems = list(map(self._stems.__getitem__, numbers.tolist()))
        words = list(map(self._words.__getitem__, stream.tolist()))
        starts = [*(index.starts[first:last].astype(np.int64) - begin).reshape(-1).tolist()]
        starts.append(end - begin)
        for document, lengths in enumerate(index.lengths[first:last].tolist()):
            place = document * len(names)
            spans = [
                (name, starts[place + number], starts[place + number + 1] - 1)
                for number, (name, length) in enumerate(zip(names, lengths, strict=True))
                if length
            ]
            of_stems, of_words = (
                ",".join(
                    f'"{name}":["{" ".join(terms[start:stop])}"]' for name, start, stop in spans
                )
                for terms in (stems, words)
            )
            yield f'"stems":{{{of_stems}}},"words":{{{of_words}}}'

    def _encode_fields(self, number: int) -> tuple[str, str]:
        """Return the id, and the start of the document up to the texts."""
        docstore = self._segment.docstore
        publication = docstore.get_publication(number, *self._dates[:, number].tolist())
        language = publication.lang or self._segment.catalogue.language
        year, others = int(docstore.years[number]), int(self._others[number])
        title_key = make_title_key(publication.title, language)[:MAX_TERM_CHARS]
        return publication.id, "".join([
            f'"id":{encode_json(publication.id)},"title_key":{encode_json(title_key)}',
            f',"title_words":{self._title_lengths[number]}',
            f',"year":{year}' if year != NO_YEAR else "",
            f',"added":{publication.added},"changed":{publication.changed}',
            f',"group":{self._groups[number]}',
            f',"editions":{others}' if others else "",
            f',"title":{encode_json(publication.title)}',
            f',"record":{encode_json(encode_json(publication))}',
        ])  # fmt: skip


def make_document_id(identity: str) -> str:
    """Return the `_id` of a publication: its id, or the SHA-256 of an id that is too long."""
    data = identity.encode()
    return identity if len(data) <= MAX_ID_BYTES else sha256(data).hexdigest()


class _TextEncoder:
    """Encodes the full texts of documents. `language` is that of the catalogue.

    The words of a page are the ones of a full-text segment, and so are the marks between
    paragraphs. A document names the files whose last pages are left out.
    """

    def __init__(self, texts: AttachedTexts, language: str) -> None:
        self._texts, self._language = texts, language
        self._forget_words()

    def _forget_words(self) -> None:
        self._numbers = WordNumbers(self._language)
        # By provisional number: GAP, FIELD_END, and then the words.
        self._stems, self._surfaces = [_NEXT_TEXT, ""], [_NEXT_TEXT, ""]

    def encode(self, number: int) -> str:
        """Return the fields of a document for its full texts; empty if it has none."""
        attachments = self._texts.find_attachments(number)
        if not attachments:
            return ""
        if len(self._stems) > MAX_KNOWN_WORDS:
            self._forget_words()
        files, texts = list[File](), list[str]()
        problems, remaining = list[str](), MAX_TEXT_BYTES
        for attachment in attachments:
            text, file = int(self._texts.texts[attachment]), self._texts.get_file(attachment)
            count, pages = self._texts.count_pages(text), list[str]()
            files.append(file)
            for page in range(count):
                content = self._texts.read_page(text, page)
                encoded = self._encode_page(page + 1, content, file.language or self._language)
                remaining -= len(encoded.encode())
                if encoded and remaining < 0:
                    message = (
                        f"the text exceeds {MAX_TEXT_BYTES // 1_000_000} MB, so only {page} of "
                        f"{count} pages are searched"
                    )
                    hint = "Split the file, or use an index in a folder"
                    problems.append(encode_json(Problem(file.path, 0, message, hint)))
                    break
                if encoded:
                    pages.append(encoded)
            texts.append(f'{{"pages":[{",".join(pages)}]}}')
        digests = encode_json([file.digest for file in files])
        return (
            f',"files":{encode_json(files)},"file_digest":{digests},"texts":[{",".join(texts)}]'
            + (f',"problems":{encode_json(problems)}' if problems else "")
        )

    def _encode_page(self, number: int, content: str, language: str) -> str:
        """Return a page as JSON; empty if it has no words."""
        stream = self._numbers.encode([(language, tokenizer.add_marks(content))])[:-1]
        if not np.any(stream >= FIRST_NUMBER):
            return ""
        for word in self._numbers.take_new_words():
            self._stems.append(make_term(decode_stem(word, self._language)))
            self._surfaces.append(make_term(decode_surface(word)))
        numbers = stream.tolist()
        stems = " ".join(map(self._stems.__getitem__, numbers))
        surfaces = " ".join(map(self._surfaces.__getitem__, numbers))
        words = f'"stems":["{stems}"],"words":["{surfaces}"]'
        return f'{{"number":{number},{words},"text":{encode_json(content)}}}'
