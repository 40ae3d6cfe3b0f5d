"""Links: the URLs in a text."""

from __future__ import annotations

import re
from collections.abc import Sequence

from indexer.analysis.cleaning import strip_punctuation

_URL = re.compile(r"(?:https?://|\bwww\.)(?:(?![;,|]https?://)[^\s<>\"'])+", re.IGNORECASE)
_PLAIN = re.compile(
    r"https?://[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+(?:/(?:[\w./?=&%#+~:@-]*[\w/])?)?", re.ASCII
)


def is_plain(text: str) -> bool:
    """Return whether a text is a URL with common characters only. Most are, and need no work."""
    return _PLAIN.fullmatch(text) is not None


def find_links(text: str) -> Sequence[str]:
    """Return the URLs in a text, without the marks of the sentence around them."""
    if is_plain(text):
        return (text,)
    urls = [strip_punctuation(url, ".,;") for url in _URL.findall(text)]
    return [url if "://" in url else f"http://{url}" for url in urls]
