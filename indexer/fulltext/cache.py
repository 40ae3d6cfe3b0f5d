"""Cache of extracted texts: one compressed file per document and version of the extraction.

Several processes may use it. No method raises an OSError.
"""

from __future__ import annotations

import os
import time
from contextlib import suppress
from hashlib import sha256
from pathlib import Path
from uuid import uuid4

import msgspec
import platformdirs
import zstandard

from indexer.fulltext.text import FullText

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
        """Return a text, or None if it is not cached, or its file is damaged.

        The first bytes of a file are the SHA-256 of the rest.
        """
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
        """Store a text as a whole, or not at all."""
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
