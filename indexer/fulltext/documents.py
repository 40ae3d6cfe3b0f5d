"""Documents: the text of a file of any type that has full text, from the cache if it is known.

The cache has a compressed file per document and version of the extraction. Several processes may
use it, and none of its methods raises an OSError.
"""

import os
import re
import time
from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from hashlib import file_digest, sha256
from importlib import metadata
from io import BufferedReader
from pathlib import Path
from urllib.parse import unquote
from uuid import uuid4

import msgspec
import platformdirs
import zstandard

from indexer.analysis import language_detection
from indexer.catalogue.limits import Limits, suggest_raising
from indexer.catalogue.safe_files import open_file
from indexer.fulltext import pdf, text_files
from indexer.fulltext.text import PLAIN_TEXT, ExtractionError, Fault, FullText

_LEVEL = 3
_DIGEST_BYTES = 32
UNUSED_SECONDS = 90 * 86_400
"""Age after which an unused text is removed. Some collections are built four times a year."""


class TextCache:
    """The texts in a folder, which is created. Without write access, nothing is cached.

    The key of a text is unique for the bytes of its file and all that its extraction depends on.
    """

    def __init__(self, folder: Path | None = None) -> None:
        base = platformdirs.user_cache_path("pubsearch", appauthor=False)
        self._folder = folder or base / "texts"

    def load(self, key: str) -> FullText | None:
        """Return a text, or None if it is not cached, or does not match the SHA-256 before it."""
        file = self._folder / key
        try:
            content = file.read_bytes()
            digest, data = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
            if sha256(data).digest() != digest:
                return None
            text = msgspec.msgpack.decode(zstandard.decompress(data), type=FullText)
        except (OSError, zstandard.ZstdError, msgspec.MsgspecError, ValueError):
            return None
        with suppress(OSError):
            os.utime(file)  # many systems do not record when a file is read
        return text

    def store(self, key: str, text: FullText) -> None:
        data = zstandard.compress(msgspec.msgpack.encode(text), _LEVEL)
        with suppress(OSError):
            self._folder.mkdir(parents=True, exist_ok=True)
            temporary = self._folder / f".{uuid4().hex}"
            try:
                temporary.write_bytes(sha256(data).digest() + data)
                temporary.replace(self._folder / key)
            finally:
                temporary.unlink(missing_ok=True)

    def remove_unused(self) -> None:
        """Remove the texts that were not used for UNUSED_SECONDS."""
        oldest = time.time() - UNUSED_SECONDS
        with suppress(OSError):
            for file in self._folder.iterdir():
                # Another process may remove the same file.
                with suppress(OSError):
                    if file.stat().st_mtime < oldest:
                        file.unlink()


VERSION = 4
"""Increase it if the same file gives another text. Then all files are read again."""
_PDF = ".pdf"
_MEDIA_TYPES = {_PDF: pdf.MEDIA_TYPE} | {
    suffix: media_type for suffix, (_, media_type) in text_files.READERS.items()
}
"""The types of files that have full text, by the suffix of their name."""
SUFFIXES = frozenset(_MEDIA_TYPES)
_SIGNATURE = b"%PDF-"
_PARALLEL = 2
"""Files that are read at the same time, each by a child process."""
_WAITING = 4
"""Files that are read before the caller asks for them."""
_SEPARATORS = re.compile(r"[\s_+.]+|(?<=\w)-(?=\w)")
_SAMPLE_PAGES = 5
"""Pages from the middle of a document by which its language is detected."""
_MIN_DETECTED_CHARS = 200
"""Characters of a text whose language can be detected."""


def make_version() -> str:
    """Return the version of the extraction, and after a hyphen that of the extra, if installed."""
    return f"{VERSION}-{metadata.version(pdf.PACKAGE)}" if pdf.is_installed() else str(VERSION)


def is_document(file: Path) -> bool:
    """Return whether a file has full text, by its name."""
    return file.suffix.lower() in _MEDIA_TYPES


def is_pdf(file: Path) -> bool:
    """Return whether a file has the signature of a PDF. Its name may be any."""
    # Reading the file reports the error.
    with suppress(OSError), open_file(file) as stream:
        return stream.read(len(_SIGNATURE)) == _SIGNATURE
    return False


def check_size(stream: BufferedReader, limits: Limits) -> None:
    """Raise ExtractionError if a file is empty, or too large to be read."""
    size = os.fstat(stream.fileno()).st_size
    if not size:
        raise ExtractionError("the file is empty", "Copy or download it again")
    if size > limits.largest_document:
        message = f"the file has more than {limits.largest_document} bytes"
        raise ExtractionError(message, suggest_raising("largest_document"))


def extract_all(
    files: Iterable[tuple[Path, str]], limits: Limits, cache: TextCache
) -> Generator[FullText, None, None]:
    """Yield the texts of files, given with their SHA-256, in order. A bad file has only a fault."""

    def extract_one(file: Path, digest: str) -> FullText:
        try:
            return extract(file, digest, limits, cache)
        except ExtractionError as error:
            media_type = _MEDIA_TYPES.get(_find_suffix(file), PLAIN_TEXT)
            faults = (Fault(error.message, error.hint),)
            return FullText(digest=digest, media_type=media_type, pages=(), faults=faults)

    waiting: deque[Future[FullText]] = deque()
    pool = ThreadPoolExecutor(_PARALLEL, "fulltext")
    remaining = iter(files)
    try:
        while True:
            while len(waiting) < _WAITING and (item := next(remaining, None)):
                waiting.append(pool.submit(extract_one, *item))
            if not waiting:
                return
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


def extract(file: Path, digest: str, limits: Limits, cache: TextCache) -> FullText:
    """Return the text of a file, whose SHA-256 is `digest`, with a title. Raise ExtractionError."""
    suffix = _find_suffix(file)
    if suffix not in _MEDIA_TYPES:
        known = ", ".join(sorted(_MEDIA_TYPES))
        raise ExtractionError(f"a file named {suffix} has no full text", f"Known are {known}")
    version = make_version() if suffix == _PDF else str(VERSION)
    # All that the text depends on.
    key = f"{digest}{suffix}-{version}-{limits.most_pages}-{limits.longest_document}"
    text = cache.load(key)
    if not text:
        text = _read(file, suffix, digest, limits)
        cache.store(key, text)
    return _complete(text, file)


def _find_suffix(file: Path) -> str:
    """Return the suffix of a file, or that of PDFs if it is one."""
    return _PDF if is_pdf(file) else file.suffix.lower()


def _read(file: Path, suffix: str, digest: str, limits: Limits) -> FullText:
    try:
        with open_file(file) as stream:
            check_size(stream, limits)
            if suffix == _PDF:
                text = pdf.extract_pdf(stream, limits)
            else:
                text = text_files.extract_text(stream, suffix, limits)
            stream.seek(0)
            # A text of other bytes must not be cached or indexed by this digest.
            if file_digest(stream, "sha256").hexdigest() != digest:
                raise ExtractionError("the file was changed while it was read", "Build again")
            return msgspec.structs.replace(text, digest=digest)
    except OSError as error:
        message = f"the file can't be read: {error.strerror or error}"
        raise ExtractionError(message, "Check the file and its permissions") from error


def _complete(text: FullText, file: Path) -> FullText:
    """Add a title by the name of the file, and the language by the text.

    Neither is cached: files of one digest have several names, and detection is an extra.
    """
    language = text.language
    middle = len(text.pages) // 2
    sample = "".join(text.pages[middle : middle + _SAMPLE_PAGES])
    is_long = len(sample) >= _MIN_DETECTED_CHARS
    if not language and is_long and language_detection.is_installed():
        language = language_detection.detect_language(sample)
    return msgspec.structs.replace(
        text,
        title=text.title or make_title(file),
        is_title_guessed=text.is_title_guessed or not text.title,
        language=language,
        is_language_detected=bool(language and not text.language),
    )


def make_title(file: Path) -> str:
    """Return the words of a file's name. A byte that is not UTF-8 becomes U+FFFD."""
    texts = (text.encode("utf-8", "surrogateescape") for text in (unquote(file.stem), file.name))
    stem, name = (text.decode("utf-8", "replace") for text in texts)
    title = " ".join(_SEPARATORS.sub(" ", stem).split())
    return title if any(map(str.isalnum, title)) else name
