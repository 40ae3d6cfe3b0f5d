"""Turn the full texts of publications into parts of their documents: see `mapping`.

A full text is a nested document with its length, and its pages with words are nested in it. The
words of a page are the ones of a full-text segment, and so are the marks between paragraphs.
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec
import numpy as np

from indexer.analysis import tokenizer
from indexer.catalogue.records import Problem
from indexer.cluster.mapping import make_term
from indexer.codec.segment.attached_texts import AttachedTexts
from indexer.codec.segment.term_dictionary import FIRST_NUMBER, decode_stem, decode_surface
from indexer.codec.segment.word_stream import WordNumbers

NEXT_TEXT = '","'
"""Ends a paragraph and starts the next one, between words of a JSON string."""
MAX_TEXT_BYTES = 48_000_000
"""Limit on the bytes of the full texts of a publication as JSON. A node rejects a request of over
100 MB, and one of over a tenth of its heap. Five million characters in a script with a word at each
letter, such as Chinese, have 85 MB."""


class FileInfo(msgspec.Struct, frozen=True):
    """The description of a file with a full text.

    `path` is relative to the corpus folder. `pages` is 0 if the format has no pages, and
    `empty_pages` counts those without a text. `language` is None if it is unknown.
    """

    path: str
    digest: str
    media_type: str
    pages: int
    empty_pages: int
    language: str | None


def list_files(texts: AttachedTexts, number: int) -> list[FileInfo]:
    """Return the descriptions of the files of a document, in order."""
    files = []
    for attachment in texts.find_attachments(number):
        segment, text = texts.find_text(attachment)
        info = segment.infos[text]
        files.append(
            FileInfo(
                texts.get_file(attachment), info.digest, info.media_type,
                segment.count_pages(text) if info.has_pages else 0, info.empty_pages,
                info.language,
            )
        )  # fmt: skip
    return files


class TextEncoder:
    """Encodes the full texts of documents. `language` is that of the catalogue.

    It keeps the words that it has seen. `report` receives the files whose last pages are left
    out.
    """

    def __init__(
        self, texts: AttachedTexts, language: str, report: Callable[[Problem], object]
    ) -> None:
        self._texts, self._language, self._report = texts, language, report
        self._numbers = WordNumbers(language)
        # By provisional number: GAP, FIELD_END, and then the words.
        self._stems, self._surfaces = [NEXT_TEXT, ""], ["", ""]
        self._remaining = 0

    def encode(self, number: int) -> str:
        """Return the fields of a document for its full texts; empty if it has none.

        Raise CorruptSegment or OSError if a full text can't be read.
        """
        attachments = self._texts.find_attachments(number)
        if not attachments:
            return ""
        files = list_files(self._texts, number)
        digests = encode_json([file.digest for file in files])
        self._remaining = MAX_TEXT_BYTES
        texts = ",".join(map(self._encode_text, attachments))
        return f',"files":{encode_json(encode_json(files))},"digest":{digests},"texts":[{texts}]'

    def _encode_text(self, attachment: int) -> str:
        segment, text = self._texts.find_text(attachment)
        language, count = segment.infos[text].language or self._language, segment.count_pages(text)
        pages: list[str] = []
        for page in range(count):
            encoded = self._encode_page(page + 1, segment.read_page(text, page), language)
            self._remaining -= len(encoded.encode())
            if self._remaining < 0:
                message = f"only {page} of {count} pages are searched: the text is too long"
                hint = "Split the file, or use an index in a folder"
                self._report(Problem(self._texts.get_file(attachment), 0, message, hint))
                break
            if encoded:
                pages.append(encoded)
        return f'{{"length":{int(segment.lengths[text])},"pages":[{",".join(pages)}]}}'

    def _encode_page(self, number: int, text: str, language: str) -> str:
        """Return a page as JSON; empty if it has no words."""
        stream = self._numbers.encode([(language, tokenizer.add_marks(text))])[:-1]
        if not np.any(stream >= FIRST_NUMBER):
            return ""
        for word in self._numbers.take_new_words():
            self._stems.append(make_term(decode_stem(word, self._language)))
            self._surfaces.append(make_term(decode_surface(word)))
        numbers = stream.tolist()
        stems = " ".join(map(self._stems.__getitem__, numbers))
        surfaces = " ".join(map(self._surfaces.__getitem__, numbers))
        words = f'"pos":["{stems}"],"word":"{surfaces}"'
        return f'{{"number":{number},{words},"text":{encode_json(text)}}}'


def encode_json(value: object) -> str:
    """Return a value as JSON."""
    return msgspec.json.encode(value).decode()
