"""ISBD punctuation at the end of MARC values."""

from __future__ import annotations

import re

_DESCRIBED = frozenset(
    "24 25 26 30 44 49 83 84 10 11 13 60 61 63 64 65 69 70 71 72 73 80 81".split()
)
"""The first two digits of tags whose values end with ISBD punctuation: descriptions, headings."""
_NOT_TEXT = frozenset("u01w4568")
"""Subfields with URLs, codes, and control numbers."""
_MARKS = tuple(".:;,/=+：；，／")
_MARK = re.compile(r"\s*[:;,：；，／]+$|\s+[/=+]+$")
_BEFORE_WORD = re.compile(r"[\s.\-]")
_SHORT = frozenset(
    "jr sr inc ltd co corp cie bros etc vol vols no nos nr ed eds éd pt pts ser dept st ste "
    "dr prof gen hrsg verf bd bde hft aufl univ inst assoc soc cit al ca cf vs fig cent mt ft "
    "gmbh aug sept dec mass conn calif wash tenn minn mich wis ill ind fla ala ariz ark colo "
    "del kan ky la md me miss mo mont neb nev okla ont or pa tex va vt verl".split()
)
"""Abbreviations in lowercase that keep their period."""


def strip_punctuation(tag: str, code: str, value: str) -> str:
    """Return a value without its final period, or the mark that introduces the next subfield.

    A period stays after an initial or an abbreviation, and in a physical description.
    """
    value = value.rstrip()
    is_transcribed = tag[:2] in _DESCRIBED or tag == "880"
    if code in _NOT_TEXT or not value.endswith(_MARKS) or not is_transcribed:
        return value
    if value[-1] == ":" and (code in "nd" or value[0] == "(") and tag.endswith(("10", "11")):
        return value  # a meeting or a session: "(2nd : 1996 : Oslo)"
    if value[-1] != ".":
        return _MARK.sub("", value)
    word = _BEFORE_WORD.split(value[:-1])[-1]
    letters = word.strip("()[]\"'“”‘’,")
    is_initial = len(letters) < 2 and letters == word and not letters.isdigit()
    keeps_period = is_initial or letters.casefold() in _SHORT or tag.startswith("30")
    return value if keeps_period else value[:-1]
