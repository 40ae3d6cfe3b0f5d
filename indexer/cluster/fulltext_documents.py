"""Turn the full texts of publications into parts of their documents: see `mapping`.

A full text is a nested document with its length, and its pages with words are nested in it. The
words of a page are the ones of the local index, and so are the marks between paragraphs.
"""

from __future__ import annotations

import msgspec
import numpy as np

from indexer.analysis import tokenizer
from indexer.catalogue.records import Problem
from indexer.cluster.mapping import make_term
from indexer.codec.segment.fulltext import AttachedTexts
from indexer.codec.segment.term_dictionary import FIRST_NUMBER, decode_stem, decode_surface
from indexer.codec.segment.word_stream import WordNumbers

NEXT_TEXT = '","'
"""Ends a paragraph and starts the next one, between words of a JSON string."""
MAX_TEXT_BYTES = 48_000_000
"""Limit on the bytes of the full texts of a publication as JSON. A node rejects a request of over
100 MB, and one of over a tenth of its heap. Five million characters in a script that is indexed
letter by letter, such as Chinese, have 85 MB."""
MAX_KNOWN_WORDS = 1 << 20
"""Limit on the words that an encoder keeps, about 300 MB."""


class FileInfo(msgspec.Struct, frozen=True):
    """The description of a file with a full text.

    `path` is relative to the corpus folder. `pages` is 0 if the format has no pages, and
    `empty_pages` counts those without a text. `language` is None if it is unknown. `has_text` is
    False if no page has any.
    """

    path: str
    digest: str
    media_type: str
    pages: int
    empty_pages: int
    language: str | None
    has_text: bool


def list_files(texts: AttachedTexts, number: int) -> list[FileInfo]:
    """Return the descriptions of the files of a document, in order."""
    files = []
    for attachment in texts.find_attachments(number):
        info, pages = texts.get_info(attachment), texts.count_pages(int(texts.texts[attachment]))
        files.append(
            FileInfo(
                texts.get_file(attachment), info.digest, info.media_type,
                pages if info.has_pages else 0, info.empty_pages,
                info.language, pages > info.empty_pages,
            )
        )  # fmt: skip
    return files


class TextEncoder:
    """Encodes the full texts of documents. `language` is that of the catalogue.

    It keeps up to MAX_KNOWN_WORDS words. A document names the files whose last pages are left out.
    """

    def __init__(self, texts: AttachedTexts, language: str) -> None:
        self._texts, self._language = texts, language
        self._remaining = 0
        self._problems: list[Problem] = []
        self._forget_words()

    def _forget_words(self) -> None:
        self._numbers = WordNumbers(self._language)
        # By provisional number: GAP, FIELD_END, and then the words.
        self._stems, self._surfaces = [NEXT_TEXT, ""], ["", ""]

    def encode(self, number: int) -> str:
        """Return the fields of a document for its full texts; empty if it has none.

        Raise CorruptSegment or OSError if a full text can't be read.
        """
        attachments = self._texts.find_attachments(number)
        if not attachments:
            return ""
        files = list_files(self._texts, number)
        digests = encode_json([file.digest for file in files])
        self._remaining, self._problems = MAX_TEXT_BYTES, []
        if len(self._stems) > MAX_KNOWN_WORDS:
            self._forget_words()
        texts = ",".join(map(self._encode_text, attachments))
        problems = encode_json([*map(encode_json, self._problems)]) if self._problems else ""
        return "".join([
            f',"files":{encode_json(encode_json(files))},"digest":{digests},"texts":[{texts}]',
            f',"problems":{problems}' if problems else "",
        ])  # fmt: skip

    def _encode_text(self, attachment: int) -> str:
        text = int(self._texts.texts[attachment])
        language = self._texts.infos[text].language or self._language
        count = self._texts.count_pages(text)
        pages: list[str] = []
        for page in range(count):
            encoded = self._encode_page(page + 1, self._texts.read_page(text, page), language)
            self._remaining -= len(encoded.encode())
            if encoded and self._remaining < 0:
                size = MAX_TEXT_BYTES // 1_000_000
                message = (
                    f"the text exceeds {size} MB, so only {page} of {count} pages are searched"
                )
                hint = "Split the file, or use an index in a folder"
                self._problems.append(Problem(self._texts.get_file(attachment), 0, message, hint))
                break
            if encoded:
                pages.append(encoded)
        return f'{{"length":{int(self._texts.lengths[text])},"pages":[{",".join(pages)}]}}'

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
