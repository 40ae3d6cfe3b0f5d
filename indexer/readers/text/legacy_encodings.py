"""Recognize the legacy encoding of a text by its most frequent letters."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_MIN_SHARE = 0.35
"""Minimum share of frequent letters. It is about 0.5 in the right encoding, and near 0 in a wrong
one."""
_MIN_LETTERS = 8
"""Minimum bytes beyond ASCII. Fewer prove nothing: "größe" has two in a row."""
_MIN_PAIRED = 0.5
"""Minimum share of bytes beyond ASCII that are next to another one. In Western European text, it is
near 0."""
_NOT_ASCII = re.compile(rb"[\x80-\xff]")
_PAIRED = re.compile(rb"(?<=[\x80-\xff])[\x80-\xff]|[\x80-\xff](?=[\x80-\xff])")
_RUSSIAN = frozenset("оеаинтсрвлкмдпуяы")
_SIMPLIFIED = frozenset(
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也对生能而子得于下自之年过发后作"
    "学法论文研究社经济书版题名者教育史语言全编著第与其分类号期刊卷页摘关键词主作日"
)
_TRADITIONAL = frozenset(
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也對生能而子得於下自之年過發後作"
    "學法論文研究社經濟書版題名者教育史語言全編著第與其分類號期刊卷頁摘關鍵詞主作日"
)
_JAPANESE = frozenset(map(chr, range(0x3041, 0x30FF))) | frozenset("年者書名題日本研究論文史学")
_KOREAN = frozenset(
    "이다의는에을를가하고은한지도로사기자대학연구및문화제목수김박정인과서어리전일시국성부원보해민간주장나라아안"
)
_FREQUENT = (
    ("windows-1251", _RUSSIAN), ("koi8-r", _RUSSIAN), ("cp866", _RUSSIAN),
    ("windows-1253", frozenset("αοιετσνηυρπκμλωςάόίέή")),
    ("windows-1255", frozenset("יוהלאתמרבנשד")),
    ("windows-1256", frozenset("الينمرتوبةعدسفهح")), ("gb18030", _SIMPLIFIED),
    ("big5", _TRADITIONAL), ("shift_jis", _JAPANESE), ("euc-jp", _JAPANESE), ("euc-kr", _KOREAN),
)  # fmt: skip
"""Encodings, with the letters that make up half of a text in their languages."""


# Each reader decodes the start of a file to recognize it, and a guess decodes it eleven times.
@lru_cache(maxsize=1)
def guess_legacy_encoding(text: bytes) -> str | None:
    """Return the legacy encoding of a text, or None if it seems to be Western European."""
    letters = len(_NOT_ASCII.findall(text))
    if letters < _MIN_LETTERS or len(_PAIRED.findall(text)) < _MIN_PAIRED * letters:
        return None
    shares = {encoding: _share(text, encoding, frequent) for encoding, frequent in _FREQUENT}
    best = max(shares, key=lambda encoding: shares[encoding])
    return best if shares[best] >= _MIN_SHARE else None


def _share(text: bytes, encoding: str, frequent: frozenset[str]) -> float:
    """Return the share of frequent letters in the characters beyond ASCII, without punctuation."""
    decoded = (char for char in text.decode(encoding, errors="replace") if char > "\x7f")
    letters = [char for char in decoded if unicodedata.category(char)[0] != "P"]
    return sum(char in frequent for char in letters) / max(1, len(letters))
