"""Imprint parser: publisher and year at the end of a line, as in "UNODC & SADC, October 2007"."""

from __future__ import annotations

import re

from msgspec import Struct

from indexer.readers.formats.printed_catalogue.wording import blank_brackets
from indexer.values.iso_codes import find_country_code


class Imprint(Struct, frozen=True):
    """Publisher or country, and year. `date` is empty unless it is more exact than the year."""

    publisher: str = ""
    place: str = ""
    year: str = ""
    date: str = ""


_MONTH = r"(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)[a-z]*\.?"
_DATE = re.compile(rf", ?((?:{_MONTH} )?((?:19|20)\d\d))\.?$")
_ACRONYM = re.compile(r"[A-Z]{2,}(?:[.-][A-Z]+)*,?")
_TOGETHER = re.compile(
    r"\bin (?:collaboration|cooperation|partnership|association) with\b|\bwith inputs from\b"
    r"|\b(?:together|jointly) with\b|\bwith\b"
)
_JOINING = {"&", "|", "/", "and", "with", "from", "the"}
_SMALL_WORDS_OF_NAMES = {"for", "of", "and", "the", "&", "|", "/"}
_MAX_LINE_CHARS = 600
"""Characters. A longer line is not searched for an imprint."""


def split_imprint(text: str) -> tuple[str, Imprint | None, Imprint | None]:
    """Return the text before the imprint, the imprint or None, and a possible imprint or None.

    A possible imprint has a year but no recognizable publisher or country: the text before the
    year may be a publisher's name or a title. The returned text is then the whole line.
    """
    ending = _DATE.search(text) if len(text) <= _MAX_LINE_CHARS else None
    if ending is None:
        return text, None, None
    before, date, year = text[: ending.start()], ending[1], ending[2]
    exact_date = date if date != year else ""
    publisher, place = _find_publisher(before), _find_place(before)
    if publisher is not None:
        imprint = Imprint(before[publisher:], "", year, exact_date)
        title = before[:publisher].rstrip()
        shorter_title, repeated, _ = split_imprint(title)
        return (shorter_title if shorter_title and repeated == imprint else title), imprint, None
    if place is not None:
        return before[:place].rstrip(), Imprint("", before[place:], year, exact_date), None
    return text, None, Imprint(before, "", year, exact_date)


def _find_publisher(text: str) -> int | None:
    """Return the index of the publisher that ends a text: an acronym, then capitalized words."""
    outside = blank_brackets(text)
    start, previous = None, ""
    for match in re.finditer(r"\S+", outside):
        is_joined = previous in _JOINING or (previous[-1:] == "," and _ACRONYM.fullmatch(previous))
        if _ACRONYM.fullmatch(match[0]) and not is_joined:
            start = match.start()
        previous = match[0]
    if start is None:
        return None
    words = _TOGETHER.sub("&", outside[start:]).split()
    is_named = all(word in _SMALL_WORDS_OF_NAMES or word[0].isupper() for word in words)
    return start if is_named and words[-1] not in _SMALL_WORDS_OF_NAMES else None


def _find_place(text: str) -> int | None:
    """Return the index of the country that ends a text, unless in a phrase such as "in India"."""
    words = text.rsplit(maxsplit=5)[-5:]
    for count in range(min(4, len(words)), 0, -1):
        name = " ".join(words[-count:])
        before = words[-count - 1] if count < len(words) else ""
        if len(name) > 3 and find_country_code(name) and not before[:1].islower():
            return len(text) - len(name)
    return None
