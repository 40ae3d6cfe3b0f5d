"""Cache of extracted texts: one compressed file per document and version of the extraction."""

from __future__ import annotations

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
        try:
            content = (self._folder / key).read_bytes()
            digest, data = content[:_DIGEST_BYTES], content[_DIGEST_BYTES:]
            if sha256(data).digest() != digest:
                return None
            return msgspec.msgpack.decode(zstandard.decompress(data), type=FullText)
        except (OSError, zstandard.ZstdError, msgspec.MsgspecError, ValueError):
            return None

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
