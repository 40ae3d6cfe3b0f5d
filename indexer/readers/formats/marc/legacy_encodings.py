"""Detect national encodings from before Unicode, and ISO 5426 of UNIMARC and MAB."""

from __future__ import annotations

import re

from indexer.analysis.cleaning import compose

ISO_5426 = "iso-5426"

_RUN = re.compile(rb"[\x80-\xff]+")
_PAIRS = re.compile(rb"(?:[\xa1-\xf7][\xa1-\xfe])+")
"""Characters of two bytes, as in GB 2312 and EUC-KR."""
_WORD_BYTES = 3
"""Minimum bytes of a run that is a non-Latin word. Latin words have fewer accents in a row."""
_MIN_RUN_SHARE = 0.6
_MIN_HIGH_BYTES = 8
_KOREAN = b"kor"
_ISO_5426_PAIR = re.compile(
    rb"[\xc1-\xc3\xc8\xc9](?=[aeiouyAEIOUY])|\xc4(?=[naoNAO])|\xca(?=[aAuU])|\xd0(?=[cCsS])"
    rb"|\xcf(?=[cszernCSZERN])|[\xc2\xc5](?=[cnszCNSZ])"
)
"""ISO 5426 diacritics before a letter that can have them. In Windows-1252 such pairs are rare."""
_UPPER = re.compile(rb"[\xc0-\xdf]")
_DIACRITICS = dict(
    zip(
        range(0xC0, 0xE0),
        "\u0309\u0300\u0301\u0302\u0303\u0304\u0306\u0307\u0308\u0308\u030a\u0315\u0312\u030b\u031b\u030c"
        "\u0327\u031c\u0326\u0328\u0325\u032e\u0323\u0324\u0332\u0333\u0329\u032d\ufffd\ufe20\ufe21\ufffd",
        strict=True,
    )
)
_LETTERS = {
    0xA1: "¡", 0xA2: "„", 0xA3: "£", 0xA4: "$", 0xA5: "¥", 0xA6: "†", 0xA7: "§", 0xA8: "′",
    0xA9: "‘", 0xAA: "“", 0xAB: "«", 0xAC: "♭", 0xAD: "©", 0xAE: "℗", 0xAF: "®", 0xB0: "ʻ",
    0xB1: "ʼ", 0xB2: "‚", 0xB6: "‡", 0xB7: "·", 0xB8: "″", 0xB9: "’", 0xBA: "”", 0xBB: "»",
    0xBC: "♯", 0xBD: "ʹ", 0xBE: "ʺ", 0xBF: "¿", 0xE1: "Æ", 0xE2: "Đ", 0xE6: "Ĳ", 0xE8: "Ł",
    0xE9: "Ø", 0xEA: "Œ", 0xEC: "Þ", 0xF1: "æ", 0xF2: "đ", 0xF3: "ð", 0xF5: "ı", 0xF6: "ĳ",
    0xF8: "ł", 0xF9: "ø", 0xFA: "œ", 0xFB: "ß", 0xFC: "þ",
}  # fmt: skip


def guess_encoding(record: bytes) -> str | None:
    """Return the encoding of a record in a non-Latin script or in ISO 5426, or None."""
    runs = _RUN.findall(record)
    high = sum(map(len, runs))
    words = [run for run in runs if len(run) >= _WORD_BYTES]
    if high >= _MIN_HIGH_BYTES and sum(map(len, words)) >= _MIN_RUN_SHARE * high:
        if all(map(_PAIRS.fullmatch, runs)):
            return "euc_kr" if _KOREAN in record else "gb18030"
        return _choose_cyrillic(b"".join(words))
    upper = len(_UPPER.findall(record))
    is_iso_5426 = upper > high // 2 and 2 * len(_ISO_5426_PAIR.findall(record)) >= high
    return ISO_5426 if is_iso_5426 else None


def _choose_cyrillic(words: bytes) -> str:
    """Return the Cyrillic encoding in which more letters are lowercase."""
    lower_1251 = sum(byte >= 0xE0 for byte in words)
    lower_koi8 = sum(0xC0 <= byte < 0xE0 for byte in words)
    return "cp1251" if lower_1251 >= lower_koi8 else "koi8-r"


def decode_iso_5426(data: bytes) -> str:
    """Return the text of ISO 5426, in which a diacritic precedes its letter."""
    text: list[str] = []
    pending = ""
    for byte in data:
        if byte in _DIACRITICS:
            pending += _DIACRITICS[byte]
            continue
        letter = chr(byte) if byte < 0xA0 else _LETTERS.get(byte, "\ufffd")
        text.append(letter + pending)
        pending = ""
    return compose("".join(text) + pending)
